#![expect(clippy::disallowed_methods, reason = "tests write files of their own")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::*;
use crate::ingest::files::find;
use crate::ingest::gate::Gate;
use crate::plan::Plan;

/// A stand-in for the engine's judgement: each admitted sample, the last of equal times alone, scored by its value.
fn judged(batch: &Batch) -> Vec<Scored> {
    let mut kept = BTreeMap::new();
    for sample in &batch.samples {
        if let Reading::Gauge(value) = sample.reading {
            let scored = Scored {
                series: sample.series,
                stat: Stat::Value,
                row: sample.row,
                at: sample.at,
                value,
                anomaly: value / 100.0,
                onset: value / 1000.0,
                expected: None,
                rarity: None,
            };
            kept.insert((sample.at, sample.series.0), scored);
        }
    }
    kept.into_values().collect()
}

/// Scores the files given by name and text, all in the folder `in`; shows every result.
fn check(given: &[(&str, &str)], expect: expect_test::Expect) {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("in"), folder.path().join("out"));
    for (name, text) in given {
        let path = from.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let inputs = find(&[from], None).inputs;
    let mut scores = Scores::new(&to, inputs.len()).unwrap();
    let mut files = Files::new(inputs, 1 << 20, true);
    let mut engine = Engine::new(Plan::default().into());
    let mut gate = Gate::new(crate::config::Lateness::default());
    let mut batch = Batch::default();
    let mut waiting = Vec::new();
    while let Some(mut chunk) = files.read(&mut engine, &mut batch) {
        scores.read(&engine, &files, &mut chunk, &batch).unwrap();
        gate.admit(files.partition(chunk.file), None, &mut batch);
        waiting.extend(judged(&batch));
        batch.clear();
        scores.advance(Timestamp::MIN).unwrap();
    }
    scores.take(&engine, &waiting).unwrap();
    scores.finish(&files).unwrap();
    expect.assert_eq(&show(&to));
}

fn show(folder: &Path) -> String {
    let mut folders = vec![folder.to_owned()];
    let mut found: BTreeMap<PathBuf, String> = BTreeMap::new();
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => drop(found.insert(path.clone(), fs::read_to_string(path).unwrap())),
            }
        }
    }
    found.iter().map(|(path, text)| format!("{}\n{text}", path.strip_prefix(folder).unwrap().display())).collect()
}

#[test]
fn every_row_has_its_scores_or_those_before_it() {
    check(
        &[(
            "a/b.csv",
            "timestamp,value\n\
             2014-04-01 00:00:00,x\n\
             2014-04-01 00:00:00,1.50\n\
             2014-04-01 00:01:00,2\n\
             2014-04-01 00:01:00,3\n\
             2014-04-01 00:00:29,4\n\
             never,5\n\
             2014-04-01 00:00:45,6\n\
             2099-01-01 00:00:00,7\n\
             2014-04-01 00:02:00,\n\
             2014-04-01 00:03:00,8e0\n",
        )],
        expect_test::expect![[r#"
            a/b.csv
            timestamp,value,anomaly_score,onset_score
            2014-04-01 00:00:00,x,0.0,0.0
            2014-04-01 00:00:00,1.50,0.015,0.0015
            2014-04-01 00:01:00,2,0.015,0.0015
            2014-04-01 00:01:00,3,0.03,0.003
            2014-04-01 00:00:29,4,0.03,0.003
            never,5,0.03,0.003
            2014-04-01 00:00:45,6,0.06,0.006
            2099-01-01 00:00:00,7,0.06,0.006
            2014-04-01 00:02:00,,0.06,0.006
            2014-04-01 00:03:00,8e0,0.08,0.008
        "#]],
    );
}

#[test]
fn a_wide_file_has_a_folder_of_columns() {
    check(
        &[("w.csv", "timestamp,cpu,model,a/b\n0,1,X,\n60,2,Y,9\n")],
        expect_test::expect![[r#"
            w/a_b.csv
            timestamp,value,anomaly_score,onset_score
            0,,0.0,0.0
            60,9,0.09,0.009
            w/cpu.csv
            timestamp,value,anomaly_score,onset_score
            0,1,0.01,0.001
            60,2,0.02,0.002
        "#]],
    );
}

#[test]
fn other_signals_have_a_name_a_hash_and_an_index() {
    check(
        &[(
            "m.lp",
            "cpu,host=a load=1.5,free=7i 60000000000\n\
             cpu,host=a load=2 120000000000\n\
             cpu,host=a load=3 89000000000\n\
             cpu,host=a load=4 9000000000000000000\n\
             cpu,host=a load=5 130000000000\n",
        )],
        expect_test::expect![[r#"
            cpu_free-c055e28c.csv
            timestamp,value,anomaly_score,onset_score
            60000000000,7,0.07,0.007
            cpu_load-7da87b01.csv
            timestamp,value,anomaly_score,onset_score
            60000000000,1.5,0.015,0.0015
            120000000000,2,0.02,0.002
            89000000000,3,0.02,0.002
            9000000000000000000,4,0.02,0.002
            130000000000,5,0.05,0.005
            index.csv
            file,signal
            cpu_load-7da87b01.csv,"cpu_load{host=""a""}"
            cpu_free-c055e28c.csv,"cpu_free{host=""a""}"
        "#]],
    );
}

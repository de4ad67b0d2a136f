//! "Scores": one row per row, past only, of the signal alone.

use super::*;

#[test]
fn one_row_per_input_row_in_input_order_as_written() {
    let place = Place::new();
    // Times and values as odd as they may be written.
    let mut text = csv(600, |n| seconds(n).to_string());
    text = text.replace("timestamp,value\n", "timestamp,value\r\n");
    text += &format!("{},1.2300e2\n{}, 99.50\n", seconds(600), seconds(601));
    place.put("a/b.csv", &text);
    let found = place.scores(&["a/b.csv"], "out");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, "b.csv");
    let rows = rows(&found[0].1);
    assert_eq!(rows.len(), 602);
    assert!(rows.iter().enumerate().all(|(n, row)| row.0 == seconds(n as u64).to_string()));
    assert_eq!((rows[600].1.as_str(), rows[601].1.trim()), ("1.2300e2", "99.50"));
    assert!(rows.iter().all(|&(.., anomaly, onset)| (0.0..=1.0).contains(&anomaly) && (0.0..=1.0).contains(&onset)));
    // The jump is what is most unusual, and its first row is where an alert would open.
    let most = |score: fn(&(String, String, f64, f64)) -> f64| {
        (0..rows.len()).max_by(|&a, &b| score(&rows[a]).total_cmp(&score(&rows[b]))).unwrap()
    };
    assert!((400..415).contains(&most(|row| row.2)), "{}", most(|row| row.2));
    assert_eq!(most(|row| row.3), 400);
    // In a folder the folders of the input are kept.
    let found = place.scores(&["."], "elsewhere");
    assert!(found.iter().any(|(name, _)| name == "a/b.csv"), "{:?}", found.iter().map(|f| &f.0).collect::<Vec<_>>());
}

#[test]
fn repeated_late_and_unreadable_rows_repeat_the_scores_before() {
    let place = Place::new();
    let clean = csv(600, |n| seconds(n).to_string());
    place.put("clean.csv", &clean);
    let clean_scores = pairs(&place.scores(&["clean.csv"], "clean")[0].1);
    // After each of these rows comes one that decides nothing.
    let extra: Vec<(usize, String)> = vec![
        (100, format!("{},{}", seconds(100), value(100))),
        (200, format!("{},77", seconds(150))),
        (250, "never,5".to_owned()),
        (300, format!("{},broken", seconds(300))),
        (350, format!("{},", seconds(350))),
        (405, "only one cell".to_owned()),
        (450, format!("{},1", seconds(450) + 400 * 86_400)),
    ];
    let mut text = String::from("timestamp,value\nnothing,1\n");
    let mut origin = vec![None];
    for (n, line) in clean.lines().skip(1).enumerate() {
        text += &format!("{line}\n");
        origin.push(Some(n));
        for (_, line) in extra.iter().filter(|(after, _)| *after == n) {
            text += &format!("{line}\n");
            origin.push(None);
        }
    }
    place.put("dirty.csv", &text);
    let dirty = pairs(&place.scores(&["dirty.csv"], "dirty")[0].1);
    assert_eq!(dirty.len(), origin.len());
    let mut before = (0.0, 0.0);
    for (row, (scores, origin)) in dirty.iter().zip(&origin).enumerate() {
        let want = origin.map_or(before, |n| clean_scores[n]);
        assert_eq!(*scores, want, "row {row}, of clean row {origin:?}");
        before = *scores;
    }
}

#[test]
fn scores_use_the_past_only() {
    let place = Place::new();
    place.put("whole.csv", csv(900, |n| seconds(n).to_string()));
    place.put("part.csv", csv(500, |n| seconds(n).to_string()));
    let whole = pairs(&place.scores(&["whole.csv"], "whole")[0].1);
    let part = pairs(&place.scores(&["part.csv"], "part")[0].1);
    assert_eq!(whole[..500], part);
    // What comes later may be as wild as it likes.
    let wild = csv(500, |n| seconds(n).to_string())
        + &(500..900).map(|n| format!("{},{}\n", seconds(n), 1e9 * noise(n))).collect::<String>();
    place.put("wild.csv", wild);
    assert_eq!(pairs(&place.scores(&["wild.csv"], "wild")[0].1)[..500], part);
}

#[test]
fn a_score_is_the_same_in_a_folder_and_by_itself() {
    let place = Place::new();
    let stamp = |n: u64| seconds(n).to_string();
    place.put("set/x/cpu.csv", csv(700, stamp));
    place.put("set/y/cpu.csv", csv(500, |n| (seconds(n) + 86_400 * 400).to_string()));
    let wide = (0..700).map(|n| format!("{},{},{}\n", seconds(n), value(n), noise(n))).collect::<String>();
    place.put("set/wide.csv", format!("timestamp,load,other\n{wide}"));
    let lines = (0..700).map(|n| format!("disk,host=a used={} {}000000000\n", value(n), seconds(n)));
    place.put("set/m.lp", lines.collect::<String>());
    let together = place.scores(&["set"], "together");
    let of =
        |name: &str| together.iter().find(|(have, _)| have == name).unwrap_or_else(|| panic!("no {name}")).1.clone();
    let alone = |input: &str, to: &str| place.scores(&[input], to);
    assert_eq!(of("x/cpu.csv"), alone("set/x/cpu.csv", "o1")[0].1);
    assert_eq!(of("y/cpu.csv"), alone("set/y/cpu.csv", "o2")[0].1);
    assert_eq!(pairs(&of("wide/load.csv")), pairs(&of("x/cpu.csv")));
    let by_itself = alone("set/m.lp", "o3");
    for (name, text) in by_itself.iter().filter(|(name, _)| name != "index.csv") {
        assert_eq!(of(name), *text, "{name}");
    }
    // Run again: bit for bit the same.
    assert_eq!(place.scores(&["set"], "again"), together);
}

#[test]
fn a_wide_file_gives_a_file_for_each_column() {
    let place = Place::new();
    let lines =
        (0..300).map(|n| format!("{},{},m{},{}\n", seconds(n), value(n), n % 7, if n % 2 == 0 { "" } else { "1.5" }));
    place.put("d/w.csv", format!("time,cpu,model,half\n{}", lines.collect::<String>()));
    let found = place.scores(&["d"], "out");
    assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["w/cpu.csv", "w/half.csv"]);
    let half = rows(&found[1].1);
    assert_eq!(half.len(), 300);
    // An empty cell is a row too; it repeats the scores before it.
    assert!(half.windows(2).step_by(2).all(|two| two[0].1.is_empty() && two[1].1 == "1.5"));
    assert!(
        half[1..].windows(2).filter(|two| two[1].1.is_empty()).all(|two| (two[0].2, two[0].3) == (two[1].2, two[1].3))
    );
}

#[test]
fn other_signals_have_an_index() {
    let place = Place::new();
    let lp = (0..300).map(|n| {
        let (at, one, two) = (seconds(n), value(n), noise(n));
        format!("cpu,host=a load={one},idle={two} {at}000000000\ncpu,host=b load={two} {at}000000000\n")
    });
    place.put("m.lp", lp.collect::<String>());
    let found = place.scores(&["m.lp"], "out");
    let index = found.iter().find(|(name, _)| name == "index.csv").unwrap().1.clone();
    let mut listed: Vec<(String, String)> = index
        .lines()
        .skip(1)
        .map(|line| {
            let (file, signal) = line.split_once(',').unwrap();
            (file.to_owned(), signal.trim_matches('"').replace("\"\"", "\""))
        })
        .collect();
    listed.sort_by(|a, b| a.1.cmp(&b.1));
    let signals: Vec<&str> = listed.iter().map(|(_, signal)| signal.as_str()).collect();
    assert_eq!(signals, ["cpu_idle{host=\"a\"}", "cpu_load{host=\"a\"}", "cpu_load{host=\"b\"}"]);
    assert_eq!(index.lines().next(), Some("file,signal"));
    for (file, signal) in &listed {
        let (name, hash) = file.strip_suffix(".csv").unwrap().rsplit_once('-').unwrap();
        assert!(signal.starts_with(name) && hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_hexdigit()), "{file}");
        let text = &found.iter().find(|(name, _)| name == file).unwrap().1;
        assert_eq!(rows(text).len(), 300, "{file}");
    }
}

#[test]
fn the_onset_fades_while_the_trouble_is_known() {
    let place = Place::new();
    place.put("s.csv", csv(600, |n| seconds(n).to_string()));
    let scores = pairs(&place.scores(&["s.csv"], "out")[0].1);
    let onset = |rows: std::ops::Range<usize>| scores[rows].iter().map(|pair| pair.1).fold(0.0, f64::max);
    assert!(0.3 < onset(400..402), "{}", onset(400..402));
    assert!(onset(403..415) < 0.3 * onset(400..402), "{} {}", onset(403..415), onset(400..402));
}

//! "Labelled data": `eval` from outside.

use super::*;

fn labelled(rows: u64) -> String {
    let line = |n: u64| format!("{},{},{}\n", seconds(n), value(n), u8::from((400..415).contains(&n)));
    format!("timestamp,value,label\n{}", (0..rows).map(line).collect::<String>())
}

#[test]
fn tables_for_people_json_for_machines() {
    let place = Place::new();
    place.put("set/a.csv", labelled(900));
    place.put("set/deep/b.csv", labelled(700));
    let output = place.ok(&["eval", "set", "--json", "out.json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("2 series, 1600 rows, 2 events") && text.contains("event F1"), "{text}");
    assert!(!output.stderr.contains(&b'\r'), "no progress bar in a pipe");
    let json: serde_json::Value = serde_json::from_str(&place.read("out.json")).unwrap();
    let set = &json["datasets"][0];
    assert_eq!((set["layout"].as_str(), set["events"].as_u64()), (Some("labelled"), Some(2)));
    assert_eq!(set["onset"]["at_best"]["event_f1"]["value"], 1.0, "{set:#}");
    // With the standard output for machines there is nothing else on it.
    let output = place.ok(&["eval", "set", "--json", "-"]);
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap(), json);
}

#[test]
fn a_label_is_no_value_in_replay_either() {
    let place = Place::new();
    place.put("a.csv", labelled(600));
    place.put("b/a.csv", csv(600, |n| seconds(n).to_string()));
    let labelled = place.scores(&["a.csv"], "out");
    assert_eq!(labelled, place.scores(&["b/a.csv"], "other"));
}

#[test]
fn a_picture_of_a_series() {
    let place = Place::new();
    place.put("set/a.csv", labelled(900));
    place.ok(&["eval", "set", "--plot", "a.csv", "--out", "a.svg"]);
    assert!(place.read("a.svg").starts_with("<svg"));
    let (code, said) = place.code(&["eval", "set", "--plot", "nothing", "--out", "a.svg"]);
    assert!(code == 2 && said.contains("there is no series nothing"), "{code} {said}");
}

#[test]
fn exit_codes() {
    let place = Place::new();
    place.put("set/notes.txt", "x");
    for (arguments, want) in [(&["eval", "missing"][..], 1), (&["eval", "set"], 2), (&["eval"], 2)] {
        let (code, said) = place.code(arguments);
        assert_eq!(code, want, "{arguments:?}: {said}");
    }
}

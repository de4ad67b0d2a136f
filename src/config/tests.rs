//! The folder `tests/config`: each `.toml` beside the exact text that is said of it.

#![expect(clippy::disallowed_methods, reason = "tests read their tables")]

use std::path::PathBuf;

use super::*;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config")
}

/// What `check` says of a configuration, as text.
fn verdict(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy();
    match parse(&text, &name, path.parent().unwrap(), Purpose::Run) {
        Ok(loaded) if loaded.warnings.list.is_empty() => "ok\n".to_owned(),
        Ok(loaded) => format!("{}\n\nok\n", loaded.warnings),
        Err(problems) => format!("{problems}\n"),
    }
}

/// With `UPDATE_EXPECT=1` the texts are written anew: read them before they are committed.
#[test]
fn every_configuration_gets_its_text() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    assert!(25 <= files.len(), "{} configurations", files.len());
    let mut wrong = Vec::new();
    for path in files {
        let got = verdict(&path);
        let expected_path = path.with_extension("txt");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&expected_path, &got).unwrap();
        }
        let expected = std::fs::read_to_string(&expected_path).unwrap_or_default();
        if got != expected {
            wrong.push(format!("{}: expected\n{expected}\ngot\n{got}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_example_is_clean_and_shows_every_key() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config");
    let loaded =
        parse(EXAMPLE, "example.toml", &folder, Purpose::Replay).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(loaded.warnings.to_string(), "");
}

#[test]
fn without_a_file_it_starts_in_shadow() {
    let topics = ["metrics".to_owned(), "^log-.*".to_owned()];
    let settings = with_kafka(Settings::default(), Some("k:9092"), &topics).unwrap();
    assert!(settings.is_shadow() && !settings.plan.presets.is_empty());
    assert_eq!(settings.kafka.unwrap().topics, topics);
    for (brokers, topics) in
        [(Some("k:9092"), vec![]), (None, vec!["a".to_owned()]), (Some("k:"), vec!["a".to_owned()])]
    {
        assert!(with_kafka(Settings::default(), brokers, &topics).is_err());
    }
}

#[test]
fn kafka_gets_its_properties_however_they_are_quoted() {
    let text = r#"
        [kafka]
        brokers = "k"
        topics = ["a"]
        [kafka.properties]
        security.protocol = "sasl_ssl"
        "socket.timeout.ms" = 1000
        "sasl.password" = { file = "smtp.pass" }
        ssl.key.password = { file = "smtp.pass" }
        group.id = "mine"
    "#;
    let loaded = parse(text, "f", &fixtures(), Purpose::Run).unwrap_or_else(|problems| panic!("{problems}"));
    let kafka = loaded.settings.kafka.unwrap();
    let got: Vec<(&str, &str)> = kafka.properties.iter().map(|(key, value)| (&**key, &**value)).collect();
    let secret = "let-me-in";
    let expected = [
        ("sasl.password", secret),
        ("security.protocol", "sasl_ssl"),
        ("socket.timeout.ms", "1000"),
        ("ssl.key.password", secret),
    ];
    assert_eq!(got, expected);
    assert_eq!((loaded.warnings.list.len(), format!("{kafka:?}").contains(secret)), (1, false));
}

#[test]
fn a_replay_needs_no_secrets() {
    let text = r#"
        [[receiver]]
        name = "hook"
        webhook = { url = "https://example/alerts", secret_file = "not-on-this-machine" }
    "#;
    assert!(parse(text, "f", Path::new(""), Purpose::Replay).is_ok());
    assert!(parse(text, "f", Path::new(""), Purpose::Run).is_err());
}

#[test]
fn own_presets_are_asked_first() {
    let loaded = parse(EXAMPLE, "f", &fixtures(), Purpose::Replay).unwrap();
    let signal = crate::signal::Signal::new("furnace_2_celsius", [("plant", "north")]);
    let at = loaded.settings.plan.preset_of(&signal).unwrap();
    let preset = &loaded.settings.plan.presets[at];
    assert_eq!((at, preset.name.as_str(), preset.limit.unwrap().level), (0, "furnace", 1450.0));
    let last = loaded.settings.plan.presets.last().unwrap();
    assert!(last.takes_kind("anything at all"));
}

proptest::proptest! {
    /// Whatever is cut out, put in or swapped: problems or settings, never a panic, and a text for each problem.
    #[test]
    fn no_text_makes_it_panic(
        cut in 0..EXAMPLE.len(),
        length in 0..40usize,
        put in "[\\[\\]{}=\"'\n#.,a-z0-9 é☃-]{0,12}",
    ) {
        let mut text = EXAMPLE.to_owned();
        let floor = |at: usize| (0..=at.min(EXAMPLE.len())).rev().find(|&at| EXAMPLE.is_char_boundary(at)).unwrap();
        text.replace_range(floor(cut)..floor(cut + length), &put);
        if let Err(problems) = parse(&text, "f", &fixtures(), Purpose::Replay) {
            proptest::prop_assert!(0 < problems.errors());
            proptest::prop_assert!(problems.render(true).contains(&problems.list[0].message.lines().next().unwrap()[..4]));
        }
    }
}

mod operator;

use clap::Parser;
use std::path::Path;

use super::*;

/// Runs a command line; gives the exit code, stdout and stderr.
fn forewarn(arguments: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let arguments = ["forewarn"].iter().chain(arguments).map(OsString::from);
    let code = run(arguments, &mut out, &mut err, false);
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(name).display().to_string()
}

#[test]
fn the_tree_of_commands_is_sound() {
    Cli::command().debug_assert();
    for command in Cli::command().get_subcommands() {
        assert!(command.get_about().is_some(), "{} says what it does", command.get_name());
    }
}

/// Each row: a command line, the exit code, words of stdout, words of stderr.
#[test]
fn exit_codes_and_first_words() {
    let (good, bad) = (fixture("good-interface.toml"), fixture("bad-routes.toml"));
    let rows: &[(&[&str], u8, &str, &str)] = &[
        (&["--version"], 0, "forewarn 0.", ""),
        (&["--help"], 0, "Start here", ""),
        (&["run", "--help"], 0, "SIGTERM", ""),
        (&[], 2, "", "Usage"),
        (&["rum"], 2, "", "similar subcommand exists: 'run'"),
        (&["replay"], 2, "", "INPUT"),
        (&["replay", "x.csv", "--format", "xml"], 2, "", "otlp.jsonl"),
        (&["explain"], 2, "", "--held"),
        (&["explain", "--held", "up{job=api}"], 2, "", "hint: write label="),
        (&["silence", "add", "service=\"a\""], 2, "", "--for"),
        (
            &["silence", "add", "service=\"a\"", "--for", "2h", "--until", "2026-11-24T06:00:00Z"],
            2,
            "",
            "cannot be used",
        ),
        (&["demo", "--for", "soon"], 2, "", "30s"),
        (&["--log", "loud=a=b", "models"], 2, "", "no level"),
        (&["check", "--config", "/nowhere/forewarn.toml"], 2, "", "there is no such file"),
        (&["check", "--config", &bad], 2, "", "did you mean `ops-mail`?"),
        (&["check", "--config", &bad], 2, "", "bad-routes.toml:7:7"),
        (&["check", "--config", &bad], 2, "", "6 errors"),
        (&["check", "--config", &good], 0, "ok: 1 objective, 1 limit, 2 receivers, 1 route", ""),
        (&["replay", "x.csv", "--config", &bad], 2, "", "did you mean"),
        (&["run", "--config", &fixture("good-empty.toml")], 2, "", "no [kafka]"),
        (&["run", "--brokers", "k:0", "--topics", "a"], 2, "", "not a broker's address"),
        (&["run", "--config", &good, "--topics", "a b"], 2, "", "not a topic's name"),
        (&["send-test", "pager", "--config", &good], 2, "", "there are ops-mail, hook"),
        (&["eval", "NAB"], 1, "", "cannot read NAB: No such file"),
        (&["templates", "no-such.log"], 1, "", "cannot read no-such.log"),
        (&["models"], 0, "more is worse, less than 0.01 off is nothing, limit above 0.95 unless set", ""),
        (&["models", "--signal", "up{job=\"api\"}"], 0, "preset   heartbeat", ""),
        (&["models", "--signal", "up{job=~\"a.*\"}"], 2, "", "many signals"),
    ];
    for (arguments, code, out, err) in rows {
        let got = forewarn(arguments);
        assert_eq!(got.0, *code, "{arguments:?}: {got:?}");
        assert!(got.1.contains(out) && got.2.contains(err), "{arguments:?}: {got:#?}");
        assert!(!out.is_empty() || got.1.is_empty(), "{arguments:?} writes no result: {got:?}");
    }
}

#[test]
fn check_says_what_would_be_watched_and_who_told() {
    let (_, out, _) = forewarn(&["check", "--config", &fixture("good-interface.toml")]);
    expect_test::expect![[r#"
        ok: 1 objective, 1 limit, 2 receivers, 1 route
          reads      metrics, logs, changes of 127.0.0.1:9092 as group forewarn
          time       from the oldest record where there is no checkpoint; late beyond 30s
          writes     forewarn.alerts
          objective  checkout is slow: http_latency_p99_ms{service="checkout"} above 500 for 5m
          limit      disk_used_ratio above 0.95
          presets    limits of their own: headroom, disk, memory, pool, saturation (`forewarn models`)
          forecasts  1d ahead; 1h to react
          budget     1 false page a week over everything watched
          work       Mon-Fri 09:00-17:30, Europe/Berlin, 75 holidays
          receiver   ops-mail: mail to ops@example by mail.example:587
          receiver   hook: webhook at example, signed
          route      service="checkout" -> ops-mail, hook
    "#]]
    .assert_eq(&out);
}

#[test]
fn run_needs_no_file_and_ends_are_computed() {
    let cli = Cli::try_parse_from(["forewarn", "run", "--brokers", "k:9092", "--topics", "a,b"]).unwrap();
    let Command::Run(args) = cli.command else { panic!("{cli:?}") };
    assert_eq!(args.settings().unwrap().kafka.unwrap().topics, ["a", "b"]);
    let now = crate::time::Timestamp::from_secs(0);
    let until = Until { length: Some(crate::time::Span::from_hours(2)), until: None };
    assert_eq!(until.end(now), crate::time::Timestamp::from_secs(7200));
}

#[test]
fn a_template_is_tried_on_samples_before_it_words_a_message() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        use std::io::Write;
        let mut file =
            std::fs::OpenOptions::new().create(true).write(true).truncate(true).open(folder.path().join(name));
        file.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    };
    std::fs::create_dir(folder.path().join("templates")).unwrap();
    write("forewarn.toml", "[templates]\nfolder = \"templates\"\n");
    let config = folder.path().join("forewarn.toml").display().to_string();
    let check = || forewarn(&["check", "--config", &config]);
    write("templates/mail-subject.txt", "{{ letter.tag | upper }}: {{ letter.summary }}\n");
    let (code, _, err) = check();
    assert_eq!((code, err.as_str()), (0, ""));
    write("templates/mail.txt", "one\n{% if %}\n");
    let (code, _, err) = check();
    assert!(code == 2 && err.contains("templates/mail.txt:2: "), "{err}");
    // Some alerts have no signal, and a digest is no alert: the samples say so before a night does.
    write("templates/mail.txt", "{{ letter.subject }}\n\n{{ alert.signals[0].signal }}\n");
    write("templates/slack.json", "{{ letter.subject }}\n");
    let (code, _, err) = check();
    for words in ["templates/mail.txt:3: ", "; on a sample", "templates/slack.json:1: ", "not JSON"] {
        assert!(code == 2 && err.contains(words), "{words}: {err}");
    }
    write("templates/mails.txt", "");
    let (code, _, err) = check();
    assert!(code == 2 && err.contains("did you mean `mail.txt`?"), "{err}");
}

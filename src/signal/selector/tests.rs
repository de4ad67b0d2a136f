use proptest::prelude::*;

use super::*;

fn signal(name: &str, labels: &[(&str, &str)]) -> Signal {
    Signal::new(name, labels.iter().copied())
}

/// Each row: a selector, signals it takes, signals it does not.
#[test]
fn selectors_match_as_prometheus_does() {
    let http = |job, group, code| signal("http_requests_total", &[("job", job), ("group", group), ("code", code)]);
    let canary = http("prometheus", "canary", "200");
    let other = http("api", "stable", "404");
    let env = |environment, method| signal("http_requests_total", &[("environment", environment), ("method", method)]);
    let (staging, get) = (env("staging", "POST"), env("staging", "GET"));
    let cpu = signal("system.cpu.utilization", &[("state", "idle"), ("service.name", "shop")]);
    let bare = signal("http_requests_total", &[]);
    type Row<'a> = (&'a str, &'a [&'a Signal], &'a [&'a Signal]);
    let rows: &[Row<'_>] = &[
        // The examples of Prometheus's documentation, "Querying basics" and "UTF-8".
        ("http_requests_total", &[&canary, &other, &bare], &[&cpu]),
        (r#"http_requests_total{job="prometheus",group="canary"}"#, &[&canary], &[&other, &bare]),
        (
            r#"http_requests_total{environment=~"staging|testing|development",method!="GET"}"#,
            &[&staging],
            &[&get, &bare],
        ),
        (r#"http_requests_total{environment=""}"#, &[&canary, &bare], &[&staging]),
        (r#"{job=~".+"}"#, &[&canary, &other], &[&bare]),
        (r#"{job=~".*",method="GET"}"#, &[&get], &[&staging]),
        (r#"{__name__="http_requests_total"}"#, &[&bare], &[&cpu]),
        (r#"{__name__=~"http_.*"}"#, &[&bare, &canary], &[&cpu]),
        (r#"{__name__=~"http"}"#, &[], &[&bare]),
        (r#"{"http_requests_total"}"#, &[&bare, &other], &[&cpu]),
        (r#"{"system.cpu.utilization", state="idle"}"#, &[&cpu], &[&bare]),
        (r#"{"system.cpu.utilization", "service.name"=~"sh.p"}"#, &[&cpu], &[&bare]),
        // White space, quotes, a trailing comma.
        (" http_requests_total { job = 'api' , } ", &[&other], &[&canary, &bare]),
        (r"{job=~`a\wi`}", &[&other], &[&canary]),
        (r#"{job=~"a\\wi"}"#, &[&other], &[&canary]),
        (r#"{job="\x61\160\u0069"}"#, &[&other], &[&canary]),
        // Negation takes what lacks the label.
        (r#"http_requests_total{job!~"prom.*"}"#, &[&other, &bare], &[&canary]),
        // Bare matchers, as routes have them.
        (r#"job="api", code=~"4..""#, &[&other], &[&canary, &bare]),
        (r#"service="shop""#, &[&cpu], &[&bare]),
        (r#""service.name"='shop'"#, &[&cpu], &[&bare]),
        (r#"service!="shop""#, &[&bare, &other], &[&cpu]),
    ];
    for (text, takes, leaves) in rows {
        let selector = Selector::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        for signal in *takes {
            assert!(selector.matches(signal), "{text} should take {signal}");
        }
        for signal in *leaves {
            assert!(!selector.matches(signal), "{text} should leave {signal}");
        }
    }
}

/// Each row: a text, the byte of the error, a part of the message, a part of the hint.
#[test]
fn errors_name_the_place_and_the_next_move() {
    let rows = [
        ("", 0, "empty", "name"),
        ("{}", 0, "every signal", "name the signal"),
        (r#"{job=~".*"}"#, 0, "every signal", ".+"),
        (r#"{job!="a"}"#, 0, "every signal", ".+"),
        ("up{", 3, "never closed", "}"),
        (r#"up{job="a""#, 10, "never closed", "}"),
        (r#"up{job="a" instance="b"}"#, 11, "comma", ""),
        (r#"up{job=a}"#, 7, "quotes", "label="),
        (r#"up{job=="a"}"#, 6, "==", "`=`"),
        (r#"up{service.name="a"}"#, 10, "=~", r#""service.name"="#),
        ("up{,}", 3, "label", "letters"),
        (r#"up{job="a}"#, 7, "never closed", r"\n"),
        (r#"up{job="\d"}"#, 8, r"\d", "back quotes"),
        (r#"up{job="\u12"}"#, 8, "4 digits", ""),
        (r#"up{job=~"("}"#, 8, "regular expression", "look-around"),
        (r#"up{job=~"a)|(b"}"#, 8, "regular expression", "look-around"),
        (r#"up{__name__="down"}"#, 3, "twice", "one"),
        (r#"{"up", "down"}"#, 7, "twice", "one"),
        ("system.cpu.utilization", 6, "`.`", r#"{"system.cpu.utilization"}"#),
        ("rate(up[5m])", 4, "ends here", "rates"),
        ("up[5m]", 2, "ends here", "range"),
        (r#"up{job="a"} > 5"#, 12, "brace", "above"),
        (r#""up""#, 0, "braces", "{"),
        (r#"service="a","#, usize::MAX, "", ""),
        ("up down", 3, "end", "one selector"),
    ];
    for (text, at, message, hint) in rows {
        match Selector::parse(text) {
            Ok(_) => assert_eq!(at, usize::MAX, "{text} should be refused"),
            Err(error) => {
                assert_eq!(error.at, at, "{text}: {error:?}");
                assert!(error.message.contains(message), "{text}: {error:?}");
                assert!(error.hint.unwrap_or_default().contains(hint), "{text}");
            }
        }
    }
}

#[test]
fn routes_see_what_the_alert_adds() {
    let signal = signal("up", &[("job", "api"), ("kind", "Deployment")]);
    let alert = [("service", "checkout"), ("urgency", "page"), ("kind", "forecast")];
    for (text, expected) in [
        (r#"service="checkout", urgency="page""#, true),
        (r#"service="checkout", urgency="hold""#, false),
        (r#"kind="forecast""#, true),
        (r#"service="api""#, false),
        (r#"{job="api", urgency=~"page|hold"}"#, true),
    ] {
        assert_eq!(Selector::parse(text).unwrap().matches_with(&signal, &alert), expected, "{text}");
    }
    assert!(Selector::parse(r#"service="api""#).unwrap().matches(&signal));
    assert!(!Selector::parse(r#"{service="api"}"#).unwrap().matches(&signal), "in braces a label is a label");
    for (text, expected) in [("{}", true), (r#"{service="api"}"#, true), (r#"{kind!="log"}"#, true), ("{} {", false)] {
        let route = Selector::parse_route(text);
        assert_eq!(route.is_ok_and(|route| route.matches(&signal)), expected, "{text}");
    }
    assert!(Selector::everything().matches(&signal) && Selector::everything().is_everything());
}

fn any_signal() -> impl Strategy<Value = Signal> {
    let text = "[a-z_.\"'`\\\\{}=,\n\r\t é☃0-9]{1,8}";
    (text, proptest::collection::vec((text, text), 0..5)).prop_map(|(name, labels)| Signal::new(&name, labels))
}

proptest! {
    #[test]
    fn what_a_signal_shows_selects_it_and_no_other(one in any_signal(), two in any_signal()) {
        prop_assume!(one.label("__name__").is_none() && two.label("__name__").is_none());
        let selector = Selector::parse(&one.to_string()).unwrap();
        prop_assert!(selector.matches(&one));
        prop_assert_eq!(selector.to_signal(), Some(one.clone()));
        // A selector also takes signals with further labels; with the same keys it takes the equal one only.
        let keys = |signal: &Signal| signal.labels().map(|(key, _)| key.to_owned()).collect::<Vec<_>>();
        if keys(&one) == keys(&two) {
            prop_assert_eq!(selector.matches(&two), one == two);
        }
        let renamed = Signal::new(&format!("{}x", one.name()), one.labels());
        prop_assert!(!selector.matches(&renamed));
        if let Some((key, value)) = one.labels().next() {
            let other = one.with(key, &format!("{value}x"));
            prop_assert!(!selector.matches(&other));
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[ -~\n☃]{0,40}") {
        let _ = Selector::parse(&text).map_err(|error| assert!(error.at <= text.len()));
    }
}

use expect_test::{Expect, expect};

use super::*;

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&match read(text, None) {
        Ok(change) => format!("{change:#?}\n"),
        Err(reject) => format!("{}: {}\n", reject.reason, reject.detail),
    });
}

/// A CDEvent in its envelope, with the members of the CDEvents specification.
fn cdevent(kind: &str, content: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"271069a8-fc18-44f1-b38f-9d70a1695819","source":"/event/source/123","type":"{kind}",
            "time":"2026-11-23T08:00:00Z","datacontenttype":"application/json","data":{{"context":{{"version":"0.4.1",
            "id":"271069a8-fc18-44f1-b38f-9d70a1695819","source":"/event/source/123","type":"{kind}",
            "timestamp":"2026-11-23T07:59:59Z"}},"subject":{{"id":"checkout","source":"/event/source/123","type":"service",
            "content":{{"environment":{{"id":"test123"}}{content}}}}}}}}}"#
    )
}

#[test]
fn cdevents_of_services_are_read() {
    let artifact = r#","artifactId":"pkg:oci/checkout@sha256%3A0b31b1c02ff4?tag=1.4.2""#;
    check(
        &cdevent("dev.cdevents.service.deployed.0.2.0", artifact),
        expect![[r#"
        Change {
            at: Timestamp(
                1795420800000000000,
            ),
            id: "271069a8-fc18-44f1-b38f-9d70a1695819",
            service: "checkout",
            kind: Deployed,
            what: "pkg:oci/checkout@sha256%3A0b31b1c02ff4?tag=1.4.2",
            version: Some(
                "sha256:0b31b1c02ff4",
            ),
        }
    "#]],
    );
    for (verb, kind) in [
        ("deployed.0.1.1", ChangeKind::Deployed),
        ("upgraded.0.2.0", ChangeKind::Upgraded),
        ("rolledback.0.2.0", ChangeKind::RolledBack),
        ("removed.0.2.0", ChangeKind::Removed),
        ("upgraded.0.3.0-draft", ChangeKind::Upgraded),
    ] {
        let change = read(&cdevent(&format!("dev.cdevents.service.{verb}"), ""), None).unwrap();
        assert_eq!((change.kind, &*change.service, &*change.what), (kind, "checkout", ""), "{verb}");
    }
}

#[test]
fn flags_configuration_and_scaling_are_read() {
    check(
        r#"{"specversion":"1.0","id":"f-1","source":"/flags","type":"dev.forewarn.flag.changed","time":"2026-11-23T08:00:00Z",
            "data":{"service":"checkout","what":"new-basket","version":"on"}}"#,
        expect![[r#"
            Change {
                at: Timestamp(
                    1795420800000000000,
                ),
                id: "f-1",
                service: "checkout",
                kind: Flag,
                what: "new-basket",
                version: Some(
                    "on",
                ),
            }
        "#]],
    );
    for (data, version) in [
        (r#"{"service":"s","what":"replicas","version":5}"#, Some("5")),
        (r#"{"service":"s","what":"replicas","version":null}"#, None),
        (r#"{"service":"s","what":"replicas"}"#, None),
    ] {
        let text = format!(
            r#"{{"specversion":"1.0","id":"1","type":"dev.forewarn.scale.changed","time":1795420800,"data":{data}}}"#
        );
        let change = read(&text, None).unwrap();
        assert_eq!((change.kind, change.version.as_deref()), (ChangeKind::Scale, version), "{data}");
    }
}

#[test]
fn what_is_no_change_is_a_reject_that_names_it() {
    check(
        r#"{"specversion":"1.0","id":"1","type":"com.github.push","time":"2026-11-23T08:00:00Z"}"#,
        expect![[r#"
        unknown_format: CloudEvent `1`: type `com.github.push` is not known
    "#]],
    );
    check(
        &cdevent("dev.cdevents.service.published.0.2.0", ""),
        expect![[r#"
        unknown_format: CloudEvent `271069a8-fc18-44f1-b38f-9d70a1695819`: type `dev.cdevents.service.published.0.2.0` is not known
    "#]],
    );
    check(
        &cdevent("dev.cdevents.service.deployed.x", ""),
        expect![[r#"
        unknown_format: CloudEvent `271069a8-fc18-44f1-b38f-9d70a1695819`: type `dev.cdevents.service.deployed.x` is not known
    "#]],
    );
    check(
        r#"{"specversion":"1.0","type":"dev.forewarn.flag.changed","data":{"service":"s"}}"#,
        expect![[r#"
        malformed: CloudEvent `` of type `dev.forewarn.flag.changed`: id is missing
    "#]],
    );
    check(
        r#"{"specversion":"1.0","id":"1","type":"dev.forewarn.flag.changed"}"#,
        expect![[r#"
        malformed: CloudEvent `1` of type `dev.forewarn.flag.changed`: data is missing
    "#]],
    );
    check(
        r#"{"specversion":"1.0","id":"1","type":"dev.forewarn.flag.changed","data":{"what":"x"}}"#,
        expect![[r#"
        malformed: CloudEvent `1` of type `dev.forewarn.flag.changed`: data.service is missing
    "#]],
    );
    check(
        r#"{"specversion":"1.0","id":"1","type":"dev.forewarn.flag.changed","data":{"service":"s"}}"#,
        expect![[r#"
            no_time: CloudEvent `1`: no time that can be read
        "#]],
    );
    check(
        r#"{"specversion":"1.0","id":"1","type":"dev.forewarn.flag.changed","data":"text"}"#,
        expect![[r#"
            malformed: CloudEvent `1`: data: invalid type: string "text", expected an object at line 1 column 6
        "#]],
    );
}

//! What is one problem and what is two, where it began, and what may have caused it.

use expect_test::expect;

use super::*;

#[test]
fn signals_of_one_service_are_one_problem_with_the_resource_first() {
    // Users feel it at 10:05; the pool that was filling since 09:40 is the origin.
    check(
        "23 10:05 + lat@checkout objective=500 now\n23 10:05 + cpu@checkout c=1
         23 10:07 + pool@checkout limit=100 in=30m since=23/09:40\n23 10:30 to",
        expect![[r#"
            23 10:05 #1/1 Opened Page Anomaly checkout [lat{checkout} cpu{checkout}] objective 23T10:05
            23 10:10 #1/2 Joined Page Anomaly checkout [pool{checkout} lat{checkout} cpu{checkout}] objective 23T10:05
        "#]],
    );
}

#[test]
fn services_that_fail_within_minutes_are_one_problem() {
    check(
        "23 02:00 + pool@db limit=100 now\n23 02:04 + lat@checkout objective=500 now
         23 02:06 + err@billing limit=1 now\n23 02:30 to",
        expect![[r#"
            23 02:00 #1/1 Opened Page Anomaly db [pool{db}] limit 23T02:00
            23 02:04 #1/2 Joined Page Anomaly checkout [pool{db} lat{checkout}] objective 23T02:04
            23 02:14 #1/3 Joined Page Anomaly checkout [pool{db} lat{checkout} err{billing}] objective 23T02:04
        "#]],
    );
}

#[test]
fn what_only_happens_to_stand_at_the_same_time_stays_apart() {
    // A disk that fills, told hours before, has nothing to do with a failure elsewhere; nor do two disks.
    check(
        "23 02:00 + disk@db limit=0.95 in=20h since=22/02:00\n23 02:05 + disk@mail limit=0.95 in=20h since=22/20:00
         23 04:00 + err@billing limit=1 now\n23 04:05 ~ disk@db limit=0.95 in=18h\n23 04:30 to",
        expect![[r#"
            23 02:00 #1/1 Opened Hold Forecast db [disk{db}] limit 23T22:00
            23 02:05 #2/1 Opened Hold Forecast mail [disk{mail}] limit 23T22:05
            23 04:00 #3/1 Opened Page Anomaly billing [err{billing}] limit 23T04:00
        "#]],
    );
}

#[test]
fn what_has_failed_for_a_day_draws_in_nothing_of_the_same_machine() {
    check(
        "22 02:00 + mem@mail/h1 limit=1 now\n22 06:00 + err@billing/h1 limit=1 now\n23 07:00 + cpu@db/h1 limit=1 now
         23 07:01 to",
        expect![[r#"
            22 02:00 #1/1 Opened Page Anomaly mail [mem{h1,mail}] limit 22T02:00
            22 06:00 #1/2 Joined Page Anomaly mail [mem{h1,mail} err{h1,billing}] limit 22T02:00
            22 10:00 #1/3 Repeated Page Anomaly mail [mem{h1,mail} err{h1,billing}] limit 22T02:00
            22 14:00 #1/4 Repeated Page Anomaly mail [mem{h1,mail} err{h1,billing}] limit 22T02:00
            22 22:00 #1/5 Repeated Page Anomaly mail [mem{h1,mail} err{h1,billing}] limit 22T02:00
            23 07:00 #2/1 Opened Page Anomaly db [cpu{h1,db}] limit 23T07:00
        "#]],
    );
}

#[test]
fn a_lone_oddity_elsewhere_joins_a_failure_without_a_word() {
    check(
        "23 02:00 + err@billing limit=1 now\n23 02:05 + cpu@search c=4\n23 02:06 + cpu@mail c=1\n23 02:30 to",
        expect![[r#"
            23 02:00 #1/1 Opened Page Anomaly billing [err{billing}] limit 23T02:00
        "#]],
    );
}

#[test]
fn two_oddities_of_a_service_bear_each_other_out() {
    check(
        "23 10:00 + cpu@db c=1.2\n23 10:08 + io@db c=1.4\n23 11:00 to",
        expect![[r#"
            23 10:08 #1/1 Opened Digest Anomaly db [cpu{db} io{db}]
        "#]],
    );
    check("23 10:00 + cpu@db c=1.2\n23 10:20 + io@db c=1.4\n23 11:00 to", expect![[""]]);
}

#[test]
fn alerts_that_prove_to_be_one_merge_into_the_earlier() {
    // Two forecasts apart in time; then both fail within minutes.
    check(
        "23 02:00 + pool@db limit=100 in=20h\n23 04:00 + err@billing limit=1 in=20h
         23 06:00 ~ pool@db limit=100 now forecast\n23 06:03 ~ err@billing limit=1 now forecast
         23 07:00 - pool@db forecast\n23 07:00 - err@billing forecast\n23 08:00 to",
        expect![[r#"
            23 02:00 #1/1 Opened Hold Forecast db [pool{db}] limit 23T22:00
            23 04:00 #2/1 Opened Hold Forecast billing [err{billing}] limit 24T00:00
            23 06:00 #1/2 Promoted Page Forecast db [pool{db}] limit 23T06:00
            23 06:03 #2/2 Merged into #1 Hold Forecast billing [err{billing}] limit 24T00:00
            23 06:03 #1/3 Joined Page Forecast db [pool{db} err{billing}] limit 23T06:00
            23 07:05 #1/4 Resolved Page Forecast db [pool{db} err{billing}] limit 23T06:00
        "#]],
    );
}

#[test]
fn one_that_proves_to_be_two_is_split_when_its_first_service_is_well() {
    check(
        "23 02:00 + pool@db limit=100 now\n23 02:04 + err@billing limit=1 now\n23 02:30 - pool@db\n23 05:00 to
         23 06:00 - err@billing\n23 07:00 to",
        expect![[r#"
            23 02:00 #1/1 Opened Page Anomaly db [pool{db}] limit 23T02:00
            23 02:05 #1/2 Joined Page Anomaly db [pool{db} err{billing}] limit 23T02:00
            23 04:30 #1/3 Split Page Anomaly db [pool{db} err{billing}] limit 23T02:00
            23 04:30 #2/1 Opened Page Anomaly billing [err{billing}] limit 23T02:04
            23 06:05 #2/2 Resolved Page Anomaly billing [err{billing}] limit 23T02:04
        "#]],
    );
}

#[test]
fn two_hundred_signals_are_one_record_not_two_hundred() {
    let mut script = String::new();
    for nth in 0..200 {
        script += &format!("23 02:{:02} + lat@checkout/i{nth:03} objective=500 now\n", nth / 10);
    }
    check(
        &(script + "23 03:00 to"),
        expect![[r#"
        23 02:00 #1/1 Opened Page Anomaly checkout [lat{i000,checkout} lat{i001,checkout} lat{i002,checkout} lat{i003,checkout} lat{i004,checkout} lat{i005,checkout} lat{i006,checkout} lat{i007,checkout} lat{i008,checkout} lat{i009,checkout}] objective 23T02:00
    "#]],
    );
}

#[test]
fn changes_shortly_before_are_suspects_by_how_close_they_are() {
    check(
        "23 08:00 change old checkout upgraded checkout v1\n23 09:30 change flag checkout flag fast_path on
         23 09:58 change deploy checkout upgraded checkout v2\n23 09:59 change other billing upgraded billing v7
         23 10:00 + lat@checkout objective=500 now\n23 10:05 change back checkout rolledback checkout v1
         23 10:20 - lat@checkout\n23 10:30 to",
        expect![[r#"
            23 10:00 #1/1 Opened Page Anomaly checkout [lat{checkout}] objective 23T10:00 suspects deploy 0.821, other 0.258, flag 0.225
            23 10:25 #1/2 Resolved Page Anomaly checkout [lat{checkout}] objective 23T10:00 suspects deploy 0.821, other 0.258, flag 0.225
        "#]],
    );
    // A change that is read late joins what is told next, and says nothing by itself.
    check(
        "23 10:00 + lat@checkout objective=500 now\n23 10:10 to
         23 09:55 change late checkout upgraded checkout v2\n23 10:20 to\n23 10:30 - lat@checkout\n23 11:00 to",
        expect![[r#"
            23 10:00 #1/1 Opened Page Anomaly checkout [lat{checkout}] objective 23T10:00
            23 10:35 #1/2 Resolved Page Anomaly checkout [lat{checkout}] objective 23T10:00 suspects late 0.714
        "#]],
    );
}

#[test]
fn a_total_outage_is_counted_whole_and_held_in_part() {
    let mut script = String::new();
    for nth in 0..1_500 {
        script += &format!("23 02:00 + lat@checkout/i{nth:04} limit=1 now\n");
    }
    check_words(
        &(script + "23 03:00 to"),
        expect![[r#"
        lat of checkout (instance i0000) is above 1 since 02:00 UTC (0.9 now); 1499 more signals are concerned
    "#]],
    );
}

#[test]
fn what_a_change_slowly_breaks_is_borne_out_for_hours_and_less_and_less_where_many_are_made() {
    let script = |after: &str| format!("23 10:00 change c1 db upgraded db v2\n23 {after} + cpu@db c=0.7\n23 20:00 to");
    check(
        &script("13:30"),
        expect![[r#"
            23 13:30 #1/1 Opened Digest Anomaly db [cpu{db}] suspects c1 0.02
        "#]],
    );
    check(&script("14:30"), expect![""]);
    let busy: String = (0..20).map(|n| format!("22 {:02}:00 change b{n} mail upgraded mail v{n}\n", n)).collect();
    check(&format!("{busy}{}", script("13:30")), expect![""]);
    check(
        &format!("{busy}{}", script("10:40")),
        expect![[r#"
            23 10:40 #1/1 Opened Digest Anomaly db [cpu{db}] suspects c1 0.142
        "#]],
    );
}

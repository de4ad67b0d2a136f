//! What came before an objective broke is evidence the next time, beside another witness.

use super::*;

/// On so many days from the 2nd on, at 10:00 something odd in the queue of `db` (and, where `witness`, in its threads), 40 minutes
/// later checkout is slow for an hour where `breaks`.
fn days(count: u32, breaks: impl Fn(u32) -> bool) -> String {
    let day = |day: u32| {
        let slow =
            format!("{day:02} 10:{} + lat@checkout objective=500 now\n{day:02} 11:40 - lat@checkout\n", 40 + day % 3);
        let odd = format!("{day:02} 10:00 + queue@db c=0.2 words=is_unlike_before\n{day:02} 10:20 - queue@db\n");
        odd + if breaks(day) { &slow } else { "" }
    };
    (2..2 + count).map(day).collect()
}

/// What is told from the morning of the 20th on.
fn told_at_last(past: &str, last: &str) -> Vec<AlertRecord> {
    let (plan, mut stage, mut out) = (plan(), stage(), Vec::new());
    run(&mut stage, &steps(&format!("{past}\n20 09:00 to")), &plan, &mut out);
    out.clear();
    run(&mut stage, &steps(last), &plan, &mut out);
    out
}

const WITNESSED: &str = "20 10:00 + queue@db c=0.2 words=is_unlike_before\n20 10:01 + threads@db c=0.2\n20 10:05 ~ queue@db c=0.2 words=is_unlike_before\n20 10:10 to";

#[test]
fn what_came_before_it_five_times_foretells_it_with_its_lead() {
    let told = told_at_last(&days(5, |_| true), WITNESSED);
    let first = told.first().expect("an alert");
    let breach = first.breach.as_ref().expect("an objective");
    assert_eq!(breach.name.as_deref(), Some("checkout is slow"));
    assert!((breach.probability - 6.0 / 7.0).abs() < 1e-9);
    assert_eq!(&breach.earliest.to_string()[11..16], "10:40");
    assert_eq!(&breach.latest.to_string()[11..16], "10:42");
    assert!(first.signals[0].signal.starts_with("queue"), "{:?}", first.signals);
    assert_eq!(
        first.summary,
        "queue of db is unlike before; 5 of 5 times before, \"checkout is slow\" was broken 40 minutes to 42 minutes later; it may put \"checkout is slow\" at risk at about 10:41 UTC (10:40 at the earliest, 86 % likely); one more signal is concerned"
    );
}

#[test]
fn alone_or_unproved_or_too_late_it_foretells_nothing() {
    let last = "20 10:00 + queue@db c=0.2\n20 10:05 ~ queue@db c=0.2\n20 10:10 to";
    assert_eq!(told_at_last(&days(5, |_| true), last), [], "alone");
    assert_eq!(told_at_last(&days(2, |_| true), WITNESSED), [], "twice is no proof");
    assert_eq!(told_at_last(&days(9, |day| day % 3 == 0), WITNESSED), [], "it broke each third time only");
    let late = "20 10:00 + queue@db c=0.2\n20 10:50 + threads@db c=0.2\n20 10:55 ~ queue@db c=0.2\n20 11:00 to";
    assert_eq!(told_at_last(&days(5, |_| true), late), [], "its time has gone");
}

#[test]
fn an_objective_that_breaks_all_the_time_has_no_precursor() {
    let slow = |day: u32, hour: u32| {
        format!("{day:02} {hour:02}:41 + lat@checkout objective=500 now\n{day:02} {hour:02}:45 - lat@checkout\n")
    };
    let past: String = (2..9u32)
        .map(|day| {
            let odd = format!("{day:02} 10:00 + queue@db c=0.2\n{day:02} 10:20 - queue@db\n");
            slow(day, 3) + &odd + &slow(day, 10) + &slow(day, 17) + &slow(day, 23)
        })
        .collect();
    assert_eq!(told_at_last(&past, WITNESSED), []);
}

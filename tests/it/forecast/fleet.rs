//! Signals with a bound, by seed: resources that fill, leak and back up, flows that come close, and quiet look-alikes of each.

use forewarn::plan::{Bound, Side};

use super::making::{Case, Maker, Noise, Role, Traffic};

fn above(level: f64) -> Bound {
    Bound { level, side: Side::Above }
}

/// The kinds, by number.
pub(crate) const KINDS: usize = 24;

/// The signal of kind `kind` in the world of this seed.
pub(crate) fn case(seed: u64, kind: usize) -> Case {
    let mut noise = Noise::new(seed * 1000 + kind as u64);
    let start = (noise.between(0.0, 10_080.0) / 5.0).floor() * 5.0;
    let cadence = [0.5, 1.0, 1.0, 1.0, 5.0][(noise.uniform() * 5.0) as usize];
    let traffic = Traffic::new(&mut noise, start);
    let maker = Maker { noise, traffic, cadence, days: 24.0, start };
    match kind {
        0 => disk_fill(maker, "disk fills", |share| share),
        1 => disk_fill(maker, "disk fills ever faster", |share| 0.3 * share + 0.7 * libm::pow(share, 2.5)),
        2 => disk_by_traffic(maker),
        3 => disk_rotation(maker, true),
        4 => disk_rotation(maker, false),
        5 => copy_jobs(maker),
        6 => heap(maker, true),
        7 => heap(maker, false),
        8 => pool(maker, true),
        9 => pool(maker, false),
        10 => queue_at_peak(maker),
        11 => queue_stalls(maker),
        12 => nightly(maker, true),
        13 => nightly(maker, false),
        14 => weekly(maker),
        15 => stationary(maker),
        16 => wander(maker),
        17 => latency(maker),
        18 => handles(maker),
        19 => certificate(maker),
        20 => steps(maker),
        21 => staircase(maker),
        22 => cache(maker),
        _ => lag(maker),
    }
}

/// A volume with little going on, filled by something from time to time; cleaned an hour or so after it passed its limit.
fn disk_fill(mut maker: Maker, kind: &'static str, course: fn(f64) -> f64) -> Case {
    let limit = maker.noise.between(0.85, 0.97);
    let begins = maker.begins(6.0);
    let base = maker.noise.between(0.3, 0.7);
    let (growth, jitter) = (maker.noise.between(0.0, 0.003) / 1440.0, maker.noise.between(0.0002, 0.003));
    let mut fill: Option<(f64, f64, f64, f64)> = None; // begin, from, minutes to the limit, end
    let (mut level, mut next, mut speed) = (base, begins.into_iter().peekable(), 1.0f64);
    let mut progress = 0.0;
    maker.make(kind, Role::Limit, above(limit), move |maker, minute| {
        level += growth * maker.cadence;
        if fill.is_none() && next.peek().is_some_and(|at| *at <= minute) {
            next.next();
            let length = maker.noise.scale(150.0, 4300.0);
            fill = Some((minute, level, length, maker.noise.between(30.0, 240.0)));
            progress = 0.0;
        }
        if let Some((begin, from, length, after)) = fill {
            speed = (speed + 0.05 * maker.noise.normal() - 0.05 * (speed - 1.0)).clamp(0.4, 1.6);
            progress += maker.cadence / length * speed;
            level = from + (limit - from) * course(progress);
            if 1.0 < progress && begin + length + after < minute {
                (fill, level) = (None, base);
            }
        }
        (level + jitter * maker.noise.normal()).min(1.0)
    })
}

/// Growth in step with traffic, from the first record on: the limit comes after one to three weeks.
fn disk_by_traffic(mut maker: Maker) -> Case {
    let limit = 0.9;
    let days = maker.noise.between(7.0, 21.0);
    let from = maker.noise.between(0.2, 0.6);
    let rotation = maker.noise.between(0.0, 0.04);
    let mut level = from;
    maker.make("disk grows with traffic", Role::Limit, above(limit), move |maker, minute| {
        level += (limit - from) / (days * 1440.0) * maker.cadence * maker.load(minute);
        if limit + 0.01 < level {
            level = from;
        }
        let teeth = rotation * (minute.rem_euclid(1440.0) / 1440.0);
        (level + teeth + 0.0005 * maker.noise.normal()).min(1.0)
    })
}

/// Logs fill a volume and are rotated; where it breaks, they go on.
fn disk_rotation(mut maker: Maker, breaks: bool) -> Case {
    let (low, top) = (maker.noise.between(0.2, 0.5), maker.noise.between(0.55, 0.8));
    let period = [360.0, 720.0, 1440.0, 1440.0][(maker.noise.uniform() * 4.0) as usize];
    let broken = if breaks { maker.noise.between(8.0, 20.0) * 1440.0 } else { 1e9 };
    let mended = broken + maker.noise.between(3.0, 6.0) * 1440.0;
    let mut level = low;
    let kind = if breaks { "rotation breaks" } else { "rotation" };
    maker.make(kind, Role::Limit, above(0.9), move |maker, minute| {
        level += (top - low) / period * maker.cadence * maker.load(minute);
        let rotates = minute.rem_euclid(period) < maker.cadence && !(broken..mended).contains(&minute);
        if rotates || 1.0 < level {
            level = low;
        }
        level + 0.001 * maker.noise.normal()
    })
}

/// Large copies that end well below the limit and are cleaned away.
fn copy_jobs(mut maker: Maker) -> Case {
    let begins = maker.begins(4.0);
    let base = maker.noise.between(0.2, 0.5);
    let jobs: Vec<(f64, f64, f64, f64)> = begins
        .into_iter()
        .map(|at| {
            let length = maker.noise.scale(30.0, 900.0);
            (at, length, maker.noise.between(0.2, 0.8) * (0.95 - base), at + length + maker.noise.between(60.0, 2000.0))
        })
        .collect();
    maker.make("copy jobs", Role::Limit, above(0.95), move |maker, minute| {
        let job = jobs.iter().find(|job| job.0 <= minute && minute < job.3);
        let extra = job.map_or(0.0, |job| job.2 * ((minute - job.0) / job.1).min(1.0));
        base + extra + 0.002 * maker.noise.normal()
    })
}

/// A heap under garbage collection; with a leak now and then until the process is restarted at its limit.
fn heap(mut maker: Maker, leaks: bool) -> Case {
    let limit = 2048.0 * 0.95;
    let (base, live) = (maker.noise.between(300.0, 700.0), maker.noise.between(20.0, 200.0));
    let (period, tooth) = (maker.noise.scale(3.0, 60.0), maker.noise.between(100.0, 500.0));
    let begins = if leaks { maker.begins(6.0) } else { Vec::new() };
    let (mut leak, mut rate, mut filled) = (0.0, 0.0, 0.0);
    let mut next = begins.into_iter().peekable();
    let by_traffic = maker.noise.is(0.5);
    let kind = if leaks { "heap leaks" } else { "heap" };
    maker.make(kind, Role::Limit, above(limit), move |maker, minute| {
        let load = maker.load(minute);
        if rate == 0.0 && next.peek().is_some_and(|at| *at <= minute) {
            next.next();
            rate = (limit - base - live - tooth) / maker.noise.scale(240.0, 5000.0);
        }
        leak += rate * maker.cadence * if by_traffic { load } else { 1.0 };
        filled += tooth / period * maker.cadence * load.max(0.2);
        if tooth < filled {
            filled = maker.noise.between(0.0, 0.1) * tooth;
        }
        let used = base + live * load + leak + filled + 5.0 * maker.noise.normal();
        if 2048.0 < used {
            (leak, rate, filled) = (0.0, 0.0, 0.0);
        }
        used.min(2048.0)
    })
}

/// Connections in use follow traffic; leaked ones come on top until a restart.
fn pool(mut maker: Maker, leaks: bool) -> Case {
    let size = maker.noise.between(40.0, 200.0).round();
    let share = maker.noise.between(0.1, 0.3);
    let begins = if leaks { maker.begins(5.0) } else { Vec::new() };
    let mut next = begins.into_iter().peekable();
    let (mut leaked, mut rate, mut full) = (0.0, 0.0, 0.0);
    let kind = if leaks { "pool leaks" } else { "pool" };
    maker.make(kind, Role::Limit, above(0.9 * size), move |maker, minute| {
        let load = maker.load(minute);
        if rate == 0.0 && next.peek().is_some_and(|at| *at <= minute) {
            next.next();
            rate = size * (1.0 - share) / maker.noise.scale(60.0, 900.0);
        }
        leaked += rate * load * maker.cadence;
        let busy = size * share * load;
        let used = (busy + leaked + busy.sqrt() * maker.noise.normal()).round().clamp(0.0, size);
        if used == size {
            full += maker.cadence;
        }
        if 45.0 < full {
            (leaked, rate, full) = (0.0, 0.0, 0.0);
        }
        used
    })
}

/// A consumer that falls behind at the daily peak, more so as traffic grows.
fn queue_at_peak(mut maker: Maker) -> Case {
    let growth = maker.noise.between(0.005, 0.03);
    let capacity = 1.0 + maker.traffic.depth * maker.noise.between(0.5, 1.1);
    let limit = maker.noise.between(60.0, 200.0) * 100.0;
    let mut backlog = 0.0f64;
    maker.make("queue at peaks", Role::Limit, above(limit), move |maker, minute| {
        let load = maker.load(minute) * (1.0 + growth * minute / 1440.0);
        backlog = (backlog + (load - capacity) * 100.0 * maker.cadence).max(0.0);
        if 3.0 * limit < backlog {
            backlog = 0.0;
        }
        (backlog + 40.0 * load + 10.0 * maker.noise.normal()).max(0.0).round()
    })
}

/// A consumer that stops or slows for a while.
fn queue_stalls(mut maker: Maker) -> Case {
    let begins = maker.begins(4.0);
    let stalls: Vec<(f64, f64, f64)> =
        begins.into_iter().map(|at| (at, at + maker.noise.scale(30.0, 900.0), maker.noise.between(0.3, 1.0))).collect();
    let limit = maker.noise.scale(5_000.0, 60_000.0);
    let capacity = 2.4;
    let mut backlog = 0.0f64;
    maker.make("queue stalls", Role::Limit, above(limit), move |maker, minute| {
        let load = maker.load(minute);
        let stalled = stalls.iter().find(|stall| stall.0 <= minute && minute < stall.1).map_or(0.0, |stall| stall.2);
        backlog = (backlog + (load - capacity * (1.0 - stalled)) * 100.0 * maker.cadence).max(0.0);
        (backlog + 50.0 * load + 10.0 * maker.noise.normal()).max(0.0).round()
    })
}

/// A batch at night; where it grows it meets the limit some day.
fn nightly(mut maker: Maker, grows: bool) -> Case {
    let (hour, width) = (maker.noise.between(0.0, 5.0) * 60.0, maker.noise.between(40.0, 150.0));
    let (base, hump) = (maker.noise.between(15.0, 35.0), maker.noise.between(20.0, 40.0));
    let growth = if grows { maker.noise.between(0.02, 0.06) } else { 0.0 };
    let kind = if grows { "nightly batch grows" } else { "nightly batch" };
    maker.make(kind, Role::Limit, above(90.0), move |maker, minute| {
        let load = maker.load(minute);
        let into = (maker.start + minute - hour).rem_euclid(1440.0) / width;
        let height = hump * (1.0 + growth * minute / 1440.0);
        let bump = if into < 1.0 { (4.0 * into * (1.0 - into)).sqrt() * height } else { 0.0 };
        (base * (0.5 + 0.5 * load) + bump + 1.5 * maker.noise.normal()).clamp(0.0, 100.0)
    })
}

/// A weekday that is busier than the others, in growing traffic, over five weeks.
fn weekly(mut maker: Maker) -> Case {
    maker.days = 35.0;
    let day = (maker.noise.uniform() * 5.0).floor();
    let (peak, growth) = (maker.noise.between(0.3, 0.7), maker.noise.between(0.0, 0.08));
    let limit = 40.0 * (1.0 + maker.traffic.depth) * (1.0 + peak) * maker.noise.between(1.05, 1.25);
    maker.make("weekly peak", Role::Limit, above(limit), move |maker, minute| {
        let load = maker.load(minute);
        let busy = ((maker.start + minute).rem_euclid(10_080.0) / 1440.0).floor() == day;
        40.0 * load * (1.0 + if busy { peak } else { 0.0 }) * (1.0 + growth * minute / 10_080.0)
            + 0.5 * maker.noise.normal()
    })
}

/// Noise about a level, with a bound it meets now and then by chance.
fn stationary(mut maker: Maker) -> Case {
    let keep = libm::exp(-maker.cadence / maker.noise.scale(5.0, 600.0));
    let (heavy, far) = (maker.noise.is(0.4), maker.noise.between(3.0, 4.8));
    let bound = if heavy { libm::exp(0.5 * far) } else { far };
    let mut state = 0.0;
    maker.make("chance", Role::Objective, above(bound), move |maker, _| {
        state = keep * state + (1.0 - keep * keep).sqrt() * maker.noise.normal();
        if heavy { libm::exp(0.5 * state) } else { state }
    })
}

/// A level that wanders, pulled back slowly.
fn wander(mut maker: Maker) -> Case {
    let keep = libm::exp(-maker.cadence / 1440.0 / maker.noise.scale(0.5, 8.0));
    let far = maker.noise.between(1.0, 2.5);
    let mut state = 0.0;
    maker.make("wandering level", Role::Objective, above(far), move |maker, _| {
        state = keep * state + (1.0 - keep * keep).sqrt() * maker.noise.normal();
        state
    })
}

/// Latency under load, with sudden incidents.
fn latency(mut maker: Maker) -> Case {
    let incidents: Vec<(f64, f64, f64)> = maker
        .begins(3.0)
        .into_iter()
        .map(|at| (at, at + maker.noise.scale(10.0, 200.0), maker.noise.between(1.0, 6.0)))
        .collect();
    let (spread, base) = (maker.noise.between(0.05, 0.25), maker.noise.scale(20.0, 400.0));
    maker.make("latency", Role::Objective, above(4.0 * base), move |maker, minute| {
        let load = maker.load(minute);
        let hit = incidents.iter().find(|hit| hit.0 <= minute && minute < hit.1).map_or(0.0, |hit| hit.2);
        base * (0.7 + 0.3 * load * load + hit) * libm::exp(spread * maker.noise.normal())
    })
}

/// File handles that leak, released by each deploy; sometimes none comes in time.
fn handles(mut maker: Maker) -> Case {
    let limit = 1024.0;
    let rate = limit / (maker.noise.between(4.0, 14.0) * 1440.0);
    let deploys = maker.begins(5.0);
    let mut next = deploys.into_iter().peekable();
    let base = maker.noise.between(80.0, 250.0);
    let mut leaked = 0.0;
    maker.make("handles leak", Role::Limit, above(0.9 * limit), move |maker, minute| {
        let load = maker.load(minute);
        leaked += rate * maker.cadence * load;
        if next.peek().is_some_and(|at| *at <= minute) || limit < base + leaked {
            next.next();
            leaked = 0.0;
        }
        (base * (0.7 + 0.3 * load) + leaked + 4.0 * maker.noise.normal()).round()
    })
}

/// Days until a certificate expires: a straight way down to its bound.
fn certificate(mut maker: Maker) -> Case {
    let days = maker.noise.between(10.0, 27.0);
    let bound = Bound { level: 7.0, side: Side::Below };
    maker.make("certificate", Role::Limit, bound, move |_, minute| {
        let left = days - minute / 1440.0;
        if 4.0 < left { left } else { left + 90.0 }
    })
}

/// Deploys that move the level, none of them near the bound.
fn steps(mut maker: Maker) -> Case {
    let begins = maker.begins(3.0);
    let levels: Vec<f64> = (0..=begins.len()).map(|_| maker.noise.between(20.0, 65.0)).collect();
    maker.make("level shifts", Role::Limit, above(100.0), move |maker, minute| {
        let load = maker.load(minute);
        let level = levels[begins.iter().filter(|at| **at <= minute).count()];
        level * (0.8 + 0.2 * load) + maker.noise.normal()
    })
}

/// Storage that grows by loads, one each hour, six hours or day.
fn staircase(mut maker: Maker) -> Case {
    let period = [60.0, 360.0, 1440.0][(maker.noise.uniform() * 3.0) as usize];
    let days = maker.noise.between(6.0, 20.0);
    let from = maker.noise.between(0.2, 0.5);
    let mut level = from;
    maker.make("staircase", Role::Limit, above(0.95), move |maker, minute| {
        if minute.rem_euclid(period) < maker.cadence {
            level += (0.95 - from) / (days * 1440.0) * period * maker.noise.between(0.6, 1.4);
        }
        if 0.99 < level {
            level = from;
        }
        level + 0.0003 * maker.noise.normal()
    })
}

/// A cache that fills after each restart and then stays.
fn cache(mut maker: Maker) -> Case {
    let begins = maker.begins(6.0);
    let (full, hours) = (maker.noise.between(0.5, 0.85), maker.noise.scale(2.0, 40.0));
    maker.make("cache warms", Role::Limit, above(0.95), move |maker, minute| {
        let begun = begins.iter().rev().find(|at| **at <= minute).copied().unwrap_or(-1e6);
        let share = 1.0 - libm::exp(-(minute - begun) / 60.0 / hours);
        0.1 + (full - 0.1) * share + 0.003 * maker.noise.normal()
    })
}

/// Replication lag: none, until the replica falls behind by so many seconds each minute.
fn lag(mut maker: Maker) -> Case {
    let begins = maker.begins(3.0);
    let lags: Vec<(f64, f64, f64)> = begins
        .into_iter()
        .map(|at| (at, at + maker.noise.scale(10.0, 300.0), maker.noise.between(2.0, 60.0)))
        .collect();
    let mut behind = 0.0f64;
    maker.make("replica lags", Role::Objective, above(600.0), move |maker, minute| {
        match lags.iter().find(|lag| lag.0 <= minute && minute < lag.1) {
            Some(lag) => behind += lag.2 * maker.cadence,
            None => behind = (behind - 120.0 * maker.cadence).max(0.0),
        }
        behind + maker.noise.uniform()
    })
}

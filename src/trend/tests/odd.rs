//! Input that nobody would send on purpose. `run` checks every number.

use super::{MB, Program, Random, Resources, Sample, SampleKind, run};
use crate::trend::{
    Channel, Config, Detector, Event, Headroom, History, Limit, Limits, Rule, SampleRing, State,
    full_gc,
};

#[test]
fn time_that_stands_still_gives_no_rate_and_no_leak() {
    let samples: Vec<Sample> = (0..200)
        .map(|i| full_gc(5.0, 10_000_000 + i * 1_000_000))
        .collect();
    let (outcome, detector) = run(Config::default(), &samples);
    assert_eq!(outcome.first_leak(), None);
    assert_eq!(detector.status(Channel::Heap).growth_rate, None);
    assert_eq!(detector.status(Channel::Heap).time_to_limit_ms, None);
}

#[test]
fn a_process_of_3_6_seconds_has_no_leak_yet() {
    let samples: Vec<Sample> = (0..36)
        .map(|i| full_gc(f64::from(i) * 100.0, 50_000_000 + i as u64 * 4_000_000))
        .collect();
    assert_eq!(run(Config::default(), &samples).0.first_leak(), None);
}

#[test]
fn a_huge_gap_is_only_a_long_time() {
    let mut samples: Vec<Sample> = (0..10)
        .map(|i| full_gc(f64::from(i) * 1e3, 10_000_000))
        .collect();
    samples.extend((0..10).map(|i| full_gc(1e14 + f64::from(i) * 1e3, 10_000_000)));
    assert_eq!(run(Config::default(), &samples).0.first_leak(), None);
}

#[test]
fn numbers_at_their_ends() {
    let ends = [0, 1, u64::MAX / 2, u64::MAX - 1, u64::MAX];
    let times = [
        0.0,
        1.0,
        1e9,
        f64::MAX,
        f64::INFINITY,
        f64::NAN,
        f64::NEG_INFINITY,
        -5.0,
    ];
    let kinds = [
        SampleKind::Major,
        SampleKind::Minor,
        SampleKind::Major,
        SampleKind::Timer,
        SampleKind::Incremental,
        SampleKind::WeakCallback,
    ];
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let mut pick = |count: usize| (random.next() * count as f64) as usize;
        let mut samples = Vec::new();
        let mut at_ms = 0.0;
        for _ in 0..120 {
            at_ms += 1000.0;
            let mut number = || ends[pick(5)];
            let (used_heap, total_heap, external, heap_limit) =
                (number(), number(), number(), number());
            let (rss, allocated, requests, resources) = (number(), number(), number(), number());
            samples.push(Sample {
                kind: kinds[pick(6)],
                forced: pick(2) == 0,
                at_ms: if pick(4) == 0 { times[pick(8)] } else { at_ms },
                duration_ms: f64::NAN,
                used_heap,
                total_heap,
                physical_heap: total_heap,
                external,
                heap_limit,
                rss: (pick(3) > 0).then_some(rss),
                other_isolates: 0,
                connections: None,
                in_flight: None,
                allocated: (pick(3) > 0).then_some(allocated),
                requests: (pick(3) > 0).then_some(requests),
                resources: (pick(3) > 0).then(|| Resources::of(resources)),
            });
        }
        run(Config::default(), &samples);
    }
}

#[test]
fn random_walks_of_every_shape_never_break_it() {
    for seed in 0..80 {
        let mut random = Random::new(seed);
        let scale = 10f64.powf(random.next() * 9.0);
        let drift = (random.next() - 0.3) * scale;
        let mut size = scale * 50.0;
        let mut at = 0.0;
        let samples: Vec<Sample> = (0..300)
            .map(|_| {
                at += 10f64.powf(random.next() * 4.0);
                size = (size + drift + random.normal() * scale).max(0.0);
                Sample {
                    heap_limit: (scale * 1e3) as u64,
                    requests: Some((at * random.next()) as u64),
                    ..full_gc(at, size as u64)
                }
            })
            .collect();
        run(Config::default(), &samples);
    }
}

#[test]
fn the_nearest_limit_is_named() {
    let samples = Program {
        heap: &|t, _| 10.0 * MB + 0.5 * MB * t,
        ..Program::default()
    }
    .samples(3);
    let (_, mut detector) = run(Config::default(), &samples);
    let limit = |detector: &Detector| detector.status(Channel::Heap).limit.map(Limit::as_str);
    assert_eq!(limit(&detector), Some("heap"));
    detector.set_limits(Limits {
        cgroup: Some(Headroom { bytes: 10_000_000 }),
        machine: Some(Headroom {
            bytes: 9_000_000_000,
        }),
    });
    assert_eq!(limit(&detector), Some("cgroup"));
    detector.set_limits(Limits {
        cgroup: Some(Headroom { bytes: 0 }),
        machine: None,
    });
    assert_eq!(detector.status(Channel::Heap).time_to_limit_ms, Some(0.0));
}

#[test]
fn everything_takes_less_than_a_mebibyte() {
    let ring = SampleRing::new(1024).own_memory();
    let (history, detector) = (
        History::new().own_memory(),
        Detector::new(Config::default()).own_memory(),
    );
    assert!(
        ring + history + detector < 1 << 20,
        "{ring} + {history} + {detector}"
    );
}

#[test]
fn a_setting_out_of_range_does_no_harm() {
    let samples = Program {
        heap: &|t, _| 10.0 * MB + 0.5 * MB * t,
        ..Program::default()
    }
    .samples(3);
    for config in [
        Config {
            min_points: 0,
            confirmations: 0,
            ..Config::default()
        },
        Config {
            min_points: usize::MAX,
            warm_up_ms: f64::MAX,
            handles_limit: -1.0,
            unknown_limit: f64::NAN,
            ..Config::default()
        },
        Config {
            heap_floor: -1.0,
            patience_share: 0.0,
            trend_z: -1.0,
            ..Config::default()
        },
    ] {
        run(config, &samples);
    }
}

#[test]
fn the_classic_rule_speaks_through_the_same_face() {
    let config = Config {
        rule: Rule::Memwatch { consecutive: 5 },
        ..Config::default()
    };
    let samples: Vec<Sample> = (0..5)
        .map(|i| full_gc(f64::from(i), 100 + i as u64))
        .collect();
    let mut detector = Detector::new(config);
    let changes: Vec<_> = samples.iter().map(|sample| detector.push(sample)).collect();
    assert_eq!(
        changes[4].and_then(|change| change.event),
        Some(Event::Leak)
    );
    assert!(
        changes[..4]
            .iter()
            .all(|change| change.is_none_or(|change| change.event.is_none()))
    );
    assert_eq!(detector.status(Channel::Heap).state, State::Leaking);
}

#[test]
fn the_classic_rule_asks_for_a_full_gc_until_one_says_that_the_heap_did_not_grow() {
    let mut detector = Detector::new(Config {
        rule: Rule::Memwatch { consecutive: 5 },
        ..Config::default()
    });
    let mut asks = |kind, at_ms, used_heap| {
        detector.push(&Sample {
            kind,
            ..full_gc(at_ms, used_heap)
        });
        detector.wants_gc()
    };
    assert!(!asks(SampleKind::Minor, 8_900.0, 5 << 20), "V8 may be slow");
    assert!(!asks(SampleKind::Minor, 9_500.0, 2 << 20), "too little");
    assert!(asks(SampleKind::Minor, 9_600.0, 5 << 20));
    asks(SampleKind::Major, 9_700.0, 3 << 20);
    assert!(asks(SampleKind::Minor, 9_800.0, 8 << 20), "one is no run");
    asks(SampleKind::Major, 9_900.0, 3 << 20);
    assert!(
        !asks(SampleKind::Minor, 60_000.0, 8 << 20),
        "it did not grow"
    );
}

//! A load of data, or tidemark's own evidence, beside a leak is a step in a line. It looks like growth that
//! levels off, and is none. Its twins level off.

use super::{MB, Program, Sample, SampleKind, run};
use crate::trend::{Channel, Config, Gate, Resources};

/// A Mongoose app that keeps closed connections, 22 requests a second, with `--max-old-space-size=512`
/// (Node.js 20): seconds, megabytes and requests at each full GC. What the evidence takes is the step
/// at 46 s: without evidence the same app rises by 0.29 MB/s throughout.
const MONGOOSE: [(f64, f64, u64); 23] = [
    (0.2, 7.37, 0),
    (0.7, 15.62, 0),
    (10.4, 19.87, 211),
    (24.9, 24.32, 529),
    (25.6, 24.45, 543),
    (34.2, 27.07, 734),
    (45.3, 30.30, 977),
    (46.7, 38.35, 1001),
    (48.8, 43.09, 1054),
    (62.5, 46.54, 1349),
    (76.7, 46.41, 1667),
    (85.0, 52.40, 1850),
    (96.6, 53.93, 2107),
    (111.5, 57.00, 2434),
    (126.9, 65.42, 2773),
    (134.7, 65.86, 2946),
    (152.3, 69.47, 3331),
    (169.2, 74.31, 3704),
    (185.7, 79.04, 4065),
    (194.1, 82.97, 4249),
    (211.1, 87.09, 4624),
    (219.1, 87.98, 4801),
    (240.3, 93.83, 5267),
];

const LIMIT: u64 = 587_202_560;

/// The same on Node.js 26.
const MONGOOSE_26: [(f64, f64, u64); 12] = [
    (0.4, 9.34, 0),
    (1.1, 18.56, 0),
    (10.6, 23.31, 207),
    (20.1, 25.05, 416),
    (30.0, 28.28, 620),
    (41.4, 31.45, 882),
    (44.4, 42.86, 938),
    (52.5, 43.26, 1104),
    (81.1, 54.12, 1753),
    (117.8, 63.74, 2552),
    (165.2, 78.18, 3605),
    (223.4, 95.15, 4876),
];

const LIMIT_26: u64 = 637_534_208;

fn recorded(full_gcs: &[(f64, f64, u64)], heap_limit: u64) -> Vec<Sample> {
    full_gcs
        .iter()
        .map(|&(at, heap, requests)| Sample {
            kind: SampleKind::Major,
            forced: false,
            at_ms: at * 1000.0,
            duration_ms: 5.0,
            used_heap: (heap * MB) as u64,
            total_heap: ((heap + 10.0) * MB) as u64,
            physical_heap: ((heap + 10.0) * MB) as u64,
            external: (4.0 * MB) as u64,
            heap_limit,
            rss: Some(((heap + 70.0) * MB) as u64),
            other_isolates: 0,
            connections: None,
            in_flight: None,
            allocated: None,
            requests: Some(requests),
            resources: Some(Resources::of(20)),
        })
        .collect()
}

#[test]
fn a_recorded_leak_beside_what_evidence_takes_is_reported_at_its_own_rate() {
    for (full_gcs, limit, within) in [
        (&MONGOOSE[..], LIMIT, 195.0),
        (&MONGOOSE_26[..], LIMIT_26, 224.0),
    ] {
        let (outcome, detector) = run(Config::default(), &recorded(full_gcs, limit));
        let (at, channel) = outcome.first_leak().expect("reported");
        assert_eq!(channel, Channel::Heap);
        assert!(at <= within, "{at}");
        let rate = detector.status(Channel::Heap).growth_rate.expect("a rate");
        assert!((0.26 * MB..0.32 * MB).contains(&rate), "{rate}");
    }
}

#[test]
fn a_recorded_leak_beside_what_evidence_takes_never_looks_like_a_cache_that_fills() {
    for count in 8..MONGOOSE.len() {
        let (_, detector) = run(Config::default(), &recorded(&MONGOOSE[..count], LIMIT));
        let gate = detector.status(Channel::Heap).gate;
        let levels_off = matches!(gate, Some(Gate::Saturating { .. } | Gate::Slowing { .. }));
        assert!(!levels_off, "after {} s: {gate:?}", MONGOOSE[count - 1].0);
    }
}

/// What it keeps alive by the second, under a limit of 512 MB, with 22 requests a second.
fn app(gc_every: f64, heap: &dyn Fn(f64, f64) -> f64) -> Program<'_> {
    Program {
        seconds: 420.0,
        gc_every,
        heap,
        noise: 0.5 * MB,
        limit: 537.0 * MB,
        load: &|_| 22.0,
        ..Program::default()
    }
}

/// Seconds until it is reported, of ten runs the second-latest.
fn reported_after(program: &Program) -> f64 {
    let mut after: Vec<f64> = (1..=10)
        .map(|seed| program.run(seed).first_leak().expect("reported").0)
        .collect();
    after.sort_by(f64::total_cmp);
    after[8]
}

fn step(t: f64, height: f64) -> f64 {
    if t > 45.0 { height * MB } else { 0.0 }
}

fn warm_up(t: f64, tau: f64) -> f64 {
    15.0 * MB * (1.0 - (-t / tau).exp())
}

#[test]
fn a_leak_beside_a_load_of_data_or_a_warm_up_is_reported_as_soon_as_one_alone() {
    for gc_every in [9.0, 15.0] {
        let leak = |t: f64| 16.0 * MB + 0.3 * MB * t;
        let alone = reported_after(&app(gc_every, &|t, _| leak(t)));
        for height in [8.0, 13.0, 18.0] {
            let after = reported_after(&app(gc_every, &|t, _| leak(t) + step(t, height)));
            assert!(
                after <= alone + 2.0 * gc_every,
                "{height} MB: {after} s, alone {alone} s"
            );
        }
        for tau in [4.0, 10.0] {
            let after = reported_after(&app(gc_every, &|t, _| leak(t) + warm_up(t, tau)));
            assert!(
                after <= alone + 2.0 * gc_every,
                "{tau} s: {after} s, alone {alone} s"
            );
        }
    }
}

#[test]
fn what_levels_off_beside_a_load_of_data_or_a_warm_up_stays_silent() {
    let fills = |t: f64, size: f64, tau: f64| size * MB * (1.0 - (-t / tau).exp());
    for gc_every in [9.0, 15.0] {
        app(gc_every, &|t, _| 16.0 * MB + warm_up(t, 20.0)).must_stay_silent();
        app(gc_every, &|t, _| 16.0 * MB + fills(t, 60.0, 90.0)).must_stay_silent();
        app(gc_every, &|t, _| {
            16.0 * MB + step(t, 13.0) + fills(t, 40.0, 150.0)
        })
        .must_stay_silent();
        app(gc_every, &|t, _| {
            16.0 * MB + 20.0 * MB * (1.0 + t / 20.0).ln()
        })
        .must_stay_silent();
        app(gc_every, &|t, _| {
            16.0 * MB + step(t, 13.0) + 8.0 * MB * (t / 90.0).min(1.0)
        })
        .must_stay_silent();
        app(gc_every, &|t, _| {
            16.0 * MB + 10.0 * MB * (t / 40.0).floor().min(3.0)
        })
        .must_stay_silent();
    }
}

/// Growth by the square root of time is not told from what fills, with a step or without.
#[test]
fn growth_by_the_square_root_of_time_is_reported_no_sooner() {
    let reported = app(9.0, &|t, _| 16.0 * MB + 5.0 * MB * t.sqrt()).reported();
    assert!(reported <= 1, "{reported} of 10");
}

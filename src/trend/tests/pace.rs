//! How soon a growth is believed, taken back, and looked at: each with a twin that is left alone.

use super::{HOUR, MB, MINUTE, Program, Resources, Sample, SampleKind, run};
use crate::trend::{Channel, Config, Detector, Event, Gate, State};

/// Full GCs and young ones of a process whose heap is as `heap` says, by the second.
fn sample(at: f64, kind: SampleKind, heap: f64) -> Sample {
    Sample {
        kind,
        forced: false,
        at_ms: at * 1000.0,
        duration_ms: 2.0,
        used_heap: heap as u64,
        total_heap: (heap + 10.0 * MB) as u64,
        physical_heap: (heap + 10.0 * MB) as u64,
        external: (2.0 * MB) as u64,
        heap_limit: (512.0 * MB) as u64,
        rss: Some((heap + 60.0 * MB) as u64),
        other_isolates: 0,
        connections: None,
        in_flight: None,
        allocated: None,
        requests: None,
        resources: Some(Resources::of(10)),
    }
}

#[test]
fn a_cache_that_fills_in_a_straight_line_for_minutes_is_no_leak_when_the_limit_is_hours_away() {
    let fills = |limit: f64| Program {
        seconds: 1500.0,
        gc_every: 10.0,
        heap: &|t, _| 30.0 * MB + 0.08 * MB * t.min(400.0),
        limit,
        ..Program::default()
    };
    fills(1024.0 * MB).must_stay_silent();
    fills(4300.0 * MB).must_stay_silent();
    // The same growth, if it went on.
    Program {
        seconds: 1500.0,
        gc_every: 10.0,
        heap: &|t, _| 30.0 * MB + 0.08 * MB * t,
        limit: 400.0 * MB,
        ..Program::default()
    }
    .must_be_reported(Channel::Heap, 900.0);
}

#[test]
fn what_waits_for_patience_is_suspect_with_an_estimate_and_no_confidence_yet() {
    let samples = Program {
        heap: &|t, _| 20.0 * MB + 0.3 * MB * t,
        ..Program::default()
    }
    .samples(2);
    let (outcome, detector) = run(Config::default(), &samples);
    assert_eq!(outcome.first_leak(), None);
    let status = detector.status(Channel::Heap);
    assert_eq!(status.state, State::Suspect);
    assert!(
        matches!(status.gate, Some(Gate::Patience { .. })),
        "{status:?}"
    );
    assert!(status.time_to_limit_ms.is_some_and(|left| left > 3.0e6));
    assert!(status.confidence < 0.3, "{}", status.confidence);
}

#[test]
fn a_growth_that_begins_late_is_watched_from_its_beginning() {
    // Flat for an hour, then a cache of 20 MB fills within 3 minutes.
    Program {
        seconds: 2.0 * HOUR,
        gc_every: 15.0,
        heap: &|t, _| 60.0 * MB + 20.0 * MB * ((t - HOUR) / (3.0 * MINUTE)).clamp(0.0, 1.0),
        limit: 1024.0 * MB,
        ..Program::default()
    }
    .must_stay_silent();
}

#[test]
fn a_leak_that_was_flat_for_as_long_as_it_was_watched_has_recovered() {
    let ends = |end: f64| {
        let program = Program {
            seconds: 900.0,
            heap: &|t, _| 20.0 * MB + 0.5 * MB * t.min(end),
            limit: 512.0 * MB,
            ..Program::default()
        };
        (1..=5)
            .map(move |seed| program.run(seed))
            .collect::<Vec<_>>()
    };
    // It went on for three times as long as it took to report it; that does not make it last.
    for outcome in ends(300.0) {
        let recovered = outcome
            .events
            .iter()
            .find(|(_, change)| change.event == Some(Event::Recovered));
        let (at, _) = recovered.expect("it ended");
        assert!((310.0..=470.0).contains(at), "{at}");
    }
    for outcome in ends(f64::INFINITY) {
        assert_eq!((outcome.leaks().count(), outcome.recoveries()), (1, 0));
    }
}

#[test]
fn while_leaking_a_full_gc_is_asked_for_now_and_then() {
    let samples = Program {
        heap: &|t, _| 10.0 * MB + 0.5 * MB * t,
        limit: 256.0 * MB,
        ..Program::default()
    }
    .samples(5);
    let (_, mut detector) = run(Config::default(), &samples);
    assert_eq!(detector.status(Channel::Heap).state, State::Leaking);
    let newest = samples
        .iter()
        .rfind(|sample| sample.kind == SampleKind::Major);
    let at = newest.expect("one").at_ms / 1000.0;
    detector.push(&sample(at + 1.0, SampleKind::Timer, 50.0 * MB));
    assert!(!detector.wants_gc(), "just looked");
    detector.push(&sample(at + 30.0, SampleKind::Timer, 50.0 * MB));
    assert!(detector.wants_gc());
}

/// A process that V8 never collects by itself, looked at every two seconds, that collects when asked.
fn quiet(seconds: f64, look: impl Fn(f64) -> Sample) -> (usize, Option<(f64, Channel)>) {
    let mut detector = Detector::new(Config::default());
    let (mut asked, mut told) = (0, None);
    for step in 0..(seconds / 2.0) as u32 {
        let at = f64::from(step) * 2.0;
        let mut change = detector.push(&look(at));
        if detector.wants_gc() {
            asked += 1;
            let full = Sample {
                kind: SampleKind::Major,
                at_ms: at * 1000.0 + 500.0,
                ..look(at + 0.5)
            };
            change = change.or(detector.push(&full));
        }
        if let Some(change) = change
            && change.event == Some(Event::Leak)
        {
            told = told.or(Some((at, change.channel)));
        }
    }
    (asked, told)
}

#[test]
fn handles_and_native_memory_that_grow_beside_a_quiet_heap_are_reported() {
    let sockets = |at: f64| Sample {
        resources: Some(Resources::of(5 + (2.0 * at) as u64)),
        ..sample(at, SampleKind::Timer, 12.0 * MB)
    };
    let (_, told) = quiet(150.0, sockets);
    let (at, channel) = told.expect("reported");
    assert_eq!(channel, Channel::Resources);
    assert!(at <= 130.0, "{at}");

    let native = |at: f64| Sample {
        rss: Some(((70.0 + 2.0 * at) * MB) as u64),
        ..sample(at, SampleKind::Timer, 12.0 * MB)
    };
    let (_, told) = quiet(150.0, native);
    let (at, channel) = told.expect("reported");
    assert_eq!(channel, Channel::Native);
    assert!(at <= 80.0, "{at}");
}

#[test]
fn a_quiet_process_whose_native_memory_breathes_is_not_made_to_collect() {
    let breathes = |at: f64| Sample {
        rss: Some(((72.0 + 4.0 * (at / 11.0).sin()) * MB) as u64),
        resources: Some(Resources::of(20 + (at as u64 / 2) % 9)),
        ..sample(at, SampleKind::Timer, 12.0 * MB)
    };
    assert_eq!(quiet(3600.0, breathes), (0, None));
}

#[test]
fn a_leak_is_seen_where_v8_collects_many_times_a_second() {
    // A Buffer that grows by copying: the copy and the old one, until the next full GC.
    let told = |mb_per_second: f64| {
        let mut detector = Detector::new(Config::default());
        (0..1440).find_map(|i| {
            let at = f64::from(i) / 12.0;
            let kept = 10.0 + mb_per_second * at;
            let copy = if i % 5 == 0 { 0.0 } else { kept };
            let change = detector.push(&Sample {
                external: ((kept + copy) * MB) as u64,
                rss: Some(((90.0 + kept + copy) * MB) as u64),
                ..sample(at, SampleKind::Major, 12.0 * MB)
            })?;
            (change.event == Some(Event::Leak)).then_some((at, change.channel))
        })
    };
    let (at, channel) = told(1.8).expect("reported");
    assert_eq!(channel, Channel::External);
    assert!(at <= 60.0, "{at}");
    assert_eq!(told(0.0), None);
}

#[test]
fn pages_that_v8_committed_and_nothing_touched_are_not_native_memory() {
    let one = Sample {
        total_heap: (50.0 * MB) as u64,
        physical_heap: (35.0 * MB) as u64,
        rss: Some((80.0 * MB) as u64),
        ..sample(1.0, SampleKind::Timer, 30.0 * MB)
    };
    let touched = Sample {
        physical_heap: one.total_heap,
        rss: one.rss.map(|rss| rss + (15.0 * MB) as u64),
        ..one
    };
    assert_eq!(one.native(), touched.native());
}

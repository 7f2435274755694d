//! Memory that goes with open connections and requests in flight, and leaks beside them.

use super::{Channel, MB, MINUTE, Program, Random};

/// Websockets that join at 15 a second for two minutes, 40 kB each, under a limit of 512 MB.
fn joining(t: f64) -> f64 {
    15.0 * t.clamp(20.0, 140.0) - 300.0
}

fn of_connections(t: f64) -> f64 {
    25.0 * MB + joining(t) * 0.04 * MB
}

#[test]
fn connections_that_join_are_load_where_they_are_counted() {
    let program = Program {
        seconds: 300.0,
        load: &|_| 2.0,
        connections: Some(&joining),
        heap: &|t, _| of_connections(t),
        limit: 300.0 * MB,
        ..Program::default()
    };
    program.must_stay_silent();
    let uncounted = Program {
        connections: None,
        ..program
    };
    assert!(uncounted.reported() >= 8, "the count is what tells");
}

#[test]
fn requests_in_flight_are_load_where_they_are_counted() {
    // The backend answers ever more slowly for three minutes, and after ten as before.
    let in_flight = |t: f64| match t {
        t if t < 60.0 => 20.0,
        t if t < 660.0 => 20.0 + 6.0 * (t - 60.0).min(180.0),
        _ => 20.0,
    };
    let program = Program {
        seconds: 900.0,
        in_flight: Some(&in_flight),
        heap: &|t, _| 30.0 * MB + in_flight(t) * 0.1 * MB,
        limit: 400.0 * MB,
        ..Program::default()
    };
    program.must_stay_silent();
    let uncounted = Program {
        in_flight: None,
        ..program
    };
    assert!(uncounted.reported() >= 8, "the count is what tells");
}

#[test]
fn a_leak_is_reported_after_the_ramp() {
    Program {
        seconds: 400.0,
        load: &|_| 2.0,
        connections: Some(&joining),
        heap: &|t, _| of_connections(t) + 0.3 * MB * t,
        ..Program::default()
    }
    .must_be_reported(Channel::Heap, 380.0);
}

#[test]
fn a_leak_is_reported_during_a_ramp_that_cannot_hold_as_much() {
    let few = |t: f64| t;
    Program {
        seconds: 120.0,
        connections: Some(&few),
        heap: &|t, _| 25.0 * MB + (0.04 + 2.0) * MB * t,
        ..Program::default()
    }
    .must_be_reported(Channel::Heap, 60.0);
}

#[test]
fn connections_that_only_get_more_are_reported_before_half_of_the_way() {
    let more = |t: f64| 15.0 * t;
    let program = Program {
        seconds: 600.0,
        load: &|_| 2.0,
        connections: Some(&more),
        heap: &|t, _| 25.0 * MB + more(t) * 0.04 * MB,
        limit: 385.0 * MB,
        ..Program::default()
    };
    for seed in 1..=10 {
        let (at, _) = program.run(seed).first_leak().expect("reported");
        assert!(at < 0.5 * 600.0, "run {seed}: {at} s");
    }
}

/// Connections that come and go at random.
fn wandering(seed: u64) -> impl Fn(f64) -> f64 {
    let mut random = Random::new(seed);
    let mut count = 400.0;
    let path: Vec<f64> = (0..200)
        .map(|_| {
            count = (count + 60.0 * random.normal()).clamp(20.0, 3000.0);
            count
        })
        .collect();
    move |t: f64| {
        let at = t / 10.0;
        let i = (at as usize).min(path.len() - 2);
        path[i] + (path[i + 1] - path[i]) * (at - i as f64).clamp(0.0, 1.0)
    }
}

#[test]
fn what_goes_with_connections_is_silent_and_a_leak_beside_it_is_not() {
    let (mut alarms, mut told) = (0, 0);
    for seed in 1..=30 {
        let connections = wandering(seed);
        let each = 0.01 * MB * (1 + seed % 6) as f64;
        let program = |leak: f64| {
            let connections = &connections;
            let heap = move |t: f64, _: f64| 40.0 * MB + connections(t) * each + leak * MB * t;
            Program {
                seconds: 30.0 * MINUTE,
                gc_every: 10.0,
                load: &|_| 2.0,
                connections: Some(connections),
                heap: &heap,
                limit: 1500.0 * MB,
                ..Program::default()
            }
            .run(seed)
            .first_leak()
            .is_some()
        };
        alarms += usize::from(program(0.0));
        told += usize::from(program(0.5));
    }
    assert!(alarms <= 1, "{alarms} of 30 without a leak");
    assert!(told >= 28, "{told} of 30 with one");
}

#[test]
fn handles_of_requests_in_flight_are_load_however_seldom_they_are_counted() {
    // Of each request that waits two seconds a timer; the event loop is saturated at the top.
    let in_flight = |t: f64| match t {
        t if t < 150.0 => 40.0 + 6.0 * (t - 30.0).clamp(0.0, 120.0),
        t if t < 270.0 => 760.0 - 6.0 * (t - 150.0),
        _ => 40.0,
    };
    for count_every in [1.0, 8.0, 15.0] {
        Program {
            seconds: 400.0,
            load: &|t| in_flight(t) / 2.0,
            in_flight: Some(&in_flight),
            connections: Some(&|t| 1.2 * in_flight(t)),
            resources: &|t| 12.0 + in_flight(t),
            count_every,
            ..Program::default()
        }
        .must_stay_silent();
        // What every tenth of them leaves open is a leak all the same.
        let leaky = Program {
            seconds: 400.0,
            load: &|t| in_flight(t) / 2.0,
            in_flight: Some(&in_flight),
            connections: Some(&|t| 1.2 * in_flight(t)),
            resources: &|t| 12.0 + in_flight(t) + 6.0 * t,
            count_every,
            ..Program::default()
        };
        assert_eq!(leaky.reported(), 10, "counted every {count_every} s");
    }
}

#[test]
fn handles_of_a_saturated_service_are_load() {
    // Each connection has a timer, of its request or of its keep-alive; few full GCs come. The
    // numbers are from a service of 3 ms a request, of which 20 to 380 a second came.
    let connections = |t: f64| match t {
        t if t < 30.0 => 42.0,
        t if t < 80.0 => 42.0 + 5.2 * (t - 30.0),
        _ => 302.0 + 160.0 * (1.0 - (-(t - 80.0) / 30.0).exp()) + 0.4 * (t - 80.0),
    };
    let in_flight = |t: f64| connections(t) * (0.5 + 0.3 * (t * 1.7).sin() * (t / 100.0).min(1.0));
    for (gc_every, count_every) in [(25.0, 1.0), (25.0, 6.0), (8.0, 6.0)] {
        Program {
            seconds: 300.0,
            gc_every,
            load: &|t| 20.0 + (2.0 * t).min(250.0),
            in_flight: Some(&in_flight),
            connections: Some(&connections),
            resources: &|t| 10.0 + 0.6 * connections(t) + 0.3 * in_flight(t - 1.0),
            count_every,
            ..Program::default()
        }
        .must_stay_silent();
    }
}

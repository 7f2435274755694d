//! Programs that must stay silent.

use super::{DAY, HOUR, MB, MINUTE, Program, Random};
use std::f64::consts::TAU;

#[test]
fn a_steady_service() {
    Program::default().must_stay_silent();
    Program {
        seconds: DAY,
        gc_every: 2.0 * MINUTE,
        noise: 2.0 * MB,
        heap: &|_, _| 80.0 * MB,
        ..Program::default()
    }
    .must_stay_silent();
}

#[test]
fn an_idle_process_with_two_full_gcs_an_hour_apart() {
    Program {
        seconds: 2.0 * HOUR,
        gc_every: HOUR,
        load: &|_| 0.0,
        ..Program::default()
    }
    .must_stay_silent();
}

#[test]
fn a_cache_that_fills_linearly_to_its_cap() {
    Program {
        heap: &|t, _| 5.0 * MB + (t.min(32.0)) * 0.8 * MB,
        ..Program::default()
    }
    .must_stay_silent();
}

#[test]
fn a_cache_under_uniform_access() {
    Program {
        seconds: 300.0,
        heap: &|t, _| 5.0 * MB + 30.0 * MB * (1.0 - (-t / 25.0).exp()),
        ..Program::default()
    }
    .must_stay_silent();
}

#[test]
fn a_memo_over_a_finite_key_space() {
    let silent = Program {
        heap: &|t, _| 5.0 * MB + 6.0 * MB * (1.0 + t / 6.0).ln(),
        ..Program::default()
    };
    assert!(silent.reported() <= 1, "{} of 10", silent.reported());
}

#[test]
fn sessions_that_fill_as_a_sigmoid() {
    Program {
        seconds: 150.0,
        heap: &|t, _| 8.0 * MB + 22.0 * MB / (1.0 + (-(t - 35.0) / 6.0).exp()),
        ..Program::default()
    }
    .must_stay_silent();
}

#[test]
fn load_that_ramps_up_and_stays() {
    let load = |t: f64| 200.0 + 1000.0 * (t / 60.0).min(1.0);
    Program {
        seconds: 150.0,
        load: &load,
        heap: &|t, _| 5.0 * MB + load(t) * 0.01 * MB,
        ..Program::default()
    }
    .must_stay_silent();
}

#[test]
fn load_that_goes_up_and_down() {
    let load = |t: f64| 1200.0 - 20.0 * (t - 45.0).abs();
    Program {
        load: &load,
        heap: &|t, _| 5.0 * MB + load(t) * 0.012 * MB,
        ..Program::default()
    }
    .must_stay_silent();
}

#[test]
fn a_week_of_days_and_nights() {
    let load = |t: f64| 500.0 + 450.0 * (TAU * t / DAY).sin();
    for knows_requests in [true, false] {
        Program {
            seconds: 7.0 * DAY,
            gc_every: 5.0 * MINUTE,
            load: &load,
            heap: &|t, _| 60.0 * MB + load(t) * 0.08 * MB,
            noise: 1.5 * MB,
            knows_requests,
            ..Program::default()
        }
        .must_stay_silent();
    }
}

#[test]
fn one_big_load_of_data() {
    for at in [15.0, 40.0, 60.0] {
        Program {
            heap: &|t, _| if t < at { 5.0 * MB } else { 45.0 * MB },
            ..Program::default()
        }
        .must_stay_silent();
    }
}

#[test]
fn a_batch_that_is_worked_off() {
    Program {
        seconds: 6.0 * HOUR,
        gc_every: MINUTE,
        heap: &|t, _| 50.0 * MB + 100.0 * MB * (1.0 - (t % HOUR) / HOUR),
        noise: MB,
        ..Program::default()
    }
    .must_stay_silent();
}

#[test]
fn a_working_set_that_wanders_and_comes_back() {
    let mut silent = 0;
    for seed in 1..=20u64 {
        let mut random = Random::new(seed + 100);
        let mut path = vec![0.0f64];
        for i in 0..4000 {
            path.push(path[i] * 0.95 + random.normal() * 2.0 * MB);
        }
        let program = Program {
            seconds: 3600.0,
            gc_every: 10.0,
            heap: &|t, _| 60.0 * MB + path[(t as usize).min(path.len() - 1)],
            ..Program::default()
        };
        silent += usize::from(program.run(seed).first_leak().is_none());
    }
    assert!(silent >= 19, "{silent} of 20");
}

#[test]
fn a_heap_that_falls_and_a_drop_as_after_a_restart() {
    Program {
        heap: &|t, _| 60.0 * MB - 0.5 * MB * t,
        ..Program::default()
    }
    .must_stay_silent();
    Program {
        seconds: 300.0,
        heap: &|t, _| if t < 150.0 { 80.0 * MB } else { 20.0 * MB },
        ..Program::default()
    }
    .must_stay_silent();
}

#[test]
fn a_drift_that_takes_years_to_the_limit() {
    Program {
        seconds: DAY,
        gc_every: MINUTE,
        heap: &|t, _| 100.0 * MB + 1.5 * MB * t / DAY,
        noise: 0.2 * MB,
        ..Program::default()
    }
    .must_stay_silent();
}

/// Growth that has not ended yet cannot be told from a leak when it lasts for
/// longer than anybody would wait. So it may be told once, is taken back, and
/// what was learnt from it holds.
#[track_caller]
fn may_be_told_once(program: &Program) {
    for seed in 1..=10 {
        let outcome = program.run(seed);
        let told = outcome.leaks().count();
        assert!(told <= 1, "run {seed}: {:?}", outcome.events);
        assert_eq!(
            told,
            outcome.recoveries(),
            "run {seed}: {:?}",
            outcome.events
        );
    }
}

#[test]
fn a_cache_that_is_flushed_every_quarter_of_an_hour() {
    may_be_told_once(&Program {
        seconds: 6.0 * HOUR,
        gc_every: 20.0,
        heap: &|t, _| 50.0 * MB + 30.0 * MB * (t % (15.0 * MINUTE)) / (15.0 * MINUTE),
        noise: 2.0 * MB,
        ..Program::default()
    });
}

#[test]
fn buffers_that_come_and_go() {
    may_be_told_once(&Program {
        seconds: 2.0 * HOUR,
        gc_every: 10.0,
        external: &|t| 30.0 * MB + 20.0 * MB * (t / 70.0).sin(),
        ..Program::default()
    });
}

#[test]
fn native_memory_that_comes_and_goes() {
    Program {
        seconds: 2.0 * HOUR,
        gc_every: 10.0,
        native: &|t| 60.0 * MB + 8.0 * MB * (t / 130.0).sin(),
        ..Program::default()
    }
    .must_stay_silent();
}

#[test]
fn connections_that_come_and_go() {
    may_be_told_once(&Program {
        seconds: 2.0 * HOUR,
        gc_every: 10.0,
        resources: &|t| 200.0 + 80.0 * (t / 90.0).sin(),
        ..Program::default()
    });
}

#[test]
fn modules_that_are_loaded_lazily_over_the_first_hour() {
    may_be_told_once(&Program {
        seconds: DAY,
        gc_every: MINUTE,
        heap: &|t, _| 60.0 * MB + 15.0 * MB * (1.0 - (-t / (10.0 * MINUTE)).exp()),
        noise: MB,
        ..Program::default()
    });
}

#[test]
fn a_cache_that_takes_hours_to_fill() {
    may_be_told_once(&Program {
        seconds: 2.0 * DAY,
        gc_every: 2.0 * MINUTE,
        heap: &|t, _| 60.0 * MB + 40.0 * MB * (t / (3.0 * HOUR)).min(1.0),
        noise: MB,
        ..Program::default()
    });
}

#[test]
fn a_month_of_weeks_with_weekends_and_a_nightly_batch() {
    let load = |t: f64| {
        let weekend = if (t / DAY) % 7.0 >= 5.0 { 0.4 } else { 1.0 };
        weekend * (400.0 + 300.0 * (TAU * t / DAY).sin())
    };
    Program {
        seconds: 28.0 * DAY,
        gc_every: 6.0 * MINUTE,
        load: &load,
        heap: &|t, _| {
            let batch = if t % DAY > 0.9 * DAY { 30.0 * MB } else { 0.0 };
            70.0 * MB + load(t) * 0.05 * MB + batch
        },
        noise: 2.0 * MB,
        ..Program::default()
    }
    .must_stay_silent();
}

#[test]
fn a_month_of_nothing_but_noise() {
    Program {
        seconds: 28.0 * DAY,
        gc_every: 3.0 * MINUTE,
        heap: &|_, _| 90.0 * MB,
        noise: 5.0 * MB,
        native: &|t| 80.0 * MB + 6.0 * MB * (t / 5000.0).sin(),
        ..Program::default()
    }
    .must_stay_silent();
}

#[test]
fn traffic_that_grows_by_a_tenth_a_day() {
    let load = |t: f64| 200.0 * (1.0 + 0.1 * t / DAY) * (1.0 + 0.5 * (TAU * t / DAY).sin());
    for knows_requests in [true, false] {
        Program {
            seconds: 14.0 * DAY,
            gc_every: 6.0 * MINUTE,
            load: &load,
            heap: &|t, _| 70.0 * MB + load(t) * 0.1 * MB,
            noise: 2.0 * MB,
            knows_requests,
            ..Program::default()
        }
        .must_stay_silent();
    }
}

#[test]
fn a_service_that_idles_at_night() {
    let busy = |t: f64| (t % DAY) / HOUR >= 8.0 && (t % DAY) / HOUR < 20.0;
    let load = |t: f64| if busy(t) { 300.0 } else { 1.0 };
    Program {
        seconds: 10.0 * DAY,
        gc_every: 8.0 * MINUTE,
        load: &load,
        heap: &|t, _| if busy(t) { 95.0 * MB } else { 60.0 * MB },
        noise: 2.0 * MB,
        ..Program::default()
    }
    .must_stay_silent();
}

//! What runs inside a GC callback allocates nothing: an allocator that counts proves it.

// A program has one allocator, and the face to Node.js brings its own.
#![cfg(not(feature = "napi"))]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use tidemark::recorder::{Interest, Recorder, Settings};
use tidemark::trend::{Config, Resources, Rule, Sample, SampleKind};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MB: u64 = 1 << 20;

fn sample(number: u64) -> Sample {
    let kind = match number % 10 {
        0 => SampleKind::Major,
        5 => SampleKind::Timer,
        _ => SampleKind::Minor,
    };
    // Leaks for a while, then falls back, so that every state and its end come by.
    let leaked = (number % 4000).min(3000) * (MB / 20);
    Sample {
        kind,
        forced: false,
        at_ms: number as f64 * 137.0,
        duration_ms: 1.5,
        used_heap: 40 * MB + leaked + (number * 7919) % MB,
        total_heap: 80 * MB + leaked,
        physical_heap: 80 * MB + leaked,
        external: 5 * MB + leaked / 2,
        heap_limit: 4000 * MB,
        rss: Some(200 * MB + 2 * leaked),
        other_isolates: 0,
        connections: None,
        in_flight: None,
        allocated: None,
        requests: Some(number * 10),
        resources: Some(Resources::of(20 + number % 7)),
    }
}

#[test]
fn recording_a_day_of_collections_allocates_nothing() {
    for rule in [Rule::Trend, Rule::Memwatch { consecutive: 5 }] {
        let config = Config {
            rule,
            ..Config::default()
        };
        let mut recorder = Recorder::new(Settings {
            config,
            history_size: 64,
        });
        recorder.listen(Interest {
            stats: true,
            every_gc: true,
        });
        let before = ALLOCATIONS.with(Cell::get);
        let mut told = 0;
        for number in 0..20_000 {
            let sample = sample(number);
            told += u32::from(recorder.record(sample, Some(sample.used_heap + 3 * MB)));
        }
        let after = ALLOCATIONS.with(Cell::get);
        assert_eq!(after - before, 0, "{rule:?}");
        assert!(told > 0);
        assert!(!recorder.drain().0.is_empty());
    }
}

#[test]
fn own_memory_is_at_most_one_mebibyte() {
    let settings = Settings {
        config: Config::default(),
        history_size: 512,
    };
    let mut recorder = Recorder::new(settings);
    recorder.listen(Interest {
        stats: true,
        every_gc: true,
    });
    assert!(
        recorder.own_memory() <= 1 << 20,
        "{}",
        recorder.own_memory()
    );
}

//! Snapshots that were damaged at random: nothing panics, and answers and memory stay within their
//! bounds. The same as the fuzz targets of `fuzz/`, in a fixed order and without their tools.
//!
//!     TIDEMARK_MUTANTS=0..20000 cargo test --release --no-default-features --test mutants -- --nocapture

// A program has one allocator, and the face to Node.js brings its own.
#![cfg(not(feature = "napi"))]

mod answers;
mod mutate;
#[expect(dead_code, reason = "shared with the tests in ../snapshot")]
#[path = "../snapshot/writer.rs"]
mod writer;

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::HashMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::answers::ask_all;
use crate::writer::Random;

/// Counts what is allocated and its peak, on all threads.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(held, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Without the long form: a few seconds.
const MUTANTS: usize = 150;
/// What all questions about a file may take, beside one and a half times each of the files that
/// are held: this one twice, to compare what a `HeapDiff` keeps, and the one before.
const SPARE: usize = 8 << 20;

// One test only: what another thread allocates would count.
#[test]
fn whatever_is_done_to_a_snapshot_answers_and_memory_stay_bounded() {
    let wanted = std::env::var("TIDEMARK_MUTANTS").unwrap_or_else(|_| format!("0..{MUTANTS}"));
    let (first, end) = wanted.split_once("..").unwrap();
    let numbers: Range<usize> = first.parse().unwrap()..end.parse().unwrap();
    let count = numbers.len();
    let corpus = mutate::corpus();
    let mut earlier = None;
    let mut refused: HashMap<&str, usize> = HashMap::new();
    let mut most = (0, 0);
    for number in numbers {
        let mut random = Random(number as u64 * 2 + 1);
        let mutant = match number.checked_sub(corpus.len()) {
            None => corpus[number].clone(),
            Some(_) => mutate::mutant(&corpus, &mut random),
        };
        let held = HELD.load(Ordering::Relaxed);
        PEAK.store(held, Ordering::Relaxed);
        let answered = catch_unwind(AssertUnwindSafe(|| ask_all(&mutant, earlier.as_ref())));
        let taken = PEAK.load(Ordering::Relaxed) - held;
        let Ok(answered) = answered else {
            panic!("mutant {number} of {} bytes panicked", mutant.len());
        };
        let beyond = taken.saturating_sub(mutant.len() * 3);
        assert!(
            beyond <= SPARE,
            "mutant {number} of {} bytes took {taken}",
            mutant.len()
        );
        most = most.max((beyond, number));
        match answered {
            Ok(analysis) => earlier = Some(analysis),
            Err(error) => *refused.entry(error.code.as_str()).or_default() += 1,
        }
    }
    assert!(
        refused.values().sum::<usize>() < count * 9 / 10,
        "{refused:?}"
    );
    println!(
        "{count} mutants, refused: {refused:?}, most memory beyond their bytes: {} of mutant {}",
        most.0, most.1
    );
}

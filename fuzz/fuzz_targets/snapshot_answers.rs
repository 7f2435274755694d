//! Whatever is asked about what the parser takes, no answer is longer than it may be: summary,
//! suspects, diffs with itself by ids and by structure, paths, the picture, the comparison of a `HeapDiff`, and
//! the copies without contents, each as JSON.
//!
//!     cargo +nightly fuzz run snapshot_answers -- -rss_limit_mb=512
//!
//! `tests/mutants` asks the same of mutants in a fixed order, without nightly Rust.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/mutants/answers.rs"]
mod answers;

fuzz_target!(|bytes: &[u8]| {
    // What is refused is refused.
    let _ = answers::ask_all(bytes, None);
});

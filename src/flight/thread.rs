//! A thread of ours.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{Builder, Thread};

const STACK: usize = 256 << 10;

pub(super) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<Thread> {
    let builder = Builder::new().name(name.to_owned()).stack_size(STACK);
    // A panic would be our bug, and the app's stderr is no place for it.
    let handle = builder.spawn(move || drop(catch_unwind(AssertUnwindSafe(work))))?;
    Ok(handle.thread().clone())
}

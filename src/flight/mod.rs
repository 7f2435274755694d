//! The flight recorder: one file a process that says, after its end, what it was like before.
//!
//! The way of a record: the GC hook and the looks of the timer put readings into a [`Seat`], which is
//! memory alone; one thread a process takes them from there twice a second, and at once when a state
//! changes, and writes them (`writer`). The seats need no event loop, so what happens while it is blocked
//! is written too.
//!
//! What always holds:
//! - Who puts something into a seat never waits, allocates or meets a lock: it may be a GC callback.
//! - No lock is held while a disk is waited for. Who shares one with the thread waits for a copy at most.
//! - The file has one fixed size and layout (`layout`), each record has a checksum, and what is written
//!   anew goes to the older of two places: a write that was cut leaves the one before.
//! - A file is whole before it has its name, and locked as long as its process lives: the kernel lets
//!   go of the lock however the process ends, also in another container and where numbers of processes
//!   come again.
//!
//! What it must not know: V8, napi.

mod beginning;
mod checksum;
mod file;
mod folder;
mod json;
mod last_words;
mod layout;
mod life;
mod mark;
mod pulses;
mod read;
mod records;
mod seat;
mod shared;
mod thread;
mod tidy;
mod utc;
mod writer;

pub use folder::{Found, examine, list};
pub use last_words::{Fill, LastWords, Word};
pub use layout::{SIZE, VERSION};
pub use life::Flight;
pub use mark::{is_running, mark};
pub use read::{Recording, Unreadable};
pub use records::{Health, Standing};
pub use seat::Seat;
pub use shared::{Look, Plan};
pub use tidy::Previous;

/// Bytes of a leak, or of who the process is, that have room in the file.
pub fn room() -> usize {
    layout::LEAK.room().min(layout::IDENTITY.room())
}

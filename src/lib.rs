//! tidemark: a leak detector that lives inside a Node.js process.
//!
//! Data flows one way: V8 -> sample -> verdict -> event. Layers, the lowest first; each may use
//! those below it and never those above:
//!
//! - `format`: numbers in sentences; `sorting`: short lists. Pure.
//! - `trend`: decides whether memory leaks. Pure.
//! - `snapshot`: reads and analyses heap snapshots. Pure.
//! - `recorder`: what happens with one collection. Pure.
//! - `process`: what the operating system says.
//! - `flight`: what is to outlive the process goes into a file.
//! - `v8`: the hook, and nearly all unsafe code.
//! - `isolate`: one watched isolate, from start to stop.
//! - `binding`: the face to JavaScript.

pub mod flight;
mod format;
pub mod process;
pub mod recorder;
pub mod snapshot;
mod sorting;
pub mod trend;

#[cfg(feature = "napi")]
mod binding;
#[cfg(feature = "napi")]
mod isolate;
#[cfg(feature = "napi")]
mod v8;

#[cfg(all(feature = "napi", target_os = "linux"))]
#[global_allocator]
static ALLOCATOR: process::large_blocks::LargeBlocks = process::large_blocks::LargeBlocks;

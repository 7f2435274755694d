//! One watched isolate: what runs in its collections, what a look between two of them consists of, and
//! what its status is made of.
//!
//! It stands between the recorder, which takes plain numbers, and the face, which converts. [`Observer`]
//! is what the callbacks of V8 share with everything else; [`Watch`] is what lives from start to stop.
//!
//! What always holds: the observer is all cells, since a callback comes in the middle of anything; and
//! nothing here outlives [`Watch::close`].
//!
//! What it must not know: napi, and what JavaScript calls things.

mod cost;
mod kinds;
mod load;
mod observer;
mod recording;
mod status;
mod watch;

pub use kinds::GcTypes;
pub use load::LoadCounters;
pub use observer::Observer;
pub use recording::Recording;
pub use status::{Memory, Status};
pub use watch::{Pushed, Watch};

//! A heap snapshot by a forked child: the parent stops for the fork and goes on.
//!
//! The course of one: [`Capture::start`] watches the memory that is left, then asks V8's workers to park; when [`Capture::ready`], the call of
//! [`Capture::fork`] is the whole pause; then [`Capture::look`] tells how the child does until it ends.
//!
//! What always holds:
//! - What a version, a platform or a kernel lacks is an [`Obstacle`], known before anything is forked.
//! - The child cannot outlive the parent, its seconds or its bytes, and reaches nothing but its file.
//! - Dropping a capture ends the child and lets the workers go.
//!
//! `scripts/captures.js` proves it on the versions of Node.js that it is used on.

mod course;
pub use course::{End, NearLimitState, Need, Obstacle, Order, Place, Written};

#[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
mod linux;
#[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
pub use linux::{Capture, NearLimit};

#[cfg(not(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")))]
mod elsewhere;
#[cfg(not(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")))]
pub use elsewhere::{Capture, NearLimit};

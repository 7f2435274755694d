//! The native side of `lib/snapshot/fork.js`: one capture by fork.

use crate::process::headroom::{self, Headroom};
use crate::process::nameless;
use crate::v8::capture::{Capture, End, Order};
use napi::bindgen_prelude::Result;
use napi::{Error, Status};
use napi_derive::napi;
use std::cell::RefCell;
use std::path::PathBuf;

/// Why this process cannot capture by fork, in words; nothing when it can.
#[napi]
pub fn capture_obstacle() -> Option<String> {
    Capture::check().err().map(|obstacle| obstacle.to_string())
}

/// What is left before something ends this process.
#[napi(object)]
pub struct HeadroomShape {
    pub bytes: f64,
    /// Where that is: the end of the sentence 'N MB are left ...'.
    pub place: String,
}

/// Nothing where nothing limits it. `memory_limit`: bytes of RSS. `forks`: whether the process is about to
/// fork, which claims its memory once more where the kernel counts that.
#[napi]
pub fn memory_headroom(memory_limit: Option<f64>, forks: Option<bool>) -> Option<HeadroomShape> {
    let limit = memory_limit.map(|bytes| bytes as u64);
    let Headroom { bytes, limit } = headroom::least(limit, forks.unwrap_or(true))?;
    Some(HeadroomShape {
        bytes: bytes as f64,
        place: limit.place().to_owned(),
    })
}

/// Gives the file without a name behind a descriptor a name, which must be free.
#[napi]
pub fn name_file(file: i32, name: String) -> Result<()> {
    nameless::give_name(file, &PathBuf::from(name))
        .map_err(|error| Error::new(Status::GenericFailure, error.to_string()))
}

#[napi(object)]
#[derive(Clone, Copy)]
pub struct CaptureOrder {
    /// The descriptor that the child writes to.
    pub file: i32,
    /// Bytes that it may map beyond what it inherits.
    pub memory: f64,
    /// It gives up when fewer bytes are left, whoever has taken them.
    pub floor: f64,
    /// It gives up when the heap has more objects.
    pub objects: f64,
    /// Seconds after which it ends, whatever it does.
    pub seconds: u32,
    /// What strings say never reaches the file.
    pub redact: bool,
}

/// A look at the child.
#[napi(object)]
pub struct CaptureLook {
    /// 'born', 'building', 'writing' or 'done'.
    pub phase: String,
    /// Objects of the heap that V8 has walked, and how many there are, once it has counted them.
    pub walked: f64,
    pub objects: Option<f64>,
    /// Bytes in the file.
    pub written: f64,
    /// Bytes of memory that were left when the child gave up for want of it.
    pub left: Option<f64>,
    pub ended: bool,
    pub exit_code: Option<i32>,
    pub signal: Option<i32>,
    /// The step that the child gave up at, and its errno.
    pub failed: Option<String>,
    pub errno: Option<i32>,
    /// It waits for something other than a processor.
    pub sleeps: bool,
    pub cpu_ms: f64,
}

/// Bytes of memory that were left, at the least and at the most.
#[napi(object)]
pub struct ObservedShape {
    pub least: f64,
    pub most: f64,
}

/// One capture. `close()`, or the end of the environment, ends its child and lets V8's workers go.
#[napi]
pub struct ForkCapture {
    inner: RefCell<Option<Capture>>,
}

#[napi]
impl ForkCapture {
    /// Watches for a moment how much memory is left, then asks V8's worker threads to park.
    #[napi(constructor, catch_unwind)]
    pub fn new() -> Result<Self> {
        let capture = Capture::start().map_err(failure)?;
        Ok(Self {
            inner: RefCell::new(Some(capture)),
        })
    }

    /// Whether they are parked; null when they did not come in time, and no more are awaited.
    #[napi(catch_unwind)]
    pub fn ready(&self) -> Option<bool> {
        self.inner.borrow_mut().as_mut()?.ready()
    }

    /// What was left while it was watched; nothing where nothing limits it.
    #[napi(catch_unwind)]
    pub fn observed(&self) -> Option<ObservedShape> {
        let observed = self.inner.borrow().as_ref()?.observed()?;
        Some(ObservedShape {
            least: observed.least as f64,
            most: observed.most as f64,
        })
    }

    /// Forks. Answers with the milliseconds that it took.
    #[napi(catch_unwind)]
    pub fn fork(&self, order: CaptureOrder) -> Result<f64> {
        let order = Order {
            file: order.file,
            memory: order.memory as u64,
            floor: order.floor as u64,
            objects: order.objects as u64,
            seconds: order.seconds,
            redact: order.redact,
            nice: 19,
        };
        let mut inner = self.inner.borrow_mut();
        let capture = inner.as_mut().ok_or_else(closed)?;
        let pause = capture.fork(&order).map_err(failure)?;
        Ok(pause.as_secs_f64() * 1000.0)
    }

    /// The child's process number.
    #[napi(catch_unwind)]
    pub fn process(&self) -> Option<u32> {
        self.inner.borrow().as_ref()?.process()
    }

    #[napi(catch_unwind)]
    pub fn look(&self) -> Option<CaptureLook> {
        let look = self.inner.borrow_mut().as_mut()?.look()?;
        Some(CaptureLook {
            phase: look.told.phase.name().to_owned(),
            walked: look.told.walked as f64,
            objects: Some(look.told.objects as f64).filter(|&objects| objects > 0.0),
            written: look.told.written as f64,
            left: Some(look.told.left as f64).filter(|&left| left > 0.0),
            ended: look.end.is_some(),
            exit_code: match look.end {
                Some(End::Exit(code)) => Some(code),
                _ => None,
            },
            signal: match look.end {
                Some(End::Signal(signal)) => Some(signal),
                _ => None,
            },
            failed: look.told.failed.name().map(str::to_owned),
            errno: Some(look.told.errno).filter(|&errno| errno != 0),
            sleeps: look.sleeps,
            cpu_ms: look.cpu_ms as f64,
        })
    }

    /// Ends the child; `look()` tells when it is gone.
    #[napi(catch_unwind)]
    pub fn kill(&self) {
        if let Some(capture) = self.inner.borrow().as_ref() {
            capture.kill();
        }
    }

    /// Ends everything that is left. Closing twice does nothing.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.inner.take();
    }
}

fn closed() -> Error {
    Error::new(Status::GenericFailure, "the capture is closed")
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failure(obstacle: crate::v8::capture::Obstacle) -> Error {
    Error::new(Status::GenericFailure, obstacle.to_string())
}

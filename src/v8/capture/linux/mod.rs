//! The capture itself, on Linux x86-64 with glibc. Where it was measured and what fails without each
//! step: see the modules.

mod alarm;
mod child;
mod control;
mod fork;
mod lookout;
mod near_limit;
mod observer;
mod parking;
mod progress;
mod sandbox;
mod shared;
mod stream;
mod symbols;
mod sys;
mod warden;

use super::super::isolate::Isolate;
use super::course::{End, Look, Observed, Obstacle, Order};
use crate::process::other::Other;
pub use near_limit::NearLimit;
use observer::Observer;
use parking::{Parking, Platform};
use progress::Progress;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use warden::Warden;

/// Whether a capture of this copy of the binary goes on: an app may load the package twice.
static BUSY: AtomicBool = AtomicBool::new(false);

/// One capture, from the parking of the workers to the end of the child.
pub struct Capture {
    ground: Ground,
    /// Before the workers are asked to park.
    observer: Option<Observer>,
    parking: Option<Parking>,
    _only: Only,
    child: Option<Running>,
}

/// Held by the one capture of the process.
struct Only;

impl Only {
    fn new() -> Option<Self> {
        (!BUSY.swap(true, Ordering::Relaxed)).then_some(Self)
    }
}

impl Drop for Only {
    fn drop(&mut self) {
        BUSY.store(false, Ordering::Relaxed);
    }
}

struct Running {
    /// Dropped first: it may end the child.
    warden: Option<Warden>,
    child: Offspring,
    progress: Arc<Progress>,
    seen: Other,
    cpu_ms: u64,
}

/// Ended when this is dropped.
struct Offspring {
    process: u32,
    end: Option<End>,
}

/// What a capture needs to find, which takes JavaScript on the stack.
#[derive(Clone, Copy)]
struct Ground {
    isolate: Isolate,
    symbols: &'static symbols::CaptureSymbols,
    platform: Platform,
}

impl Ground {
    fn find() -> Result<Self, Obstacle> {
        let symbols = symbols::capture()?;
        let isolate = Isolate::current()?.ok_or(Obstacle::NoIsolate)?;
        if !on_main_thread() {
            return Err(Obstacle::NotMainThread);
        }
        let platform = Platform::of(isolate.raw(), symbols)?;
        Ok(Self {
            isolate,
            symbols,
            platform,
        })
    }

    /// Asked anew each time: a server changes its user when it has started.
    fn may_fork() -> Result<(), Obstacle> {
        if sys::is_dumpable() {
            Ok(())
        } else {
            Err(Obstacle::Hidden)
        }
    }

    /// `observer`: what is to be done with before V8's workers are asked to park.
    fn start(self, observer: Option<Observer>) -> Result<Capture, Obstacle> {
        Self::may_fork()?;
        let only = Only::new().ok_or(Obstacle::Busy)?;
        let parking = observer.is_none().then(|| self.park());
        Ok(Capture {
            ground: self,
            observer,
            parking,
            _only: only,
            child: None,
        })
    }

    fn park(self) -> Parking {
        Parking::start(self.platform, self.symbols)
    }
}

impl Capture {
    /// Whether this Node.js has what is needed; changes nothing. Called by JavaScript.
    ///
    /// # Errors
    /// What is in the way.
    pub fn check() -> Result<(), Obstacle> {
        Ground::find()?;
        Ground::may_fork()
    }

    /// Watches for a moment how much memory is left, then asks V8's workers to park, which they do as
    /// they finish what they are at. Called by JavaScript on the isolate's thread.
    ///
    /// # Errors
    /// What is in the way; nothing has happened then.
    pub fn start() -> Result<Self, Obstacle> {
        let observer = Observer::start().map_err(|error| Obstacle::System("clone", error))?;
        Ground::find()?.start(Some(observer))
    }

    /// Whether `fork` can be called. `None` when it never can: the workers had something else to do
    /// for too long, and go on with it.
    pub fn ready(&mut self) -> Option<bool> {
        if self.parking.is_none() && self.child.is_none() && self.observer.as_mut()?.is_done() {
            self.parking = Some(self.ground.park());
        }
        let Some(parking) = &self.parking else {
            return Some(false);
        };
        (!parking.expired()).then(|| parking.all_parked())
    }

    /// How much memory was left while it was watched; `None` where nothing limits it.
    pub fn observed(&self) -> Option<Observed> {
        self.observer.as_ref()?.observed()
    }

    /// Forks, and lets the workers go. Answers with the length of the pause.
    ///
    /// # Errors
    /// What is in the way; there is no child then.
    pub fn fork(&mut self, order: &Order) -> Result<Duration, Obstacle> {
        let started = Instant::now();
        let parking = self.parking.take().ok_or(Obstacle::NotParked)?;
        if !parking.hold() {
            return Err(Obstacle::NotParked);
        }
        let progress = Progress::new().map_err(|error| Obstacle::System("mmap", error))?;
        let progress = Arc::new(progress);
        let process = fork::fork(
            self.ground.isolate.raw(),
            self.ground.symbols,
            &progress,
            order,
        )?;
        drop(parking);
        self.child = Some(Running::watch(process, progress, order.floor)?);
        Ok(started.elapsed())
    }

    /// `None` without a child.
    pub fn look(&mut self) -> Option<Look> {
        self.child.as_mut().map(Running::look)
    }

    pub fn process(&self) -> Option<u32> {
        self.child.as_ref().map(|running| running.child.process)
    }

    /// Ends the child at once; `look` tells when it is gone.
    pub fn kill(&self) {
        if let Some(running) = &self.child {
            running.child.kill();
        }
    }
}

impl Running {
    /// A child that cannot be watched is ended: nobody would see that it hangs.
    fn watch(process: u32, progress: Arc<Progress>, floor: u64) -> Result<Self, Obstacle> {
        let child = Offspring { process, end: None };
        let seen =
            Other::open(process).map_err(|error| Obstacle::System("open of its stat", error))?;
        let warden = Warden::over(process, floor, Arc::clone(&progress));
        progress.watched();
        Ok(Self {
            warden,
            child,
            progress,
            seen,
            cpu_ms: 0,
        })
    }

    fn look(&mut self) -> Look {
        let glance = self.seen.glance();
        if let Some(glance) = glance {
            self.cpu_ms = glance.cpu_ticks * 10;
        }
        let end = self.child.end();
        if end.is_some() {
            // What it did to the child is told from here on.
            self.warden = None;
        }
        Look {
            // Read after its end was seen, so that nothing is missed.
            told: self.progress.read(),
            end,
            sleeps: glance.is_none_or(|glance| glance.state != 'R'),
            cpu_ms: self.cpu_ms,
        }
    }
}

impl Offspring {
    /// `None` while it runs.
    fn end(&mut self) -> Option<End> {
        if self.end.is_none() {
            self.end = sys::reap(self.process, false);
        }
        self.end
    }

    fn kill(&self) {
        if self.end.is_none() {
            sys::kill(self.process);
        }
    }
}

impl Drop for Offspring {
    fn drop(&mut self) {
        self.kill();
        if self.end().is_none() {
            sys::reap_later(self.process);
        }
    }
}

fn on_main_thread() -> bool {
    std::fs::read_link("/proc/thread-self")
        .is_ok_and(|link| link.ends_with(format!("task/{}", std::process::id())))
}

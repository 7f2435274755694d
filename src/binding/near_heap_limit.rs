//! The native side of `lib/snapshot/near-heap-limit.js`: a snapshot before V8 ends the process.

use crate::v8::capture::{NearLimit, NearLimitState, Need, Place, Written};
use napi::bindgen_prelude::Result;
use napi::{CleanupEnvHook, Env, Error, Status};
use napi_derive::napi;
use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

/// What a snapshot of the heap at its limit would take; bytes where nothing else is said.
#[napi(object)]
#[derive(Clone, Copy)]
pub struct NearHeapLimitNeed {
    /// The limit of the heap.
    pub heap: f64,
    /// Used by the child at the least, and usually.
    pub child: f64,
    pub usual: f64,
    /// Objects at more of which the child gives up when it may use `budget`.
    pub objects: f64,
    pub budget: f64,
    /// Left for the app meanwhile.
    pub reserve: f64,
    /// Of the file.
    pub file: f64,
    /// RSS at which something ends the process.
    pub memory_limit: Option<f64>,
    /// By how much V8's own end of the process is put off at the most.
    pub timeout_ms: u32,
}

impl From<NearHeapLimitNeed> for Need {
    fn from(need: NearHeapLimitNeed) -> Self {
        Self {
            heap: need.heap as u64,
            child: need.child as u64,
            usual: need.usual as u64,
            objects: need.objects as u64,
            budget: need.budget as u64,
            reserve: need.reserve as u64,
            file: need.file as u64,
            memory_limit: need.memory_limit.map(|limit| limit as u64),
            patience: Duration::from_millis(need.timeout_ms.into()),
        }
    }
}

#[napi(object)]
#[derive(Default)]
pub struct NearHeapLimitLook {
    /// 'waiting', 'writing', 'written', 'refused' or 'failed'.
    pub state: String,
    pub path: Option<String>,
    pub bytes: Option<f64>,
    pub pause_ms: Option<f64>,
    pub duration_ms: Option<f64>,
    /// Of a refusal: bytes, and where they are left.
    pub need: Option<f64>,
    pub available: Option<f64>,
    pub place: Option<String>,
    /// 'memory' or 'disk'.
    pub reason: Option<String>,
    /// Of a failure: in words.
    pub fault: Option<String>,
}

/// Asked by V8 as long as it is not closed; closed at the latest when its environment ends.
#[napi]
pub struct NearHeapLimit {
    inner: Armed,
    cleanup: Cell<Option<CleanupEnvHook<Armed>>>,
}

type Armed = Rc<RefCell<Option<NearLimit>>>;

#[napi]
impl NearHeapLimit {
    /// `temporary` is a free name in the folder for what is not finished.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        env: Env,
        folder: String,
        temporary: String,
        need: NearHeapLimitNeed,
    ) -> Result<Self> {
        let place = Place {
            folder: PathBuf::from(folder),
            temporary: PathBuf::from(temporary),
        };
        let armed = NearLimit::arm(place, need.into())
            .map_err(|obstacle| Error::new(Status::GenericFailure, obstacle.to_string()))?;
        let inner = Rc::new(RefCell::new(Some(armed)));
        let cleanup = env.add_env_cleanup_hook(Rc::clone(&inner), |inner| drop(inner.take()))?;
        Ok(Self {
            inner,
            cleanup: Cell::new(Some(cleanup)),
        })
    }

    /// The heap has changed, and so has what a snapshot would take.
    #[napi(catch_unwind)]
    pub fn expect(&self, need: NearHeapLimitNeed) {
        if let Some(armed) = &*self.inner.borrow() {
            armed.expect(need.into());
        }
    }

    /// Finishes the file of a child that is done.
    #[napi(catch_unwind)]
    pub fn look(&self) -> Option<NearHeapLimitLook> {
        let state = self.inner.borrow().as_ref()?.look();
        Some(shape(state))
    }

    /// Closing twice does nothing.
    #[napi(catch_unwind)]
    pub fn close(&self, env: Env) -> Result<()> {
        drop(self.inner.take());
        self.cleanup
            .take()
            .map_or(Ok(()), |hook| env.remove_env_cleanup_hook(hook))
    }
}

fn shape(state: NearLimitState) -> NearHeapLimitLook {
    let named = |state: &str| NearHeapLimitLook {
        state: state.to_owned(),
        ..NearHeapLimitLook::default()
    };
    match state {
        NearLimitState::Waiting => named("waiting"),
        NearLimitState::Writing => named("writing"),
        NearLimitState::Written(Written {
            path,
            bytes,
            pause,
            took,
        }) => NearHeapLimitLook {
            path: Some(path.to_string_lossy().into_owned()),
            bytes: Some(bytes as f64),
            pause_ms: Some(pause.as_secs_f64() * 1000.0),
            duration_ms: Some(took.as_secs_f64() * 1000.0),
            ..named("written")
        },
        NearLimitState::Refused(short) => NearHeapLimitLook {
            need: Some(short.need as f64),
            available: Some(short.available as f64),
            place: Some(short.place.to_owned()),
            reason: Some(if short.of_disk { "disk" } else { "memory" }.to_owned()),
            ..named("refused")
        },
        NearLimitState::Failed(fault) => NearHeapLimitLook {
            fault: Some(fault),
            ..named("failed")
        },
    }
}

//! Work on libuv's pool that tells how far it is and can be cancelled.

use crate::snapshot::{OnProgress, Progress, SnapshotError, ignore};
use napi::bindgen_prelude::{AsyncTask, Either, ToNapiValue, TypeName};
use napi::{Env, Result, Task};
use napi_derive::napi;
use parking_lot::Mutex;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What went wrong.
#[expect(
    clippy::struct_field_names,
    reason = "that `fault` is there tells a fault from a result"
)]
#[napi(object, object_from_js = false)]
pub struct Fault {
    /// Its code.
    pub fault: String,
    pub message: String,
    /// The byte of the snapshot at which it shows.
    pub offset: Option<f64>,
}

pub(super) fn fault(error: &SnapshotError) -> Fault {
    Fault {
        fault: error.code.as_str().to_owned(),
        message: error.to_string(),
        offset: error.offset.map(|offset| offset as f64),
    }
}

/// How far the work is.
#[napi(object, object_from_js = false)]
pub struct WorkProgress {
    /// `read`, `analyse`, `explain`, `compare` or `redact`.
    pub phase: String,
    pub done: f64,
    /// 0 where it is not known.
    pub total: f64,
}

/// The handle of one or several jobs that follow each other.
#[napi]
#[derive(Default)]
pub struct SnapshotWork {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    cancelled: AtomicBool,
    progress: Mutex<Option<Progress>>,
}

impl Shared {
    fn tell(&self, progress: Progress) -> ControlFlow<()> {
        *self.progress.lock() = Some(progress);
        if self.cancelled.load(Ordering::Relaxed) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

#[napi]
impl SnapshotWork {
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// The job ends within a tenth of a second, with a fault.
    #[napi]
    pub fn cancel(&self) {
        self.shared.cancelled.store(true, Ordering::Relaxed);
    }

    /// Null before the first job began.
    #[napi]
    pub fn progress(&self) -> Option<WorkProgress> {
        let progress = (*self.shared.progress.lock())?;
        Some(WorkProgress {
            phase: progress.phase.as_str().to_owned(),
            done: progress.done as f64,
            total: progress.total as f64,
        })
    }
}

impl SnapshotWork {
    pub(super) fn job<O>(
        &self,
        run: impl FnOnce(OnProgress<'_>) -> std::result::Result<O, SnapshotError> + Send + 'static,
    ) -> AsyncTask<Job<O>>
    where
        Job<O>: Task,
    {
        let shared = Arc::clone(&self.shared);
        AsyncTask::new(Job {
            run: Some(Box::new(move || {
                caught(|| {
                    if shared.cancelled.load(Ordering::Relaxed) {
                        return Err(SnapshotError::cancelled());
                    }
                    run(&mut |progress| shared.tell(progress))
                })
            })),
        })
    }
}

type Outcome<O> = std::result::Result<O, Fault>;

/// Work to be done once.
pub struct Job<O> {
    run: Option<Box<dyn FnOnce() -> Outcome<O> + Send>>,
}

/// Does the work on this thread, now.
pub(super) fn now<O>(
    run: impl FnOnce(OnProgress<'_>) -> std::result::Result<O, SnapshotError>,
) -> Outcome<O> {
    caught(|| run(&mut ignore))
}

fn caught<O>(run: impl FnOnce() -> std::result::Result<O, SnapshotError>) -> Outcome<O> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(done) => done.map_err(|error| fault(&error)),
        Err(panic) => Err(Fault {
            fault: "ERR_TIDEMARK_INTERNAL".to_owned(),
            message: panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
                .unwrap_or_default(),
            offset: None,
        }),
    }
}

/// What a job answers with, made on the event loop.
pub trait Answer: Send + Sized + 'static {
    type Js: ToNapiValue + TypeName;

    /// # Errors
    /// When Node refuses.
    fn into_js(self, env: Env) -> Result<Self::Js>;
}

impl Answer for String {
    type Js = String;

    fn into_js(self, _: Env) -> Result<String> {
        Ok(self)
    }
}

impl<O: Answer> Task for Job<O> {
    type Output = Outcome<O>;
    type JsValue = Either<O::Js, Fault>;

    fn compute(&mut self) -> Result<Self::Output> {
        Ok(match self.run.take() {
            Some(run) => run(),
            None => Err(fault(&SnapshotError::cancelled())),
        })
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> Result<Self::JsValue> {
        match output {
            Ok(answer) => answer.into_js(env).map(Either::A),
            Err(fault) => Ok(Either::B(fault)),
        }
    }
}

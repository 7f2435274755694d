//! What JavaScript has of [`isolate::Watch`]: one watched isolate, from `start()` to `stop()`.

use super::shapes::{
    DrainedShape, HistoryShape, LastWordShape, PushedSample, SampleShape, StatusShape, WatchOptions,
};
use crate::isolate::{self, LoadCounters, Observer};
use crate::recorder::Interest;
use crate::v8::Waker;
use napi::bindgen_prelude::{Float64Array, Function};
use napi::{Env, Error, Status};
use napi_derive::napi;
use std::cell::RefCell;
use std::rc::Rc;

/// Closed by `close()` or, at the latest, when its environment ends. Afterwards every method
/// answers with nothing.
#[napi]
pub struct Watch {
    /// Taken out by `close`, so that its memory goes at once and not with the JavaScript object.
    watch: Rc<RefCell<Option<isolate::Watch>>>,
}

/// Bits of `listen`.
const INTEREST_STATS: u32 = 1;
const INTEREST_GC: u32 = 2;

#[expect(
    clippy::needless_pass_by_value,
    reason = "napi hands owned values over"
)]
#[napi]
impl Watch {
    /// `load` holds what JavaScript counts (NaN: it does not), see `LoadCounters`; `wake` is called on
    /// the event loop when there is something to drain.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        env: Env,
        options: WatchOptions,
        load: Float64Array,
        wake: Function<(), ()>,
    ) -> Self {
        let mut watch = isolate::Watch::new(
            options.settings(),
            options.gc_types(),
            LoadCounters::new(load),
            options.memory_limit.map(|bytes| bytes as u64),
        );
        let cell = Rc::new(RefCell::new(None));
        let weak = Rc::downgrade(&cell);
        let at_exit = Box::new(move || {
            if let Some(cell) = weak.upgrade() {
                close(&cell);
            }
        });
        let waker = Waker::open(&env, &wake, at_exit);
        watch.wake_by(waker.map_err(|error| error.reason.clone()));
        *cell.borrow_mut() = Some(watch);
        Self { watch: cell }
    }

    /// Installs the GC hook. Answers with the reason where that is not possible. The two numbers are
    /// what `v8.getHeapStatistics()` says now, to check the layout against.
    #[napi(catch_unwind)]
    pub fn install_hook(&self, heap_size_limit: f64, native_contexts: f64) -> Option<String> {
        let mut watch = self.watch.borrow_mut();
        watch
            .as_mut()?
            .install_hook(heap_size_limit as u64, native_contexts as u64)
            .err()
    }

    /// From here on it is known when V8 asks for a higher heap limit. Of this isolate's callbacks for that
    /// V8 calls the last one only: whoever registered before is not called any more, but for Node.js in a
    /// `worker` thread. Answers with the reason where it cannot be known.
    #[napi(catch_unwind)]
    pub fn watch_heap_limit(&self, worker: bool) -> Option<String> {
        let mut watch = self.watch.borrow_mut();
        watch.as_mut()?.watch_heap_limit(worker).err()
    }

    /// What is written when V8 asks, instead of what was prepared before. Throws a sentence where it cannot be.
    #[napi(catch_unwind)]
    pub fn prepare_last_words(&self, words: Vec<LastWordShape>) -> napi::Result<()> {
        let words = words.into_iter().map(Into::into).collect();
        self.observer()
            .map_or(Ok(()), |observer| observer.prepare_last_words(words))
            .map_err(|reason| Error::new(Status::GenericFailure, reason))
    }

    /// Whether V8 has asked for a higher heap limit since this was called last.
    #[napi(catch_unwind)]
    pub fn heap_limit_asked(&self) -> bool {
        self.observer()
            .is_some_and(|observer| observer.take_heap_limit_asked())
    }

    /// Chooses what is queued beside changes of the verdict: 1 'stats', 2 every collection.
    #[napi(catch_unwind)]
    pub fn listen(&self, interest: u32) {
        if let Some(observer) = self.observer() {
            observer.recorder.borrow_mut().listen(Interest {
                stats: interest & INTEREST_STATS != 0,
                every_gc: interest & INTEREST_GC != 0,
            });
        }
    }

    /// What was queued since the last call.
    #[napi(catch_unwind)]
    pub fn drain(&self) -> DrainedShape {
        let (records, dropped) = self
            .observer()
            .map(|observer| observer.recorder.borrow_mut().drain())
            .unwrap_or_default();
        DrainedShape {
            records: records.iter().map(Into::into).collect(),
            dropped: dropped as f64,
        }
    }

    /// Milliseconds since the start, on the clock of all `atMs`.
    #[napi(catch_unwind)]
    pub fn now_ms(&self) -> f64 {
        self.observer().map_or(0.0, |observer| observer.now_ms())
    }

    /// A sample that JavaScript read itself, because there is no hook.
    #[napi(catch_unwind)]
    pub fn push_sample(&self, pushed: PushedSample) {
        if let Some(watch) = self.watch.borrow().as_ref() {
            watch.push(&(&pushed).into());
        }
    }

    /// A look between two collections, with the number of active handles where it was counted.
    #[napi(catch_unwind)]
    pub fn look(&self, resources: Option<f64>, machine_available: Option<f64>) {
        if let Some(watch) = self.watch.borrow_mut().as_mut() {
            watch.look(
                resources.map(|count| count as u64),
                machine_available.map(|bytes| bytes as u64),
            );
        }
    }

    /// A full collection, now, told as one.
    #[napi(catch_unwind)]
    pub fn gc(&self) {
        // No borrow of ours lives across the collection.
        if let Some(observer) = self.observer() {
            observer.gc();
        }
    }

    /// Until `resume_judging` collections are counted and no more: a heap snapshot causes them.
    #[napi(catch_unwind)]
    pub fn pause_judging(&self) {
        if let Some(observer) = self.observer() {
            let at_ms = observer.now_ms();
            observer.recorder.borrow_mut().unjudged_begin(at_ms);
        }
    }

    #[napi(catch_unwind)]
    pub fn resume_judging(&self) {
        if let Some(observer) = self.observer() {
            let at_ms = observer.now_ms();
            observer.recorder.borrow_mut().unjudged_end(at_ms);
        }
    }

    /// Whether a full collection would help to settle a suspicion.
    #[napi(catch_unwind)]
    pub fn wants_gc(&self) -> bool {
        self.observer()
            .is_some_and(|observer| observer.recorder.borrow().wants_gc())
    }

    #[napi(catch_unwind)]
    pub fn status(&self) -> Option<StatusShape> {
        Some(self.watch.borrow().as_ref()?.status().into())
    }

    #[napi(catch_unwind)]
    pub fn history(&self) -> Option<HistoryShape> {
        let observer = self.observer()?;
        let recorder = observer.recorder.borrow();
        Some(HistoryShape {
            samples: recorder
                .ring()
                .iter()
                .map(|sample| SampleShape::new(sample, None))
                .collect(),
            coarse: recorder.coarse_history().map(Into::into).collect(),
        })
    }

    /// Takes the hook away and gives the memory back. Closing twice does nothing.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        close(&self.watch);
    }
}

impl Watch {
    pub(super) fn observer(&self) -> Option<Rc<Observer>> {
        let watch = self.watch.borrow();
        watch.as_ref().map(|watch| Rc::clone(watch.observer()))
    }
}

/// By JavaScript or by the end of the environment, whichever comes first.
fn close(cell: &RefCell<Option<isolate::Watch>>) {
    // Out of the cell first: what follows calls V8, libuv and napi.
    let watch = cell.take();
    if let Some(watch) = watch {
        watch.close();
    }
}

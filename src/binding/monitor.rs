//! The native side of `lib/monitor.js`: one watched isolate.

use super::shapes::{
    CostShape, DrainedShape, HistoryShape, MemoryShape, MonitorOptions, PushedSample, SampleShape,
    StatusShape, number,
};
use super::watch::{GcTypes, LoadCounters, Watch};
use crate::flight::{LastWords, Word};
use crate::process::{cgroup, machine, rss};
use crate::recorder::{Interest, Recorder, Settings};
use crate::trend::{CHANNELS, Config, Headroom, Limits, Rule, SampleKind};
use crate::v8::{GcHook, HeapLimitWatch, HeapStatistics, Isolate, Waker};
use napi::bindgen_prelude::{Float64Array, Function};
use napi::{Env, Error, Status};
use napi_derive::napi;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

/// Closed by `close()` or, at the latest, when its environment ends. Afterwards every method
/// answers with nothing.
#[napi]
pub struct Monitor {
    /// Taken out by `close`, so that its memory goes at once and not with the JavaScript object.
    inner: Rc<RefCell<Option<Inner>>>,
}

/// A file that is written when V8 asks for a higher heap limit.
#[napi(object, object_to_js = false)]
pub struct LastWord {
    /// Absolute.
    pub path: String,
    /// With marks for what only that moment knows, see `src/flight/last_words.rs`.
    pub text: String,
    /// The file that is there is written to, rather than replaced.
    pub in_place: bool,
}

impl From<LastWord> for Word {
    fn from(word: LastWord) -> Self {
        Self {
            path: word.path.into(),
            text: word.text,
            in_place: word.in_place,
        }
    }
}

struct Inner {
    watch: Rc<Watch>,
    hook: Option<GcHook<Watch>>,
    heap_limit: Option<HeapLimitWatch>,
    memory_limit: Option<u64>,
    limits: Seen,
    /// Why JavaScript cannot be woken, if it cannot: then it has to look by itself.
    wake_error: Option<String>,
}

/// The limits at the last look.
#[derive(Clone, Copy, Default)]
struct Seen {
    cgroup: Option<cgroup::CgroupMemory>,
    machine: Option<u64>,
}

/// Bits of `listen`.
const INTEREST_STATS: u32 = 1;
const INTEREST_GC: u32 = 2;

#[expect(
    clippy::needless_pass_by_value,
    reason = "napi hands owned values over"
)]
#[napi]
impl Monitor {
    /// `load` holds what JavaScript counts (NaN: it does not), see `LoadCounters`; `wake` is called on
    /// the event loop when there is something to drain.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        env: Env,
        options: MonitorOptions,
        load: Float64Array,
        wake: Function<(), ()>,
    ) -> Self {
        let gc_types = GcTypes {
            major: options.gc_major,
            incremental: options.gc_incremental,
            weak_callback: options.gc_weakcb,
        };
        let rule = if options.detector == "memwatch" {
            Rule::Memwatch {
                consecutive: options.consecutive,
            }
        } else {
            Rule::Trend
        };
        let watched =
            CHANNELS.map(|channel| options.channels.iter().any(|name| name == channel.as_str()));
        let recorder = Recorder::new(Settings {
            config: Config {
                rule,
                channels: watched,
                ..Config::default()
            },
            history_size: options.history_size as usize,
        });
        let watch = Rc::new(Watch::new(recorder, gc_types, LoadCounters(load)));
        let inner = Rc::new(RefCell::new(None));
        let weak: Weak<RefCell<Option<Inner>>> = Rc::downgrade(&inner);
        let at_exit = Box::new(move || {
            if let Some(inner) = weak.upgrade() {
                close(&inner);
            }
        });
        let waker = Waker::open(&env, &wake, at_exit);
        let wake_error = waker.as_ref().err().map(|error| error.reason.clone());
        *watch.waker.borrow_mut() = waker.ok();
        *inner.borrow_mut() = Some(Inner {
            watch,
            hook: None,
            heap_limit: None,
            memory_limit: options.memory_limit.map(|bytes| bytes as u64),
            limits: Seen::default(),
            wake_error,
        });
        Self { inner }
    }

    /// Installs the GC hook. Answers with the reason where that is not possible. The two numbers are
    /// what `v8.getHeapStatistics()` says now, to check the layout against.
    #[napi(catch_unwind)]
    pub fn install_hook(&self, heap_size_limit: f64, native_contexts: f64) -> Option<String> {
        let mut inner = self.inner.borrow_mut();
        inner
            .as_mut()?
            .install_hook(heap_size_limit as u64, native_contexts as u64)
            .err()
    }

    /// From here on it is known when V8 asks for a higher heap limit. Of this isolate's callbacks for that
    /// V8 calls the last one only: whoever registered before is not called any more, but for Node.js in a
    /// `worker` thread.
    #[napi(catch_unwind)]
    pub fn watch_heap_limit(&self, worker: bool) {
        let (Some(watch), Ok(Some(isolate))) = (self.watch(), Isolate::current()) else {
            return;
        };
        let on_asked = Rc::new(move |limit| watch.heap_limit_asked(limit));
        let installed = HeapLimitWatch::install(isolate, on_asked, worker);
        // Nothing new: it is watched already.
        if let Ok(Some(new)) = installed
            && let Some(inner) = self.inner.borrow_mut().as_mut()
        {
            inner.heap_limit = Some(new);
        }
    }

    /// What is written when V8 asks, instead of what was prepared before. Throws a sentence where it cannot be.
    #[napi(catch_unwind)]
    pub fn prepare_last_words(&self, words: Vec<LastWord>) -> napi::Result<()> {
        let failed = |reason: String| Error::new(Status::GenericFailure, reason);
        let Some(watch) = self.watch() else {
            return Ok(());
        };
        let mut last = watch.last_words.borrow_mut();
        if last.is_none() {
            *last = Some(LastWords::new().map_err(failed)?);
        }
        if let Some(last) = &*last {
            last.prepare(words.into_iter().map(Into::into).collect());
        }
        Ok(())
    }

    /// Whether V8 has asked for a higher heap limit since this was called last.
    #[napi(catch_unwind)]
    pub fn heap_limit_asked(&self) -> bool {
        self.watch()
            .is_some_and(|watch| watch.near_heap_limit.replace(false))
    }

    /// Chooses what is queued beside changes of the verdict: 1 'stats', 2 every collection.
    #[napi(catch_unwind)]
    pub fn listen(&self, interest: u32) {
        if let Some(watch) = self.watch() {
            watch.recorder.borrow_mut().listen(Interest {
                stats: interest & INTEREST_STATS != 0,
                every_gc: interest & INTEREST_GC != 0,
            });
        }
    }

    /// What was queued since the last call.
    #[napi(catch_unwind)]
    pub fn drain(&self) -> DrainedShape {
        let (records, dropped) = self
            .watch()
            .map(|watch| watch.recorder.borrow_mut().drain())
            .unwrap_or_default();
        DrainedShape {
            records: records.iter().map(Into::into).collect(),
            dropped: dropped as f64,
        }
    }

    /// Milliseconds since the start, on the clock of all `atMs`.
    #[napi(catch_unwind)]
    pub fn now_ms(&self) -> f64 {
        self.watch().map_or(0.0, |watch| watch.now_ms())
    }

    /// A sample that JavaScript read itself, because there is no hook.
    #[napi(catch_unwind)]
    pub fn push_sample(&self, pushed: PushedSample) {
        if let Some(watch) = self.watch() {
            push_sample(&watch, &pushed);
        }
    }

    /// A look between two collections, with the number of active handles where it was counted.
    #[napi(catch_unwind)]
    pub fn look(&self, resources: Option<f64>, machine_available: Option<f64>) {
        if let Some(inner) = self.inner.borrow_mut().as_mut() {
            inner.look(
                resources.map(|count| count as u64),
                machine_available.map(|bytes| bytes as u64),
            );
        }
    }

    /// A full collection, now, told as one.
    #[napi(catch_unwind)]
    pub fn gc(&self) {
        // No borrow of ours lives across the collection.
        let (Some(watch), Ok(Some(isolate))) = (self.watch(), Isolate::current()) else {
            return;
        };
        watch.recorder.borrow_mut().asked_begin();
        isolate.collect_all_garbage();
        let tell = watch.recorder.borrow_mut().asked_end();
        if tell {
            watch.wake();
        }
    }

    /// Until `resume_judging` collections are counted and no more: a heap snapshot causes them.
    #[napi(catch_unwind)]
    pub fn pause_judging(&self) {
        if let Some(watch) = self.watch() {
            let at_ms = watch.now_ms();
            watch.recorder.borrow_mut().unjudged_begin(at_ms);
        }
    }

    #[napi(catch_unwind)]
    pub fn resume_judging(&self) {
        if let Some(watch) = self.watch() {
            let at_ms = watch.now_ms();
            watch.recorder.borrow_mut().unjudged_end(at_ms);
        }
    }

    /// Whether a full collection would help to settle a suspicion.
    #[napi(catch_unwind)]
    pub fn wants_gc(&self) -> bool {
        self.watch()
            .is_some_and(|watch| watch.recorder.borrow().wants_gc())
    }

    #[napi(catch_unwind)]
    pub fn status(&self) -> Option<StatusShape> {
        self.inner.borrow().as_ref().map(Inner::status)
    }

    #[napi(catch_unwind)]
    pub fn history(&self) -> Option<HistoryShape> {
        let watch = self.watch()?;
        let recorder = watch.recorder.borrow();
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
        close(&self.inner);
    }
}

impl Monitor {
    pub(super) fn watch(&self) -> Option<Rc<Watch>> {
        self.inner
            .borrow()
            .as_ref()
            .map(|inner| Rc::clone(&inner.watch))
    }
}

/// By JavaScript or by the end of the environment, whichever comes first.
fn close(cell: &RefCell<Option<Inner>>) {
    // Out of the cell first: what follows calls V8, libuv and napi.
    let Some(inner) = cell.take() else { return };
    // The hooks before the waker: nothing may call a watch that cannot tell.
    drop(inner.hook);
    drop(inner.heap_limit);
    inner.watch.close();
}

fn push_sample(watch: &Watch, pushed: &PushedSample) {
    let heap = HeapStatistics {
        used_heap_size: pushed.used_heap_size as u64,
        total_heap_size: pushed.total_heap_size as u64,
        total_physical_size: pushed.total_physical_size as u64,
        external_memory: pushed.external_memory as u64,
        heap_size_limit: pushed.heap_size_limit as u64,
        malloced_memory: pushed.malloced_memory as u64,
        number_of_native_contexts: pushed.native_contexts as u64,
        number_of_detached_contexts: pushed.detached_contexts as u64,
        ..HeapStatistics::default()
    };
    let kind = watch.kind(pushed.gc_type);
    let mut sample = watch.sample(kind, pushed.at_ms, &heap, kind == SampleKind::Major);
    sample.forced = pushed.forced;
    sample.duration_ms = pushed.duration_ms;
    if pushed.count_only {
        watch.recorder.borrow_mut().count(&sample);
    } else {
        watch.record(sample, None);
    }
}

impl Inner {
    fn install_hook(&mut self, heap_size_limit: u64, native_contexts: u64) -> Result<(), String> {
        let isolate = Isolate::current()
            .map_err(|missing| format!("this Node.js does not export {}", missing.0))?
            .ok_or("no isolate is entered on this thread")?;
        if !isolate
            .heap_statistics()
            .layout_agrees(heap_size_limit, native_contexts)
        {
            return Err("V8's heap statistics have another layout than expected".to_owned());
        }
        self.hook = Some(GcHook::install(
            isolate,
            self.watch.epoch,
            Rc::clone(&self.watch),
        ));
        Ok(())
    }

    fn look(&mut self, resources: Option<u64>, machine_available: Option<u64>) {
        let watch = &*self.watch;
        watch.resources.set(resources);
        let sample = watch.sample(SampleKind::Timer, watch.now_ms(), &watch.heap_now(), true);
        watch.record(sample, None);

        self.limits = Seen {
            cgroup: cgroup::memory(),
            machine: machine::available().or(machine_available),
        };
        // A limit that the user named kills like a container's: the nearer one counts.
        let named = self
            .memory_limit
            .zip(sample.rss)
            .map(|(limit, rss)| limit.saturating_sub(rss));
        let cgroup = self.limits.cgroup.map(|memory| memory.headroom());
        let container = cgroup.into_iter().chain(named).min();
        watch.recorder.borrow_mut().set_limits(Limits {
            cgroup: container.map(|bytes| Headroom { bytes }),
            machine: self.limits.machine.map(|bytes| Headroom { bytes }),
        });
    }

    fn status(&self) -> StatusShape {
        let watch = &self.watch;
        let recorder = watch.recorder.borrow();
        let heap = watch.heap_now();
        let rss = rss::resident_set_size();
        let v8_and_external = heap.total_physical_size + heap.external_memory + watch.others(&heap);
        StatusShape {
            channels: recorder.statuses().map(|status| (&status).into()).collect(),
            memory: MemoryShape {
                rss: number(rss),
                used_heap_size: heap.used_heap_size as f64,
                total_heap_size: heap.total_heap_size as f64,
                heap_size_limit: heap.heap_size_limit as f64,
                external_memory: heap.external_memory as f64,
                malloced_memory: heap.malloced_memory as f64,
                native: number(rss.map(|rss| rss.saturating_sub(v8_and_external))),
                native_contexts: heap.number_of_native_contexts as f64,
                detached_contexts: heap.number_of_detached_contexts as f64,
                cgroup: self.limits.cgroup.as_ref().map(Into::into),
                machine_available: number(self.limits.machine),
            },
            gc: recorder.counters().into(),
            cost: CostShape::new(watch.cost.each_ref().map(Cell::get), recorder.own_memory()),
            uptime_ms: watch.now_ms(),
            requests: number(watch.load.requests()),
            connections: watch.load.connections().map(f64::from),
            requests_in_flight: watch.load.in_flight().map(f64::from),
            lost: watch.lost.get() as f64,
            failed: watch.failed.get(),
            wake_error: self.wake_error.clone(),
        }
    }
}

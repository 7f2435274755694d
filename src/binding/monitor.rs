//! The native side of `lib/monitor.js`: one watched isolate.

use super::shapes::{
    CostShape, DrainedShape, HistoryShape, MemoryShape, MonitorOptions, PushedSample, SampleShape,
    StatusShape, number,
};
use super::watch::{GcTypes, RequestCounter, Watch};
use crate::process::{cgroup, machine};
use crate::recorder::{Interest, Recorder, Settings};
use crate::trend::{CHANNELS, Config, Headroom, Limits, Rule, SampleKind};
use crate::v8::{GcHook, HeapStatistics, Isolate, Waker};
use napi::Env;
use napi::bindgen_prelude::{Float64Array, Function};
use napi_derive::napi;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Closed by `close()` or, at the latest, when its environment ends.
#[napi]
pub struct Monitor {
    inner: Rc<Inner>,
}

struct Inner {
    watch: Rc<Watch>,
    hook: RefCell<Option<GcHook<Watch>>>,
    /// What `v8.getHeapStatistics()` says, to check the layout against.
    expected: (u64, u64),
    memory_limit: Option<u64>,
    limits: Cell<Seen>,
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
    /// `requests` holds one number that JavaScript counts up (NaN: it does not); `wake` is called on
    /// the event loop when there is something to drain.
    #[napi(constructor)]
    pub fn new(
        env: Env,
        options: MonitorOptions,
        requests: Float64Array,
        wake: Function<(), ()>,
    ) -> napi::Result<Self> {
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
        let recorder = Recorder::new(Settings {
            config: Config {
                rule,
                channels: CHANNELS
                    .map(|channel| options.channels.iter().any(|name| name == channel.as_str())),
                ..Config::default()
            },
            history_size: options.history_size as usize,
        });
        let inner = Rc::new(Inner {
            watch: Rc::new(Watch::new(recorder, gc_types, RequestCounter(requests))),
            hook: RefCell::new(None),
            expected: (
                options.heap_size_limit as u64,
                options.native_contexts as u64,
            ),
            memory_limit: options.memory_limit.map(|bytes| bytes as u64),
            limits: Cell::new(Seen::default()),
        });
        let weak = Rc::downgrade(&inner);
        let at_exit = Box::new(move || {
            if let Some(inner) = weak.upgrade() {
                inner.close();
            }
        });
        *inner.watch.waker.borrow_mut() = Some(Waker::open(&env, &wake, at_exit)?);
        Ok(Self { inner })
    }

    /// Installs the GC hook. Answers with the reason where that is not possible.
    #[napi]
    pub fn install_hook(&self) -> Option<String> {
        self.inner.install_hook().err()
    }

    /// Chooses what is queued beside changes of the verdict: 1 'stats', 2 every collection.
    #[napi]
    pub fn listen(&self, interest: u32) {
        self.inner.watch.recorder.borrow_mut().listen(Interest {
            stats: interest & INTEREST_STATS != 0,
            every_gc: interest & INTEREST_GC != 0,
        });
    }

    /// What was queued since the last call.
    #[napi]
    pub fn drain(&self) -> DrainedShape {
        let (records, dropped) = self.inner.watch.recorder.borrow_mut().drain();
        DrainedShape {
            records: records.iter().map(Into::into).collect(),
            dropped: dropped as f64,
        }
    }

    /// A sample that JavaScript read itself, because there is no hook.
    #[napi]
    pub fn push_sample(&self, pushed: PushedSample) {
        self.inner.push_sample(&pushed);
    }

    /// A look between two collections, with the number of active handles where it was counted.
    #[napi]
    pub fn look(&self, resources: Option<f64>, machine_available: Option<f64>) {
        self.inner.look(
            resources.map(|count| count as u64),
            machine_available.map(|bytes| bytes as u64),
        );
    }

    /// A full collection, now, told as one.
    #[napi]
    pub fn gc(&self) {
        self.inner.gc();
    }

    /// Whether a full collection would help to settle a suspicion.
    #[napi]
    pub fn wants_gc(&self) -> bool {
        self.inner.watch.recorder.borrow().wants_gc()
    }

    #[napi]
    pub fn status(&self) -> StatusShape {
        self.inner.status()
    }

    #[napi]
    pub fn history(&self) -> HistoryShape {
        let recorder = self.inner.watch.recorder.borrow();
        HistoryShape {
            samples: recorder
                .ring()
                .iter()
                .map(|sample| SampleShape::new(sample, None))
                .collect(),
            coarse: recorder.coarse_history().map(Into::into).collect(),
        }
    }

    /// Takes the hook away. Closing twice does nothing.
    #[napi]
    pub fn close(&self) {
        self.inner.close();
    }
}

impl Inner {
    fn install_hook(&self) -> Result<(), String> {
        let isolate = Isolate::current()
            .map_err(|missing| format!("this Node.js does not export {}", missing.0))?
            .ok_or("no isolate is entered on this thread")?;
        let (heap_size_limit, native_contexts) = self.expected;
        let heap = isolate.heap_statistics();
        if !heap.layout_agrees(heap_size_limit, native_contexts) {
            return Err("V8's heap statistics have another layout than expected".to_owned());
        }
        let hook = GcHook::install(isolate, self.watch.epoch, Rc::clone(&self.watch));
        *self.hook.borrow_mut() = Some(hook);
        Ok(())
    }

    fn push_sample(&self, pushed: &PushedSample) {
        let heap = HeapStatistics {
            used_heap_size: pushed.used_heap_size as u64,
            total_heap_size: pushed.total_heap_size as u64,
            external_memory: pushed.external_memory as u64,
            heap_size_limit: pushed.heap_size_limit as u64,
            malloced_memory: pushed.malloced_memory as u64,
            number_of_native_contexts: pushed.native_contexts as u64,
            number_of_detached_contexts: pushed.detached_contexts as u64,
            ..HeapStatistics::default()
        };
        let kind = self.watch.kind(pushed.gc_type);
        let mut sample = self
            .watch
            .sample(kind, pushed.at_ms, &heap, kind == SampleKind::Major);
        sample.forced = pushed.forced;
        sample.duration_ms = pushed.duration_ms;
        self.watch.record(sample, None);
    }

    fn look(&self, resources: Option<u64>, machine_available: Option<u64>) {
        let watch = &*self.watch;
        watch.resources.set(resources);
        let heap = match Isolate::current() {
            Ok(Some(isolate)) => isolate.heap_statistics(),
            _ => watch.heap.get(),
        };
        let sample = watch.sample(SampleKind::Timer, watch.now_ms(), &heap, true);
        watch.record(sample, None);

        let seen = Seen {
            cgroup: cgroup::memory(),
            machine: machine::available().or(machine_available),
        };
        self.limits.set(seen);
        // A limit that the user named kills like a container's: the nearer one counts.
        let named = self
            .memory_limit
            .zip(watch.last_rss.get())
            .map(|(limit, rss)| limit.saturating_sub(rss));
        let cgroup = seen.cgroup.map(|memory| memory.headroom());
        let container = cgroup.into_iter().chain(named).min();
        watch.recorder.borrow_mut().set_limits(Limits {
            cgroup: container.map(|bytes| Headroom { bytes }),
            machine: seen.machine.map(|bytes| Headroom { bytes }),
        });
    }

    fn gc(&self) {
        let Ok(Some(isolate)) = Isolate::current() else {
            return;
        };
        self.watch.recorder.borrow_mut().asked_begin();
        isolate.collect_all_garbage();
        let tell = self.watch.recorder.borrow_mut().asked_end();
        if tell {
            self.watch.wake();
        }
    }

    fn status(&self) -> StatusShape {
        let watch = &self.watch;
        let recorder = watch.recorder.borrow();
        let heap = match Isolate::current() {
            Ok(Some(isolate)) => isolate.heap_statistics(),
            _ => watch.heap.get(),
        };
        let rss = watch.last_rss.get();
        let seen = self.limits.get();
        let v8_and_external = heap.total_heap_size + heap.external_memory + watch.others(&heap);
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
                cgroup: seen.cgroup.as_ref().map(Into::into),
                machine_available: number(seen.machine),
            },
            gc: recorder.counters().into(),
            cost: CostShape::new(watch.cost.each_ref().map(Cell::get), recorder.own_memory()),
            uptime_ms: watch.now_ms(),
            requests: number(watch.requests.read()),
            lost: watch.lost.get() as f64,
            failed: watch.failed.get(),
        }
    }

    fn close(&self) {
        // The hook first: nothing may call a watch whose waker is gone.
        drop(self.hook.borrow_mut().take());
        self.watch.close();
    }
}

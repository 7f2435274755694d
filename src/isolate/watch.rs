//! What lives from start to stop: the hooks, and the looks between two collections.

use super::kinds::GcTypes;
use super::load::LoadCounters;
use super::observer::Observer;
use super::status::{Memory, Status};
use crate::process::cgroup::{self, CgroupMemory};
use crate::process::symbol::MissingSymbol;
use crate::process::{machine, rss};
use crate::recorder::{Recorder, Settings};
use crate::trend::{Headroom, Limits, SampleKind};
use crate::v8::{GcHook, HeapLimitWatch, HeapStatistics, Isolate, Waker};
use std::rc::Rc;

pub struct Watch {
    observer: Rc<Observer>,
    hook: Option<GcHook<Observer>>,
    heap_limit: Option<HeapLimitWatch>,
    /// RSS that the user named as the limit.
    memory_limit: Option<u64>,
    limits: Seen,
    /// Why JavaScript cannot be woken, if it cannot: then it has to look by itself.
    wake_error: Option<String>,
}

/// The limits at the last look.
#[derive(Clone, Copy, Default)]
struct Seen {
    cgroup: Option<CgroupMemory>,
    machine: Option<u64>,
}

/// A collection that somebody else has seen, where there is no hook.
pub struct Pushed {
    /// V8's number of the kind of collection.
    pub gc_type: u32,
    pub forced: bool,
    /// Another full GC follows in the same batch: count it, but judge only the last.
    pub count_only: bool,
    pub at_ms: f64,
    pub duration_ms: f64,
    pub heap: HeapStatistics,
}

impl Watch {
    pub fn new(
        settings: Settings,
        gc_types: GcTypes,
        load: LoadCounters,
        memory_limit: Option<u64>,
    ) -> Self {
        Self {
            observer: Rc::new(Observer::new(Recorder::new(settings), gc_types, load)),
            hook: None,
            heap_limit: None,
            memory_limit,
            limits: Seen::default(),
            wake_error: None,
        }
    }

    pub fn observer(&self) -> &Rc<Observer> {
        &self.observer
    }

    /// Who is woken when there is something to tell, or why nobody can be.
    pub fn wake_by(&mut self, waker: Result<Waker, String>) {
        self.wake_error = waker.as_ref().err().cloned();
        self.observer.wake_by(waker.ok());
    }

    /// Answers with the reason where it is not possible. The two numbers are what V8 says by another way, to
    /// check the layout against.
    pub fn install_hook(
        &mut self,
        heap_size_limit: u64,
        native_contexts: u64,
    ) -> Result<(), String> {
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
            self.observer.epoch,
            Rc::clone(&self.observer),
        ));
        Ok(())
    }

    /// From here on it is known when V8 asks for a higher heap limit. `worker`: Node.js is asked after us.
    ///
    /// # Errors
    /// Why it cannot be known, in words.
    pub fn watch_heap_limit(&mut self, worker: bool) -> Result<(), String> {
        let lacks = |missing: MissingSymbol| format!("this Node.js does not export {}", missing.0);
        let Some(isolate) = Isolate::current().map_err(lacks)? else {
            return Ok(());
        };
        let observer = Rc::clone(&self.observer);
        let on_asked = Rc::new(move |limit| observer.heap_limit_asked(limit));
        match HeapLimitWatch::install(isolate, on_asked, worker).map_err(lacks)? {
            Some(new) => self.heap_limit = Some(new),
            // By the recorder and by what is prepared for the end alike.
            None if self.heap_limit.is_some() => {}
            None => return Err("another copy of tidemark in this thread hears it".to_owned()),
        }
        Ok(())
    }

    /// A look between two collections, with the number of active handles where it was counted, and what the
    /// machine has left as somebody else sees it.
    pub fn look(&mut self, resources: Option<u64>, machine_available: Option<u64>) {
        let observer = &*self.observer;
        observer.set_resources(resources);
        let heap = observer.heap_now();
        let sample = observer.sample(SampleKind::Timer, observer.now_ms(), &heap, true);
        observer.record(sample, None);

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
        observer.recorder.borrow_mut().set_limits(Limits {
            cgroup: container.map(|bytes| Headroom { bytes }),
            machine: self.limits.machine.map(|bytes| Headroom { bytes }),
        });
    }

    /// A collection that the hook did not see, because there is none.
    pub fn push(&self, pushed: &Pushed) {
        let observer = &*self.observer;
        let kind = observer.kind(pushed.gc_type);
        let is_full = kind == SampleKind::Major;
        let mut sample = observer.sample(kind, pushed.at_ms, &pushed.heap, is_full);
        sample.forced = pushed.forced;
        sample.duration_ms = pushed.duration_ms;
        if pushed.count_only {
            observer.recorder.borrow_mut().count(&sample);
        } else {
            observer.record(sample, None);
        }
    }

    pub fn status(&self) -> Status {
        let observer = &*self.observer;
        let recorder = observer.recorder.borrow();
        let heap = observer.heap_now();
        let rss = rss::resident_set_size();
        let known = heap.total_physical_size + heap.external_memory + observer.others(&heap);
        Status {
            channels: recorder.statuses().collect(),
            memory: Memory {
                heap,
                rss,
                native: rss.map(|rss| rss.saturating_sub(known)),
                cgroup: self.limits.cgroup,
                machine_available: self.limits.machine,
            },
            counters: *recorder.counters(),
            full_gc_cost: observer.cost[0].get(),
            other_gc_cost: observer.cost[1].get(),
            own_memory: recorder.own_memory(),
            uptime_ms: observer.now_ms(),
            requests: observer.load.requests(),
            connections: observer.load.connections(),
            in_flight: observer.load.in_flight(),
            lost: observer.lost.get(),
            failed: observer.failed.get(),
            wake_error: self.wake_error.clone(),
        }
    }

    /// Takes the hooks away. They go before the waker: nothing may call an observer that cannot tell.
    pub fn close(self) {
        drop(self.hook);
        drop(self.heap_limit);
        self.observer.close();
    }
}

//! Joins the hook, the process's figures and the recorder: the one place that runs inside the GC.

use super::cost::Cost;
use super::kinds::GcTypes;
use super::load::LoadCounters;
use super::recording::Recording;
use crate::flight::{Fill, LastWords, Word};
use crate::process::isolates::Registration;
use crate::process::rss;
use crate::recorder::Recorder;
use crate::trend::{Resources, Sample, SampleKind};
use crate::v8::{Collection, GcObserver, HeapStatistics, Isolate, Waker};
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// How long the process, which is about to end, waits for its recorder.
const LAST_RECORD: Duration = Duration::from_millis(500);

/// State of one isolate's watching. All cells: the callback comes in the middle of anything.
pub struct Observer {
    pub epoch: Instant,
    pub recorder: RefCell<Recorder>,
    waker: RefCell<Option<Waker>>,
    /// Active handles when they were counted last.
    resources: Cell<Option<Resources>>,
    /// The heap's numbers at the last reading.
    heap: Cell<HeapStatistics>,
    /// Bytes of heap that the last collection left; 0 before the first.
    left: Cell<u64>,
    /// Collections that could not be recorded because the recorder was in use: a bug if not 0.
    pub(super) lost: Cell<u64>,
    pub(super) failed: Cell<bool>,
    /// V8 asked for a higher heap limit.
    near_heap_limit: Cell<bool>,
    /// Of full GCs, and of all other collections.
    pub(super) cost: [Cell<Cost>; 2],
    gc_types: GcTypes,
    pub(super) load: LoadCounters,
    /// Our place among the watched isolates, until `close`.
    registration: RefCell<Option<Registration>>,
    /// Where what happens is recorded beyond the end of the process, if it is.
    recording: RefCell<Option<Recording>>,
    /// What is written when V8 asks for a higher heap limit, if something is.
    last_words: RefCell<Option<LastWords>>,
}

impl Observer {
    pub(super) fn new(recorder: Recorder, gc_types: GcTypes, load: LoadCounters) -> Self {
        rss::prepare();
        Self {
            epoch: Instant::now(),
            recorder: RefCell::new(recorder),
            waker: RefCell::new(None),
            resources: Cell::new(None),
            heap: Cell::new(HeapStatistics::default()),
            left: Cell::new(0),
            lost: Cell::new(0),
            failed: Cell::new(false),
            near_heap_limit: Cell::new(false),
            cost: Default::default(),
            gc_types,
            load,
            registration: RefCell::new(Some(Registration::new())),
            recording: RefCell::new(None),
            last_words: RefCell::new(None),
        }
    }

    pub(super) fn wake_by(&self, waker: Option<Waker>) {
        *self.waker.borrow_mut() = waker;
    }

    /// From here on what happens goes into the file of the process too.
    pub fn record_in(&self, recording: Recording) {
        *self.recording.borrow_mut() = Some(recording);
    }

    pub fn with_recording<T>(&self, use_it: impl FnOnce(&Recording) -> T) -> Option<T> {
        self.recording.try_borrow().ok()?.as_ref().map(use_it)
    }

    pub(super) fn kind(&self, gc_type: u32) -> SampleKind {
        self.gc_types.kind(gc_type)
    }

    /// Milliseconds since the start.
    pub fn now_ms(&self) -> f64 {
        self.epoch.elapsed().as_secs_f64() * 1000.0
    }

    /// With the load that was at hand when they were counted. What was known stays where they were not.
    pub(super) fn set_resources(&self, count: Option<u64>) {
        if let Some(count) = count {
            self.resources.set(Some(Resources {
                count,
                connections: self.load.connections(),
                in_flight: self.load.in_flight(),
            }));
        }
    }

    /// Publishes this isolate's memory and answers with that of all other watched isolates.
    pub(super) fn others(&self, heap: &HeapStatistics) -> u64 {
        let Ok(registration) = self.registration.try_borrow() else {
            return 0;
        };
        let own = heap
            .total_physical_size
            .saturating_add(heap.external_memory);
        registration
            .as_ref()
            .map_or(0, |registration| registration.exchange(own))
    }

    /// Nothing is told any more, and the isolate no longer counts as watched.
    pub(super) fn close(&self) {
        // Out of the cell first: closing calls libuv and napi.
        let waker = self.waker.take();
        drop(waker);
        let registration = self.registration.take();
        drop(registration);
        let recording = self.recording.take();
        drop(recording);
        let last_words = self.last_words.take();
        drop(last_words);
    }

    /// The heap's numbers now, or the last ones where V8 cannot be asked.
    pub(super) fn heap_now(&self) -> HeapStatistics {
        match Isolate::current() {
            Ok(Some(isolate)) => isolate.heap_statistics(),
            _ => self.heap.get(),
        }
    }

    /// Takes a reading and wakes JavaScript when there is something to tell.
    pub(super) fn record(&self, sample: Sample, used_before: Option<u64>) {
        let Ok(mut recorder) = self.recorder.try_borrow_mut() else {
            self.lost.set(self.lost.get() + 1);
            return;
        };
        let tell = recorder.record(sample, used_before);
        self.with_recording(|recording| recording.seat.record(&recorder, &sample));
        drop(recorder);
        if tell {
            self.wake();
        }
    }

    /// A full collection, now, told as one. No borrow lives across it: it wants the recorder.
    pub fn gc(&self) {
        let Ok(Some(isolate)) = Isolate::current() else {
            return;
        };
        self.recorder.borrow_mut().asked_begin();
        isolate.collect_all_garbage();
        let tell = self.recorder.borrow_mut().asked_end();
        if tell {
            self.wake();
        }
    }

    /// V8 asks for a higher heap limit, in the middle of an allocation or a collection. It may end the process
    /// in the next moment, so the record of it, and what was prepared for it, is waited for, once.
    pub(super) fn heap_limit_asked(&self, limit: usize) {
        self.near_heap_limit.set(true);
        let last_words = self.last_words.try_borrow().ok();
        let last_words = last_words.as_deref().and_then(Option::as_ref);
        let until = Instant::now() + LAST_RECORD;
        let spoken = last_words.filter(|last_words| {
            last_words.begin(Fill {
                used: self.left.get(),
                limit: limit as u64,
            })
        });
        self.with_recording(|recording| {
            if recording.seat.near_heap_limit(limit as u64) {
                recording.flight.flush(LAST_RECORD);
            }
        });
        if let Some(last_words) = spoken {
            last_words.wait(until.saturating_duration_since(Instant::now()));
        }
    }

    /// What is written when V8 asks for a higher heap limit, instead of what was prepared before.
    ///
    /// # Errors
    /// No thread could be started for it, in words.
    pub fn prepare_last_words(&self, words: Vec<Word>) -> Result<(), String> {
        let mut last = self.last_words.borrow_mut();
        if last.is_none() {
            *last = Some(LastWords::new()?);
        }
        if let Some(last) = &*last {
            last.prepare(words);
        }
        Ok(())
    }

    /// Whether V8 has asked for a higher heap limit since this was called last.
    pub fn take_heap_limit_asked(&self) -> bool {
        self.near_heap_limit.replace(false)
    }

    fn wake(&self) {
        if let Ok(waker) = self.waker.try_borrow()
            && let Some(waker) = &*waker
        {
            waker.wake();
        }
    }

    /// Builds the sample that belongs to these heap numbers. RSS is read when `look` says so (12 us).
    pub(super) fn sample(
        &self,
        kind: SampleKind,
        at_ms: f64,
        heap: &HeapStatistics,
        look: bool,
    ) -> Sample {
        self.heap.set(*heap);
        if kind != SampleKind::Timer {
            self.left.set(heap.used_heap_size);
        }
        let others = self.others(heap);
        let rss = if look { rss::resident_set_size() } else { None };
        Sample {
            kind,
            forced: false,
            at_ms,
            duration_ms: 0.0,
            used_heap: heap.used_heap_size,
            total_heap: heap.total_heap_size,
            physical_heap: heap.total_physical_size,
            external: heap.external_memory,
            heap_limit: heap.heap_size_limit,
            rss,
            other_isolates: others,
            allocated: None,
            requests: self.load.requests(),
            connections: self.load.connections(),
            in_flight: self.load.in_flight(),
            resources: self.resources.get(),
        }
    }
}

impl GcObserver for Observer {
    fn collected(&self, collection: &Collection) {
        let kind = self.kind(collection.gc_type);
        let at_ms = collection.ended_ns as f64 / 1e6;
        let mut sample = self.sample(kind, at_ms, &collection.after, kind == SampleKind::Major);
        sample.forced = collection.forced;
        sample.duration_ms = collection.ended_ns.saturating_sub(collection.started_ns) as f64 / 1e6;
        self.record(sample, Some(collection.used_before));

        let now_ns = self.epoch.elapsed().as_nanos() as u64;
        let slot = &self.cost[usize::from(kind != SampleKind::Major)];
        let mut cost = slot.get();
        cost.add(collection.prologue_ns + now_ns.saturating_sub(collection.ended_ns));
        slot.set(cost);
    }

    fn failed(&self) {
        self.failed.set(true);
        self.wake();
    }
}

//! Joins the hook, the process's figures and the recorder: the one place that runs inside the GC.

use crate::flight::{Fill, Flight, Health, LastWords, Plan, Seat};
use crate::process::isolates::Registration;
use crate::process::rss;
use crate::recorder::Recorder;
use crate::trend::{Sample, SampleKind};
use crate::v8::{Collection, GcObserver, HeapStatistics, Isolate, Waker};
use napi::bindgen_prelude::Float64Array;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// V8's numbers of the kinds of collection, from `perf_hooks.constants`.
#[derive(Clone, Copy, Debug)]
pub(super) struct GcTypes {
    pub(super) major: u32,
    pub(super) incremental: u32,
    pub(super) weak_callback: u32,
}

impl GcTypes {
    /// Whatever is none of the others is young: V8 has more than one young collector.
    fn kind(self, gc_type: u32) -> SampleKind {
        match gc_type {
            number if number == self.major => SampleKind::Major,
            number if number == self.incremental => SampleKind::Incremental,
            number if number == self.weak_callback => SampleKind::WeakCallback,
            _ => SampleKind::Minor,
        }
    }
}

/// How long the process, which is about to end, waits for its recorder.
const LAST_RECORD: Duration = Duration::from_millis(500);

/// Where JavaScript counts the work at hand: a `Float64Array` that it writes and we read, of requests,
/// requests that have ended, and open connections.
pub(super) struct LoadCounters(pub(super) Float64Array);

impl LoadCounters {
    pub(super) fn requests(&self) -> Option<u64> {
        self.read(0)
    }

    pub(super) fn connections(&self) -> Option<u32> {
        self.read(2).map(|count| count as u32)
    }

    /// Requests whose connection broke off never end: there are no more in flight than connections.
    pub(super) fn in_flight(&self) -> Option<u32> {
        let open = self.requests()?.saturating_sub(self.read(1)?);
        Some(self.connections()?.min(open as u32))
    }

    fn read(&self, place: usize) -> Option<u64> {
        // JavaScript writes on this same thread, and never while we run. NaN: it does not count.
        let count = *self.0.get(place)?;
        (count >= 0.0).then_some(count as u64)
    }
}

/// What the hook costs, for `status().cost`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    pub(super) callbacks: u64,
    pub(super) nanoseconds: u64,
}

impl Cost {
    fn add(&mut self, nanoseconds: u64) {
        self.callbacks += 1;
        self.nanoseconds += nanoseconds;
    }
}

/// State of one isolate's watching. All cells: the callback comes in the middle of anything.
pub(super) struct Watch {
    pub(super) epoch: Instant,
    pub(super) recorder: RefCell<Recorder>,
    pub(super) waker: RefCell<Option<Waker>>,
    pub(super) resources: Cell<Option<u64>>,
    pub(super) heap: Cell<HeapStatistics>,
    /// Collections that could not be recorded because the recorder was in use: a bug if not 0.
    pub(super) lost: Cell<u64>,
    pub(super) failed: Cell<bool>,
    /// V8 asked for a higher heap limit.
    pub(super) near_heap_limit: Cell<bool>,
    /// Of full GCs, and of all other collections.
    pub(super) cost: [Cell<Cost>; 2],
    gc_types: GcTypes,
    pub(super) load: LoadCounters,
    /// Our place among the watched isolates, until `close`.
    registration: RefCell<Option<Registration>>,
    /// Where what happens is recorded beyond the end of the process, if it is.
    pub(super) aboard: RefCell<Option<Aboard>>,
    /// What is written when V8 asks for a higher heap limit, if something is.
    pub(super) last_words: RefCell<Option<LastWords>>,
}

/// An isolate's part in the flight recorder.
pub(super) struct Aboard {
    pub(super) seat: Arc<Seat>,
    pub(super) flight: Flight,
}

impl Aboard {
    pub(super) fn new(plan: Plan, thread_id: u32, epoch: Instant) -> Result<Self, String> {
        let flight = Flight::join(plan)?;
        let seat = flight.seat(thread_id, epoch);
        Ok(Self { seat, flight })
    }

    pub(super) fn set_health(&self, word: &str) {
        let health = Health::ALL.into_iter().find(|each| each.as_str() == word);
        self.seat.set_health(health.unwrap_or_default());
    }
}

impl Drop for Aboard {
    fn drop(&mut self) {
        self.seat.close();
    }
}

impl Watch {
    pub(super) fn new(recorder: Recorder, gc_types: GcTypes, load: LoadCounters) -> Self {
        rss::prepare();
        Self {
            epoch: Instant::now(),
            recorder: RefCell::new(recorder),
            waker: RefCell::new(None),
            resources: Cell::new(None),
            heap: Cell::new(HeapStatistics::default()),
            lost: Cell::new(0),
            failed: Cell::new(false),
            near_heap_limit: Cell::new(false),
            cost: Default::default(),
            gc_types,
            load,
            registration: RefCell::new(Some(Registration::new())),
            aboard: RefCell::new(None),
            last_words: RefCell::new(None),
        }
    }

    pub(super) fn kind(&self, gc_type: u32) -> SampleKind {
        self.gc_types.kind(gc_type)
    }

    pub(super) fn now_ms(&self) -> f64 {
        self.epoch.elapsed().as_secs_f64() * 1000.0
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
        let aboard = self.aboard.take();
        drop(aboard);
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
        if let Ok(aboard) = self.aboard.try_borrow()
            && let Some(aboard) = &*aboard
        {
            aboard.seat.record(&recorder, &sample);
        }
        drop(recorder);
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
        let heap = self.heap.get();
        let spoken = last_words.filter(|last_words| {
            last_words.begin(Fill {
                used: heap.used_heap_size,
                limit: limit as u64,
            })
        });
        if let Ok(aboard) = self.aboard.try_borrow()
            && let Some(aboard) = &*aboard
            && aboard.seat.near_heap_limit(limit as u64)
        {
            aboard.flight.flush(LAST_RECORD);
        }
        if let Some(last_words) = spoken {
            last_words.wait(LAST_RECORD);
        }
    }

    pub(super) fn wake(&self) {
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

impl GcObserver for Watch {
    fn collected(&self, collection: &Collection) {
        let kind = self.gc_types.kind(collection.gc_type);
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

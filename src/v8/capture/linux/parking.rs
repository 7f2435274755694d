//! Parks the worker threads of V8's platform, so that a fork finds none of them at work.
//!
//! A thread does not exist in the child of a fork. One that waits on the platform's condition variable
//! then makes the child's next signal to it hang for ever, and one that marks or sweeps leaves the
//! heap half done. So every worker gets a task that waits on a variable of ours.
//!
//! What always holds: a task waits for a bounded time, whatever becomes of us, unless
//! [`Parking::hold`] has said that the fork is near; from then on it waits until released.

use super::super::super::symbols::RawIsolate;
use super::super::course::Obstacle;
use super::symbols::{CaptureSymbols, Post};
use parking_lot::{Condvar, Mutex};
use std::ffi::{CStr, c_char, c_void};
use std::ptr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a worker waits for the fork. The main thread, or that of another environment, may need one
/// meanwhile (to compile, at its end), and is blocked as long; and while they do not collect, allocation is
/// three times slower. What keeps a worker for longer, the next try may find done.
const PATIENCE: Duration = Duration::from_millis(400);

pub(super) struct Parking {
    lot: Arc<Lot>,
    wanted: usize,
}

struct Lot {
    state: Mutex<State>,
    released: Condvar,
    deadline: Instant,
}

#[derive(Default)]
struct State {
    parked: usize,
    held: bool,
    released: bool,
}

impl Parking {
    /// Posts one task for each worker.
    pub(super) fn start(platform: Platform, symbols: &'static CaptureSymbols) -> Self {
        let Platform(platform) = platform;
        // SAFETY: it is a NodePlatform, which lives as long as the process.
        let threads = unsafe { (symbols.count_workers)(platform) };
        // One of them runs the delayed tasks' timers and takes no task.
        let wanted = usize::try_from(threads).unwrap_or(0).saturating_sub(1);
        let lot = Arc::new(Lot {
            state: Mutex::default(),
            released: Condvar::new(),
            deadline: Instant::now() + PATIENCE,
        });
        for _ in 0..wanted {
            post(platform, symbols.post, Task::new(Arc::clone(&lot)));
        }
        Self { lot, wanted }
    }

    pub(super) fn all_parked(&self) -> bool {
        self.lot.state.lock().parked == self.wanted
    }

    /// Whether waiting longer makes no sense.
    pub(super) fn expired(&self) -> bool {
        Instant::now() >= self.lot.deadline
    }

    /// Keeps them parked until released, if all of them are.
    pub(super) fn hold(&self) -> bool {
        let mut state = self.lot.state.lock();
        state.held = state.parked == self.wanted && !state.released;
        state.held
    }
}

impl Drop for Parking {
    fn drop(&mut self) {
        self.lot.state.lock().released = true;
        self.lot.released.notify_all();
    }
}

impl Lot {
    fn park(&self) {
        let mut state = self.state.lock();
        state.parked += 1;
        while !state.released && (state.held || Instant::now() < self.deadline) {
            // A held one looks again as well: it costs nothing and cannot be missed.
            let until = self.deadline.max(Instant::now() + PATIENCE / 10);
            self.released.wait_until(&mut state, until);
        }
        state.parked -= 1;
    }
}

/// Node.js's `NodePlatform`, of which a process has one.
#[derive(Clone, Copy)]
pub(super) struct Platform(*mut c_void);

impl Platform {
    /// Called by JavaScript on the isolate's thread.
    ///
    /// # Errors
    /// When the platform is not the class whose functions we call.
    pub(super) fn of(
        isolate: *mut RawIsolate,
        symbols: &'static CaptureSymbols,
    ) -> Result<Self, Obstacle> {
        node_platform(isolate, symbols)
            .map(Self)
            .ok_or(Obstacle::ForeignPlatform)
    }
}

fn node_platform(
    isolate: *mut RawIsolate,
    symbols: &'static CaptureSymbols,
) -> Option<*mut c_void> {
    // SAFETY: the isolate is entered on this thread, and napi has opened a handle scope.
    let context = unsafe { (symbols.get_current_context)(isolate) };
    if context.is_null() {
        return None;
    }
    // SAFETY: a `Local<Context>` is one pointer.
    let environment = unsafe { (symbols.get_current_environment)(context) };
    if environment.is_null() {
        return None;
    }
    // SAFETY: a node::Environment.
    let platform = unsafe { (symbols.get_platform)(environment) };
    if platform.is_null() {
        return None;
    }
    // SAFETY: an object with virtual functions starts with the address of their table.
    let table = unsafe { *platform.cast::<*const c_void>() };
    // The table's first two words are no functions.
    (table == symbols.platform_table.wrapping_byte_add(16)).then_some(platform)
}

fn post(platform: *mut c_void, post: Post, task: *mut Task) {
    // What V8 calls `std::unique_ptr<Task>`, passed by address; it is null afterwards.
    let mut owner = task.cast::<c_void>();
    match post {
        // SAFETY: the platform takes the task over.
        Post::Plain(post) => unsafe { post(platform, &raw mut owner) },
        Post::WithPriority(post) => {
            let location = Location::HERE;
            // SAFETY: as above; the location is read during the call.
            unsafe {
                post(
                    platform,
                    USER_VISIBLE,
                    &raw mut owner,
                    (&raw const location).cast(),
                );
            }
        }
    }
    if !owner.is_null() {
        // SAFETY: it was not taken, so it is ours still.
        unsafe { delete(task) };
    }
}

/// `v8::TaskPriority::kUserVisible`. Node 24 on, the end of an environment waits for tasks of the
/// higher one only. Before, it waits for these too, and before 'exit' where the process ends by itself:
/// JavaScript must not let the event loop run empty while they are parked. A worker thread that lives
/// only meanwhile waits on 24 as well.
const USER_VISIBLE: u8 = 1;

/// `v8::SourceLocation`
#[repr(C)]
struct Location {
    function: *const c_char,
    file: *const c_char,
    line: usize,
}

impl Location {
    const NAME: &'static CStr = c"tidemark";
    const HERE: Self = Self {
        function: Self::NAME.as_ptr(),
        file: Self::NAME.as_ptr(),
        line: 0,
    };
}

/// A `v8::Task`: the virtual functions are two destructors and `Run`.
#[repr(C)]
struct Task {
    table: &'static Table,
    lot: Arc<Lot>,
}

#[repr(C)]
struct Table {
    destroy: unsafe extern "C" fn(*mut Task),
    delete: unsafe extern "C" fn(*mut Task),
    run: unsafe extern "C" fn(*mut Task),
}

static TABLE: Table = Table {
    destroy,
    delete,
    run,
};

impl Task {
    fn new(lot: Arc<Lot>) -> *mut Self {
        Box::into_raw(Box::new(Self { table: &TABLE, lot }))
    }
}

/// # Safety
/// Called by V8 with our task; so are the two below. This destructor leaves the memory alone.
unsafe extern "C" fn destroy(task: *mut Task) {
    // SAFETY: the task is not used again.
    unsafe { ptr::drop_in_place(task) };
}

/// # Safety
/// See [`destroy`]; this is the end of the task.
unsafe extern "C" fn delete(task: *mut Task) {
    // SAFETY: made by `Box::into_raw`, and not used again.
    drop(unsafe { Box::from_raw(task) });
}

/// # Safety
/// See [`destroy`].
unsafe extern "C" fn run(task: *mut Task) {
    // SAFETY: alive until one of the destructors is called.
    let lot = unsafe { &(*task).lot };
    lot.park();
}

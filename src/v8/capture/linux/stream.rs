//! A `v8::OutputStream`: V8 hands over the snapshot as text, we write it to a descriptor, on the way
//! without what strings say, where that is wanted.

use super::super::course::Step;
use super::progress::Progress;
use super::sys;
use crate::snapshot::Redaction;
use std::ffi::{c_char, c_int, c_void};
use std::io;

/// Bytes that V8 gathers before it calls.
const CHUNK: c_int = 1 << 20;

const CONTINUE: c_int = 0;
const ABORT: c_int = 1;

/// The virtual functions in the order of v8-profiler.h; both destructors come first.
#[repr(C)]
struct Table {
    destroy: unsafe extern "C" fn(*mut Stream<'_>),
    delete: unsafe extern "C" fn(*mut Stream<'_>),
    end: unsafe extern "C" fn(*mut Stream<'_>),
    chunk_size: unsafe extern "C" fn(*mut Stream<'_>) -> c_int,
    write_ascii: unsafe extern "C" fn(*mut Stream<'_>, *const c_char, c_int) -> c_int,
    write_heap_stats: unsafe extern "C" fn(*mut Stream<'_>, *const c_void, c_int) -> c_int,
}

static TABLE: Table = Table {
    destroy: nothing,
    delete: nothing,
    end: nothing,
    chunk_size,
    write_ascii,
    write_heap_stats,
};

#[repr(C)]
pub(super) struct Stream<'a> {
    table: &'static Table,
    file: c_int,
    progress: &'a Progress,
    redaction: Option<Redaction>,
    /// The chunk as it is written.
    redacted: Vec<u8>,
    failed: bool,
}

impl<'a> Stream<'a> {
    pub(super) fn to(file: c_int, redact: bool, progress: &'a Progress) -> Self {
        Self {
            table: &TABLE,
            file,
            progress,
            redaction: redact.then(Redaction::default),
            redacted: Vec::new(),
            failed: false,
        }
    }

    /// V8 has handed over everything. Answers whether all of it is written.
    pub(super) fn finish(&mut self) -> bool {
        let redaction = self.redaction.take().filter(|_| !self.failed);
        if redaction.is_some_and(|redaction| redaction.finish().is_err()) {
            self.fail(Step::Redact, None);
        }
        !self.failed
    }

    fn take(&mut self, chunk: &[u8]) {
        let chunk = match &mut self.redaction {
            None => chunk,
            Some(redaction) => {
                self.redacted.clear();
                if redaction.push(chunk, &mut self.redacted).is_err() {
                    return self.fail(Step::Redact, None);
                }
                &self.redacted
            }
        };
        match sys::write_all(self.file, chunk) {
            Ok(()) => self.progress.wrote(chunk.len()),
            Err(error) => self.fail(Step::Write, Some(&error)),
        }
    }

    fn fail(&mut self, step: Step, error: Option<&io::Error>) {
        self.progress.fail(step, error);
        self.failed = true;
    }
}

/// # Safety
/// Called by V8 with our stream; so are all below.
unsafe extern "C" fn nothing(_: *mut Stream<'_>) {}

/// # Safety
/// See [`nothing`].
unsafe extern "C" fn chunk_size(_: *mut Stream<'_>) -> c_int {
    CHUNK
}

/// # Safety
/// See [`nothing`]; `data` is `length` bytes long.
unsafe extern "C" fn write_ascii(
    stream: *mut Stream<'_>,
    data: *const c_char,
    length: c_int,
) -> c_int {
    // SAFETY: V8 gives back the pointer it was given, and nobody else uses the stream meanwhile.
    let stream = unsafe { &mut *stream };
    // SAFETY: V8's chunk, alive during the call.
    let chunk = unsafe { std::slice::from_raw_parts(data.cast(), length as usize) };
    stream.take(chunk);
    if stream.failed { ABORT } else { CONTINUE }
}

/// # Safety
/// See [`nothing`].
unsafe extern "C" fn write_heap_stats(_: *mut Stream<'_>, _: *const c_void, _: c_int) -> c_int {
    ABORT
}

//! Redaction for a snapshot that V8 writes in this process: text in, text to be written out.

use super::work::{Fault, fault};
use crate::snapshot::{Redaction, SnapshotError};
use napi::bindgen_prelude::BufferSlice;
use napi_derive::napi;
use std::cell::RefCell;

/// Takes a snapshot piece by piece and hands out the same without the contents of its strings.
#[napi]
#[derive(Default)]
pub struct SnapshotRedactor {
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    redaction: Redaction,
    error: Option<SnapshotError>,
    redacted: Vec<u8>,
    /// Bytes of `redacted` that were handed out.
    read: usize,
}

#[napi]
impl SnapshotRedactor {
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces what `read` hands out. False when no more is of use.
    #[napi(catch_unwind)]
    pub fn feed(&self, chunk: &[u8]) -> bool {
        let state = &mut *self.state.borrow_mut();
        state.redacted.clear();
        state.read = 0;
        if state.error.is_none() {
            state.error = state.redaction.push(chunk, &mut state.redacted).err();
        }
        state.error.is_none()
    }

    /// Copies what may be written into `into`, as much as fits, and answers with the number of
    /// bytes; 0 when there is no more.
    #[napi(catch_unwind)]
    pub fn read(&self, mut into: BufferSlice<'_>) -> u32 {
        let state = &mut *self.state.borrow_mut();
        let rest = &state.redacted[state.read..];
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        state.read += count;
        count as u32
    }

    /// What is wrong with the snapshot, or that it is not whole; null where nothing is.
    #[napi(catch_unwind)]
    pub fn finish(&self) -> Option<Fault> {
        let State {
            redaction, error, ..
        } = self.state.take();
        let error = error.or_else(|| redaction.finish().err())?;
        Some(fault(&error))
    }
}

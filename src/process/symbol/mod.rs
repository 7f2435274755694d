//! Finds a symbol that the running `node` exports.
//!
//! One contract, platforms behind it: [`find`] answers with an address or nothing. It never loads
//! a library and never fails at load time, so a Node.js without the symbol is a value to handle and
//! not a crash.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as platform;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as platform;

use std::ffi::{CStr, c_void};
use std::ptr::NonNull;

/// Says which symbol is missing, for `status().problems`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingSymbol(pub String);

/// A symbol under its two manglings. Itanium's serves Linux and macOS (the linker's extra leading
/// underscore of macOS is added by `dlsym` itself), the other one is Microsoft's.
pub(crate) struct Symbol {
    pub(crate) itanium: &'static CStr,
    pub(crate) msvc: &'static CStr,
}

impl Symbol {
    /// A plain C function, as libuv's: one name for all platforms.
    pub(crate) const fn c(name: &'static CStr) -> Self {
        Self {
            itanium: name,
            msvc: name,
        }
    }

    /// The name on this platform, for error messages too.
    pub(crate) fn name(&self) -> &'static CStr {
        if cfg!(windows) {
            self.msvc
        } else {
            self.itanium
        }
    }

    pub(crate) fn find(&self) -> Result<NonNull<c_void>, MissingSymbol> {
        platform::find(self.name())
            .ok_or_else(|| MissingSymbol(self.name().to_string_lossy().into_owned()))
    }
}

/// The function behind a symbol: `function!(symbol => signature)`, inside a function that returns
/// `Result<_, MissingSymbol>`. One macro, so that the one claim about signatures stands once.
macro_rules! function {
    ($symbol:expr => $signature:ty) => {{
        let found = $crate::process::symbol::Symbol::find(&$symbol)?;
        // SAFETY: `found` is the address of the function of that name. For libuv its documented C
        // signature is `$signature`. For V8 the mangled name spells the parameter types out, so a
        // V8 with others has another name and is not found; return types and static-ness, which
        // Itanium's names leave out, are those of v8.h from Node.js 16 to 26.
        unsafe { std::mem::transmute::<std::ptr::NonNull<std::ffi::c_void>, $signature>(found) }
    }};
}
pub(crate) use function;

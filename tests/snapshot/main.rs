//! The snapshot analyser against naive oracles, and against files that are broken.

mod bad_input;
mod changing;
mod deep;
mod explained;
mod grown;
mod oracle;
mod redacted;
mod writer;

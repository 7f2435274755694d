//! What redacts is a snapshot before and after, of the same graph.
//!
//!     cargo +nightly fuzz run snapshot_redact

#![no_main]

use libfuzzer_sys::fuzz_target;
use tidemark::snapshot::{Parser, ignore, redact};

fuzz_target!(|bytes: &[u8]| {
    let mut out = Vec::new();
    let result = redact(&mut &*bytes, &mut out, bytes.len() as u64, &mut ignore);
    let mut parser = Parser::new();
    let fed = parser.feed(bytes).and_then(|()| parser.finish());
    assert_eq!(result.is_ok(), fed.is_ok());
    if let Ok(before) = fed {
        let mut parser = Parser::new();
        parser.feed(&out).unwrap();
        let after = parser.finish().unwrap();
        assert_eq!(
            (before.node_count(), before.edge_count()),
            (after.node_count(), after.edge_count())
        );
    }
});

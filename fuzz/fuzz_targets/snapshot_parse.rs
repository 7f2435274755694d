//! Any bytes, cut anywhere: the parser answers the same as for the whole, and what it takes can
//! be analysed and explained without a panic.
//!
//!     cargo +nightly fuzz run snapshot_parse

#![no_main]

use libfuzzer_sys::fuzz_target;
use tidemark::snapshot::{Analysis, Parser, Snapshot, SnapshotError, ignore, suspects};

fn parse(pieces: &[&[u8]]) -> Result<Snapshot, SnapshotError> {
    let mut parser = Parser::new();
    for piece in pieces {
        parser.feed(piece)?;
    }
    parser.finish()
}

fuzz_target!(|input: (u16, &[u8])| {
    let (cut, bytes) = input;
    let (head, tail) = bytes.split_at((cut as usize).min(bytes.len()));
    let (whole, cut) = (parse(&[bytes]), parse(&[head, tail]));
    match (whole, cut) {
        (Ok(whole), Ok(cut)) => {
            assert_eq!(whole.node_count(), cut.node_count());
            let analysis = Analysis::new(whole, &mut ignore).unwrap();
            suspects(&analysis, None, &mut ignore).unwrap();
            analysis.summary(3);
        }
        (Err(whole), Err(cut)) => assert_eq!((whole.code, whole.offset), (cut.code, cut.offset)),
        _ => panic!("a cut changed what the parser says"),
    }
});

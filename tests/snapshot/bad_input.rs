//! Broken files: a clear error with its byte, never a panic.

use std::fs;
use std::path::Path;

use tidemark::snapshot::{Analysis, Code, Snapshot, ignore};

use crate::writer::{Layout, Random, Writer, parse, random, refusal};

fn small() -> Writer {
    let mut writer = Writer::new();
    let map = writer.node("object", "Map", 32);
    let table = writer.node("array", "", 64);
    writer.edge(0, "shortcut", "1", map);
    writer.edge(map, "internal", "table", table);
    writer
}

/// Replaces the only occurrence.
fn replaced(json: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(json.to_vec()).unwrap();
    assert_eq!(text.matches(from).count(), 1, "{from} in {text}");
    text.replace(from, to).into_bytes()
}

fn offset_of(json: &[u8], what: &str) -> u64 {
    String::from_utf8(json.to_vec())
        .unwrap()
        .find(what)
        .unwrap() as u64
}

#[test]
fn a_snapshot_cut_at_any_byte_says_where() {
    for layout in [Layout::Node18, Layout::Node26] {
        let json = random(5).json(layout);
        for cut in 0..json.len() {
            let error = refusal(&json[..cut]);
            assert_eq!(error.code, Code::Truncated, "cut at {cut}: {error}");
            assert_eq!(error.offset, Some(cut as u64));
        }
        assert!(parse(&json).is_ok());
    }
}

#[test]
fn flipped_bytes_never_panic() {
    for seed in 0..60 {
        let json = random(seed % 20).json(Layout::Node26);
        let mut random = Random(seed * 31 + 1);
        for _ in 0..60 {
            let mut broken = json.clone();
            for _ in 0..=random.below(3) {
                let at = random.below(broken.len());
                broken[at] = match random.below(4) {
                    0 => b'0' + random.below(10) as u8,
                    1 => b",[]{}\"\\- "[random.below(9)],
                    _ => random.next() as u8,
                };
            }
            match parse(&broken) {
                Ok(snapshot) => {
                    let analysis = Analysis::new(snapshot, &mut ignore).unwrap();
                    analysis.summary(5);
                    tidemark::snapshot::suspects(&analysis, None, &mut ignore).unwrap();
                }
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
    }
}

#[test]
fn a_fault_is_told_at_the_same_byte_however_the_file_is_cut() {
    let json = String::from_utf8(random(5).json(Layout::Node26)).unwrap();
    let nodes = json.find("\"nodes\":").unwrap();
    let end = json.find("\"trace_function_infos\":").unwrap();
    let digits = |at: &usize| json.as_bytes()[*at].is_ascii_digit();
    let mut refused = 0;
    for at in (nodes..end).filter(digits).step_by(4) {
        for instead in ["-9", "99999999999", "x"] {
            let broken = [&json[..at], instead, &json[at + 1..]].concat();
            let Err(whole) = parse(broken.as_bytes()) else {
                continue;
            };
            refused += 1;
            for cut in at.saturating_sub(30)..(at + 30).min(broken.len()) {
                let mut parser = tidemark::snapshot::Parser::new();
                let (head, tail) = broken.as_bytes().split_at(cut);
                let fed = parser.feed(head).and_then(|()| parser.feed(tail));
                let error = fed.and_then(|()| parser.finish()).err().unwrap();
                let (is, wanted) = ((error.code, error.offset), (whole.code, whole.offset));
                assert_eq!(is, wanted, "{instead} at {at}, cut at {cut}: {error}");
            }
        }
    }
    assert!(refused > 150, "{refused}");
}

#[test]
fn what_is_no_snapshot_is_refused_at_its_byte() {
    for (text, code, offset) in [
        ("hello", Code::Syntax, 0),
        ("[1,2]", Code::Syntax, 0),
        ("  \u{feff}{}", Code::Syntax, 2),
        ("{}", Code::Layout, 2),
        ("{\"a\":1}", Code::Layout, 7),
        ("{\"nodes\":[]}", Code::Layout, 8),
        ("{\"snapshot\":[]}", Code::Syntax, 12),
        ("{\"snapshot\":{}}", Code::Layout, 12),
        (
            "{\"snapshot\":{\"meta\":{\"node_fields\":[\"x\"]}}}",
            Code::Layout,
            12,
        ),
        ("{\"snapshot\":{]}}", Code::Syntax, 12),
        ("{\"a\":}", Code::Syntax, 5),
        ("{\"a\" 1}", Code::Syntax, 5),
        ("{\"a\":1,}", Code::Syntax, 7),
    ] {
        let error = refusal(text.as_bytes());
        assert_eq!(
            (error.code, error.offset),
            (code, Some(offset)),
            "{text}: {error}"
        );
    }
}

#[test]
fn counts_that_lie_are_refused() {
    let json = small().json(Layout::Node26);
    for (from, to, code) in [
        ("\"node_count\":3", "\"node_count\":4", Code::Counts),
        (
            "\"node_count\":3",
            "\"node_count\":4294967297",
            Code::Counts,
        ),
        ("\"node_count\":3", "\"node_count\":-1", Code::Layout),
        ("\"edge_count\":2", "\"edge_count\":1", Code::Counts),
        // A node that has more edges than there are, and one that has fewer.
        ("3,3,3,32,1,0", "3,3,3,32,2,0", Code::Counts),
        ("3,3,3,32,1,0", "3,3,3,32,0,0", Code::Counts),
        // A row that is too short.
        ("3,3,3,32,1,0", "3,3,3,32,1", Code::Counts),
    ] {
        let error = refusal(&replaced(&json, from, to));
        assert_eq!(error.code, code, "{to}: {error}");
        assert!(error.offset.is_some());
    }
}

#[test]
fn numbers_out_of_range_are_refused_at_their_byte() {
    let json = small().json(Layout::Node26);
    let row = offset_of(&json, "3,3,3,32,1,0");
    let edge = offset_of(&json, "5,2,6");
    for (from, to, code, offset) in [
        ("3,3,3,32,1,0", "99,3,3,32,1,0", Code::Range, row),
        ("3,3,3,32,1,0", "3,-2,3,32,1,0", Code::Range, row + 2),
        (
            "3,3,3,32,1,0",
            "3,3,4294967296,32,1,0",
            Code::TooLarge,
            row + 4,
        ),
        ("3,3,3,32,1,0", "3,3,3,-32,1,0", Code::Range, row + 6),
        (
            "3,3,3,32,1,0",
            "3,3,3,99999999999999999,1,0",
            Code::Range,
            row + 6,
        ),
        ("3,3,3,32,1,0", "3,3,3,32,-1,0", Code::Range, row + 9),
        (
            "3,3,3,32,1,0",
            "3,3,3,32,4294967295,0",
            Code::TooLarge,
            row + 9,
        ),
        ("3,3,3,32,1,0", "3,3,3,32.5,1,0", Code::Syntax, row + 8),
        ("5,2,6", "7,2,6", Code::Range, edge),
        ("5,2,6", "5,-2,6", Code::Range, edge + 2),
        ("5,2,6", "5,2,7", Code::Range, edge + 4),
        ("5,2,6", "5,2,18", Code::Range, edge + 4),
        ("5,2,6", "5,2,-6", Code::Range, edge + 4),
    ] {
        let error = refusal(&replaced(&json, from, to));
        assert_eq!(
            (error.code, error.offset),
            (code, Some(offset)),
            "{to}: {error}"
        );
    }
    let error = refusal(&replaced(&json, "3,3,3,32,1,0", "3,77,3,32,1,0"));
    assert_eq!(error.code, Code::Range, "{error}");
}

#[test]
fn sections_in_another_order_or_twice_are_refused() {
    let json = String::from_utf8(small().json(Layout::Node26)).unwrap();
    let twice = json.replace("\"samples\":[]", "\"nodes\":[]");
    assert_eq!(refusal(twice.as_bytes()).code, Code::Layout);
    let early = json.replace("\"nodes\"", "\"edges\"");
    assert_eq!(refusal(early.as_bytes()).code, Code::Layout);
    let without = json.replace("\"strings\"", "\"string\"");
    assert_eq!(refusal(without.as_bytes()).code, Code::Layout);
    let after = format!("{json} x");
    assert_eq!(refusal(after.as_bytes()).code, Code::Syntax);
}

#[test]
fn whitespace_unknown_sections_and_large_indices_are_taken() {
    let mut writer = small();
    writer.edge(1, "element", "-2147483648", 2);
    let json = String::from_utf8(writer.json(Layout::Node26)).unwrap();
    let pretty = json.replace(',', " ,\r\n\t").replace(':', " : ").replace(
        "\"samples\"",
        "\"new\": {\"a\": [\"}]\\\"\", 1, null]},\n \"other\": true, \"samples\"",
    );
    let analysis = Analysis::new(parse(pretty.as_bytes()).unwrap(), &mut ignore).unwrap();
    assert_eq!(analysis.total_size(), 96);
}

#[test]
fn strings_that_no_decoder_takes_are_taken() {
    let json = small().json(Layout::Node26);
    let mut broken = json.clone();
    let at = offset_of(&json, "\"Map\"") as usize;
    broken.splice(
        at + 1..at + 4,
        b"M\\ud800\\\\\\\"\xff\xc3\\uZZ\xf0\x90".iter().copied(),
    );
    let analysis = Analysis::new(parse(&broken).unwrap(), &mut ignore).unwrap();
    assert!(
        analysis.class_name(1).starts_with("M\u{fffd}\\\"\u{fffd}"),
        "{}",
        analysis.class_name(1)
    );
}

#[test]
fn a_claimed_count_reserves_no_memory() {
    // Would be 200 GB.
    let json = replaced(
        &small().json(Layout::Node26),
        "\"node_count\":3",
        "\"node_count\":4000000000",
    );
    assert_eq!(refusal(&json).code, Code::Counts);
}

#[test]
fn what_is_no_regular_file_is_refused() {
    let folder = std::env::temp_dir();
    let refused = |path: &Path| Snapshot::open(path, &mut ignore).err().unwrap();
    assert_eq!(refused(&folder).code, Code::File);
    assert_eq!(
        refused(&folder.join("tidemark-there-is-no-such-file")).code,
        Code::Io
    );
    #[cfg(unix)]
    assert_eq!(refused(Path::new("/dev/null")).code, Code::File);
    let file = folder.join(format!(
        "tidemark-snapshot-{}.heapsnapshot",
        std::process::id()
    ));
    fs::write(&file, small().json(Layout::Node26)).unwrap();
    assert_eq!(Analysis::open(&file, &mut ignore).unwrap().total_size(), 96);
    fs::write(&file, b"").unwrap();
    assert_eq!(refused(&file).code, Code::Truncated);
    fs::remove_file(&file).unwrap();
}

#[test]
fn work_can_be_cancelled() {
    let json = random(1).json(Layout::Node26);
    let cancel = &mut |_| std::ops::ControlFlow::Break(());
    let error = Snapshot::read(&mut json.as_slice(), 0, cancel)
        .err()
        .unwrap();
    assert_eq!(error.code, Code::Cancelled);
}

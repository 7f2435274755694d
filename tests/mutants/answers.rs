//! All that can be asked about a snapshot, and how long the answers may be.

use serde_json::Value;
use tidemark::snapshot::{
    Analysis, DuplicateString, Grown, Inventory, InventoryDiff, Matching, Parser, SeriesRow,
    Snapshot, SnapshotError, Step, Suspect, diff, grown, ignore, redact, series, strip, suspects,
};

/// Rows that are asked for.
const ROWS: usize = 50;
/// Bytes of JSON: a row has at most two names of 500 characters of 4 bytes, and some numbers.
const LONGEST_LIST: usize = ROWS * 5000;
/// A path has 128 steps of a class, two names and a place.
const LONGEST_PATH: usize = 128 * 8000;
/// A picture has some 6,000 parts of a class and a label of 200 characters each.
const LONGEST_PICTURE: usize = 6200 * 1800;

pub fn parse(bytes: &[u8]) -> Result<Snapshot, SnapshotError> {
    let mut parser = Parser::new();
    parser.feed(bytes)?;
    parser.finish()
}

/// Asks everything of a file and, as far as two are wanted, of it and an earlier one; answers what
/// the file was analysed to. What it refuses is refused.
///
/// # Panics
///
/// An answer is longer than it may be, or contradicts another.
pub fn ask_all(bytes: &[u8], earlier: Option<&Analysis>) -> Result<Analysis, SnapshotError> {
    let analysis = Analysis::new(parse(bytes)?, &mut ignore)?;
    ask_one(&analysis)?;
    for earlier in earlier.into_iter().chain([&analysis]) {
        ask_two(&analysis, earlier)?;
    }
    let stock = Inventory::new(parse(bytes)?, &mut ignore)?;
    let later = Inventory::new(parse(bytes)?, &mut ignore)?;
    let unchanged = InventoryDiff::new(&stock, &later, &mut ignore)?;
    assert_eq!(
        (unchanged.size_before, 0),
        (unchanged.size_after, unchanged.rows.len())
    );
    let from_nothing = InventoryDiff::new(
        &Inventory::new(nothing(), &mut ignore)?,
        &stock,
        &mut ignore,
    )?;
    bounded("HeapDiff", &from_nothing.to_json(), 10_000 * 1000);
    ask_copies(bytes, &analysis);
    Ok(analysis)
}

fn ask_one(analysis: &Analysis) -> Result<(), SnapshotError> {
    bounded("summary", &analysis.summary(ROWS), 4 * LONGEST_LIST);
    let rows = analysis.histogram();
    assert_eq!(
        rows.iter().map(|row| row.self_size).sum::<u64>(),
        (0..analysis.node_count() as u32)
            .map(|node| analysis.self_size(node))
            .sum::<u64>(),
    );
    assert!(
        rows.iter()
            .all(|row| row.retained_size >= row.self_size || row.count > 1)
    );
    for sentence in analysis
        .duplicate_strings(5)
        .iter()
        .map(DuplicateString::description)
    {
        assert!(sentence.len() < 1000, "{sentence}");
    }
    for row in rows.iter().take(3) {
        // What was cut may bear the name of another.
        let found = analysis.largest_of_class(&row.class, 1)?;
        assert_eq!(found.len(), 1, "{}", row.class);
    }
    let count = analysis.node_count();
    for node in [0, 1, count / 3, count / 2, count - 1] {
        let node = node.min(count - 1) as u32;
        bounded(
            "path",
            &analysis.explain_node(node, &mut ignore)?,
            LONGEST_PATH,
        );
        let path: Value = analysis
            .path(node, &mut ignore)?
            .iter()
            .map(Step::to_json)
            .collect();
        assert!(path.as_array().is_some_and(|path| path.len() <= 128));
    }
    for finest in [1, 1000, u64::MAX] {
        bounded(
            "icicle",
            &analysis.icicle(finest, &mut ignore)?,
            LONGEST_PICTURE,
        );
    }
    Ok(())
}

fn ask_two(analysis: &Analysis, earlier: &Analysis) -> Result<(), SnapshotError> {
    for earlier in [None, Some(earlier)] {
        let found = suspects(analysis, earlier, &mut ignore)?;
        assert!(found.len() <= 10);
        let found: Value = found.iter().map(Suspect::to_json).collect();
        bounded("suspects", &found, 10 * LONGEST_PATH);
    }
    for matching in [None, Some(Matching::Ids), Some(Matching::Structure)] {
        let found = diff(earlier, analysis, matching, &mut ignore)?;
        bounded("diff", &found.to_json(ROWS), LONGEST_LIST);
    }
    // What is not of one process is refused.
    if let Ok(found) = grown(&[earlier, analysis, analysis], &[1, 1], 0.1, &mut ignore) {
        assert!(
            found.is_empty(),
            "nothing comes between a snapshot and itself"
        );
    }
    if let Ok(found) = grown(&[earlier, analysis], &[1], 0.1, &mut ignore) {
        assert!(found.len() <= 10);
        let found: Value = found.iter().map(Grown::to_json).collect();
        bounded("grown", &found, 10 * LONGEST_PATH);
    }
    let found = series(&[earlier, analysis]);
    let found: Value = found.iter().take(ROWS).map(SeriesRow::to_json).collect();
    bounded("series", &found, LONGEST_LIST);
    Ok(())
}

/// Copies without contents are snapshots of the same graph.
fn ask_copies(bytes: &[u8], analysis: &Analysis) {
    for strips in [false, true] {
        let mut out = Vec::new();
        let length = bytes.len() as u64;
        let done = if strips {
            strip(&mut &*bytes, &mut out, length, &mut ignore)
        } else {
            redact(&mut &*bytes, &mut out, length, &mut ignore)
        };
        done.unwrap();
        // `"a"` becomes `"<string of 1>"`.
        assert!(
            out.len() <= 5 * bytes.len(),
            "{} of {}",
            out.len(),
            bytes.len()
        );
        let copy = parse(&out).unwrap();
        let snapshot = analysis.snapshot();
        assert_eq!(
            (copy.node_count(), copy.edge_count()),
            (snapshot.node_count(), snapshot.edge_count())
        );
    }
}

fn bounded(what: &str, answer: &Value, most: usize) {
    let length = answer.to_string().len();
    assert!(length <= most, "{what}: {length} bytes, {most} are allowed");
}

/// A snapshot of one node.
fn nothing() -> Snapshot {
    let text = r#"{"snapshot":{"meta":{"node_fields":["type","name","id","self_size","edge_count"],"node_types":[["synthetic"]],"edge_fields":["type","name_or_index","to_node"],"edge_types":[["element"]]},"node_count":1,"edge_count":0},"nodes":[0,0,1,0,0],"edges":[],"strings":[""]}"#;
    match parse(text.as_bytes()) {
        Ok(nothing) => nothing,
        Err(error) => panic!("{error}"),
    }
}

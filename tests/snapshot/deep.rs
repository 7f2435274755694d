//! Depth costs no stack.

use tidemark::snapshot::{ignore, suspects};

use crate::writer::Writer;

#[test]
fn a_linked_list_of_a_million_nodes_is_analysed_and_named() {
    const LENGTH: usize = 1_000_000;
    let mut writer = Writer::new();
    let global = writer.node("object", "global", 16);
    writer.edge(0, "shortcut", "1", global);
    let mut last = global;
    for at in 0..LENGTH {
        let node = writer.node("object", "Link", 24);
        writer.edge(
            last,
            "property",
            if at == 0 { "head" } else { "next" },
            node,
        );
        last = node;
    }
    let analysis = writer.analyse();
    assert_eq!(
        analysis.retained_size(global as u32),
        16 + 24 * LENGTH as u64
    );
    assert_eq!(analysis.distance(last as u32), 1_000_001);
    let path = analysis.path(last as u32, &mut ignore).unwrap();
    assert_eq!(path.len(), 128);
    let found = suspects(&analysis, None, &mut ignore).unwrap();
    assert_eq!(found[0].kind.as_str(), "list");
    assert_eq!(
        found[0].description,
        "Link `head` (global) is a chain of 1,000,000 Link, 24 MB"
    );
}

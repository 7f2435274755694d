//! Names from code, holders, growth, classes.

use serde_json::Value;
use tidemark::snapshot::{Analysis, Confidence, HolderKind, Suspect, ignore, suspects};

use crate::writer::Writer;

/// A function `handler` in app.js, line 12, with a context that has a Map `requests` of `count`.
fn leaking(count: usize, first_id: u64) -> Writer {
    leaking_in("/srv/app.js", count, first_id)
}

fn leaking_in(file: &str, count: usize, first_id: u64) -> Writer {
    let mut writer = Writer::new();
    let global = writer.node("object", "global", 16);
    writer.edge(0, "shortcut", "1", global);
    let script = writer.node("code", file, 8);
    let info = writer.node("code", "system / ScopeInfo", 8);
    let shared = writer.node("code", "handler", 8);
    let closure = writer.node("closure", "handler", 32);
    let context = writer.node("object", "system / Context", 24);
    let map = writer.node("object", "Map", 32);
    let table = writer.node("array", "", 64);
    writer.edge(global, "property", "handler", closure);
    writer.edge(closure, "internal", "shared", shared);
    writer.edge(closure, "internal", "context", context);
    writer.edge(shared, "internal", "script", script);
    writer.edge(shared, "internal", "name_or_scope_info", info);
    writer.edge(context, "internal", "scope_info", info);
    writer.edge(context, "context", "requests", map);
    writer.edge(map, "internal", "table", table);
    writer.nodes[closure].location = Some((7, 11, 4));
    for at in 0..count {
        let request = writer.node("object", "IncomingMessage", 2000);
        writer.nodes[request].id = first_id + 2 * at as u64;
        writer.edge(table, "internal", &at.to_string(), request);
    }
    writer
}

fn first(now: &Analysis, earlier: Option<&Analysis>) -> Suspect {
    suspects(now, earlier, &mut ignore).unwrap().swap_remove(0)
}

#[test]
fn a_map_in_a_context_is_named_by_its_variable_function_file_and_line() {
    let suspect = first(&leaking(1000, 1001).analyse(), None);
    assert_eq!(
        suspect.sentence,
        "Map `requests` (context of handler in app.js:12) holds 1,000 IncomingMessage, 2.0 MB"
    );
    assert_eq!(suspect.kind, HolderKind::Container);
    assert_eq!(suspect.confidence, Confidence::Medium);
    let place = suspect.location.unwrap();
    assert_eq!(place.file.as_deref(), Some("/srv/app.js"));
    assert_eq!((place.line, place.column), (Some(12), Some(5)));
    let edges: Vec<&str> = suspect.path[1..]
        .iter()
        .map(|step| step.edge.as_ref().unwrap().name.as_str())
        .collect();
    assert_eq!(edges, ["1", "handler", "context", "requests"]);
}

/// What of `files` is loaded beside the one that holds the Map.
fn with_files(holder: &str, files: &[&str]) -> Vec<Suspect> {
    let mut writer = leaking_in(holder, 1000, 1001);
    for file in files {
        let script = writer.node("code", file, 8);
        writer.edge(0, "shortcut", file, script);
    }
    suspects(&writer.analyse(), None, &mut ignore).unwrap()
}

#[test]
fn what_tidemark_holds_is_no_suspect_whether_installed_or_cloned() {
    let marks = [
        "/src/td/lib/spare-descriptor.js",
        "/src/td/lib/resource-watch.js",
    ];
    for (holder, files, count) in [
        (
            "/srv/node_modules/tidemark/lib/evidence/walk.js",
            &[][..],
            0,
        ),
        ("/src/td/lib/evidence/walk.js", &marks[..], 0),
        ("C:\\srv\\node_modules\\tidemark\\lib\\walk.js", &[], 0),
        // One of the files alone is an app's own, and so is what stands beside the folder.
        ("/src/td/lib/evidence/walk.js", &marks[..1], 1),
        ("/src/td/app.js", &marks[..], 1),
        ("/srv/node_modules/tidemark-like/lib/walk.js", &marks[..], 1),
    ] {
        assert_eq!(with_files(holder, files).len(), count, "{holder}");
    }
}

#[test]
fn the_text_of_a_script_is_no_suspect_and_any_other_large_string_is() {
    for (edge, count) in [("source", 0), ("other", 1)] {
        let mut writer = leaking(1, 1001);
        let script = writer
            .nodes
            .iter()
            .position(|node| node.name == "/srv/app.js")
            .unwrap();
        let text = writer.node("string", "let a = 1", 1_000_000);
        writer.edge(script, "internal", edge, text);
        let found = suspects(&writer.analyse(), None, &mut ignore).unwrap();
        assert_eq!(found.len(), count, "{edge}");
    }
}

#[test]
fn a_way_through_tidemarks_monitor_is_taken_only_where_there_is_no_other() {
    for bypassed in [true, false] {
        let mut writer = leaking(1000, 1001);
        let closure = writer
            .nodes
            .iter()
            .position(|node| node.kind == "closure")
            .unwrap();
        writer.nodes[1].edges.clear();
        let monitor = writer.node("object", "Monitor", 100);
        for field in ["#session", "#preset"] {
            let value = writer.node("object", "Object", 8);
            writer.edge(monitor, "property", field, value);
        }
        let events = writer.node("object", "Object", 8);
        writer.edge(0, "shortcut", "2", monitor);
        writer.edge(monitor, "property", "_events", events);
        writer.edge(events, "property", "leak", closure);
        if bypassed {
            let mut from = 1;
            for at in 0..20 {
                let next = writer.node("object", "Object", 8);
                writer.edge(from, "property", &format!("far{at}"), next);
                from = next;
            }
            writer.edge(from, "property", "handler", closure);
        }
        let suspect = first(&writer.analyse(), None);
        let met = suspect.path.iter().any(|step| step.class == "Monitor");
        assert_eq!(met, !bypassed);
    }
}

#[test]
fn growth_is_told_by_ids_and_by_words() {
    let earlier = leaking(400, 1001).analyse();
    let suspect = first(&leaking(1000, 1001).analyse(), Some(&earlier));
    assert!(
        suspect.sentence.ends_with("2.0 MB, +600 since the first"),
        "{}",
        suspect.sentence
    );
    assert_eq!(suspect.confidence, Confidence::High);
    let growth = suspect.growth.unwrap();
    assert_eq!((growth.count, growth.bytes), (600, 1_200_000));

    // Another process: the same ids mean other objects.
    let mut other = leaking(1000, 50_001);
    for node in &mut other.nodes[1..] {
        node.id += 2;
    }
    let now = other.analyse();
    assert!(!tidemark::snapshot::same_process(&earlier, &now));
    let suspect = first(&now, Some(&earlier));
    assert!(
        suspect.sentence.ends_with("+600 since the first"),
        "{}",
        suspect.sentence
    );
    assert_eq!(suspect.confidence, Confidence::Medium);
}

#[test]
fn a_healthy_pair_has_no_suspects() {
    let earlier = leaking(1000, 1001).analyse();
    // All new objects in the same number: a cache that turns over.
    let now = leaking(1000, 9001).analyse();
    assert!(
        suspects(&now, Some(&earlier), &mut ignore)
            .unwrap()
            .is_empty()
    );
    assert!(
        suspects(&earlier, Some(&earlier), &mut ignore)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn objects_with_two_owners_are_found_though_neither_dominates_them() {
    let mut writer = leaking(500, 1001);
    let global = 1;
    let other = writer.node("object", "Array", 16);
    let elements = writer.node("array", "(object elements)", 64);
    writer.edge(global, "property", "all", other);
    writer.edge(other, "internal", "elements", elements);
    for node in 0..writer.nodes.len() {
        if writer.nodes[node].name == "IncomingMessage" {
            writer.edge(elements, "internal", &node.to_string(), node);
        }
    }
    let suspect = first(&writer.analyse(), None);
    assert_eq!(
        (suspect.class.as_str(), suspect.count),
        ("IncomingMessage", 500)
    );
    assert!(
        suspect.holder.starts_with("Map `requests`")
            || suspect.holder.starts_with("Array `all` (global)"),
        "{}",
        suspect.holder
    );
}

#[test]
fn listeners_are_called_listeners() {
    let mut writer = Writer::new();
    let global = writer.node("object", "global", 16);
    writer.edge(0, "shortcut", "1", global);
    let emitter = writer.node("object", "Bus", 16);
    let events = writer.node("object", "Object", 16);
    let several = writer.node("object", "Array", 16);
    let elements = writer.node("array", "(object elements)", 16);
    writer.edge(global, "property", "bus", emitter);
    writer.edge(emitter, "property", "_events", events);
    writer.edge(events, "property", "order", several);
    writer.edge(several, "internal", "elements", elements);
    for at in 0..400 {
        let listener = writer.node("closure", "onOrder", 1000);
        writer.edge(elements, "internal", &at.to_string(), listener);
    }
    let suspect = first(&writer.analyse(), None);
    assert_eq!(suspect.kind, HolderKind::Listeners);
    assert_eq!(
        suspect.sentence,
        "Bus `bus` (global) has listeners for 'order' that hold 400 Function, 400 kB"
    );
}

#[test]
fn plain_objects_are_classed_by_their_properties() {
    let mut writer = Writer::new();
    let value = writer.node("string", "v", 8);
    for at in 0..6 {
        let object = writer.node("object", "Object", 16);
        writer.edge(0, "element", &at.to_string(), object);
        for property in if at < 4 {
            ["id", "url"]
        } else {
            ["a,b", "__proto__"]
        } {
            writer.edge(object, "property", property, value);
        }
    }
    let lonely = writer.node("object", "Object", 16);
    writer.edge(0, "element", "9", lonely);
    let analysis = writer.analyse();
    assert_eq!(analysis.class_name(2), "{id, url}");
    assert_eq!(analysis.class_name(6), "{\"a,b\"}");
    assert_eq!(analysis.class_name(lonely as u32), "Object");
    let row = analysis
        .histogram()
        .into_iter()
        .find(|row| row.class == "{id, url}")
        .unwrap();
    assert_eq!((row.count, row.self_size), (4, 64));
}

#[test]
fn duplicate_strings_are_told_with_their_waste() {
    let mut writer = Writer::new();
    for at in 0..5 {
        let text = writer.node("string", if at < 4 { "twice" } else { "once" }, 24);
        writer.edge(0, "element", &at.to_string(), text);
    }
    let found = writer.analyse().duplicate_strings(10);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].text.as_str(), found[0].count, found[0].wasted),
        ("twice", 4, 72)
    );
}

#[test]
fn a_node_is_explained_and_found_by_its_class() {
    let analysis = leaking(50, 1001).analyse();
    let map = analysis.largest_of_class("Map", 1).unwrap()[0];
    let explained = analysis.explain_node(map, &mut ignore).unwrap();
    assert_eq!(
        explained["description"],
        "Map `requests` (context of handler in app.js:12)"
    );
    assert_eq!(explained["path"].as_array().unwrap().len(), 5);
    let error = analysis.largest_of_class("Nothing", 1).unwrap_err();
    assert_eq!(error.code.as_str(), "ERR_TIDEMARK_SNAPSHOT_NOT_FOUND");
    assert!(analysis.find(4_000_000).is_err());
}

#[test]
fn the_picture_of_the_dominators_sums_up() {
    let analysis = leaking(50, 1001).analyse();
    let picture = analysis.icicle(10_000, &mut ignore).unwrap();
    // [parent, label, class, id, count, size, selfSize]
    let parts = picture.as_array().unwrap();
    let size = |part: &Value| part[5].as_u64().unwrap();
    assert_eq!(size(&parts[0]), analysis.total_size());
    for (at, part) in parts.iter().enumerate() {
        let below = parts.iter().filter(|below| below[0] == at);
        let held: u64 = below.map(size).sum();
        assert!(held + part[6].as_u64().unwrap() <= size(part), "{part}");
        assert!(at == 0 || part[0].as_u64().unwrap() < at as u64);
    }
    let requests = parts.iter().filter(|part| part[2] == "IncomingMessage");
    assert_eq!(requests.map(size).sum::<u64>(), 50 * 2000);
}

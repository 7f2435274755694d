//! Names from code, holders, growth, classes.

use serde_json::Value;
use tidemark::snapshot::{Analysis, Confidence, HolderKind, Suspect, ignore, suspects};

use crate::writer::{NodeSpec, Writer};

/// A function `handler` in app.js, line 12, with a context that has a Map `requests` of `count`.
fn leaking(count: usize, first_id: u64) -> Writer {
    leaking_in("/srv/app.js", count, first_id)
}

fn leaking_in(file: &str, count: usize, first_id: u64) -> Writer {
    let (mut writer, context) = Writer::of_handler(file);
    let map = writer.node("object", "Map", 32);
    let table = writer.node("array", "", 64);
    writer.edge(context, "context", "requests", map);
    writer.edge(map, "internal", "table", table);
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
        suspect.description,
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
    let now = leaking(1000, 1001).analyse();
    let suspect = first(&now, Some(&earlier));
    assert!(
        suspect
            .description
            .ends_with("2.0 MB, +600 since the first"),
        "{}",
        suspect.description
    );
    assert_eq!(suspect.confidence, Confidence::High);
    let growth = suspect.growth.unwrap();
    assert_eq!((growth.count, growth.bytes), (600, 1_200_000));
    let share = 1_200_000.0 / (now.total_size() - earlier.total_size()) as f64;
    assert_eq!(suspect.share, Some(share.min(1.0)));
    assert!(share > 0.9, "{share}");
    assert_eq!(first(&now, None).share, None);

    // A heap that shrank otherwise has no growth to have a share of.
    let mut shrank = leaking(400, 1001);
    shrank.nodes[1].self_size += 10_000_000;
    let suspect = first(&now, Some(&shrank.analyse()));
    assert_eq!((suspect.growth, suspect.share), (Some(growth), None));

    // Another process: the same ids mean other objects.
    let mut other = leaking(1000, 50_001);
    for node in &mut other.nodes[1..] {
        node.id += 2;
    }
    let now = other.analyse();
    assert!(!tidemark::snapshot::same_process(&earlier, &now));
    let suspect = first(&now, Some(&earlier));
    assert!(
        suspect.description.ends_with("+600 since the first"),
        "{}",
        suspect.description
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
        suspect.description,
        "Bus `bus` (global) has listeners for 'order' that hold 400 Function, 400 kB"
    );
}

/// A closure of a function in app.js, with its own context.
fn function(writer: &mut Writer, name: &str, line: u32) -> usize {
    let script = writer.node("code", "/srv/app.js", 8);
    let shared = writer.node("code", name, 8);
    let closure = writer.node("closure", name, 32);
    writer.edge(closure, "internal", "shared", shared);
    writer.edge(shared, "internal", "script", script);
    writer.nodes[closure].location = Some((7, line - 1, 0));
    closure
}

/// A call of an async function that waits, and the reaction by which it does.
fn suspended_call(writer: &mut Writer, function: usize) -> (usize, usize) {
    let order = writer.node("object", "Order", 2000);
    let call = writer.node("object", "Generator", 64);
    let registers = writer.node("array", "", 32);
    let context = writer.node("object", "system / Context", 24);
    let reaction = writer.node("hidden", "system / PromiseReaction", 48);
    writer.edge(call, "internal", "function", function);
    writer.edge(call, "internal", "parameters_and_registers", registers);
    writer.edge(registers, "internal", "0", order);
    writer.edge(context, "internal", "extension", call);
    for at in ["1", "2"] {
        let settles = writer.node("closure", "", 32);
        writer.edge(settles, "internal", "context", context);
        writer.edge(reaction, "hidden", at, settles);
    }
    (call, reaction)
}

/// `count` calls of `ship` wait for the one promise `ready`, or each for its own, whose resolvers are in `lists`.
fn waiting(count: usize, lists: &[&str], first_id: u64) -> Writer {
    let mut writer = leaking(1, first_id);
    let global = 1;
    let ship = function(&mut writer, "ship", 30);
    writer.edge(global, "property", "ship", ship);
    let ready = writer.node("object", "Promise", 32);
    let mut last = ready;
    let lists: Vec<usize> = lists
        .iter()
        .map(|name| {
            let array = writer.node("object", "Array", 16);
            let elements = writer.node("array", "(object elements)", 64);
            writer.edge(global, "property", name, array);
            writer.edge(array, "internal", "elements", elements);
            elements
        })
        .collect();
    if lists.is_empty() {
        writer.edge(global, "property", "ready", ready);
    }
    for at in 0..count {
        let (_, reaction) = suspended_call(&mut writer, ship);
        if lists.is_empty() {
            let edge = if last == ready { "internal" } else { "hidden" };
            let name = if last == ready {
                "reactions_or_result"
            } else {
                "0"
            };
            writer.edge(last, edge, name, reaction);
            last = reaction;
            continue;
        }
        let promise = writer.node("object", "Promise", 32);
        let resolve = writer.node("closure", "", 32);
        writer.edge(resolve, "internal", "context", promise);
        writer.edge(promise, "internal", "reactions_or_result", reaction);
        for &list in &lists {
            writer.edge(list, "internal", &at.to_string(), resolve);
        }
    }
    writer
}

/// `count` messages wait in the port `inbox`. `kind`: of Node.js' own node for a port, synthetic on 18 and 20, native since.
fn unread(kind: &'static str, count: usize, first_id: u64) -> Writer {
    let mut writer = leaking(1, 1001);
    let global = 1;
    let inbox = writer.node("object", "MessagePort", 40);
    writer.edge(global, "property", "inbox", inbox);
    let port = writer.node(kind, "Node / MessagePort", 240);
    let from = if kind == "native" { inbox } else { 0 };
    writer.edge(from, "internal", "javascript_to_native", port);
    writer.edge(port, "internal", "native_to_javascript", inbox);
    let data = writer.node("native", "Node / MessagePortData", 72);
    writer.edge(port, "internal", "data", data);
    let queue = writer.node("native", "Node / incoming_messages", 80);
    writer.edge(data, "internal", "incoming_messages", queue);
    for at in 0..count {
        let message = writer.node("native", "Node / Message", 136);
        writer.nodes[message].id = first_id + 2 * at as u64;
        writer.edge(queue, "element", &at.to_string(), message);
    }
    writer
}

#[test]
fn messages_that_nobody_reads_are_told_with_the_port_that_the_app_has() {
    for kind in ["synthetic", "native"] {
        let now = unread(kind, 1000, 10_001).analyse();
        let earlier = unread(kind, 400, 10_001).analyse();
        let suspect = first(&now, Some(&earlier));
        assert_eq!(suspect.kind, HolderKind::Messages);
        assert_eq!(
            suspect.description,
            "1,000 messages wait in MessagePort `inbox` (global), 136 kB without their contents, \
             +600 since the first",
            "{kind}"
        );
        let edge = suspect.path.last().and_then(|step| step.edge.clone());
        assert_eq!(edge.map(|edge| edge.name), Some("inbox".to_owned()));
    }
}

#[test]
fn calls_that_wait_for_one_promise_are_told_with_it() {
    let suspect = first(&waiting(400, &[], 9001).analyse(), None);
    assert_eq!(suspect.kind, HolderKind::Promises);
    assert_eq!(
        suspect.description,
        "Promise `ready` (global) is pending: 400 calls of function ship in app.js:30 wait for it \
         and hold 893 kB, most of it Order"
    );
    assert_eq!(suspect.location.unwrap().line, Some(30));
}

#[test]
fn reactions_that_follow_on_themselves_have_an_end() {
    let mut writer = waiting(400, &[], 9001);
    let is_reaction = |node: &NodeSpec| node.name == "system / PromiseReaction";
    let first = writer.nodes.iter().position(is_reaction).unwrap();
    let last = writer.nodes.iter().rposition(is_reaction).unwrap();
    writer.edge(last, "hidden", "0", first);
    assert!(
        suspects(&writer.analyse(), None, &mut ignore).unwrap()[0]
            .description
            .contains("400 calls")
    );
}

#[test]
fn calls_that_wait_each_for_their_own_promise_are_told_with_what_holds_the_promises() {
    let suspect = first(&waiting(400, &["resolvers"], 9001).analyse(), None);
    assert_eq!(suspect.kind, HolderKind::Container);
    assert!(
        suspect
            .description
            .ends_with("; by it wait 400 calls of function ship in app.js:30 with Order"),
        "{}",
        suspect.description
    );
    assert!(
        suspect
            .description
            .starts_with("Array `resolvers` (global)")
    );
}

#[test]
fn calls_that_nothing_dominates_are_told_by_their_function() {
    let now = waiting(400, &["one", "other"], 9001).analyse();
    let earlier = waiting(100, &["one", "other"], 90001).analyse();
    let suspect = suspects(&now, Some(&earlier), &mut ignore)
        .unwrap()
        .into_iter()
        .find(|suspect| suspect.kind == HolderKind::Suspended)
        .unwrap();
    assert_eq!(
        suspect.description,
        "400 calls of function ship in app.js:30 do not go on and hold 838 kB, most of it Order, \
         +300 since the first"
    );
    // As many as before: a busy service.
    let same = waiting(400, &["one", "other"], 90001).analyse();
    let told = suspects(&now, Some(&same), &mut ignore).unwrap();
    assert!(
        told.iter()
            .all(|suspect| suspect.kind != HolderKind::Suspended)
    );
}

#[test]
fn closures_that_have_the_one_before_in_their_variables_are_one_chain() {
    let mut writer = leaking(1, 9001);
    let last = function(&mut writer, "run", 50);
    let shared = writer.nodes[last].edges[0].to;
    writer.edge(1, "property", "last", last);
    let mut at = last;
    for _ in 0..2000 {
        let context = writer.node("object", "system / Context", 24);
        let text = writer.node("string", "text", 100);
        let before = writer.node("closure", "run", 32);
        writer.edge(at, "internal", "context", context);
        writer.edge(context, "context", "text", text);
        writer.edge(context, "context", "before", before);
        writer.edge(before, "internal", "shared", shared);
        at = before;
    }
    let suspect = first(&writer.analyse(), None);
    assert_eq!(suspect.kind, HolderKind::List);
    assert!(
        suspect
            .description
            .starts_with("function run in app.js:50 `last` (global) is a chain of 2,000 closures"),
        "{}",
        suspect.description
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

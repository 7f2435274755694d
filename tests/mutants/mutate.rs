//! Damage that keeps a snapshot as sound as possible: most mutants are still taken.

use std::ops::Range;

use crate::writer::{Layout, Random, Writer, random};

/// Where to start from: graphs of any shape, an application in small, and names that are long.
pub fn corpus() -> Vec<Vec<u8>> {
    let mut corpus: Vec<Vec<u8>> = (0..12)
        .map(|seed| {
            let layout = [Layout::Node18, Layout::Node26][seed % 2];
            random(seed as u64).json(layout)
        })
        .collect();
    for layout in [Layout::Node18, Layout::Node26] {
        corpus.push(application(40, "cached").json(layout));
    }
    corpus.push(application(1500, &"long ".repeat(30_000)).json(Layout::Node26));
    corpus.push(chain(3000).json(Layout::Node26));
    corpus.push(names(2000).json(Layout::Node26));
    corpus
}

/// A Map in a context of a function of a script, an emitter, timers, plain objects, strings.
fn application(members: usize, name: &str) -> Writer {
    let mut writer = Writer::new();
    let roots = writer.node("synthetic", "(GC roots)", 0);
    let global = writer.node("object", "global / ", 32);
    let closure = writer.node("closure", name, 64);
    let context = writer.node("object", "system / Context", 40);
    let function = writer.node("code", name, 56);
    let scope_info = writer.node("hidden", "system / ScopeInfo", 24);
    let script = writer.node("code", &format!("file:///app/{name}.js"), 16);
    let map = writer.node("object", "Map", 32);
    let table = writer.node("array", "", 4096);
    let emitter = writer.node("object", "EventEmitter", 32);
    let events = writer.node("object", "Object", 24);
    writer.edge(0, "element", "1", roots);
    writer.edge(0, "shortcut", "2", global);
    writer.edge(global, "property", name, closure);
    writer.edge(closure, "internal", "shared", function);
    writer.edge(closure, "internal", "context", context);
    writer.edge(context, "internal", "scope_info", scope_info);
    writer.edge(context, "context", name, map);
    writer.edge(context, "context", "emitter", emitter);
    writer.edge(function, "internal", "script", script);
    writer.edge(function, "internal", "name_or_scope_info", scope_info);
    writer.edge(map, "internal", "table", table);
    writer.edge(emitter, "property", "_events", events);
    writer.nodes[closure].location = Some((7, 11, 3));
    for at in 0..members {
        let object = writer.node("object", ["Session", "Object", name][at % 3], 4000);
        let text = writer.node("string", &format!("user {}", at % 9), 32);
        writer.edge(table, "internal", &at.to_string(), object);
        writer.edge(object, "property", ["user", "id", name][at % 3], text);
        writer.edge(object, "property", "at", text);
        if at % 5 == 0 {
            let timer = writer.node("object", "Timeout", 128);
            writer.edge(events, "property", "done", timer);
            writer.edge(timer, "property", "_onTimeout", closure);
            writer.edge(timer, "weak", "owner", object);
        }
        if at % 7 == 0 {
            let detached = writer.node("native", &format!("Detached <div id=\"{name}\">"), 64);
            writer.edge(object, "element", &at.to_string(), detached);
        }
    }
    writer
}

fn chain(length: usize) -> Writer {
    let mut writer = Writer::new();
    let mut last = 0;
    for at in 0..length {
        let node = writer.node("object", "Link", 100);
        let edge = if at == 0 { "shortcut" } else { "property" };
        writer.edge(last, edge, "next", node);
        writer.edge(node, "internal", "list", 0);
        last = node;
    }
    writer
}

/// As many classes, properties and places as objects.
fn names(count: usize) -> Writer {
    let mut writer = Writer::new();
    let hub = writer.node("object", "Object", 16);
    writer.edge(0, "shortcut", "1", hub);
    for at in 0..count {
        let holder = writer.node("object", &format!("Holder{at}"), 160);
        let plain = writer.node("object", "Object", 160);
        writer.edge(hub, "property", &format!("held{at}"), holder);
        writer.edge(holder, "property", "plain", plain);
        writer.edge(plain, "property", &format!("own{at}"), hub);
        writer.edge(plain, "property", &format!("own{}", at / 2), holder);
    }
    writer
}

/// One of the corpus after some damage.
pub fn mutant(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = corpus[random.below(corpus.len())].clone();
    for _ in 0..=random.below(4) {
        match random.below(10) {
            0 => byte(&mut bytes, random),
            1 => repeat(&mut bytes, random),
            2 => remove(&mut bytes, random),
            3 => splice(&mut bytes, &corpus[random.below(corpus.len())], random),
            4 | 5 => name(&mut bytes, random),
            _ => number(&mut bytes, random),
        }
    }
    bytes
}

fn byte(bytes: &mut [u8], random: &mut Random) {
    let at = random.below(bytes.len());
    bytes[at] = match random.below(3) {
        0 => b",[]{}\"\\- "[random.below(9)],
        1 => b'0' + random.below(10) as u8,
        _ => random.next() as u8,
    };
}

/// A short piece of the bytes.
fn piece(bytes: &[u8], random: &mut Random) -> Range<usize> {
    let start = random.below(bytes.len());
    start..(start + 1 + random.below(60)).min(bytes.len())
}

fn repeat(bytes: &mut Vec<u8>, random: &mut Random) {
    let piece = piece(bytes, random);
    let times = 1 + random.below(20);
    let copies = bytes[piece.clone()].repeat(times);
    bytes.splice(piece.end..piece.end, copies);
}

fn remove(bytes: &mut Vec<u8>, random: &mut Random) {
    if bytes.len() > 100 {
        let piece = piece(bytes, random);
        bytes.drain(piece);
    }
}

/// A piece of another one in place of one of this.
fn splice(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let from = piece(other, random);
    let to = piece(bytes, random);
    bytes.splice(to, other[from].iter().copied());
}

/// Where a section begins.
fn section(bytes: &[u8], key: &str) -> Option<usize> {
    let at = bytes
        .windows(key.len())
        .position(|window| window == key.as_bytes())?;
    Some(at + key.len())
}

const EXTREME: [&str; 8] = [
    "0",
    "1",
    "6",
    "4294967295",
    "4294967296",
    "9007199254740992",
    "-1",
    "2147483648",
];

/// Another number in place of one of a table: one of the same table mostly.
fn number(bytes: &mut Vec<u8>, random: &mut Random) {
    let keys = ["\"nodes\":[", "\"edges\":[", "\"locations\":["];
    let Some(start) = section(bytes, keys[random.below(3)]) else {
        return;
    };
    let length = bytes[start..]
        .iter()
        .position(|&byte| byte == b']')
        .unwrap_or(0);
    if length == 0 {
        return;
    }
    let table = &bytes[start..start + length];
    let number_at = |at: usize| {
        let begin = table[..at].iter().rposition(|&byte| byte == b',');
        let end = table[at..].iter().position(|&byte| byte == b',');
        begin.map_or(0, |begin| begin + 1)..end.map_or(length, |end| at + end)
    };
    let old = number_at(random.below(length));
    let new = match random.below(6) {
        0 => EXTREME[random.below(EXTREME.len())].as_bytes().to_vec(),
        1 => random.below(40).to_string().into_bytes(),
        _ => table[number_at(random.below(length))].to_vec(),
    };
    bytes.splice(start + old.start..start + old.end, new);
}

const NAMES: [&[u8]; 14] = [
    b"",
    b"Object",
    b"__proto__",
    b"shared",
    b"context",
    b"system / Context",
    b"\\ud800",
    b"\xff\xfe",
    b"</script>",
    b"\\u0000\\u202e",
    b"(map descriptors)",
    b"global",
    b"1 / part of key (K @3) -> value (V @5) pair in WeakMap (table @7)",
    b"Detached Window",
];

/// Another string in place of one of the table.
fn name(bytes: &mut Vec<u8>, random: &mut Random) {
    let Some(start) = section(bytes, "\"strings\":[") else {
        return;
    };
    let at = start + random.below((bytes.len() - start).max(1));
    let quotes: Vec<usize> = (at..bytes.len())
        .filter(|&at| bytes[at] == b'"')
        .take(2)
        .collect();
    let &[open, close] = quotes.as_slice() else {
        return;
    };
    let unit = NAMES[random.below(NAMES.len())];
    let times = match random.below(8) {
        0 => 200_000 / unit.len().max(1),
        1 => 300,
        _ => 1,
    };
    bytes.splice(open + 1..close, unit.repeat(times));
}

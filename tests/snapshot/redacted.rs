//! Redaction: contents go, structure and names stay.

use tidemark::snapshot::{Analysis, Redaction, ignore, redact};

use crate::writer::{Layout, Writer, parse, random};

fn redacted(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    redact(&mut &json[..], &mut out, json.len() as u64, &mut ignore).unwrap();
    out
}

#[test]
fn contents_of_strings_go_and_names_stay() {
    let mut writer = Writer::new();
    let user = writer.node("object", "User", 16);
    writer.edge(0, "shortcut", "1", user);
    for (property, kind, text) in [
        ("email", "string", "ann@example.org"),
        ("note", "concatenated string", "she said \"hi\"\n"),
        ("part", "sliced string", "secret"),
        // Also the name of a property: an identifier.
        ("kind", "string", "email"),
        ("empty", "string", ""),
        ("Symbol(x)", "symbol", "token"),
    ] {
        let value = writer.node(kind, text, 32);
        writer.edge(user, "property", property, value);
    }
    for layout in [Layout::Node18, Layout::Node26] {
        let json = writer.json(layout);
        let out = String::from_utf8(redacted(&json)).unwrap();
        for gone in ["ann@example.org", "she said", "secret"] {
            assert!(!out.contains(gone), "{out}");
        }
        for kept in [
            "\"User\"",
            "\"email\"",
            "\"token\"",
            "\"Symbol(x)\"",
            "\"<string of 15>\"",
            "\"\"",
        ] {
            assert!(out.contains(kept), "{kept} in {out}");
        }
        serde_json::from_str::<serde_json::Value>(&out).unwrap();
    }
}

#[test]
fn names_that_were_made_of_data_go_too() {
    let mut writer = Writer::new();
    let user = writer.node("object", "User", 16);
    writer.edge(0, "shortcut", "1", user);
    for (property, kind, name) in [
        (
            "ann@example.org",
            "object",
            "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        ),
        ("order-88213", "closure", "4111111111111111"),
        ("session\\u0041id", "regexp", "^hunter2token$"),
        ("handle", "symbol", "eyJhbGciOiJIUzI1NiJ9"),
        ("Ärztin", "closure", "handleRequest"),
    ] {
        let value = writer.node(kind, name, 32);
        writer.edge(user, "property", property, value);
    }
    let pair = "3 / part of key (User @17) -> value (x7Gk2Pq9 @19) pair in WeakMap (table @21)";
    writer.edge(user, "internal", pair, 0);
    let file = writer.node("code", "/srv/app-2.1/routes/v4x2.js", 16);
    writer.edge(user, "internal", "script_or_debug_info", file);
    writer.edge(user, "context", "h4sh2t", file);
    // With so many keys it is a dictionary.
    let by_user = writer.node("object", "Object", 16);
    writer.edge(0, "shortcut", "2", by_user);
    for at in 0..200 {
        let digits = format!("{at:03}");
        let name: String = digits
            .bytes()
            .map(|digit| char::from(digit + b'a' - b'0'))
            .collect();
        writer.edge(by_user, "property", &format!("person-{name}"), user);
    }
    writer.edge(by_user, "property", "handle", user);
    for layout in [Layout::Node18, Layout::Node26] {
        let out = String::from_utf8(redacted(&writer.json(layout))).unwrap();
        for gone in [
            "example", "sk_live", "88213", "4111", "session", "hunter2", "eyJ", "rztin", "x7Gk",
            "person-",
        ] {
            assert!(!out.contains(gone), "{gone} in {out}");
        }
        for kept in [
            "\"handle\"",
            "\"handleRequest\"",
            "\"3 / part of key (User @17) -> value ([…] @19) pair in WeakMap (table @21)\"",
            "\"/srv/app-2.1/routes/v4x2.js\"",
            "\"h4sh2t\"",
        ] {
            assert!(out.contains(kept), "{kept} in {out}");
        }
        serde_json::from_str::<serde_json::Value>(&out).unwrap();
    }
}

#[test]
fn a_redacted_snapshot_has_the_same_graph_and_redacting_again_changes_only_lengths() {
    for seed in 0..50 {
        let writer = random(seed);
        let json = writer.json(Layout::Node18);
        let out = redacted(&json);
        let (before, after) = (
            writer.analyse(),
            Analysis::new(parse(&out).unwrap(), &mut ignore).unwrap(),
        );
        for node in 0..before.node_count() as u32 {
            assert_eq!(before.id(node), after.id(node));
            assert_eq!(before.retained_size(node), after.retained_size(node));
            assert_eq!(before.class_name(node), after.class_name(node));
        }
    }
}

#[test]
fn a_broken_snapshot_is_not_redacted() {
    let json = random(2).json(Layout::Node26);
    let mut out = Vec::new();
    assert!(redact(&mut &json[..json.len() - 2], &mut out, 0, &mut ignore).is_err());
}

#[test]
fn bytes_that_are_pushed_in_pieces_of_any_length_are_redacted_alike() {
    for seed in 0..20 {
        let json = random(seed).json(Layout::Node26);
        let whole = redacted(&json);
        for length in [1, 7, 100, json.len()] {
            let mut out = Vec::new();
            let mut redaction = Redaction::default();
            for piece in json.chunks(length) {
                redaction.push(piece, &mut out).unwrap();
            }
            redaction.finish().unwrap();
            assert_eq!(out, whole);
        }
    }
}

#[test]
fn pushed_bytes_that_end_early_are_an_error() {
    let json = random(3).json(Layout::Node26);
    let mut redaction = Redaction::default();
    redaction
        .push(&json[..json.len() - 2], &mut Vec::new())
        .unwrap();
    assert!(redaction.finish().is_err());
}

//! The file as it begins: who the process is, and a first pulse.

use super::layout::{self, Area, Framed, IDENTITY, PULSE, SIZE};
use super::mark::mark;
use super::records::{Pulse, Words};
use super::shared::Plan;
use serde_json::{Map, Value};

/// The file as it begins.
pub(super) fn image(identity: &str, pulse: &Pulse) -> Vec<u8> {
    let mut image = vec![0; SIZE];
    let mut bytes = Vec::with_capacity(4096);
    image[..64].copy_from_slice(&layout::head());
    let mut put = |area: &Area, place: usize, payload: &[u8]| {
        let record = Framed {
            number: 1,
            owner: 0,
            payload,
        };
        layout::frame(&mut bytes, area, &record);
        let at = area.offset(place);
        image[at..at + bytes.len()].copy_from_slice(&bytes);
    };
    put(&IDENTITY, 0, identity.as_bytes());
    put(&IDENTITY, 1, identity.as_bytes());
    let mut payload = Vec::new();
    layout::put_words(&mut payload, &pulse.pack());
    put(&PULSE, 0, &payload);
    image
}

/// With what tells this process from a later one of its number. It has room in the file, whatever names
/// and options a process has: they are cut until it has.
pub(super) fn identity(plan: &Plan) -> String {
    let own = own_identity(plan);
    let mut texts = [usize::MAX, 256, 64, 16].into_iter().map(|longest| {
        let mut all = plan.identity.clone();
        for value in all.values_mut() {
            *value = cut(std::mem::take(value), longest);
        }
        all.extend(own.clone());
        Value::Object(all).to_string()
    });
    texts
        .find(|text| text.len() <= IDENTITY.room())
        .unwrap_or_else(|| Value::Object(own.clone()).to_string())
}

fn own_identity(plan: &Plan) -> Map<String, Value> {
    let mut own = mark();
    own.insert("script".to_owned(), plan.script.as_str().into());
    own
}

/// The value with each string in it cut to so many characters.
fn cut(value: Value, longest: usize) -> Value {
    match value {
        Value::String(text) => Value::String(text.chars().take(longest).collect()),
        Value::Array(all) => all.into_iter().map(|each| cut(each, longest)).collect(),
        other => other,
    }
}

/// What JSON writes in so many bytes at the most. The end of a path says more than its beginning.
pub(super) fn end_of(text: &str, most: usize) -> &str {
    let mut left = most;
    let fits = |&(_, character): &(usize, char)| {
        let is_escaped = character.is_control() || matches!(character, '"' | '\\');
        let bytes = if is_escaped { 6 } else { character.len_utf8() };
        left.checked_sub(bytes).map(|rest| left = rest).is_some()
    };
    let start = text.char_indices().rev().take_while(fits).last();
    &text[start.map_or(text.len(), |(at, _)| at)..]
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::flight::records::End;
    use crate::flight::shared::Shared;
    use crate::flight::shared::tests::plan;
    use std::path::Path;

    /// A file of a process that ended like this.
    pub(in crate::flight) fn image(script: &str, end: End) -> Vec<u8> {
        let identity = format!(r#"{{"name":"shop","script":"{script}"}}"#);
        let pulse = Pulse {
            end,
            ..Pulse::default()
        };
        super::image(&identity, &pulse)
    }

    #[test]
    fn who_the_process_is_has_room_however_long_its_names_are() {
        let long = "\u{1}\"é/".repeat(5000);
        for arguments in [1, 40, 400] {
            let mut plan = plan(Path::new("/"));
            plan.script = format!("{long}app.js");
            let arguments = vec![Value::from(long.as_str()); arguments];
            plan.identity.insert("args".to_owned(), arguments.into());
            plan.identity
                .insert("host".to_owned(), long.as_str().into());
            let shared = Shared::new(plan);
            let text = identity(&shared.plan);
            assert!(text.len() <= IDENTITY.room());
            let read: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(read["script"], shared.plan.script.as_str());
            assert!(shared.plan.script.len() > 300 && shared.plan.script.ends_with("é/app.js"));
            assert_eq!(read["pid"], std::process::id());
        }
        assert_eq!(end_of("/app.js", 1024), "/app.js");
    }
}

//! Holders that everybody knows: what keeps the objects is said by its name, not by its fields.

use super::waits::{How, Waits};
use crate::format;
use crate::snapshot::columns::EdgeKind;
use crate::snapshot::paths::Step;
use crate::snapshot::public_name::named;

/// What kind of thing holds a group of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HolderKind {
    /// A Map, Set, Array or object that grows.
    Container,
    /// A chain of objects, each holding the next.
    List,
    /// One object that is large by itself.
    LargeObject,
    /// Listeners of an emitter or target.
    Listeners,
    /// Timers that were not cleared.
    Timers,
    /// Promises that nobody settled, and what waits for them.
    Promises,
    /// Async functions and generators that do not go on.
    Suspended,
    /// Stores of `AsyncLocalStorage` that a long-lived resource carries.
    AsyncLocalStorage,
    /// Modules that are loaded again and again.
    ModuleCache,
    /// Sockets and other handles that are still open.
    Sockets,
    /// Messages in a `MessagePort` that nobody reads.
    Messages,
    /// What `Symbol.for()` made, which V8 keeps for as long as the isolate lives.
    SymbolRegistry,
}

impl HolderKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::List => "list",
            Self::LargeObject => "large-object",
            Self::Listeners => "listeners",
            Self::Timers => "timers",
            Self::Promises => "promises",
            Self::Suspended => "suspended",
            Self::AsyncLocalStorage => "async-local-storage",
            Self::ModuleCache => "module-cache",
            Self::Sockets => "sockets",
            Self::Messages => "messages",
            Self::SymbolRegistry => "symbol-registry",
        }
    }
}

/// What the path to one of the objects says about who holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) kind: HolderKind,
    /// The step of the path that stands for the holder.
    pub(super) holder: usize,
    /// Such as the name of the event.
    pub(super) detail: Option<String>,
}

/// Looks at the last steps up to the object: what is further up holds the holder. A listener is
/// three steps from its emitter's events: their object, the array of several, its elements.
const NEAR: usize = 4;

/// Finds the rule that the path to an object falls under.
pub(super) fn recognise(path: &[Step]) -> Option<Rule> {
    let first = path.len().saturating_sub(NEAR).max(1);
    let rule = (first..path.len()).rev().find_map(|at| rule_at(path, at))?;
    if rule.kind != HolderKind::Timers {
        return Some(rule);
    }
    // Timers of one duration are a list, each held by the one before.
    let holder = path.iter().position(|step| is_timer(&step.class))?;
    Some(Rule { holder, ..rule })
}

/// How V8 calls the root that has the symbols of `Symbol.for()` by their names.
const SYMBOL_REGISTRY: &str = "public_symbol_table";
/// What a person calls it.
pub(super) const REGISTRY_IN_WORDS: &str = "the registry of Symbol.for()";

pub(super) fn is_timer(class: &str) -> bool {
    matches!(
        class,
        "Timeout" | "TimersList" | "Immediate" | "ImmediateList"
    )
}

/// Node.js' own node for a `MessagePort`, which leads by its data and their queue to the messages.
/// On Node.js 18 and 20 it is a synthetic one, with a name and no class.
fn is_port(step: &Step) -> bool {
    step.name.as_deref().unwrap_or(&step.class) == "Node / MessagePort"
}

fn rule_at(path: &[Step], at: usize) -> Option<Rule> {
    let step = &path[at];
    let name = step.edge.as_ref().map_or("", |edge| edge.name.as_str());
    let found = |kind, holder, detail| {
        Some(Rule {
            kind,
            holder,
            detail,
        })
    };
    if name == SYMBOL_REGISTRY && step.edge.as_ref()?.kind == EdgeKind::Internal {
        return found(HolderKind::SymbolRegistry, at, None);
    }
    if name == "_events" {
        let event = path.get(at + 1).and_then(|step| step.edge.as_ref());
        let event = event.filter(|edge| edge.kind.name() == "property");
        return found(
            HolderKind::Listeners,
            at - 1,
            event.map(|edge| named(&edge.name).into_owned()),
        );
    }
    if name.contains("kEvents") {
        return found(HolderKind::Listeners, at - 1, None);
    }
    if name.contains("kResourceStore") || step.class == "AsyncContextFrame" {
        return found(HolderKind::AsyncLocalStorage, at, None);
    }
    match step.class.as_str() {
        class if is_timer(class) => found(HolderKind::Timers, at, None),
        "Promise" | "system / PromiseReaction" => found(HolderKind::Promises, at - 1, None),
        "Module"
            if matches!(
                path.get(at - 1)?.edge.as_ref()?.name.as_str(),
                "_cache" | "cache"
            ) =>
        {
            found(HolderKind::ModuleCache, at - 1, None)
        }
        "Socket" | "TLSSocket" | "TCP" | "Pipe" | "TCPSERVERWRAP" | "Http2Session"
        | "Http2Stream" => found(HolderKind::Sockets, at - 1, None),
        "Node / Message" => {
            let port = path[..at].iter().rposition(is_port)?;
            found(HolderKind::Messages, port, None)
        }
        _ => None,
    }
}

/// The sentence about `count` objects of `class`, `bytes` in all.
pub(super) fn description(
    kind: HolderKind,
    holder: &str,
    detail: Option<&str>,
    class: &str,
    count: u64,
    bytes: u64,
) -> String {
    let count = format::grouped(count);
    let bytes = format::bytes(bytes as f64);
    match kind {
        HolderKind::Container => format!("{holder} holds {count} {class}, {bytes}"),
        HolderKind::List if class == "Function" => {
            format!(
                "{holder} is a chain of {count} closures, each in the variables of the one before, {bytes}"
            )
        }
        HolderKind::List if class == "Promise" => {
            format!(
                "{holder} is a chain of {count} Promise, each waits for the one before, {bytes}"
            )
        }
        HolderKind::List => format!("{holder} is a chain of {count} {class}, {bytes}"),
        HolderKind::LargeObject => format!("{holder} has {bytes} by itself"),
        HolderKind::Listeners => {
            let event = detail.map_or_else(String::new, |event| format!(" for '{event}'"));
            format!("{holder} has listeners{event} that hold {count} {class}, {bytes}")
        }
        HolderKind::Timers if is_timer(class) => {
            format!("{count} {class} are still set and hold {bytes}")
        }
        HolderKind::Promises if class == "Promise" => {
            format!("{holder} holds {count} {class}, {bytes}")
        }
        HolderKind::Timers => format!("Timers that are still set hold {count} {class}, {bytes}"),
        HolderKind::Suspended => format!("{count} calls of {holder} wait and hold {bytes}"),
        HolderKind::Promises => {
            format!("Promises that are still reachable hold {count} {class}, {bytes}")
        }
        HolderKind::AsyncLocalStorage => {
            format!("Stores of AsyncLocalStorage hold {count} {class}, {bytes}")
        }
        HolderKind::ModuleCache => format!("The module cache holds {count} {class}, {bytes}"),
        HolderKind::Sockets => format!("Open sockets hold {count} {class}, {bytes}"),
        HolderKind::Messages => {
            format!("{count} messages wait in {holder}, {bytes} without their contents")
        }
        HolderKind::SymbolRegistry => {
            format!("The registry of Symbol.for() holds {count} {class}, {bytes}")
        }
    }
}

/// Where something gathers, as a part of a description: 'held by Map `sessions` (context of app.js)'.
pub(super) fn held_by(kind: HolderKind, holder: &str, detail: Option<&str>) -> String {
    match kind {
        HolderKind::Container | HolderKind::Promises | HolderKind::Suspended => {
            format!("held by {holder}")
        }
        HolderKind::List => format!("held by the chain that starts at {holder}"),
        HolderKind::LargeObject => format!("{holder} grows"),
        HolderKind::Listeners => {
            let event = detail.map_or_else(String::new, |event| format!(" for '{event}'"));
            format!("held by the listeners of {holder}{event}")
        }
        HolderKind::Timers => "held by timers that are still set".to_owned(),
        HolderKind::AsyncLocalStorage => "held by stores of AsyncLocalStorage".to_owned(),
        HolderKind::ModuleCache => "held by the module cache".to_owned(),
        HolderKind::Sockets => "held by open sockets".to_owned(),
        HolderKind::Messages => format!("waiting in {holder}"),
        HolderKind::SymbolRegistry => format!("held by {REGISTRY_IN_WORDS}"),
    }
}

/// The sentence about `count` calls or listeners that wait, `bytes` in all, most of it objects of
/// `class`; `function` is what most of them are.
pub(super) fn waiting_description(
    waits: Waits,
    holder: &str,
    function: Option<&str>,
    class: &str,
    count: u64,
    bytes: u64,
) -> String {
    let count = format::grouped(count);
    let bytes = format::bytes(bytes as f64);
    let stores = if waits.in_store {
        " in stores of AsyncLocalStorage"
    } else {
        ""
    };
    let held = format!("{bytes}, most of it {class}{stores}");
    let function = function.unwrap_or("unknown functions");
    match (waits.how, holder == function) {
        (How::Await, true) => format!("{count} calls of {holder} do not go on and hold {held}"),
        (How::Generator, true) => {
            format!("{count} generators of {holder} were begun, not ended, and hold {held}")
        }
        (How::Await, false) => {
            format!("{holder} is pending: {count} calls of {function} wait for it and hold {held}")
        }
        (How::Then | How::Generator, _) => {
            format!("{holder} is pending: {count} calls of `then` with {function} hold {held}")
        }
    }
}

//! What tells a process from every other one, on a file system without locks too.

use serde_json::{Map, Value};
use std::fs;

/// What tells this process from every other one, also from a later one of its number.
pub fn mark() -> Map<String, Value> {
    let mut mark = Map::new();
    let process = std::process::id();
    mark.insert("pid".to_owned(), process.into());
    if let Some(namespace) = pid_namespace() {
        mark.insert("pidNamespace".to_owned(), namespace.into());
    }
    if let Some(boot) = boot_id() {
        mark.insert("bootId".to_owned(), boot.into());
    }
    #[cfg(target_os = "linux")]
    if let Some(glance) = crate::process::other::glance(process) {
        mark.insert("startedTicks".to_owned(), glance.started_ticks.into());
    }
    mark
}

/// Whether the process of such a mark is there. `None` where that cannot be said: it lives in another container, or on another machine that shares the
/// disk. Namespaces and times since the start of the machine are alike on many.
#[cfg(target_os = "linux")]
pub fn is_running(identity: &Value) -> Option<bool> {
    if identity["pidNamespace"].as_str()? != pid_namespace()?
        || identity["bootId"].as_str()? != boot_id()?
    {
        return None;
    }
    let process = u32::try_from(identity["pid"].as_u64()?).ok()?;
    let started = identity["startedTicks"].as_u64()?;
    let glance = crate::process::other::glance(process);
    Some(glance.is_some_and(|glance| glance.started_ticks == started && !glance.has_ended()))
}

#[cfg(not(target_os = "linux"))]
pub fn is_running(_: &Value) -> Option<bool> {
    None
}

/// Processes of one can see each other.
#[cfg(target_os = "linux")]
pub(super) fn pid_namespace() -> Option<String> {
    Some(
        fs::read_link("/proc/self/ns/pid")
            .ok()?
            .to_string_lossy()
            .into_owned(),
    )
}

#[cfg(not(target_os = "linux"))]
pub(super) fn pid_namespace() -> Option<String> {
    None
}

/// Of this run of this machine.
pub(super) fn boot_id() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_running_as_long_as_its_process_and_no_longer() {
        let own = Value::Object(mark());
        assert_eq!(is_running(&own), Some(true));
        let changed = |name: &str, value: Value| {
            let mut changed = own.clone();
            changed[name] = value;
            is_running(&changed)
        };
        assert_eq!(changed("startedTicks", 1.into()), Some(false));
        assert_eq!(changed("pid", u32::MAX.into()), Some(false));
        assert_eq!(changed("pidNamespace", "pid:[1]".into()), None);
        assert_eq!(changed("bootId", Value::Null), None);
        assert_eq!(is_running(&Value::Null), None);
    }
}

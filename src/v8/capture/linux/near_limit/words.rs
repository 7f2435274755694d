//! What became of the snapshot, in words: for stderr, and for an error.

use super::super::super::course::{End, NearLimitState, Phase, Short, Step, Told, Written};
use crate::format;
use std::time::Duration;

/// Less of a processor than this is too little to get on with.
const STARVED: f64 = 0.2;

/// For stderr.
pub(super) fn of(end: &NearLimitState) -> String {
    let why = match end {
        NearLimitState::Written(Written { path, .. }) => {
            let path = path.display();
            return format!("tidemark: the snapshot of the heap at its limit is {path}");
        }
        NearLimitState::Refused(short) => refusal(short),
        NearLimitState::Failed(fault) => fault.clone(),
        NearLimitState::Waiting | NearLimitState::Writing => "it is not done".to_owned(),
    };
    format!("tidemark: there is no snapshot of the heap at its limit: {why}")
}

fn refusal(short: &Short) -> String {
    let [need, available] = [short.need, short.available].map(|size| format::bytes(size as f64));
    format!(
        "it would need about {need} and {available} are left {}",
        short.place
    )
}

pub(super) fn no_interrupt() -> String {
    "the code that was running did not let V8 interrupt it while there was memory to go on with"
        .to_owned()
}

pub(super) fn not_begun(patience: Duration, why: &str) -> String {
    let allowed = patience.as_millis();
    format!("{why}, within the {allowed} ms of `nearHeapLimitTimeoutMs`")
}

pub(super) fn hung(told: Told) -> String {
    format!("the child hung while {}", told.phase.name())
}

/// `share`: of a processor, that the child had.
pub(super) fn too_late(patience: Duration, told: Told, share: f64) -> String {
    let allowed = patience.as_millis();
    let starved = if share < STARVED {
        let percent = share * 100.0;
        format!(
            ", with {percent:.0} % of a processor, since the machine has other processes to run"
        )
    } else {
        String::new()
    };
    format!(
        "it was not done after the {allowed} ms of `nearHeapLimitTimeoutMs`: the child was {}{starved}",
        told.phase.name()
    )
}

/// `seconds`: from the limit to the end.
pub(super) fn hopeless(patience: Duration, seconds: f64) -> String {
    let allowed = patience.as_millis();
    format!(
        "it would have taken about {seconds:.0} s, and `nearHeapLimitTimeoutMs` is {allowed} ms"
    )
}

/// Why the file is not whole. What the child told counts: how it ended, somebody else may have heard.
pub(super) fn fault(told: Told, end: End) -> Option<String> {
    let phase = told.phase.name();
    let ended = || match end {
        End::Exit(code) => format!("with code {code}"),
        End::Signal(signal) => format!("by signal {signal}"),
        End::Unknown => "unseen".to_owned(),
    };
    match (told.failed, told.failed.name()) {
        (Step::Objects, _) => {
            let count = told.objects;
            Some(format!("{count} objects need more memory than is left"))
        }
        (Step::Memory, _) => {
            let left = format::bytes(told.left as f64);
            Some(format!("the child gave up when {left} of memory were left"))
        }
        (_, Some(step)) => {
            let error = std::io::Error::from_raw_os_error(told.errno);
            let why = (told.errno != 0).then(|| format!(" ({error})"));
            let why = why.unwrap_or_default();
            Some(format!("the child gave up at {step}{why}"))
        }
        (_, None) => (told.phase != Phase::Done)
            .then(|| format!("the child ended {} while {phase}", ended())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(phase: Phase, failed: Step) -> Told {
        Told {
            phase,
            walked: 0,
            objects: 9,
            written: 0,
            left: 5_000_000,
            failed,
            errno: 0,
        }
    }

    #[test]
    fn a_file_is_whole_when_the_child_said_so_whoever_heard_of_its_end() {
        for end in [End::Exit(0), End::Unknown] {
            assert_eq!(fault(told(Phase::Done, Step::None), end), None);
            let fault = fault(told(Phase::Writing, Step::None), end).unwrap();
            assert!(fault.contains("while writing"), "{fault}");
        }
    }

    #[test]
    fn what_the_child_gave_up_at_is_said() {
        let said = |step| fault(told(Phase::Building, step), End::Exit(1)).unwrap();
        assert!(said(Step::Objects).starts_with("9 objects"));
        assert!(said(Step::Sandbox).contains("seccomp"));
        assert!(said(Step::Memory).contains("5.0 MB"));
        let full = Told {
            errno: 28,
            ..told(Phase::Writing, Step::Write)
        };
        let fault = fault(full, End::Exit(0)).unwrap();
        assert!(fault.contains("No space left"), "{fault}");
    }

    #[test]
    fn a_refusal_has_its_two_numbers_and_their_place() {
        let refused = NearLimitState::Refused(Short {
            need: 80_600_000,
            available: 7_000_000,
            place: "on the machine",
            of_disk: false,
        });
        let end = "it would need about 81 MB and 7.0 MB are left on the machine";
        assert!(of(&refused).ends_with(end));
    }
}

//! What the kernel says about another process: `/proc/<number>/stat`.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// A look at a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    /// `R` runs or could, `S` and `D` wait, `T` is stopped, `Z` has ended.
    pub state: char,
    /// Processor time so far, in the kernel's ticks of 10 ms.
    pub cpu_ticks: u64,
    /// When it began, in such ticks since the machine did: a later process of its number differs in it.
    pub started_ticks: u64,
}

impl Glance {
    pub fn has_ended(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }
}

/// A look at a process by its number; `None` where there is none, or it is hidden.
pub fn glance(process: u32) -> Option<Glance> {
    Other::open(process).ok()?.glance()
}

/// Another process. Opened once: where `/proc` hides processes (`hidepid`), one that makes itself
/// private cannot be found any more.
#[derive(Debug)]
pub struct Other(File);

impl Other {
    /// # Errors
    /// The kernel's: when there is no such process, or it is hidden.
    pub fn open(process: u32) -> io::Result<Self> {
        File::open(format!("/proc/{process}/stat")).map(Self)
    }

    /// `None` when it is gone.
    pub fn glance(&self) -> Option<Glance> {
        // A name of 64 bytes and 51 numbers.
        let mut stat = [0; 2048];
        let length = self.0.read_at(&mut stat, 0).ok()?;
        parse(&String::from_utf8_lossy(&stat[..length]))
    }
}

/// `1234 (name) S ...`; the name may hold spaces and parentheses.
fn parse(stat: &str) -> Option<Glance> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let user: u64 = fields.nth(10)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    let started_ticks = fields.nth(6)?.parse().ok()?;
    Some(Glance {
        state,
        cpu_ticks: user + system,
        started_ticks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn reads_state_and_time_behind_a_hostile_name() {
        let stat = "7 (a) R (b)) S 1 2 3 4 5 6 7 8 9 10 200 30 0 0 20 0 1 0 99 1000 50";
        assert_eq!(
            parse(stat),
            Some(Glance {
                state: 'S',
                cpu_ticks: 230,
                started_ticks: 99
            })
        );
        assert_eq!(parse("7 (a) S 1 2"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn sees_a_process_anew_until_it_is_gone() {
        let mut process = Command::new("sleep").arg("60").spawn().unwrap();
        let other = Other::open(process.id()).unwrap();
        let started = glance(process.id()).unwrap().started_ticks;
        assert!(started >= glance(std::process::id()).unwrap().started_ticks);
        assert!(other.glance().is_some_and(|glance| glance.state != 'Z'));
        process.kill().unwrap();
        while other.glance().is_some_and(|glance| glance.state != 'Z') {}
        process.wait().unwrap();
        assert_eq!(other.glance(), None);
        assert!(Other::open(u32::MAX).is_err());
    }
}

//! What is read anew for each round: the process as a whole.

use super::records::Pulse;
use super::shared::Shared;
use crate::process::{cgroup, machine, rss};
use std::fs::File;
use std::time::{SystemTime, UNIX_EPOCH};

/// Limits and what is used of them are read from files: every fourth round.
const LIMITS: u32 = 4;

/// Reads what a pulse says.
pub(super) struct Pulses {
    count: u32,
    newest: Pulse,
    clock: CpuClock,
}

impl Pulses {
    pub(super) fn new(memory_limit: Option<u64>) -> Self {
        Self {
            count: 0,
            newest: Pulse {
                memory_limit,
                ..Pulse::default()
            },
            clock: CpuClock::open(),
        }
    }

    pub(super) fn next(&mut self, shared: &Shared, failed: u64) -> Pulse {
        let pulse = &mut self.newest;
        if self.count.is_multiple_of(LIMITS) {
            // How it ended is concluded from this: a limit that slows counts where none kills.
            let group = cgroup::killing().or_else(cgroup::memory);
            pulse.group_limit = group.map(|group| group.limit);
            pulse.group_usage = group.map(|group| group.usage);
            pulse.group_slows = group.is_some_and(|group| group.slows);
            pulse.machine_available = machine::available();
            pulse.cpu_ns = self.clock.read();
        }
        self.count += 1;
        pulse.rss = rss::resident_set_size();
        pulse.peak_rss = pulse.peak_rss.max(pulse.rss);
        pulse.failed = failed;
        pulse.end = shared.end();
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        pulse.wall_ms = now.unwrap_or_default().as_secs_f64() * 1000.0;
        pulse.at_ms = shared.since_began_ms();
        *pulse
    }
}

/// Processor time of the thread that opened it, as the scheduler counts it.
struct CpuClock(Option<File>);

impl CpuClock {
    fn open() -> Self {
        Self(File::open("/proc/thread-self/schedstat").ok())
    }

    fn read(&self) -> Option<u64> {
        let mut text = [0; 64];
        let length = read_at(self.0.as_ref()?, &mut text)?;
        let text = std::str::from_utf8(&text[..length]).ok()?;
        text.split(' ').next()?.parse().ok()
    }
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8]) -> Option<usize> {
    use std::os::unix::fs::FileExt;
    file.read_at(bytes, 0).ok()
}

#[cfg(windows)]
fn read_at(_: &File, _: &mut [u8]) -> Option<usize> {
    None
}

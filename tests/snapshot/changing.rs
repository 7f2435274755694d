//! Files that change while they are read: an error or a correct result, never a panic.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use tidemark::snapshot::{Analysis, Code, Snapshot, SnapshotError, ignore};

use crate::writer::{Layout, Writer, random};

type Change<'a> = &'a dyn Fn(&mut File);

/// A file that was written long ago, and goes when this is dropped.
struct Written(PathBuf);

impl Written {
    fn new(name: &str, json: &[u8]) -> Self {
        let name = format!("tidemark-{}-{name}.heapsnapshot", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, json).unwrap();
        let long_ago = SystemTime::now() - Duration::from_secs(3600);
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_modified(long_ago).unwrap();
        Self(path)
    }

    fn to_write(&self) -> File {
        OpenOptions::new().write(true).open(&self.0).unwrap()
    }

    /// Reads it; `change` comes between opening and the first byte.
    fn read_while(&self, change: impl Fn(&mut File)) -> Result<Snapshot, SnapshotError> {
        let mut changed = false;
        Snapshot::open(&self.0, &mut |_| {
            if !std::mem::replace(&mut changed, true) {
                change(&mut self.to_write());
            }
            ControlFlow::Continue(())
        })
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn a_file_that_changes_after_it_was_opened_is_refused() {
    let json = random(5).json(Layout::Node26);
    let length = json.len() as u64;
    let changes: [(&str, Change<'_>); 5] = [
        ("untouched", &|_| {}),
        ("emptied", &|file| file.set_len(0).unwrap()),
        ("cut", &|file| file.set_len(length / 2).unwrap()),
        ("grown", &|file| file.set_len(length + 5000).unwrap()),
        ("overwritten", &|file| {
            file.rewind().unwrap();
            file.write_all(&random(6).json(Layout::Node26)[..1000])
                .unwrap();
        }),
    ];
    for (name, change) in changes {
        let error = Written::new(name, &json).read_while(change).err();
        let code = error.map(|error| error.code);
        let wanted = (name != "untouched").then_some(Code::File);
        assert_eq!(code, wanted, "{name}");
    }
}

// Elsewhere a hole of a terabyte takes a terabyte.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_grows_without_end_is_read_to_where_it_ended() {
    let json = random(5).json(Layout::Node26);
    let file = Written::new("endless", &json[..json.len() - 10]);
    let mut seen = 0;
    let result = Snapshot::open(&file.0, &mut |progress| {
        seen = progress.done;
        // A hole of a terabyte, and within a string all of it would be kept.
        file.to_write().set_len(1 << 40).unwrap();
        ControlFlow::Continue(())
    });
    assert_eq!(result.err().map(|error| error.code), Some(Code::File));
    assert!(seen <= json.len() as u64, "{seen}");
}

// Elsewhere a hole of a terabyte takes a terabyte.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_changes_is_not_converted() {
    let json = random(5).json(Layout::Node26);
    let file = Written::new("converted", &json);
    let to = file.0.with_extension("out");
    let converted = |change: Change<'_>| {
        tidemark::snapshot::convert_file(&file.0, &to, true, &mut |_| {
            change(&mut file.to_write());
            ControlFlow::Continue(())
        })
    };
    let grows: Change<'_> = &|file| file.set_len(1 << 40).unwrap();
    assert_eq!(converted(grows).unwrap_err().code, Code::File);
    assert!(!to.exists());
    file.to_write().set_len(json.len() as u64).unwrap();
    converted(&|_| {}).unwrap();
    fs::remove_file(&to).unwrap();
}

#[test]
fn a_file_that_another_thread_cuts_and_mends_never_panics() {
    let mut writer = Writer::new();
    for at in 1..=20_000 {
        let node = writer.node("object", "Link", 24);
        writer.edge(at - 1, "property", "next", node);
    }
    let json = writer.json(Layout::Node18);
    let total = writer.analyse().total_size();
    let file = Written::new("mended", &json);
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut other = file.to_write();
            for round in 0.. {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let kept = json.len() * (round % 10) / 10;
                other.set_len(kept as u64).unwrap();
                other.seek(std::io::SeekFrom::Start(kept as u64)).unwrap();
                other.write_all(&json[kept..]).unwrap();
            }
        });
        for _ in 0..40 {
            match Analysis::open(&file.0, &mut ignore) {
                Ok(analysis) => assert_eq!(analysis.total_size(), total),
                Err(error) => assert!(
                    matches!(error.code, Code::File | Code::Truncated | Code::Syntax),
                    "{error}"
                ),
            }
        }
        ended.store(true, Ordering::Relaxed);
    });
}

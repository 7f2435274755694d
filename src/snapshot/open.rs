//! Reading a snapshot from a file or any other source of bytes.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::thread;

use super::columns::Snapshot;
use super::error::{Code, SnapshotError};
use super::parse::{Builder, Parser, Remote};
use super::progress::{Checkpoint, OnProgress, Phase};

const PIECE: usize = 1 << 20;
/// Blocks of numbers that may wait between the two threads: a few MB.
const BLOCKS: usize = 8;

impl Snapshot {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// It is not a regular file, cannot be read, changes meanwhile, or is not a valid snapshot.
    pub fn open(path: &Path, on_progress: OnProgress<'_>) -> Result<Self, SnapshotError> {
        let (mut file, before) = open_regular(path)?;
        let checkpoint = Checkpoint::new(Phase::Read, before.len());
        // A file that grows faster than it is read must come to an end here too.
        let mut source = (&mut file).take(before.len());
        let result = checkpoint.watch(on_progress, || Self::read_from(&mut source, &checkpoint));
        unchanged(&file, &before)?;
        result
    }

    /// Reads bytes to their end; `length` is for the progress, 0 where it is not known.
    ///
    /// # Errors
    ///
    /// Reading fails, or what comes is not a valid snapshot.
    pub fn read(
        source: &mut (dyn Read + Send),
        length: u64,
        on_progress: OnProgress<'_>,
    ) -> Result<Self, SnapshotError> {
        let checkpoint = Checkpoint::new(Phase::Read, length);
        checkpoint.watch(on_progress, || Self::read_from(source, &checkpoint))
    }

    fn read_from(
        source: &mut (dyn Read + Send),
        checkpoint: &Checkpoint,
    ) -> Result<Self, SnapshotError> {
        let (messages, inbox) = sync_channel(BLOCKS);
        let (give_back, spare) = sync_channel(BLOCKS);
        let mut parser = Parser::with_remote(Remote { messages, spare });
        thread::scope(|scope| {
            let builder = thread::Builder::new()
                .name("tidemark-snapshot-2".into())
                .spawn_scoped(scope, move || {
                    Builder::of_file(checkpoint.total()).run(&inbox, &give_back)
                })
                .map_err(|error| SnapshotError::io("Starting a thread", &error))?;
            let read = read_pieces(source, checkpoint, |piece| parser.feed(piece));
            parser.hang_up();
            let built = match builder.join() {
                Ok(built) => built,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            // The builder is behind the reader, so its fault is the earlier one.
            parser.take_over(built?);
            read
        })?;
        parser.finish()
    }
}

/// Opens what is a regular file, and nothing else: a FIFO would wait forever.
pub(super) fn open_regular(path: &Path) -> Result<(File, Metadata), SnapshotError> {
    let shown = path.display();
    let metadata = std::fs::metadata(path)
        .map_err(|error| SnapshotError::io(&format!("Opening `{shown}`"), &error))?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() {
            "a directory"
        } else {
            "not a regular file"
        };
        return Err(SnapshotError::new(
            Code::File,
            format!("`{shown}` is {what}"),
        ));
    }
    let file = File::open(path)
        .map_err(|error| SnapshotError::io(&format!("Opening `{shown}`"), &error))?;
    Ok((file, metadata))
}

/// Fails if the file is not what it was when it was opened.
pub(super) fn unchanged(file: &File, before: &Metadata) -> Result<(), SnapshotError> {
    let Ok(after) = file.metadata() else {
        return Ok(());
    };
    if before.len() == after.len() && before.modified().ok() == after.modified().ok() {
        return Ok(());
    }
    Err(SnapshotError::new(
        Code::File,
        "The file changed while it was read: is it still being written?",
    ))
}

/// Hands over the source's bytes piece by piece.
pub(super) fn read_pieces(
    source: &mut (dyn Read + Send),
    checkpoint: &Checkpoint,
    mut take: impl FnMut(&[u8]) -> Result<(), SnapshotError>,
) -> Result<(), SnapshotError> {
    let mut piece = vec![0; PIECE];
    loop {
        match source.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(length) => {
                take(&piece[..length])?;
                checkpoint.pass(length as u64)?;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(SnapshotError::io("Reading the snapshot", &error)),
        }
    }
}

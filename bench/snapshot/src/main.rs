//! Measures the analyser on one file, as `bench/snapshot/index.js` wants it: one line of JSON.
//!
//!     tidemark-bench-snapshot FILE [--dump TSV | --suspects [EARLIER] | --diff EARLIER | --summary]
//!
//! `--dump` writes id, shallow size, retained size, distance, dominator and class of every node,
//! to compare with another tool's.

use std::error::Error;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use tidemark::snapshot::{Analysis, Snapshot, Suspect, diff, ignore, suspects};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let file = arguments.first().ok_or("which file?")?;
    let start = Instant::now();
    let snapshot = Snapshot::open(Path::new(file), &mut ignore)?;
    let parsed = start.elapsed();
    let parse_peak = peak_kilobytes();
    let analysis = Analysis::new(snapshot, &mut ignore)?;
    let analysed = start.elapsed();
    println!(
        "{{\"tool\":\"tidemark\",\"parseMs\":{:.0},\"analyseMs\":{:.0},\"totalMs\":{:.0},\"cpuMs\":{},\"parsePeakMb\":{},\"peakMb\":{},\"nodes\":{},\"edges\":{},\"total\":{}}}",
        parsed.as_secs_f64() * 1e3,
        (analysed - parsed).as_secs_f64() * 1e3,
        analysed.as_secs_f64() * 1e3,
        cpu_milliseconds(),
        parse_peak / 1024,
        peak_kilobytes() / 1024,
        analysis.node_count(),
        analysis.snapshot().edge_count(),
        analysis.total_size(),
    );
    let rest: Vec<&str> = arguments[1..].iter().map(String::as_str).collect();
    match rest[..] {
        ["--dump", out] => dump(&analysis, out)?,
        ["--suspects"] => tell(&suspects(&analysis, None, &mut ignore)?),
        ["--suspects", earlier] => {
            let earlier = Analysis::open(Path::new(earlier), &mut ignore)?;
            tell(&suspects(&analysis, Some(&earlier), &mut ignore)?);
        }
        ["--diff", earlier] => {
            let earlier = Analysis::open(Path::new(earlier), &mut ignore)?;
            println!(
                "{:#}",
                diff(&earlier, &analysis, None, &mut ignore)?.to_json(10)
            );
        }
        ["--summary"] => println!("{:#}", analysis.summary(20)),
        [] => return Ok(()),
        _ => return Err("unknown option".into()),
    }
    eprintln!("{:.0} ms in all", start.elapsed().as_secs_f64() * 1e3);
    Ok(())
}

fn tell(suspects: &[Suspect]) {
    for suspect in suspects {
        println!(
            "{:<4} {:14} {}",
            suspect.confidence.value(),
            suspect.kind.as_str(),
            suspect.description
        );
        if let Some(place) = &suspect.location {
            println!("       {place:?}");
        }
        let path: Vec<String> = suspect
            .path
            .iter()
            .map(|step| {
                let edge = step
                    .edge
                    .as_ref()
                    .map_or(String::new(), |edge| format!("-{}-> ", edge.name));
                format!("{edge}{}", step.class)
            })
            .collect();
        println!("       {}", path.join(" "));
    }
}

fn dump(analysis: &Analysis, out: &str) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(fs::File::create(out)?);
    for node in 0..analysis.node_count() as u32 {
        writeln!(
            out,
            "{}\t{}\t{}\t{}\t{}\t{:?}",
            analysis.id(node),
            analysis.self_size(node),
            analysis.retained_size(node),
            analysis.distance(node),
            analysis.dominator(node),
            analysis.class_name(node),
        )?;
    }
    Ok(())
}

/// CPU time so far, in ticks of 10 ms; 0 where the system does not say.
fn cpu_milliseconds() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the process may contain spaces, and ends with a parenthesis.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum::<u64>()
        * 10
}

/// The highest RSS so far; 0 where the system does not say.
fn peak_kilobytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

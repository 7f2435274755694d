//! Judges the judge in real time scales: services in virtual time, healthy and with leaks of every
//! pace from minutes to weeks, before tidemark's detector and the rules of others.
//!
//! `npm run bench:simulate [-- --runs N] [-- --held-out] [-- --only RULE] [-- --list] [-- --json]`
//!
//! `--evidence` holds back what containers explain that say where they end, see `evidence`.
//!
//! `--bound` counts the healthy processes that no rule can tell from a leak in time, see `bound`.
//!
//! `npm run bench:simulate -- --plot > docs/patience.svg` draws how long what is watched.
//!
//! `--held-out` takes the third of the models, and seeds, that nothing was chosen on.

mod bound;
mod evidence;
mod parts;
mod plot;
mod process;
mod random;
mod rules;
mod score;
mod services;

use bound::Straight;
use evidence::Evidence;
use parts::{DAY, HOUR, MINUTE};
use process::Process;
use random::Random;
use rules::{Judge, Make, RULES, Said};
use score::{Leaky, Outcome, Score};
use services::{MODELS, Service, held_out};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

#[expect(
    clippy::struct_excessive_bools,
    reason = "one for each flag of the command line"
)]
struct Options {
    /// Processes of each model: as many healthy ones as leaky ones.
    runs: usize,
    held_out: bool,
    only: Option<String>,
    list: bool,
    json: bool,
    plot: bool,
    bound: bool,
    evidence: bool,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        runs: 40,
        held_out: false,
        only: None,
        list: false,
        json: false,
        plot: false,
        bound: false,
        evidence: false,
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--runs" => {
                options.runs = args
                    .next()
                    .and_then(|count| count.parse().ok())
                    .ok_or("--runs wants a number")?;
            }
            "--only" => options.only = args.next(),
            "--held-out" => options.held_out = true,
            "--list" => options.list = true,
            "--plot" => options.plot = true,
            "--evidence" => options.evidence = true,
            "--bound" => options.bound = true,
            "--json" => options.json = true,
            other => return Err(format!("Unknown option {other}")),
        }
    }
    Ok(options)
}

/// One process under one rule.
#[derive(Clone, Copy)]
struct Job {
    model: usize,
    seed: u64,
    leaky: bool,
}

/// How long a healthy process lives: it is deployed anew every few hours or days.
fn lifetime(random: &mut Random) -> f64 {
    random.log_between(2.0 * HOUR, 10.0 * DAY)
}

fn run(job: Job, mut judge: Box<dyn Judge>, options: &Options) -> Outcome {
    let mut random = Random::new(job.seed);
    let mut service = Service::new(job.model, &mut random);
    let ends = lifetime(&mut random);
    let mut leak = None;
    if job.leaky {
        let seconds = random.log_between(5.0 * MINUTE, 21.0 * DAY);
        let begins = if random.chance(0.6) {
            0.0
        } else {
            (seconds * random.between(0.2, 2.0)).min(2.0 * DAY)
        };
        service.leak(begins, seconds, &mut random);
        leak = Some((begins, seconds));
    }
    let finest = leak.map_or(f64::MAX, |(_, seconds)| seconds / 500.0);
    let most = leak.map_or(ends, |(begins, seconds)| begins + 4.0 * seconds);
    let mut process = Process::new(service, job.seed);
    let mut straight = options.bound.then(Straight::default);
    let mut evidence = options.evidence.then(Evidence::default);
    let mut outcome = Outcome::new(MODELS[job.model].0, job.seed);
    let (mut first, mut recovered) = (None, 0);
    let mut reasons: Vec<(f64, &str)> = Vec::new();
    while process.at < most {
        let dt = process.step_for(finest);
        let moment = process.step(dt, judge.wants_gc());
        let mut said = judge.see(&moment);
        if let Some(evidence) = &mut evidence {
            said = evidence.hear(said, process.at, &process.live(), judge.watched());
        }
        if let Some(straight) = &mut straight {
            straight.see(&process, &moment);
            if leak.is_some_and(|(begins, _)| process.at - dt < begins) {
                straight.forget();
            }
        }
        let leaking = leak.is_some_and(|(begins, _)| process.at >= begins);
        match said {
            Said::Alarm if leaking => {
                first.get_or_insert(process.at);
            }
            Said::Alarm => outcome.false_alarm(
                process.at,
                judge.told(),
                straight.as_ref().map(|straight| straight.by(process.at)),
            ),
            Said::Recovered if leaking && first.is_some() => recovered += 1,
            _ => {}
        }
        if leaking && first.is_none() {
            let reason = judge.reason();
            if reasons.last().is_none_or(|&(_, last)| last != reason) {
                reasons.push((process.at, reason));
            }
        }
        if moment.dead {
            break;
        }
    }
    outcome.straight = straight;
    let begins = leak.map_or(process.at, |(begins, _)| begins.min(process.at));
    outcome.healthy_s = begins;
    let in_time = begins + score::IN_TIME * (process.at - begins);
    let reason = reasons.iter().rfind(|&&(at, _)| at <= in_time);
    outcome.leaky = leak.filter(|_| process.at > begins).map(|_| Leaky {
        reason: reason.map_or("", |&(_, reason)| reason),
        kills_after: process.at - begins,
        killed: process.at < most,
        told_after: first.map(|at| at - begins),
        recovered,
        message: judge.told(),
    });
    outcome
}

fn jobs(options: &Options) -> Vec<Job> {
    let shift = if options.held_out { 1_000_000 } else { 0 };
    (0..MODELS.len())
        .filter(|&model| held_out(model) == options.held_out)
        .flat_map(|model| {
            (0..options.runs as u64).flat_map(move |run| {
                let seed = shift + 7919 * model as u64 + 104_729 * run;
                [false, true].map(|leaky| Job {
                    model,
                    seed: seed + u64::from(leaky),
                    leaky,
                })
            })
        })
        .collect()
}

fn score(options: &Options, rule: Make) -> Score {
    let jobs = jobs(options);
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(&job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = run(job, rule(), options);
                    if let Ok(mut outcomes) = outcomes.lock() {
                        outcomes.push((job.seed, outcome));
                    }
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap_or_default();
    outcomes.sort_by_key(|(seed, _)| *seed);
    Score::of(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

fn main() {
    let options = match options() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(2);
        }
    };
    if options.plot {
        println!("{}", plot::svg());
        return;
    }
    let scores: Vec<(&str, Score)> = RULES
        .iter()
        .filter(|(name, _)| {
            options
                .only
                .as_ref()
                .is_none_or(|only| name.starts_with(only))
        })
        .map(|&(name, rule)| (name, score(&options, rule)))
        .collect();
    if options.json {
        println!("{}", score::json(&scores, options.held_out));
    } else {
        println!("{}", score::table(&scores, options.held_out));
        if options.bound
            && let Some((_, score)) = scores.first()
        {
            println!("{}", score.bound());
        }
        if options.list
            && let Some((_, score)) = scores.first()
        {
            println!("{}", score.list());
        }
    }
}

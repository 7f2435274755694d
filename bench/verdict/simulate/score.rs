//! What came of the runs, in numbers and as a table.

use crate::bound::{self, Straight};
use crate::parts::{DAY, HOUR};
use std::fmt::Write;

/// The goals of the project.
const KILLS_SOON: f64 = 3.0 * DAY;
pub const IN_TIME: f64 = 0.15;
const TOO_LATE: f64 = 0.5;

pub struct Leaky {
    /// Seconds from its beginning to the end of the process.
    pub kills_after: f64,
    /// It came to its limit while it was simulated.
    pub killed: bool,
    pub told_after: Option<f64>,
    /// How often it was taken back although it went on.
    pub recovered: usize,
    pub message: Option<String>,
    /// What spoke against it when 15 % of its time had gone.
    pub reason: &'static str,
}

impl Leaky {
    /// Of the time to the limit that had gone when it was told.
    fn share(&self) -> Option<f64> {
        self.told_after.map(|after| after / self.kills_after)
    }
}

pub struct Outcome {
    model: &'static str,
    seed: u64,
    pub healthy_s: f64,
    /// When, what was told, and how much of its way a straight line had gone by then.
    false_alarms: Vec<(f64, Option<String>, Option<f64>)>,
    /// Of a healthy process, where it was asked for.
    pub straight: Option<Straight>,
    pub leaky: Option<Leaky>,
}

impl Outcome {
    pub fn new(model: &'static str, seed: u64) -> Self {
        Self {
            model,
            seed,
            healthy_s: 0.0,
            false_alarms: Vec::new(),
            straight: None,
            leaky: None,
        }
    }

    pub fn false_alarm(&mut self, at: f64, told: Option<String>, straight: Option<f64>) {
        self.false_alarms.push((at, told, straight));
    }
}

pub struct Score {
    outcomes: Vec<Outcome>,
}

/// The leaks of one pace.
struct Class {
    leaks: usize,
    told: usize,
    in_time: usize,
    late: usize,
    median_share: f64,
}

impl Score {
    pub fn of(outcomes: Vec<Outcome>) -> Self {
        Self { outcomes }
    }

    fn days(&self) -> f64 {
        self.outcomes.iter().map(|run| run.healthy_s).sum::<f64>() / DAY
    }

    fn false_alarms(&self) -> usize {
        self.outcomes.iter().map(|run| run.false_alarms.len()).sum()
    }

    /// Of 1,000 process-days without a leak.
    fn false_alarms_per_1000_days(&self) -> f64 {
        1000.0 * self.false_alarms() as f64 / self.days().max(f64::MIN_POSITIVE)
    }

    /// Processes that were healthy all their life, and those of them that were alarmed about.
    fn healthy(&self) -> (usize, usize) {
        let healthy = || self.outcomes.iter().filter(|run| run.leaky.is_none());
        let alarmed = healthy().filter(|run| !run.false_alarms.is_empty());
        (healthy().count(), alarmed.count())
    }

    fn leaks(&self) -> impl Iterator<Item = &Leaky> {
        self.outcomes
            .iter()
            .filter_map(|run| run.leaky.as_ref())
            .filter(|leak| leak.killed)
    }

    /// Leaks that would kill within `from` to `to` seconds.
    fn class(&self, from: f64, to: f64) -> Class {
        let leaks: Vec<&Leaky> = self
            .leaks()
            .filter(|leak| (from..to).contains(&leak.kills_after))
            .collect();
        let mut shares: Vec<f64> = leaks.iter().filter_map(|leak| leak.share()).collect();
        shares.sort_by(f64::total_cmp);
        Class {
            leaks: leaks.len(),
            told: shares.len(),
            in_time: shares.iter().filter(|&&share| share <= IN_TIME).count(),
            // One that was never told is later than late.
            late: leaks.len() - shares.iter().filter(|&&share| share <= TOO_LATE).count(),
            median_share: shares.get(shares.len() / 2).copied().unwrap_or(f64::NAN),
        }
    }

    /// Of the leaks that were told, the share that was taken back while it went on.
    fn wrongly_recovered(&self) -> f64 {
        let told = self.leaks().filter(|leak| leak.told_after.is_some());
        let wrong = self.leaks().filter(|leak| leak.recovered > 0).count();
        wrong as f64 / told.count().max(1) as f64
    }

    /// How many healthy processes rose in a straight line for a share of the way to their limit.
    pub fn bound(&self) -> String {
        let healthy: Vec<&Outcome> = self
            .outcomes
            .iter()
            .filter(|run| run.straight.is_some() && run.leaky.is_none())
            .collect();
        let days = healthy.iter().map(|run| run.healthy_s).sum::<f64>() / DAY;
        let mut text = format!(
            "{} healthy processes, {days:.0} days\n\n| of the way to the limit gone | processes that are a leak's line until then | in 1,000 process-days | with one leak in twenty given up | of this rule's false alarms, with such a line by then |\n|---|---|---|---|---|\n",
            healthy.len()
        );
        for share in [0.05, 0.08, 0.1, 0.15, 0.25, 0.5] {
            let lines: Vec<f64> = healthy
                .iter()
                .filter_map(|run| run.straight.as_ref()?.whole(share))
                .collect();
            let per_1000_days = |count: usize| 1000.0 * count as f64 / days;
            let alarms = || healthy.iter().flat_map(|run| &run.false_alarms);
            let alike = alarms()
                .filter(|alarm| alarm.2.is_some_and(|gone| gone >= share))
                .count();
            let _ = writeln!(
                text,
                "| {:.0} % | {} | {:.0} | {:.0} | {alike} of {} |",
                100.0 * share,
                lines.len(),
                per_1000_days(lines.len()),
                per_1000_days(lines.len() - bound::spared(&lines)),
                alarms().count(),
            );
        }
        text.push_str("\n| reported when a line has gone | leaks that kill within 3 days: reported | before 15 % | after 50 % or never |\n|---|---|---|---|\n");
        for share in [0.05, 0.08, 0.1] {
            let leaks = || {
                self.outcomes.iter().filter_map(|run| {
                    let leak = run.leaky.as_ref()?;
                    let soon = leak.killed && leak.kills_after <= KILLS_SOON;
                    let first = run.straight.as_ref()?.first(share);
                    soon.then_some(first.map(|at| (at - run.healthy_s) / leak.kills_after))
                })
            };
            let within = |most: f64| leaks().flatten().filter(|&gone| gone <= most).count();
            let all = leaks().count();
            let _ = writeln!(
                text,
                "| {:.0} % | {} of {all} | {} | {} |",
                100.0 * share,
                leaks().flatten().count(),
                percent(within(IN_TIME), all),
                percent(all - within(TOO_LATE), all),
            );
        }
        text
    }

    /// Every false alarm, and every leak that was not told in time.
    pub fn list(&self) -> String {
        let mut text = String::new();
        for run in &self.outcomes {
            for (at, told, straight) in &run.false_alarms {
                let told = told.as_deref().unwrap_or("");
                let _ = writeln!(
                    text,
                    "false alarm  {:26} seed {:8} at {:7.0} s: {told}{}",
                    run.model,
                    run.seed,
                    at,
                    straight.map_or(String::new(), |share| format!(
                        "; straight for {:.0} %",
                        100.0 * share
                    ))
                );
            }
            if let Some(leak) = run.leaky.as_ref().filter(|leak| leak.killed)
                && leak.kills_after <= KILLS_SOON
                && leak.share().is_none_or(|share| share > IN_TIME)
            {
                let _ = writeln!(
                    text,
                    "late         {:26} seed {:8} kills after {:7.0} s, told {}, at 15 %: {}; {}",
                    run.model,
                    run.seed,
                    leak.kills_after,
                    leak.share().map_or("never".to_owned(), |share| format!(
                        "at {:.0} %",
                        share * 100.0
                    )),
                    leak.reason,
                    leak.message.as_deref().unwrap_or("")
                );
            }
        }
        text
    }
}

const CLASSES: [(&str, f64, f64); 4] = [
    ("within an hour", 0.0, HOUR),
    ("1 h to 1 day", HOUR, DAY),
    ("1 to 3 days", DAY, KILLS_SOON),
    ("later", KILLS_SOON, f64::INFINITY),
];

fn percent(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    format!("{:.1} %", 100.0 * part as f64 / whole as f64)
}

pub fn table(scores: &[(&str, Score)], held_out: bool) -> String {
    let mut text = String::new();
    let Some((_, first)) = scores.first() else {
        return "No such rule".to_owned();
    };
    let (healthy, _) = first.healthy();
    let _ = writeln!(
        text,
        "{} models: {healthy} healthy processes, {} leaky ones that came to their limit, {:.0} days without a leak\n",
        if held_out { "Held-out" } else { "Known" },
        first.leaks().count(),
        first.days(),
    );
    text.push_str("| rule | false alarms in 1,000 process-days | healthy processes alarmed about | kill within 3 days: told | before 15 % | after 50 % or never | median share gone | 'recovered' was wrong |\n|---|---|---|---|---|---|---|---|\n");
    for (name, score) in scores {
        let soon = score.class(0.0, KILLS_SOON);
        let (healthy, alarmed) = score.healthy();
        let _ = writeln!(
            text,
            "| {name} | {:.1} | {} | {} of {} | {} | {} | {:.0} % | {:.1} % |",
            score.false_alarms_per_1000_days(),
            percent(alarmed, healthy),
            soon.told,
            soon.leaks,
            percent(soon.in_time, soon.leaks),
            percent(soon.late, soon.leaks),
            100.0 * soon.median_share,
            100.0 * score.wrongly_recovered(),
        );
    }
    text.push_str("\n| leak kills | leaks | told | before 15 % | after 50 % or never | median share gone |\n|---|---|---|---|---|---|\n");
    for (name, from, to) in CLASSES {
        let class = first.class(from, to);
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {} | {} | {:.0} % |",
            class.leaks,
            class.told,
            percent(class.in_time, class.leaks),
            percent(class.late, class.leaks),
            100.0 * class.median_share,
        );
    }
    text
}

pub fn json(scores: &[(&str, Score)], held_out: bool) -> String {
    let rules: Vec<serde_json::Value> = scores
        .iter()
        .map(|(name, score)| {
            let soon = score.class(0.0, KILLS_SOON);
            let (healthy, alarmed) = score.healthy();
            serde_json::json!({
                "rule": name,
                "days": score.days(),
                "falseAlarms": score.false_alarms(),
                "falseAlarmsPer1000Days": score.false_alarms_per_1000_days(),
                "healthyProcesses": healthy,
                "healthyProcessesAlarmedAbout": alarmed,
                "leaksThatKillWithin3Days": soon.leaks,
                "told": soon.told,
                "toldBefore15Percent": soon.in_time,
                "toldAfter50PercentOrNever": soon.late,
                "medianShareGone": soon.median_share,
                "wronglyRecovered": score.wrongly_recovered(),
            })
        })
        .collect();
    serde_json::json!({ "heldOut": held_out, "rules": rules }).to_string()
}

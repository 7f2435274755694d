//! Patience against the time left, as an SVG, from the detector's own function.

use crate::parts::{DAY, HOUR, MINUTE};
use std::fmt::Write;
use tidemark::trend::Config;

const LEFT: [(f64, &str); 8] = [
    (MINUTE, "1 min"),
    (5.0 * MINUTE, "5 min"),
    (30.0 * MINUTE, "30 min"),
    (2.0 * HOUR, "2 h"),
    (8.0 * HOUR, "8 h"),
    (DAY, "1 day"),
    (7.0 * DAY, "7 days"),
    (30.0 * DAY, "30 days"),
];

const WATCHED: [(f64, &str); 8] = [
    (10.0, "10 s"),
    (30.0, "30 s"),
    (2.0 * MINUTE, "2 min"),
    (10.0 * MINUTE, "10 min"),
    (30.0 * MINUTE, "30 min"),
    (2.0 * HOUR, "2 h"),
    (12.0 * HOUR, "12 h"),
    (3.0 * DAY, "3 days"),
];

fn along(value: f64, from: f64, to: f64) -> f64 {
    (value / from).ln() / (to / from).ln()
}

fn x(left: f64) -> f64 {
    70.0 + 550.0 * along(left, MINUTE, 30.0 * DAY)
}

fn y(watched: f64) -> f64 {
    330.0 - 300.0 * along(watched, 5.0, 5.0 * DAY)
}

pub fn svg() -> String {
    let config = Config::default();
    let mut text = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 660 390\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>How long a growth is watched, by the time that is left to the limit</title>\n\
         <rect width=\"660\" height=\"390\" fill=\"#fff\"/>\n",
    );
    for (left, name) in LEFT {
        let _ = writeln!(
            text,
            "<path d=\"M{0:.1} 30V330\" stroke=\"#ddd\"/><text x=\"{0:.1}\" y=\"348\" text-anchor=\"middle\">{name}</text>",
            x(left)
        );
    }
    for (watched, name) in WATCHED {
        let _ = writeln!(
            text,
            "<path d=\"M70 {0:.1}H620\" stroke=\"#ddd\"/><text x=\"64\" y=\"{1:.1}\" text-anchor=\"end\">{name}</text>",
            y(watched),
            y(watched) + 4.0
        );
    }
    let curve = |of: &dyn Fn(f64) -> f64| {
        let mut path = String::new();
        for i in 0..=120 {
            let left = MINUTE * (30.0 * DAY / MINUTE).powf(f64::from(i) / 120.0);
            let _ = write!(
                path,
                "{}{:.1} {:.1}",
                if i == 0 { "M" } else { "L" },
                x(left),
                y(of(left))
            );
        }
        path
    };
    let patience = curve(&|left| config.patience(left * 1000.0) / 1000.0);
    let latest = curve(&|left| 0.15 / 0.85 * left);
    let _ = writeln!(
        text,
        "<path d=\"{latest}\" fill=\"none\" stroke=\"#c33\" stroke-dasharray=\"5 4\"/>\n\
         <path d=\"{patience}\" fill=\"none\" stroke=\"#16a\" stroke-width=\"2.5\"/>\n\
         <text x=\"230\" y=\"120\" fill=\"#c33\" text-anchor=\"end\">15 % of the way has gone</text>\n\
         <text x=\"400\" y=\"250\" fill=\"#16a\">watched for at least</text>\n\
         <text x=\"345\" y=\"375\" text-anchor=\"middle\">time left to the limit, at the pace of the growth</text>\n</svg>"
    );
    text
}

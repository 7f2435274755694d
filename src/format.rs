//! Numbers as a person reads them: a unit, and no more digits than they are worth. `lib/format.js`
//! does the same for JavaScript; `__test__/format.json` holds both together.

const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];

/// `34 MB`, in powers of 1,000, as `DevTools` shows them.
pub(crate) fn bytes(count: f64) -> String {
    let mut value = count.abs();
    let mut unit = 0;
    // 999.5 would be shown as 1000.
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && value < 9.95);
    let sign = if count < 0.0 && value >= 0.5 { "-" } else { "" };
    format!("{sign}{value:.digits$} {}", UNITS[unit])
}

/// `400 ms`, `45 s`, `1 min 37 s`, `2 h 5 min`, `3 days 4 h`.
pub(crate) fn duration(ms: f64) -> String {
    if ms < 999.5 {
        return format!("{:.0} ms", ms.max(0.0));
    }
    let seconds = (ms / 1000.0).round() as u64;
    let minutes = seconds / 60;
    let hours = minutes / 60;
    let days = hours / 24;
    match (seconds, hours, days) {
        (..60, ..) => format!("{seconds} s"),
        (_, 0, _) => with_rest(minutes, "min", seconds % 60, "s"),
        (_, ..48, _) => with_rest(hours, "h", minutes % 60, "min"),
        (.., ..365) => with_rest(days, "days", hours % 24, "h"),
        _ => "more than a year".to_owned(),
    }
}

fn with_rest(whole: u64, unit: &str, rest: u64, rest_unit: &str) -> String {
    if rest == 0 {
        format!("{whole} {unit}")
    } else {
        format!("{whole} {unit} {rest} {rest_unit}")
    }
}

/// `10,214`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_in_javascript() {
        let examples: serde_json::Value =
            serde_json::from_str(include_str!("../__test__/format.json")).unwrap();
        let each = |name: &str, shown: &dyn Fn(f64) -> String| {
            let rows = examples[name].as_array().unwrap();
            assert!(rows.len() > 5);
            for row in rows {
                let value = row[0].as_f64().unwrap();
                assert_eq!(shown(value), row[1].as_str().unwrap(), "{name} of {value}");
            }
        };
        each("bytes", &bytes);
        each("duration", &duration);
        each("grouped", &|count| grouped(count as u64));
    }
}

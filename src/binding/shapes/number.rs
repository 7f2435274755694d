//! Whole numbers as JavaScript has them.

pub(super) fn number(value: Option<u64>) -> Option<f64> {
    value.map(|value| value as f64)
}

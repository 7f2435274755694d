//! Sorting of short lists, compiled once. The standard library's sort is compiled anew for each type and order:
//! 40 of them took 300 kB, a ninth of the binary. Lists of millions use that one.

use std::cmp::Ordering;

/// As `slice::sort_by`: stable. Takes 4 bytes a row beside.
pub(crate) fn sort_by<T>(rows: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let mut order: Vec<u32> = (0..rows.len() as u32).collect();
    sort_numbers_by(&mut order, &|a, b| {
        compare(&rows[a as usize], &rows[b as usize])
    });
    // Row `order[at]` goes to `at`: cycle by cycle, so that no row is copied aside.
    for start in 0..rows.len() {
        let mut at = start;
        loop {
            let from = std::mem::replace(&mut order[at], at as u32) as usize;
            if from == start {
                break;
            }
            rows.swap(at, from);
            at = from;
        }
    }
}

/// As `slice::sort_by_key`: stable.
pub(crate) fn sort_by_key<T, K: Ord>(rows: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(rows, |a, b| key(a).cmp(&key(b)));
}

/// The same for numbers, such as nodes: nothing beside, so these may be millions.
pub(crate) fn sort_numbers_by_key<K: Ord>(numbers: &mut [u32], key: impl Fn(u32) -> K) {
    sort_numbers_by(numbers, &|a, b| key(a).cmp(&key(b)));
}

#[inline(never)]
fn sort_numbers_by(numbers: &mut [u32], compare: &dyn Fn(u32, u32) -> Ordering) {
    numbers.sort_by(|&a, &b| compare(a, b));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The standard library is the oracle: many keys are equal, so that stability shows.
    #[test]
    fn sorts_as_the_standard_library() {
        let mut seed = 7_u32;
        let mut random = move || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed >> 16
        };
        for length in (0..40).chain([100, 1000, 4096]) {
            let rows: Vec<(u32, String)> = (0..length)
                .map(|at| (random() % (1 + length / 3), at.to_string()))
                .collect();
            let mut expected = rows.clone();
            expected.sort_by_key(|row| std::cmp::Reverse(row.0));
            let mut sorted = rows.clone();
            sort_by_key(&mut sorted, |row| std::cmp::Reverse(row.0));
            assert_eq!(sorted, expected);

            let mut numbers: Vec<u32> = (0..length).collect();
            sort_numbers_by_key(&mut numbers, |at| rows[at as usize].0);
            let mut expected: Vec<u32> = (0..length).collect();
            expected.sort_by_key(|&at| rows[at as usize].0);
            assert_eq!(numbers, expected);
        }
    }
}

//! By how much V8's limit is raised. Pure arithmetic.

/// Bytes by which the limit is raised at least, because all young objects may become old a moment later.
pub(super) const STEP: usize = 64 << 20;
/// The same where nothing is being written yet: no less than V8's young generation.
const SMALL_STEP: usize = 16 << 20;
/// Bytes of all steps together, where a quarter of the limit is less.
const ALL_STEPS: usize = 128 << 20;

pub(super) fn step(initial: usize) -> usize {
    STEP.max(initial / 16)
}

pub(super) fn small_step(initial: usize) -> usize {
    SMALL_STEP.max(initial / 64)
}

/// The highest limit that there is ever.
pub(super) fn most(initial: usize) -> usize {
    initial.saturating_add(all_steps(initial))
}

fn all_steps(initial: usize) -> usize {
    ALL_STEPS.max(initial / 4)
}

/// How the bytes that are left without a reserve are divided: the child gets what it usually needs first,
/// then the limit may be raised, and what is left then is the child's again. `(child, raise)`
pub(super) fn divide(spare: u64, usual: u64, initial: usize) -> (u64, usize) {
    let raise = spare.saturating_sub(usual).min(all_steps(initial) as u64);
    (spare - raise, raise as usize)
}

/// The next limit of the heap, or `None` where it is high enough or there is no memory for it. `current`:
/// the limit, or where the heap is beyond it.
pub(super) fn raised(
    current: usize,
    most: usize,
    step: usize,
    left: u64,
    reserve: u64,
) -> Option<usize> {
    let step = step.min(most.saturating_sub(current));
    let fits = left > (step as u64).saturating_add(reserve);
    (step >= SMALL_STEP && fits).then(|| current.saturating_add(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: usize = 1 << 20;
    const GB: u64 = 1 << 30;
    const RESERVE: u64 = 32 << 20;

    fn steps(initial: usize, step: usize, left: u64) -> Vec<usize> {
        let next = |&current: &usize| raised(current, most(initial), step, left, RESERVE);
        std::iter::successors(Some(initial), next)
            .skip(1)
            .map(|limit| limit / MB)
            .collect()
    }

    #[test]
    fn the_limit_is_raised_by_a_quarter_or_a_little_more() {
        let [small, large] = [100 * MB, 2048 * MB];
        assert_eq!(steps(small, step(small), GB), [164, 228]);
        assert_eq!(steps(large, step(large), GB), [2176, 2304, 2432, 2560]);
    }

    #[test]
    fn there_are_many_chances_to_begin() {
        for (initial, chances) in [(32 * MB, 8), (2048 * MB, 16), (8192 * MB, 16)] {
            let steps = steps(initial, small_step(initial), 4 * GB);
            assert_eq!(steps.len(), chances);
        }
    }

    #[test]
    fn what_is_left_of_the_steps_is_not_lost() {
        let most = most(100 * MB);
        let after = |current| raised(current * MB, most, STEP, GB, 0).map(|limit| limit / MB);
        assert_eq!(after(190), Some(228));
        assert_eq!(after(212), Some(228));
        assert_eq!(after(213), None);
        assert_eq!(after(228), None);
        assert_eq!(after(300), None);
    }

    #[test]
    fn the_limit_is_not_raised_without_memory_for_it() {
        assert!(steps(100 * MB, STEP, 96 << 20).is_empty());
        assert_eq!(steps(100 * MB, STEP, (96 << 20) + 1), [164, 228]);
    }

    #[test]
    fn the_child_and_the_limit_never_get_the_same_bytes() {
        let initial = 400 * MB;
        for spare in [0, 1, GB / 4, GB, 20 * GB] {
            let (child, raise) = divide(spare, GB, initial);
            assert_eq!(child + raise as u64, spare);
        }
        assert_eq!(divide(GB / 2, GB, initial), (GB / 2, 0));
        assert_eq!(divide(GB + 5, GB, initial), (GB, 5));
        assert_eq!(divide(4 * GB, GB, initial).1, 128 * MB);
    }

    #[test]
    fn a_limit_beyond_numbers_does_not_overflow() {
        assert_eq!(most(usize::MAX), usize::MAX);
        assert_eq!(raised(usize::MAX, usize::MAX, STEP, u64::MAX, 0), None);
    }
}

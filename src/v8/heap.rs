//! `v8::HeapStatistics` as V8 writes it.

/// The class is a run of 8-byte words, in the same order on Node 16 to 26; Node 26 appends one.
/// V8 writes as many as it has, so the buffer is far larger than any version needs.
pub(super) const WORDS: usize = 64;

/// The heap's numbers, in bytes unless the name counts something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeapStatistics {
    pub total_heap_size: u64,
    pub total_heap_size_executable: u64,
    pub total_physical_size: u64,
    pub total_available_size: u64,
    pub used_heap_size: u64,
    pub heap_size_limit: u64,
    pub malloced_memory: u64,
    pub external_memory: u64,
    pub peak_malloced_memory: u64,
    pub number_of_native_contexts: u64,
    pub number_of_detached_contexts: u64,
}

impl HeapStatistics {
    pub(super) fn from_words(words: &[u64; WORDS]) -> Self {
        Self {
            total_heap_size: words[0],
            total_heap_size_executable: words[1],
            total_physical_size: words[2],
            total_available_size: words[3],
            used_heap_size: words[4],
            heap_size_limit: words[5],
            malloced_memory: words[6],
            external_memory: words[7],
            peak_malloced_memory: words[8],
            // words[9] is does_zap_garbage, a bool in a word of its own.
            number_of_native_contexts: words[10],
            number_of_detached_contexts: words[11],
        }
    }

    /// Whether the layout is the one we know: two numbers that do not move between two readings must
    /// equal what `v8.getHeapStatistics()` told JavaScript, and the sizes must make sense together.
    pub fn layout_agrees(&self, heap_size_limit: u64, number_of_native_contexts: u64) -> bool {
        self.heap_size_limit == heap_size_limit
            && self.number_of_native_contexts == number_of_native_contexts
            && self.used_heap_size > 0
            && self.used_heap_size <= self.total_heap_size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> [u64; WORDS] {
        let mut words = [0; WORDS];
        for (index, word) in words.iter_mut().enumerate() {
            *word = 1000 - index as u64;
        }
        words
    }

    #[test]
    fn every_word_lands_in_its_field() {
        let heap = HeapStatistics::from_words(&words());
        assert_eq!(heap.total_heap_size, 1000);
        assert_eq!(heap.used_heap_size, 996);
        assert_eq!(heap.heap_size_limit, 995);
        assert_eq!(heap.external_memory, 993);
        assert_eq!(heap.number_of_native_contexts, 990);
        assert_eq!(heap.number_of_detached_contexts, 989);
    }

    #[test]
    fn a_shifted_layout_is_noticed() {
        let heap = HeapStatistics::from_words(&words());
        assert!(heap.layout_agrees(995, 990));
        let mut shifted = words();
        shifted.rotate_right(1);
        assert!(!HeapStatistics::from_words(&shifted).layout_agrees(995, 990));
    }
}

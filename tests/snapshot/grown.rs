//! What gathered over rounds of calls.

use tidemark::snapshot::{Analysis, Grown, HolderKind, grown, ignore};

use crate::writer::{Random, Writer};

/// Holders in one heap. What is added later has ids of its own, as in V8.
struct Heap {
    writer: Writer,
    context: usize,
}

impl Heap {
    fn new() -> Self {
        Self::of_file("/srv/app.js")
    }

    fn of_file(file: &str) -> Self {
        let (writer, context) = Writer::of_handler(file);
        Self { writer, context }
    }

    fn variable(&mut self, class: &str, name: &str) -> usize {
        let node = self.writer.node("object", class, 32);
        self.writer.edge(self.context, "context", name, node);
        node
    }

    fn add(&mut self, kind: &'static str, class: &str, size: u64, id: u64) -> usize {
        let node = self.writer.node(kind, class, size);
        self.writer.nodes[node].id = 2 * id + 1;
        node
    }

    /// A table that was reallocated since the last round, with members of these ids.
    fn fill(&mut self, holder: usize, class: &str, ids: impl IntoIterator<Item = u64>) {
        let table = self.add("array", "", 64, 0);
        self.writer.nodes[table].id = 1_000_001 + 2 * table as u64 + self.writer.nodes.len() as u64;
        self.writer.nodes[table].id |= 1;
        self.writer.edge(holder, "internal", "table", table);
        for (at, id) in ids.into_iter().enumerate() {
            let member = self.add("object", class, 16, id);
            self.writer.edge(table, "internal", &at.to_string(), member);
        }
    }
}

const CALLS: [u64; 2] = [10, 20];

fn told(heaps: impl IntoIterator<Item = Heap>) -> Vec<Grown> {
    let analyses: Vec<Analysis> = heaps
        .into_iter()
        .map(|heap| heap.writer.analyse())
        .collect();
    let snapshots: Vec<&Analysis> = analyses.iter().collect();
    grown(&snapshots, &CALLS[..snapshots.len() - 1], 0.1, &mut ignore).unwrap()
}

/// One heap with a Map of members of these ids.
fn with_map(ids: impl IntoIterator<Item = u64>) -> Heap {
    let mut heap = Heap::new();
    let map = heap.variable("Map", "sessions");
    heap.fill(map, "Session", ids);
    heap
}

#[test]
fn one_small_object_a_call_is_told_with_its_holder_though_the_table_is_another() {
    let found = told([5, 15, 35].map(|end| with_map(100..100 + end)));
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].description,
        "1 Session (16 bytes) a call: held by Map `sessions` (context of handler in app.js:12)"
    );
    assert_eq!(found[0].kind, HolderKind::Container);
    assert_eq!(found[0].objects_per_round, [10, 20]);
    assert_eq!(found[0].class, "Session");
    assert!((found[0].bytes_per_call - 16.0).abs() < f64::EPSILON);
    assert_eq!(found[0].location.as_ref().unwrap().line, Some(12));
    let edges = found[0].path[1..].iter();
    let edges: Vec<&str> = edges
        .map(|step| step.edge.as_ref().unwrap().name.as_str())
        .collect();
    assert_eq!(edges, ["1", "handler", "context", "sessions"]);
    // Two snapshots are enough for a first look.
    assert_eq!(told([5, 15].map(|end| with_map(100..100 + end))).len(), 1);
}

#[test]
fn what_does_not_grow_net_in_every_round_is_not_told() {
    for ids in [
        // A cache at its cap, a warm-up, one that shrank, one in a hundred calls.
        [100..150, 110..160, 130..180],
        [100..150, 100..200, 100..200],
        [100..150, 100..170, 100..160],
        [100..150, 100..151, 100..152],
    ] {
        let found = told(ids.clone().map(with_map));
        assert!(found.is_empty(), "{ids:?}: {}", found[0].description);
    }
}

/// As `grown` counts them: net, and in every round.
#[test]
fn of_many_holders_those_are_told_that_grew() {
    for seed in 1..120 {
        let mut random = Random(seed);
        let mut next = 100;
        let mut held: Vec<Vec<u64>> = vec![Vec::new(); 6];
        let rates: Vec<(usize, usize)> = held
            .iter()
            .map(|_| (random.below(4), random.below(4)))
            .collect();
        let mut heaps = Vec::new();
        let mut counts = Vec::new();
        for round in 0..3 {
            for (ids, &(adds, drops)) in held.iter_mut().zip(&rates) {
                // As many calls in the round after as in all before.
                let calls = if round == 0 { 30 } else { CALLS[round - 1] };
                for _ in 0..adds as u64 * calls {
                    ids.push(next);
                    next += 1;
                }
                let dropped = (drops * calls as usize).min(ids.len());
                ids.drain(..dropped);
            }
            let mut heap = Heap::new();
            let holders: Vec<usize> = (0..held.len())
                .map(|at| heap.variable("Map", ["a", "b", "c", "d", "e", "f"][at]))
                .collect();
            for (&holder, ids) in holders.iter().zip(&held) {
                heap.fill(holder, "Session", ids.iter().copied());
            }
            counts.push(held.iter().map(Vec::len).collect::<Vec<_>>());
            heaps.push(heap);
        }
        let expected: Vec<&str> = (0..held.len())
            .filter(|&at| counts[0][at] < counts[1][at] && counts[1][at] < counts[2][at])
            .map(|at| ["a", "b", "c", "d", "e", "f"][at])
            .collect();
        let mut found: Vec<String> = told(heaps)
            .iter()
            .map(|grown| {
                grown
                    .path
                    .last()
                    .unwrap()
                    .edge
                    .as_ref()
                    .unwrap()
                    .name
                    .clone()
            })
            .collect();
        found.sort();
        assert_eq!(found, expected, "seed {seed}: {rates:?}");
    }
}

#[test]
fn what_members_hold_is_told_with_them_and_counts_as_their_bytes() {
    let found = told([5, 15, 35].map(|end| {
        let mut heap = with_map(100..100 + end);
        for node in 0..heap.writer.nodes.len() {
            if heap.writer.nodes[node].name == "Session" {
                let id = 1000 + heap.writer.nodes[node].id;
                let user = heap.add("object", "User", 100, id);
                heap.writer.edge(node, "property", "user", user);
            }
        }
        heap
    }));
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .description
            .starts_with("1 Session (116 bytes) a call")
    );
}

#[test]
fn objects_that_only_moved_to_another_holder_are_no_growth() {
    let found = told([(50, 0), (40, 10), (20, 30)].map(|(first, second)| {
        let mut heap = Heap::new();
        let waiting = heap.variable("Map", "waiting");
        let done = heap.variable("Map", "done");
        heap.fill(waiting, "Job", 100..100 + first);
        heap.fill(done, "Job", 100 + first..100 + first + second);
        heap
    }));
    assert!(found.is_empty());
}

/// A list of so many links behind `head`, with the newest at its end or at its head.
fn with_list(links: u64, at_end: bool) -> Heap {
    let mut heap = Heap::new();
    let queue = heap.variable("Queue", "queue");
    let mut nodes: Vec<usize> = (0..links)
        .map(|at| heap.add("object", "Link", 24, 100 + at))
        .collect();
    if at_end {
        heap.writer
            .edge(queue, "property", "tail", nodes[nodes.len() - 1]);
    } else {
        nodes.reverse();
    }
    heap.writer.edge(queue, "property", "head", nodes[0]);
    for pair in nodes.windows(2) {
        heap.writer.edge(pair[0], "property", "next", pair[1]);
    }
    heap
}

#[test]
fn a_list_is_told_by_what_holds_it_and_not_by_the_link_that_was_its_last() {
    for at_end in [true, false] {
        let found = told([50, 60, 80].map(|links| with_list(links, at_end)));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].kind, HolderKind::List);
        assert!(
            found[0].description.ends_with(
                "Link (24 bytes) a call: held by the chain that starts at Queue `queue` \
                 (context of handler in app.js:12)"
            ),
            "{}",
            found[0].description
        );
    }
}

#[test]
fn an_object_that_has_more_bytes_in_each_round_is_told_itself() {
    let found = told([1000, 1080, 1240].map(|size| {
        let mut heap = with_map(100..105);
        let totals = heap.variable("Array", "totals");
        heap.writer.nodes[totals].self_size = size;
        heap
    }));
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].description,
        "8 bytes a call: Array `totals` (context of handler in app.js:12) grows"
    );
    assert_eq!(found[0].objects_per_round, [0, 0]);
    // V8's code is no place.
    let code = told([1000, 1080, 1240].map(|size| {
        let mut heap = with_map(100..105);
        let script = heap
            .writer
            .nodes
            .iter()
            .position(|node| node.kind == "code");
        heap.writer.nodes[script.unwrap()].self_size = size;
        heap
    }));
    assert!(code.is_empty());
}

#[test]
fn a_string_that_is_longer_in_each_round_is_told_by_its_variable() {
    let found = told([1000, 1080, 1240].map(|size| {
        let mut heap = with_map(100..105);
        let text = heap.add("string", "text", size, size);
        heap.writer.edge(heap.context, "context", "log", text);
        heap
    }));
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .description
            .starts_with("8 bytes a call: (string) `log`"),
        "{}",
        found[0].description
    );
}

#[test]
fn variables_of_one_function_are_told_each_for_itself() {
    let found = told([(5, 1000), (15, 1080), (35, 1240)].map(|(links, size)| {
        let mut heap = with_map(100..105);
        let mut above = heap.context;
        for at in 0..links {
            let link = heap.add("object", "Link", 24, 300 - at);
            let edge = if at == 0 { "context" } else { "property" };
            heap.writer.edge(above, edge, "next", link);
            above = link;
        }
        let text = heap.add("string", "text", size, size);
        heap.writer.edge(heap.context, "context", "log", text);
        heap
    }));
    let descriptions: Vec<&str> = found.iter().map(|grown| &*grown.description).collect();
    assert_eq!(found.len(), 2, "{descriptions:?}");
    assert!(
        descriptions[0]
            .starts_with("1 Link (24 bytes) a call: held by the chain that starts at Link `next`")
    );
    assert!(descriptions[1].starts_with("8 bytes a call: (string) `log`"));
}

#[test]
fn what_tidemark_holds_is_told_only_where_nothing_else_grew() {
    let own = "/srv/node_modules/tidemark/lib/rounds.js";
    let found = told([5, 15, 35].map(|end| {
        let mut heap = Heap::of_file(own);
        let map = heap.variable("Map", "sessions");
        heap.fill(map, "Session", 100..100 + end);
        heap
    }));
    assert_eq!(found.len(), 1);
    assert!(found[0].is_own);
    let found = told([5, 15, 35].map(|end| {
        let mut heap = Heap::of_file(own);
        let map = heap.variable("Map", "sessions");
        heap.fill(map, "Session", 100..100 + end);
        let global = heap.writer.node("object", "Array", 16);
        heap.writer.edge(1, "property", "all", global);
        heap.fill(global, "Order", 5000..5000 + end);
        heap
    }));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].class.as_str(), found[0].is_own), ("Order", false));
}

#[test]
fn at_most_ten_are_told_and_those_with_most_bytes_come_first() {
    let found = told([5, 15, 35].map(|end| {
        let mut heap = Heap::new();
        let maps: Vec<usize> = (0..14).map(|_| heap.variable("Map", "sessions")).collect();
        for (at, map) in (0..).zip(maps) {
            // Twice as many a call in the later ones.
            let count = if at < 7 { end } else { 2 * end };
            let first = 1000 + at * 1000;
            heap.fill(map, "Session", first..first + count);
        }
        heap
    }));
    assert_eq!(found.len(), 10);
    let counts: Vec<u64> = found
        .iter()
        .map(|grown| grown.objects_per_round[1])
        .collect();
    assert_eq!(counts, [40, 40, 40, 40, 40, 40, 40, 20, 20, 20]);
}

#[test]
fn snapshots_of_two_processes_are_refused() {
    let first = with_map(100..105).writer.analyse();
    let mut other = with_map(100..105);
    for node in &mut other.writer.nodes[1..] {
        node.id += 2;
    }
    let other = other.writer.analyse();
    assert!(grown(&[&first, &other], &[10], 0.1, &mut ignore).is_err());
    assert!(grown(&[&first, &first], &[10, 10], 0.1, &mut ignore).is_err());
    assert!(
        grown(&[&first, &first], &[10], 0.1, &mut ignore)
            .unwrap()
            .is_empty()
    );
}

/// What only a test reaches hangs on the root of stacks, not on the global object.
fn of_stack(class: &str, name: &str) -> (Heap, usize) {
    let mut heap = Heap::new();
    let global = heap.writer.nodes[0].edges.pop().unwrap();
    heap.writer.nodes[global.to].edges.clear();
    let stack = heap.writer.node("synthetic", "(Stack roots)", 0);
    heap.writer.edge(0, "element", "2", stack);
    heap.writer.edge(0, "shortcut", "1", global.to);
    let mut above = stack;
    for at in 0..4 {
        let closure = heap.writer.node("closure", "", 32);
        heap.writer
            .edge(above, "internal", &at.to_string(), closure);
        above = closure;
    }
    let context = heap.context;
    heap.writer.edge(above, "internal", "context", context);
    let holder = heap.variable(class, name);
    (heap, holder)
}

#[test]
fn strings_are_held_by_the_application_not_by_the_table_that_v8_has_of_all() {
    let found = told([5, 15, 35].map(|end| {
        let (mut heap, set) = of_stack("Set", "titles");
        let strings = heap.writer.node("synthetic", "(Internalized strings)", 0);
        heap.writer.edge(0, "element", "3", strings);
        for id in 0..end {
            let text = heap.add("string", &format!("title {id}"), 32, 1000 + id);
            heap.writer.edge(strings, "internal", &id.to_string(), text);
            heap.writer.edge(set, "internal", &id.to_string(), text);
        }
        heap
    }));
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].description,
        "1 (string) (32 bytes) a call: held by Set `titles` (context of handler in app.js:12)"
    );
}

/// As Node.js 20 keeps an `EventTarget` in a `WeakMap`, while a listener of its waits for a signal.
#[test]
fn a_list_in_the_key_of_a_pair_that_globals_know_is_told_by_what_holds_it() {
    let found = told([5, 15, 35].map(|end| {
        let (mut heap, target) = of_stack("EventTarget", "page");
        let global = heap.writer.nodes[0].edges.last().unwrap().to;
        let map = heap.writer.node("object", "WeakMap", 32);
        let table = heap.writer.node("array", "", 64);
        let value = heap.writer.node("object", "Remover", 16);
        let pair = format!(
            "part of key (EventTarget @{}) -> value (Remover @{}) pair in WeakMap (table @{})",
            heap.writer.nodes[target].id, heap.writer.nodes[value].id, heap.writer.nodes[table].id
        );
        heap.writer.edge(global, "property", "removers", map);
        heap.writer.edge(map, "internal", "table", table);
        heap.writer
            .edge(table, "internal", &format!("4 / {pair}"), value);
        heap.writer
            .edge(target, "internal", &format!("5 / {pair}"), value);
        heap.writer.edge(value, "property", "target", target);
        let mut before = target;
        for id in 0..end {
            let listener = heap.add("object", "Listener", 16, 1000 + id);
            heap.writer.edge(before, "property", "next", listener);
            heap.writer.edge(listener, "property", "previous", before);
            before = listener;
        }
        heap
    }));
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].description,
        "1 Listener (16 bytes) a call: held by the chain that starts at EventTarget `page` (context of handler in app.js:12)"
    );
}

#[test]
fn the_registry_of_symbols_is_named() {
    let found = told([5, 15, 35].map(|end| {
        let mut heap = Heap::new();
        let roots = heap.writer.node("synthetic", "(Strong roots)", 0);
        let table = heap.writer.node("array", "", 64);
        heap.writer.edge(0, "element", "3", roots);
        heap.writer
            .edge(roots, "internal", "public_symbol_table", table);
        for id in 0..end {
            let symbol = heap.add("symbol", "symbol", 24, 1000 + id);
            heap.writer.edge(table, "internal", &id.to_string(), symbol);
        }
        heap
    }));
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].description,
        "1 (symbol) (24 bytes) a call: held by the registry of Symbol.for()"
    );
    assert_eq!(found[0].kind, HolderKind::SymbolRegistry);
}

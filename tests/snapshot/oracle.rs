//! Sizes, dominators, distances and differences as the rules say them, with no regard to speed.

use std::collections::{HashMap, HashSet, VecDeque};

use tidemark::snapshot::{Matching, diff, ignore, same_process};

use crate::writer::{EdgeSpec, Layout, Random, Writer, parse, random};

const SEEDS: u64 = 200;

fn pair_table(name: &str) -> Option<u64> {
    let (_, rest) = name.split_once(" pair in WeakMap (table @")?;
    rest.strip_suffix(')')?.parse().ok()
}

fn page_owned(writer: &Writer) -> HashSet<usize> {
    let mut owned: HashSet<usize> = HashSet::new();
    let mut queue: Vec<usize> = writer.nodes[0]
        .edges
        .iter()
        .filter(|edge| edge.kind == "shortcut")
        .map(|edge| edge.to)
        .collect();
    while let Some(node) = queue.pop() {
        if owned.insert(node) {
            queue.extend(
                writer.nodes[node]
                    .edges
                    .iter()
                    .filter(|edge| edge.kind != "weak")
                    .map(|edge| edge.to),
            );
        }
    }
    owned
}

/// For each node where its essential edges lead.
fn essential(writer: &Writer) -> Vec<Vec<usize>> {
    let owned = page_owned(writer);
    let counts = |from: usize, edge: &EdgeSpec| {
        let of_table =
            edge.kind == "internal" && pair_table(&edge.name) == Some(writer.nodes[from].id);
        let into_page = from != 0 && owned.contains(&edge.to) && !owned.contains(&from);
        edge.kind != "weak"
            && edge.to != from
            && (edge.kind != "shortcut" || from == 0)
            && !of_table
            && !into_page
    };
    writer
        .nodes
        .iter()
        .enumerate()
        .map(|(from, node)| {
            node.edges
                .iter()
                .filter(|edge| counts(from, edge))
                .map(|edge| edge.to)
                .collect()
        })
        .collect()
}

fn reached(edges: &[Vec<usize>], starts: &[usize], without: Option<usize>) -> HashSet<usize> {
    let mut found: HashSet<usize> = HashSet::new();
    let mut queue: Vec<usize> = starts
        .iter()
        .copied()
        .filter(|&node| Some(node) != without)
        .collect();
    while let Some(node) = queue.pop() {
        if found.insert(node) {
            queue.extend(
                edges[node]
                    .iter()
                    .copied()
                    .filter(|&to| Some(to) != without),
            );
        }
    }
    found
}

/// For each node its strict dominators' set, by taking each away. Nodes that the root does not
/// reach: those without any essential retainer hang on the root; what is left hangs on the root
/// alone and retains nothing.
fn dominated(writer: &Writer) -> (Vec<HashSet<usize>>, HashSet<usize>) {
    let edges = essential(writer);
    let count = writer.nodes.len();
    let mut starts = vec![0];
    let from_root = reached(&edges, &starts, None);
    let retained: HashSet<usize> = edges.iter().flatten().copied().collect();
    starts.extend((0..count).filter(|node| !from_root.contains(node) && !retained.contains(node)));
    let alive = reached(&edges, &starts, None);
    let below = (0..count)
        .map(|node| {
            if node == 0 {
                return (0..count).collect();
            }
            if !alive.contains(&node) {
                return HashSet::from([node]);
            }
            let left = reached(&edges, &starts, Some(node));
            alive.difference(&left).copied().collect()
        })
        .collect();
    (below, alive)
}

fn shallow(writer: &Writer) -> Vec<u64> {
    let count = writer.nodes.len();
    let mut sizes: Vec<u64> = writer.nodes.iter().map(|node| node.self_size).collect();
    if !writer.nodes[0]
        .edges
        .iter()
        .any(|edge| writer.nodes[edge.to].kind != "synthetic")
    {
        return sizes;
    }
    let movable = |node: usize| matches!(writer.nodes[node].kind, "hidden" | "array");
    // Owners of a node: the nodes that are their own and reach it over movable ones.
    let mut owners: Vec<HashSet<usize>> = vec![HashSet::new(); count];
    for owner in (0..count).filter(|&node| !movable(node)) {
        let mut queue = vec![owner];
        let mut seen = HashSet::new();
        while let Some(node) = queue.pop() {
            for edge in writer.nodes[node]
                .edges
                .iter()
                .filter(|edge| edge.kind != "weak")
            {
                if movable(edge.to) && seen.insert(edge.to) {
                    owners[edge.to].insert(owner);
                    queue.push(edge.to);
                }
            }
        }
    }
    for node in 0..count {
        if let Some(&owner) = owners[node].iter().next()
            && owners[node].len() == 1
            && owner != 0
            && writer.nodes[owner].kind != "synthetic"
        {
            sizes[owner] += writer.nodes[node].self_size;
            sizes[node] = 0;
        }
    }
    sizes
}

fn distances(writer: &Writer) -> Vec<i32> {
    let mut distances = vec![-5; writer.nodes.len()];
    let mut halves: HashSet<String> = HashSet::new();
    let mut search = |distances: &mut Vec<i32>, mut queue: VecDeque<usize>| {
        while let Some(node) = queue.pop_front() {
            for edge in &writer.nodes[node].edges {
                if edge.kind == "weak" || distances[edge.to] != -5 {
                    continue;
                }
                let descriptors = writer.nodes[node].kind == "array"
                    && writer.nodes[node].name == "(map descriptors)";
                // A name that is no number lets nothing pass but in JavaScript `NaN % 3 !== 1`.
                let index: i64 = edge.name.parse().unwrap_or(0);
                if descriptors && index >= 2 && index % 3 == 1 {
                    continue;
                }
                if edge.kind == "internal"
                    && let Some((_, shared)) = edge.name.split_once(" / part of key (")
                    && !halves.remove(shared)
                {
                    halves.insert(shared.to_owned());
                    continue;
                }
                distances[edge.to] = distances[node] + 1;
                queue.push_back(edge.to);
            }
        }
    };
    let mut first = VecDeque::new();
    for edge in &writer.nodes[0].edges {
        if writer.nodes[edge.to].kind != "synthetic" {
            if distances[edge.to] == -5 {
                first.push_back(edge.to);
            }
            distances[edge.to] = 1;
        }
    }
    let has_user_roots = !first.is_empty();
    search(&mut distances, first);
    distances[0] = if has_user_roots { 100_000_000 } else { 0 };
    search(&mut distances, VecDeque::from([0]));
    distances
}

#[test]
fn both_layouts_and_any_cut_give_the_same_graph() {
    for seed in 0..40 {
        let writer = random(seed);
        let wanted = writer.analyse();
        for layout in [Layout::Node18, Layout::Node26] {
            let json = writer.json(layout);
            let mut cuts = Random(seed + 99);
            let mut parser = tidemark::snapshot::Parser::new();
            let mut rest = json.as_slice();
            while !rest.is_empty() {
                let cut = 1 + cuts.below(rest.len().min(30));
                parser.feed(&rest[..cut]).unwrap();
                rest = &rest[cut..];
            }
            let got =
                tidemark::snapshot::Analysis::new(parser.finish().unwrap(), &mut ignore).unwrap();
            for node in 0..writer.nodes.len() as u32 {
                assert_eq!(got.id(node), wanted.id(node));
                assert_eq!(got.retained_size(node), wanted.retained_size(node));
                assert_eq!(got.class_name(node), wanted.class_name(node));
            }
        }
    }
}

#[test]
fn dominators_and_retained_sizes_are_what_taking_nodes_away_says() {
    for seed in 0..SEEDS {
        let writer = random(seed);
        let analysis = writer.analyse();
        let (below, _) = dominated(&writer);
        let sizes = shallow(&writer);
        for node in 0..writer.nodes.len() {
            let retained: u64 = below[node].iter().map(|&node| sizes[node]).sum();
            assert_eq!(
                analysis.self_size(node as u32),
                sizes[node],
                "self size, seed {seed}, node {node}"
            );
            assert_eq!(
                analysis.retained_size(node as u32),
                retained,
                "retained size, seed {seed}, node {node}"
            );
            // The immediate dominator is the strict one that dominates fewest.
            let immediate = (0..writer.nodes.len())
                .filter(|&above| above != node && below[above].contains(&node))
                .min_by_key(|&above| below[above].len())
                .unwrap_or(0);
            assert_eq!(
                analysis.dominator(node as u32),
                immediate as u32,
                "dominator, seed {seed}, node {node}"
            );
        }
    }
}

#[test]
fn distances_follow_the_rules() {
    for seed in 0..SEEDS {
        let writer = random(seed);
        let analysis = writer.analyse();
        for (node, distance) in distances(&writer).into_iter().enumerate() {
            assert_eq!(
                analysis.distance(node as u32),
                distance,
                "seed {seed}, node {node}"
            );
        }
    }
}

#[test]
fn a_path_follows_edges_from_the_root() {
    for seed in 0..100 {
        let writer = random(seed);
        let analysis = writer.analyse();
        for node in 0..writer.nodes.len() as u32 {
            let path = analysis.path(node, &mut ignore).unwrap();
            let Some(last) = path.last() else { continue };
            assert_eq!((path[0].node, last.node), (0, node));
            for pair in path.windows(2) {
                let edge = pair[1].edge.as_ref().unwrap();
                assert!(
                    writer.nodes[pair[0].node as usize]
                        .edges
                        .iter()
                        .any(|spec| {
                            spec.to == pair[1].node as usize
                                && spec.kind == edge.kind.name()
                                && spec.name == edge.name
                        })
                );
            }
        }
    }
}

/// The same process later: some nodes gone, some new, ids of the others kept.
fn later(writer: &Writer, seed: u64) -> Writer {
    let mut random = Random(seed + 7);
    let mut after = writer.clone();
    for node in 1..after.nodes.len() {
        if random.below(4) == 0 {
            after.nodes[node].id += 100_000;
            after.nodes[node].self_size += 8;
        }
    }
    after
}

#[test]
fn a_diff_by_ids_is_what_sets_of_ids_say() {
    for seed in 0..200 {
        let before = random(seed);
        let after = later(&before, seed);
        let (old, new) = (before.analyse(), after.analyse());
        let diff = diff(&old, &new, Some(Matching::Ids), &mut ignore).unwrap();
        let objects = |analysis: &tidemark::snapshot::Analysis| -> HashMap<u32, (String, u64)> {
            (1..analysis.node_count() as u32)
                .filter(|&node| analysis.kind(node).name() != "synthetic")
                .map(|node| {
                    (
                        analysis.id(node),
                        (
                            analysis.class_name(node).to_owned(),
                            analysis.self_size(node),
                        ),
                    )
                })
                .collect()
        };
        let (old, new) = (objects(&old), objects(&new));
        for row in &diff.rows {
            let of = |objects: &HashMap<u32, (String, u64)>,
                      other: Option<&HashMap<u32, (String, u64)>>| {
                let found = objects.iter().filter(|(id, (class, _))| {
                    *class == row.class && other.is_none_or(|other| !other.contains_key(id))
                });
                found.fold((0, 0), |(count, size), (_, (_, own))| {
                    (count + 1, size + own)
                })
            };
            assert_eq!(
                (row.added, row.added_size),
                of(&new, Some(&old)),
                "seed {seed} {}",
                row.class
            );
            assert_eq!(
                (row.removed, row.removed_size),
                of(&old, Some(&new)),
                "seed {seed} {}",
                row.class
            );
            assert_eq!((row.count_before, row.size_before), of(&old, None));
            assert_eq!((row.count_after, row.size_after), of(&new, None));
        }
        let moved: u64 = diff.rows.iter().map(|row| row.added + row.removed).sum();
        let wanted = new.keys().filter(|id| !old.contains_key(id)).count()
            + old.keys().filter(|id| !new.contains_key(id)).count();
        assert_eq!(moved, wanted as u64, "seed {seed}");
    }
}

#[test]
fn a_diff_by_structure_balances() {
    for seed in 0..100 {
        let (old, new) = (random(seed).analyse(), random(seed + 1000).analyse());
        let diff = diff(&old, &new, Some(Matching::Structure), &mut ignore).unwrap();
        let growth: i64 = diff
            .rows
            .iter()
            .map(tidemark::snapshot::DiffRow::growth)
            .sum();
        assert_eq!(
            growth,
            new.total_size().cast_signed() - old.total_size().cast_signed()
        );
        let same =
            tidemark::snapshot::diff(&new, &new, Some(Matching::Structure), &mut ignore).unwrap();
        assert!(same.rows.is_empty());
    }
}

#[test]
fn snapshots_of_two_processes_are_told_from_two_of_one() {
    let mut writer = Writer::new();
    for at in 0..200 {
        let node = writer.node("object", ["A", "B", "C", "D"][at % 4], 16);
        writer.edge(0, "element", &at.to_string(), node);
    }
    let mut other = writer.clone();
    for (at, node) in other.nodes.iter_mut().enumerate().skip(1) {
        ["B", "C", "D", "A"][at % 4].clone_into(&mut node.name);
    }
    assert!(same_process(&writer.analyse(), &writer.analyse()));
    assert!(!same_process(&writer.analyse(), &other.analyse()));
}

#[test]
fn the_layouts_differ() {
    let writer = random(3);
    assert!(parse(&writer.json(Layout::Node18)).is_ok());
    assert_ne!(writer.json(Layout::Node18), writer.json(Layout::Node26));
}

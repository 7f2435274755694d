//! What a command or a report shows of one node or of one class.

use crate::sorting::{sort_by_key, sort_numbers_by_key};
use serde_json::{Value, json};

use super::analysis::Analysis;
use super::classes::Class;
use super::columns::Node;
use super::error::{Code, SnapshotError};
use super::paths::Step;
use super::progress::OnProgress;
use super::public_name::named;
use super::words::shortened;

/// Classes that are told where the one that was asked for is not there.
const MOST_GUESSES: usize = 5;

impl Analysis {
    /// A node in words with the path that keeps it alive, as `tidemark path --json` prints it.
    ///
    /// # Errors
    ///
    /// It was cancelled.
    pub fn explain_node(
        &self,
        node: Node,
        on_progress: OnProgress<'_>,
    ) -> Result<Value, SnapshotError> {
        let path = self.path(node, on_progress)?;
        let described = self.describe(node);
        Ok(json!({
            "id": self.id(node),
            "class": named(self.class_name(node)),
            "description": described.description(),
            "selfSize": self.self_size(node),
            "retainedSize": self.retained_size(node),
            "distance": self.distance(node),
            "dominator": self.id(self.dominator(node)),
            "location": described.place.as_ref().and_then(super::code::Place::to_json),
            "path": path.iter().map(Step::to_json).collect::<Vec<_>>(),
        }))
    }

    /// The nodes of a class, those that retain most first, at most `most`.
    ///
    /// # Errors
    ///
    /// There is no such class; the message says what was perhaps meant.
    pub fn largest_of_class(&self, class: &str, most: usize) -> Result<Vec<Node>, SnapshotError> {
        let classes = self.classes();
        let wanted = classes.find(class).ok_or_else(|| self.no_class(class))?;
        let nodes = 0..self.node_count() as Node;
        let mut found: Vec<Node> = nodes.filter(|&node| classes.of(node) == wanted).collect();
        sort_numbers_by_key(&mut found, |node| {
            std::cmp::Reverse(self.retained_size(node))
        });
        found.truncate(most);
        Ok(found)
    }

    fn no_class(&self, class: &str) -> SnapshotError {
        let classes = self.classes();
        let wanted = class.to_lowercase();
        let mut near: Vec<(u64, Class, &str)> = (0..)
            .zip(classes.names())
            .filter(|(_, name)| name.to_lowercase().contains(&wanted))
            .map(|(class, name)| (0, class, name))
            .collect();
        for node in 0..self.node_count() as Node {
            if let Ok(at) = near.binary_search_by_key(&classes.of(node), |&(_, class, _)| class) {
                near[at].0 += self.self_size(node);
            }
        }
        sort_by_key(&mut near, |&(size, class, _)| {
            (std::cmp::Reverse(size), class)
        });
        let names: Vec<String> = near
            .iter()
            .take(MOST_GUESSES)
            .map(|(.., name)| format!("'{}'", shortened(name)))
            .collect();
        let instead = if names.is_empty() {
            "The summary lists the classes".to_owned()
        } else {
            format!("There is {}", names.join(", "))
        };
        let message = format!("There is no class `{}`. {instead}.", shortened(class));
        SnapshotError::new(Code::NotFound, message)
    }
}

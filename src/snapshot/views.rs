//! What a command or a report shows of one node or of one class.

use serde_json::{Value, json};

use super::analysis::Analysis;
use super::columns::Node;
use super::error::{Code, SnapshotError};
use super::names::named;
use super::paths::Step;
use super::progress::OnProgress;

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
            "description": described.sentence(),
            "selfSize": self.self_size(node),
            "retainedSize": self.retained_size(node),
            "distance": self.distance(node),
            "dominator": self.id(self.dominator(node)),
            "location": described.place.as_ref().map(super::code::Place::to_json),
            "path": path.iter().map(Step::to_json).collect::<Vec<_>>(),
        }))
    }

    /// The nodes of a class, those that retain most first, at most `most`.
    ///
    /// # Errors
    ///
    /// There is no such class.
    pub fn largest_of_class(&self, class: &str, most: usize) -> Result<Vec<Node>, SnapshotError> {
        let classes = self.classes();
        let wanted = classes.find(class).ok_or_else(|| {
            SnapshotError::new(Code::NotFound, format!("There is no class `{class}`"))
        })?;
        let nodes = 0..self.node_count() as Node;
        let mut found: Vec<Node> = nodes.filter(|&node| classes.of(node) == wanted).collect();
        found.sort_by_key(|&node| std::cmp::Reverse(self.retained_size(node)));
        found.truncate(most);
        Ok(found)
    }
}

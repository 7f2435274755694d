//! How the members of a group wait.

use crate::snapshot::columns::Node;

/// What most of the members of a group are.
#[derive(Clone, Copy, Default)]
pub(super) struct Waits {
    /// A closure of the function that waits, or that is called when the wait is over.
    pub(super) function: Option<Node>,
    pub(super) how: How,
    /// What they hold hangs on a store of `AsyncLocalStorage`.
    pub(super) in_store: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum How {
    #[default]
    Then,
    Await,
    Generator,
}

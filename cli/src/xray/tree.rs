//! The spans of a trace as a tree.

use std::collections::HashMap;

use super::document::{Kind, Read, Span};

/// A trace.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// How many documents and subsegments cannot be read.
    pub(crate) unreadable: usize,
}

/// Which node of a tree. Good for the tree that gave it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct NodeId(usize);

/// A span in its place.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    /// The node that it is shown under.
    pub(crate) parent: Option<NodeId>,
    /// Why it has no parent, though its document names one.
    pub(crate) broken: Option<Broken>,
}

/// What is wrong with the parent that a document names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Broken {
    /// It is not there.
    Missing,
    /// It is under its own child.
    Circle,
}

impl Tree {
    /// The trace that these documents make, and nothing else: [`super::infer`] adds what they do not say.
    pub(crate) fn of<'a>(documents: impl IntoIterator<Item = &'a str>) -> Self {
        let mut read = Read::default();
        for document in documents {
            read.add(document);
        }
        let mut tree = Self {
            unreadable: read.unreadable,
            nodes: Vec::new(),
        };
        tree.place(read);
        tree
    }

    fn place(&mut self, read: Read) {
        let mut places: HashMap<String, NodeId> = HashMap::new();
        for span in read.spans {
            match places.get(&span.id).copied() {
                // A span that had not ended when it was sent is sent again.
                Some(at) => {
                    let node = self.node_mut(at);
                    if node.span.end < span.end {
                        node.span = span;
                    }
                }
                None => {
                    places.insert(span.id.clone(), self.add(span, None));
                }
            }
        }
        let calls: HashMap<String, String> = read.made_up.into_iter().collect();
        for at in self.ids() {
            let node = self.node_mut(at);
            let Some(id) = &node.span.parent_id else {
                continue;
            };
            node.parent = places.get(calls.get(id).unwrap_or(id)).copied();
            if node.parent.is_none() {
                node.broken = Some(Broken::Missing);
            } else if self.is_in_circle(at) {
                let node = self.node_mut(at);
                node.parent = None;
                node.broken = Some(Broken::Circle);
            }
        }
    }

    /// Whether the parents of a node lead back to it. The parents of all nodes before it lead to an end.
    fn is_in_circle(&self, at: NodeId) -> bool {
        self.above(at).any(|above| above == at)
    }

    /// Adds a span under another.
    pub(super) fn add(&mut self, span: Span, parent: Option<NodeId>) -> NodeId {
        self.nodes.push(Node {
            span,
            parent,
            broken: None,
        });
        NodeId(self.nodes.len() - 1)
    }

    /// Moves a span under another.
    pub(super) fn move_under(&mut self, at: NodeId, parent: Option<NodeId>) {
        self.node_mut(at).parent = parent;
    }

    /// Forgets that the parent of a span is missing, because it was found.
    pub(super) fn parent_found(&mut self, at: NodeId) {
        self.node_mut(at).broken = None;
    }

    /// A node.
    pub(crate) fn node(&self, at: NodeId) -> &Node {
        &self.nodes[at.0]
    }

    fn node_mut(&mut self, at: NodeId) -> &mut Node {
        &mut self.nodes[at.0]
    }

    /// The span of a node.
    pub(crate) fn span(&self, at: NodeId) -> &Span {
        &self.node(at).span
    }

    fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId)
    }

    /// All spans of a kind.
    pub(crate) fn all(&self, kind: Kind) -> Vec<NodeId> {
        let of_kind = |at: &NodeId| self.span(*at).kind == kind;
        self.ids().filter(of_kind).collect()
    }

    /// The spans that a span is under, the nearest first.
    pub(crate) fn above(&self, at: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(self.node(at).parent, |at| self.node(*at).parent)
    }

    /// API Gateway's span that a span is under: the nearest, since the storefront may have an API too.
    pub(crate) fn api_above(&self, at: NodeId) -> Option<NodeId> {
        self.above(at).find(|at| self.span(*at).kind == Kind::Api)
    }

    /// Lambda's highest span that a span is under, below API Gateway: above that Lambda may run the storefront.
    pub(crate) fn lambda_above(&self, at: NodeId) -> Option<NodeId> {
        let kind = |at: &NodeId| self.span(*at).kind;
        let above = self.above(at).take_while(|at| kind(at) != Kind::Api);
        above.filter(|at| kind(at) == Kind::Lambda).last()
    }

    /// Whether a span is, or is under, another.
    pub(crate) fn is_within(&self, at: NodeId, other: NodeId) -> bool {
        at == other || self.above(at).any(|above| above == other)
    }

    /// The spans right under a span, or under none, in order of time.
    pub(crate) fn under(&self, parent: Option<NodeId>) -> Vec<NodeId> {
        let is_child = |at: &NodeId| self.node(*at).parent == parent;
        let mut children: Vec<_> = self.ids().filter(is_child).collect();
        children.sort_by(|a, b| self.span(*a).start.total_cmp(&self.span(*b).start));
        children
    }

    /// The whole tree from the top: the depth and the node.
    pub(crate) fn walk(&self) -> Vec<(usize, NodeId)> {
        let mut walk = Vec::with_capacity(self.nodes.len());
        let with = |depth, nodes: Vec<NodeId>| nodes.into_iter().rev().map(move |at| (depth, at));
        let mut next: Vec<(usize, NodeId)> = with(0, self.under(None)).collect();
        while let Some((depth, at)) = next.pop() {
            walk.push((depth, at));
            next.extend(with(depth + 1, self.under(Some(at))));
        }
        walk
    }
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;

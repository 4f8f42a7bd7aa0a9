//! The spans of a trace, by who is under whom.

use std::collections::HashMap;

use super::document::{Kind, Read, Span};

/// A trace.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// How many documents and subsegments cannot be read.
    pub(crate) unreadable: usize,
}

/// A span in its place.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    /// The place of the span that it is shown under.
    pub(crate) parent: Option<usize>,
    /// Why it has none, though it names one.
    pub(crate) broken: Option<Broken>,
}

/// What is wrong with a parent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Broken {
    /// It is not there.
    Missing,
    /// It is under its own child.
    Circle,
}

impl Tree {
    /// The trace that these documents make, and what follows from them.
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
        super::infer::infer(&mut tree);
        tree
    }

    fn place(&mut self, read: Read) {
        let mut places: HashMap<String, usize> = HashMap::new();
        for span in read.spans {
            match places.get(&span.id).copied() {
                // One that had not ended when it was sent is sent again.
                Some(at) => {
                    if self.nodes[at].span.end < span.end {
                        self.nodes[at].span = span;
                    }
                }
                None => {
                    places.insert(span.id.clone(), self.add(span, None));
                }
            }
        }
        let calls: HashMap<String, String> = read.made_up.into_iter().collect();
        for at in 0..self.nodes.len() {
            let node = &mut self.nodes[at];
            let Some(id) = &node.span.parent_id else {
                continue;
            };
            node.parent = places.get(calls.get(id).unwrap_or(id)).copied();
            if node.parent.is_none() {
                node.broken = Some(Broken::Missing);
            } else if self.is_in_circle(at) {
                self.nodes[at].parent = None;
                self.nodes[at].broken = Some(Broken::Circle);
            }
        }
    }

    /// Whether the parents of a node lead back to it. Those of all before it lead to an end.
    fn is_in_circle(&self, at: usize) -> bool {
        let mut here = at;
        while let Some(parent) = self.nodes[here].parent {
            if parent == at {
                return true;
            }
            here = parent;
        }
        false
    }

    /// Adds a span under another, and returns its place.
    pub(super) fn add(&mut self, span: Span, parent: Option<usize>) -> usize {
        self.nodes.push(Node {
            span,
            parent,
            broken: None,
        });
        self.nodes.len() - 1
    }

    /// Moves a span under another.
    pub(super) fn hang(&mut self, at: usize, parent: Option<usize>) {
        self.nodes[at].parent = parent;
    }

    /// A span found: its parent is not missing, after all.
    pub(super) fn mend(&mut self, at: usize) {
        self.nodes[at].broken = None;
    }

    /// A node by its place.
    pub(crate) fn node(&self, at: usize) -> &Node {
        &self.nodes[at]
    }

    /// A span by its place.
    pub(crate) fn span(&self, at: usize) -> &Span {
        &self.nodes[at].span
    }

    /// The places of all spans of a kind.
    pub(crate) fn all(&self, kind: Kind) -> Vec<usize> {
        let places = 0..self.nodes.len();
        places.filter(|at| self.span(*at).kind == kind).collect()
    }

    /// The spans that a span is under, the nearest first.
    pub(crate) fn above(&self, at: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.nodes[at].parent, |at| self.nodes[*at].parent)
    }

    /// API Gateway's span that a span is under: the nearest, since the storefront may have an API too.
    pub(crate) fn api_above(&self, at: usize) -> Option<usize> {
        self.above(at).find(|at| self.span(*at).kind == Kind::Api)
    }

    /// Lambda's highest span that a span is under, below API Gateway: above that Lambda may run the storefront.
    pub(crate) fn lambda_above(&self, at: usize) -> Option<usize> {
        let kind = |at: &usize| self.span(*at).kind;
        let above = self.above(at).take_while(|at| kind(at) != Kind::Api);
        above.filter(|at| kind(at) == Kind::Lambda).last()
    }

    /// Whether a span is, or is under, another.
    pub(crate) fn is_within(&self, at: usize, other: usize) -> bool {
        at == other || self.above(at).any(|above| above == other)
    }

    /// The spans right under a span, or under none, in order of time.
    pub(crate) fn under(&self, parent: Option<usize>) -> Vec<usize> {
        let places = 0..self.nodes.len();
        let mut children: Vec<_> = places
            .filter(|at| self.nodes[*at].parent == parent)
            .collect();
        children.sort_by(|a, b| self.span(*a).start.total_cmp(&self.span(*b).start));
        children
    }

    /// The whole tree from the top: depth and place.
    pub(crate) fn walk(&self) -> Vec<(usize, usize)> {
        let mut walk = Vec::with_capacity(self.nodes.len());
        let with = |depth, places: Vec<usize>| places.into_iter().rev().map(move |at| (depth, at));
        let mut next: Vec<(usize, usize)> = with(0, self.under(None)).collect();
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

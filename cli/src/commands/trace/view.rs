//! One order of a trace.

use std::collections::HashSet;

use crate::xray::{
    document::Kind,
    tree::{NodeId, Tree},
};

/// What a trace has of an order.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) tree: &'a Tree,
    /// Depth and node of each of its spans, from the top.
    pub(crate) rows: Vec<(usize, NodeId)>,
}

impl<'a> View<'a> {
    /// What the trace has of an order; `None` if it has nothing. A trace holds several orders where the storefront posted
    /// several in it.
    pub(crate) fn of(tree: &'a Tree, order_id: &str) -> Option<Self> {
        let walk = tree.walk();
        let places = walk.iter().map(|(_, at)| *at);
        let own: Vec<_> = places
            .filter(|at| tree.span(*at).order_id.as_deref() == Some(order_id))
            .collect();
        if own.is_empty() {
            return None;
        }
        // Lambda's other work for the invocation lies beside accept-order, and is shown too.
        let tops = own.iter().map(|at| tree.lambda_above(*at).unwrap_or(*at));
        let tops: Vec<_> = tops.collect();
        let is_shown = |at: NodeId| {
            let is_above = || own.iter().any(|own| tree.is_within(*own, at));
            tops.iter().any(|top| tree.is_within(at, *top)) || is_above()
        };
        let rows = walk
            .into_iter()
            .map(|(_, at)| at)
            .filter(|at| is_shown(*at));
        let depth = |at: NodeId| tree.above(at).filter(|above| is_shown(*above)).count();
        let rows = rows.map(|at| (depth(at), at)).collect();
        Some(Self { tree, rows })
    }

    /// The service's own spans, from the top. The spans above API Gateway are the caller's.
    pub(crate) fn inner(&self) -> impl Iterator<Item = NodeId> {
        let places = self.rows.iter().map(|(_, at)| *at);
        let apis = places.clone().filter_map(|at| self.tree.api_above(at));
        let apis: HashSet<_> = apis.collect();
        let is_outer = move |at: NodeId| {
            let is_above = |api: &NodeId| *api != at && self.tree.is_within(*api, at);
            apis.iter().any(is_above)
        };
        places.filter(move |at| !is_outer(*at))
    }

    /// The service's own spans of a kind.
    pub(crate) fn all(&self, kind: Kind) -> Vec<NodeId> {
        let places = self.inner();
        places
            .filter(|at| self.tree.span(*at).kind == kind)
            .collect()
    }

    /// When the first span starts, in seconds since 1970.
    pub(crate) fn start(&self) -> f64 {
        let starts = self.rows.iter().map(|(_, at)| self.tree.span(*at).start);
        starts.fold(f64::INFINITY, f64::min)
    }
}

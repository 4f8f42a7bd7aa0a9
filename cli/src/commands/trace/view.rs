//! One order of a trace.

use std::collections::HashSet;

use super::{document::Kind, tree::Tree};

/// What a trace has of an order.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) tree: &'a Tree,
    /// Depth and place of each of its spans, from the top.
    pub(crate) rows: Vec<(usize, usize)>,
}

impl<'a> View<'a> {
    /// What the trace has of an order; none if it has nothing. A trace may hold other orders too, where the storefront made
    /// several calls in it.
    pub(crate) fn of(tree: &'a Tree, order_id: &str) -> Option<Self> {
        let walk = tree.walk();
        let places = walk.iter().map(|(_, at)| *at);
        let own: Vec<_> = places
            .filter(|at| tree.span(*at).order_id.as_deref() == Some(order_id))
            .collect();
        if own.is_empty() {
            return None;
        }
        // Beside accept-order lies what else Lambda did for the invocation.
        let tops = own.iter().map(|at| tree.lambda_above(*at).unwrap_or(*at));
        let tops: Vec<_> = tops.collect();
        let is_shown = |at: usize| {
            let is_above = || own.iter().any(|own| tree.is_within(*own, at));
            tops.iter().any(|top| tree.is_within(at, *top)) || is_above()
        };
        let rows = walk
            .into_iter()
            .map(|(_, at)| at)
            .filter(|at| is_shown(*at));
        let depth = |at: usize| tree.above(at).filter(|above| is_shown(*above)).count();
        let rows = rows.map(|at| (depth(at), at)).collect();
        Some(Self { tree, rows })
    }

    /// The places of the service's own spans, from the top: what API Gateway is under is the caller's.
    pub(crate) fn inner(&self) -> impl Iterator<Item = usize> {
        let places = self.rows.iter().map(|(_, at)| *at);
        let apis = places.clone().filter_map(|at| self.tree.api_above(at));
        let apis: HashSet<_> = apis.collect();
        let is_outer = move |at: usize| {
            let is_above = |api: &usize| *api != at && self.tree.is_within(*api, at);
            apis.iter().any(is_above)
        };
        places.filter(move |at| !is_outer(*at))
    }

    /// The places of those of a kind.
    pub(crate) fn all(&self, kind: Kind) -> Vec<usize> {
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

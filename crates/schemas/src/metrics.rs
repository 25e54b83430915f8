//! The metrics that AWS's services send to CloudWatch, and their dimensions.
//!
//! The data is that of the dashboards of CloudWatch's console, as npm's `@aws-cdk/aws-service-spec` has it (Apache-2.0).
//! It is not complete: of a namespace that is known most metrics are, and of a metric the usual dimensions. A metric that
//! is missing here may exist.

use std::sync::LazyLock;

use crate::similar::nearest;
use crate::{Json, Packed};

static METRICS: LazyLock<Packed> =
    LazyLock::new(|| Packed::open(include_str!("metrics.txt"), include_bytes!("metrics.bin").as_slice()));

/// A namespace of metrics, such as `AWS/SQS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Namespace {
    name: &'static str,
    json: Json<'static>,
}

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    name: &'static str,
    json: Json<'static>,
}

/// Finds a namespace by its name, such as `AWS/SQS`.
pub fn namespace(name: &str) -> Option<Namespace> {
    let (name, json) = METRICS.find(name)?;
    Some(Namespace { name, json })
}

/// Lists all namespaces in order.
pub fn namespaces() -> impl Iterator<Item = Namespace> {
    METRICS.names().filter_map(namespace)
}

/// Suggests the namespace that somebody may have meant, if one is close enough.
pub fn similar(name: &str) -> Option<&'static str> {
    nearest(name, METRICS.names())
}

impl Namespace {
    /// Returns the name.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Lists the metrics in order.
    pub fn metrics(self) -> impl Iterator<Item = Metric> + Clone {
        self.json.as_object().into_iter().flatten().map(|(name, json)| Metric { name, json })
    }

    /// Finds a metric by its name.
    pub fn metric(self, name: &str) -> Option<Metric> {
        self.metrics().find(|metric| metric.name == name)
    }

    /// Suggests the metric that somebody may have meant, if one is close enough.
    pub fn similar(self, name: &str) -> Option<&'static str> {
        nearest(name, self.metrics().map(Metric::name))
    }

    /// Lists the names of all dimensions that its metrics are known to have, each once, in order.
    pub fn dimensions(self) -> impl Iterator<Item = &'static str> {
        let all = self.metrics().flat_map(Metric::dimension_sets).flatten();
        all.collect::<std::collections::BTreeSet<_>>().into_iter()
    }
}

impl Metric {
    /// Returns the name.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Returns the statistic that is mostly looked at, such as `Sum` or `Average`.
    pub fn statistic(self) -> &'static str {
        self.json.get("statistic").and_then(Json::as_str).unwrap_or_default()
    }

    /// Lists the sets of dimensions under which it is sent; an empty set is all of the account and region.
    pub fn dimension_sets(self) -> impl Iterator<Item = Vec<&'static str>> {
        let sets = self.json.get("dimensions").and_then(Json::as_array);
        sets.into_iter().flatten().map(|set| set.strings().collect())
    }
}

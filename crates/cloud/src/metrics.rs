//! Amazon CloudWatch: metrics.

use async_trait::async_trait;

use crate::Result;

/// Keeps metrics (Amazon CloudWatch).
#[async_trait]
pub trait Metrics: Send + Sync {
    /// Adds to metrics (`cloudwatch:PutMetricData`), at most [`MOST_DATA`] data.
    ///
    /// The service has no client token: what is sent twice counts twice.
    async fn put(&self, namespace: &str, data: &[Datum]) -> Result<()>;
}

/// What one metric has measured, as of now.
#[derive(Clone, Debug, PartialEq)]
pub struct Datum {
    /// The metric's name.
    pub name: String,
    /// The names and values of its dimensions, at most 30.
    pub dimensions: Vec<(String, String)>,
    /// Each value that was measured, and how often: at most [`MOST_VALUES`].
    pub values: Vec<(f64, f64)>,
    /// The unit, in CloudWatch's words: `Count`, `Seconds`.
    pub unit: &'static str,
}

/// How many data one call takes (API reference, `PutMetricData`).
pub const MOST_DATA: usize = 1000;

/// How many different values one datum takes (API reference, `MetricDatum`).
pub const MOST_VALUES: usize = 150;

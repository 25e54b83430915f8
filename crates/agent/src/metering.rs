//! Counts what events say, and publishes it as metrics: never in the way of the work.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::mem::take;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cloud::metrics::{Datum, MOST_VALUES, Metrics};
use job::{Colour, metrics};
use tokio::time::{sleep, timeout};

use crate::settings::Deployment;
use crate::{Event, Events};

/// How often metrics are published: CloudWatch keeps one value a minute.
const PERIOD: Duration = Duration::from_mins(1);

/// How long publishing may take; what is counted meanwhile comes with the next batch.
const PATIENCE: Duration = Duration::from_secs(30);

/// Passes events on, and counts what they mean.
pub(crate) struct Meter<'a> {
    events: &'a dyn Events,
    /// For each metric, its values and how often each was measured.
    counted: Mutex<BTreeMap<&'static str, Vec<(f64, f64)>>>,
    /// Whether the last batch was lost.
    losing: AtomicBool,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(events: &'a dyn Events) -> Self {
        Self { events, counted: Mutex::default(), losing: AtomicBool::new(false) }
    }

    /// Publishes what was counted, each minute.
    pub(crate) async fn publish_regularly(
        &self,
        service: &dyn Metrics,
        deployment: &Deployment,
        colour: Colour,
    ) -> Infallible {
        loop {
            sleep(PERIOD).await;
            self.publish(service, deployment, colour, PATIENCE).await;
        }
    }

    /// Publishes what was counted since the last time. What cannot be published is lost: CloudWatch would count twice what
    /// is sent twice, and old values help nobody.
    pub(crate) async fn publish(
        &self,
        service: &dyn Metrics,
        deployment: &Deployment,
        colour: Colour,
        limit: Duration,
    ) {
        let counted = take(&mut *self.counted.lock().unwrap_or_else(PoisonError::into_inner));
        if counted.is_empty() {
            return;
        }
        let data = data(&counted, deployment, colour);
        let lost = match timeout(limit, service.put(metrics::NAMESPACE, &data)).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("no answer within {} s", limit.as_secs())),
        };
        let was_losing = self.losing.swap(lost.is_some(), Ordering::Relaxed);
        match lost {
            Some(error) if !was_losing => self.events.emit(Event::MetricsLost { error }),
            None if was_losing => self.events.emit(Event::MetricsKept),
            _ => {}
        }
    }
}

impl Events for Meter<'_> {
    fn emit(&self, event: Event) {
        for (name, value) in event.metrics() {
            let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
            let values = counted.entry(name).or_default();
            match values.iter_mut().find(|(known, _)| known.total_cmp(&value).is_eq()) {
                Some((_, count)) => *count += 1.0,
                None => values.push((value, 1.0)),
            }
        }
        self.events.emit(event);
    }
}

fn data(counted: &BTreeMap<&'static str, Vec<(f64, f64)>>, deployment: &Deployment, colour: Colour) -> Vec<Datum> {
    let Deployment { app, environment } = deployment;
    let dimensions =
        [(metrics::APP, app.as_str()), (metrics::ENVIRONMENT, environment), (metrics::COLOUR, colour.as_str())];
    let dimensions = dimensions.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let parts = counted.iter().flat_map(|(name, values)| values.chunks(MOST_VALUES).map(move |part| (name, part)));
    let datum = |(name, values): (&&'static str, &[(f64, f64)])| Datum {
        name: (*name).to_owned(),
        dimensions: dimensions.to_vec(),
        values: values.to_vec(),
        unit: metrics::unit(name),
    };
    parts.map(datum).collect()
}

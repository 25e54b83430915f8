//! Metrics of AWS's own services. The list of them is not complete, so only what is nearly the name of a known one is
//! taken for a mistake.

use schemas::metrics;
use tree::Finding;

use super::alarm_rules::METRIC;
use crate::look::View;
use crate::words::{quoted, similar};

/// Checks the namespace, the name and the dimensions of a metric.
pub(super) fn check(namespace: View<'_>, name: View<'_>, dimensions: &[View<'_>], findings: &mut Vec<Finding>) {
    let Some(text) = namespace.text().filter(|text| text.to_ascii_lowercase().starts_with("aws/")) else { return };
    let Some(known) = metrics::namespace(&text) else {
        if let Some(meant) = metrics::similar(&text).filter(|meant| is_slip(&text, meant)) {
            let message = format!("there is no namespace {}", quoted(&text));
            findings.push(namespace.finding(&METRIC, message).hint(format!("did you mean `{meant}`?")));
        }
        return;
    };
    if let Some(text) = name.text().filter(|text| known.metric(text).is_none())
        && let Some(meant) = known.similar(&text).filter(|meant| is_slip(&text, meant))
    {
        let message = format!("{} has no metric {}", quoted(known.name()), quoted(&text));
        findings.push(name.finding(&METRIC, message).hint(format!("did you mean `{meant}`?")));
    }
    let names: Vec<&str> = known.dimensions().collect();
    for view in dimensions {
        let Some(text) = view.text().filter(|text| !names.contains(&text.as_ref())) else { continue };
        if let Some(meant) = similar(&text, names.iter().copied()).filter(|meant| is_slip(&text, meant)) {
            let message = format!("metrics of {} have no dimension {}", quoted(known.name()), quoted(&text));
            findings.push(view.finding(&METRIC, message).hint(format!("did you mean `{meant}`?")));
        }
    }
}

/// Tells whether one name is the other with a slip of the pen: short names are too alike for that.
fn is_slip(given: &str, meant: &str) -> bool {
    const SHORT: usize = 10;
    given.eq_ignore_ascii_case(meant) || (given.len() >= SHORT && strsim::damerau_levenshtein(given, meant) <= 2)
}

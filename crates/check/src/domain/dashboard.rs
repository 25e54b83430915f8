//! Dashboards: JSON in text, which CloudWatch reads only when it is too late.

use tree::{Finding, Node, Tree};

use super::alarm::identifiers;
use super::dashboard_rules::{BODY, GRID, METRICS, WIDGET};
use crate::look::{Resource, Unreadable, View};
use crate::words::{all_of, did_you_mean, given, kind, quoted};

/// How many widgets a dashboard may have.
const MOST: usize = 500;
/// How wide a dashboard is, in units.
const WIDTH: i64 = 24;

/// The types of widgets, and the property that each must have.
static TYPES: [(&str, Option<&str>); 6] = [
    ("alarm", Some("alarms")),
    ("custom", Some("endpoint")),
    ("explorer", None),
    ("log", Some("query")),
    ("metric", None),
    ("text", Some("markdown")),
];

/// Checks a dashboard.
pub(super) fn check(dashboard: &Resource<'_>, findings: &mut Vec<Finding>) {
    let body = dashboard.at("DashboardBody");
    let read = match body.document() {
        Ok(read) => read,
        Err(Unreadable::Unknown) => return,
        Err(Unreadable::Mistake(error)) => {
            findings.push(body.finding(&BODY, format!("the body is no JSON: {error}")));
            return;
        }
    };
    let root = read.view();
    let widgets = root.get("widgets");
    if let Some(tree) = widgets.known().filter(|tree| tree.as_list().is_none()) {
        findings.push(widgets.finding(&BODY, format!("`widgets` must be a list, but is {}", kind(tree))));
    } else if widgets.is_absent() && root.is_closed() {
        findings.push(root.finding(&BODY, "the body has no `widgets`"));
    }
    let number = widgets.items().count();
    if number > MOST {
        findings.push(
            widgets.finding(&BODY, format!("the dashboard has {number} widgets, but at most {MOST} are allowed")),
        );
    }
    for widget in widgets.items() {
        grid(widget, findings);
        one(widget, findings);
    }
}

fn grid(widget: View<'_>, findings: &mut Vec<Finding>) {
    let (x, width) = (widget.get("x"), widget.get("width"));
    let ranges = [(x, "x", 0, WIDTH - 1), (width, "width", 1, WIDTH), (widget.get("height"), "height", 1, 1000)];
    for (view, key, least, most) in ranges {
        if let Some(number) = view.integer().filter(|number| !(least..=most).contains(number)) {
            findings.push(view.finding(&GRID, format!("`{key}` is {number}, but must be from {least} to {most}")));
            return;
        }
    }
    if let (Some(left), Some(wide)) = (x.integer(), width.integer())
        && left + wide > WIDTH
    {
        let message = format!("the widget goes from {left} to {}, but a dashboard is {WIDTH} wide", left + wide);
        findings.push(width.finding(&GRID, message));
    }
    let y = widget.get("y");
    if x.is_absent() != y.is_absent() && widget.is_closed() {
        findings.push(widget.finding(&GRID, "the widget has one of `x` and `y`, but must have both or none"));
    }
}

fn one(widget: View<'_>, findings: &mut Vec<Finding>) {
    let kind = widget.get("type");
    if kind.is_absent() && widget.is_closed() {
        findings.push(widget.finding(&WIDGET, "a widget has no `type`").hint(all_of(TYPES.map(|(name, _)| name))));
        return;
    }
    let Some(text) = kind.text() else { return };
    let Some((_, needed)) = TYPES.iter().find(|(name, _)| *name == text) else {
        let mut finding = kind.finding(&WIDGET, format!("there is no type of widget {}", quoted(&text)));
        finding.hint = did_you_mean(&text, TYPES.map(|(name, _)| name));
        findings.push(finding);
        return;
    };
    let properties = widget.get("properties");
    if !properties.is_closed() || properties.is_unknown() {
        return;
    }
    if properties.is_absent() {
        findings.push(widget.finding(&WIDGET, format!("a widget of type {text} has no `properties`")));
        return;
    }
    if let Some(needed) = needed.filter(|needed| properties.get(needed).is_absent()) {
        findings.push(properties.finding(&WIDGET, format!("a widget of type {text} has no `{needed}`")));
    }
    if text == "metric" {
        metrics(properties, findings);
    }
}

fn metrics(properties: View<'_>, findings: &mut Vec<Finding>) {
    let metrics = properties.get("metrics");
    let is_alarm = !properties.get("annotations").is_absent();
    if metrics.is_absent() && !is_alarm {
        findings.push(properties.finding(&WIDGET, "a widget of type metric has neither `metrics` nor `annotations`"));
    }
    let mut ids = Vec::new();
    for metric in metrics.items() {
        let Some(tree) = metric.known() else { continue };
        let Some(list) = tree.as_list() else {
            findings.push(metric.finding(&METRICS, format!("a metric must be a list, but is {}", given(tree))));
            continue;
        };
        let end = metric.items().last();
        let options = end.filter(|view| view.known().is_some_and(|tree| tree.as_map().is_some()));
        let words = list.len() - usize::from(options.is_some());
        let is_expression = options.is_some_and(|options| !options.get("expression").is_absent());
        let is_text = |tree: &Tree| !matches!(tree.node, Node::List(_) | Node::Bool(_) | Node::Null);
        if !list.iter().all(is_text) {
            findings.push(metric.finding(&METRICS, "a metric has texts, and at its end an object of options"));
        } else if is_expression && words > 0 {
            findings.push(metric.finding(&METRICS, "an expression stands beside the name of a metric"));
        } else if !is_expression && metric.is_closed() && (words < 2 || !words.is_multiple_of(2)) {
            let message = format!(
                "a metric has {words} texts, but a namespace, a name, and pairs of dimension and value are wanted"
            );
            findings.push(metric.finding(&METRICS, message));
        }
        words_of(metric, findings);
        ids.extend(options.and_then(|options| options.get("id").text()).map(std::borrow::Cow::into_owned));
    }
    if !metrics.is_known() || !metrics.is_closed() {
        return;
    }
    for metric in metrics.items() {
        let Some(options) = metric.items().last() else { continue };
        let expression = options.get("expression");
        let Some(text) = expression.text() else { continue };
        for name in identifiers(&text).into_iter().filter(|name| !ids.iter().any(|id| id == name)) {
            let mut finding = expression.finding(&METRICS, format!("there is no metric with the id {}", quoted(name)));
            finding.hint = did_you_mean(name, ids.iter().map(String::as_str));
            findings.push(finding);
        }
    }
}

/// Checks the words of a metric that AWS sends; `.` repeats the word of the metric before.
fn words_of(metric: View<'_>, findings: &mut Vec<Finding>) {
    let words: Vec<View<'_>> = metric.items().collect();
    let [namespace, name, rest @ ..] = words.as_slice() else { return };
    let dimensions: Vec<View<'_>> =
        rest.iter().copied().step_by(2).filter(|view| view.literal().is_some_and(|text| text.len() > 3)).collect();
    super::metrics::check(*namespace, *name, &dimensions, findings);
}

//! Dashboards of CloudWatch.
//!
//! A dashboard is rows of widgets; the widgets of a row share its width. What a graph shows is metrics, and what is
//! computed of them.
//!
//! ```
//! use documents::dashboards::{alarms, computed, dashboard, graph, metric, row, text};
//! # use template::{Arn, Assume, IntoValue, Value};
//! # fn slot(body: impl IntoValue<String>) {}
//! # let alarm: Value<Arn<()>> = "arn:aws:cloudwatch:ap-northeast-2:111122223333:alarm:dead-letters".assume();
//! # let queue: Value<String> = "tasks".assume();
//!
//! let waiting = metric("AWS/SQS", "ApproximateNumberOfMessagesVisible").dimension("QueueName", &queue);
//! let started = metric("Baleen", "TasksStarted").statistic("Sum").id("started").hidden();
//! let failed = metric("Baleen", "TasksFailed").statistic("Sum").id("failed").hidden();
//! slot(dashboard([
//!     row(2, [text("# Is it healthy?")]),
//!     row(4, [alarms("Alarms", [alarm])]),
//!     row(6, [
//!         graph("Tasks that wait").metric(waiting.label("blue")).period_seconds(60),
//!         graph("Tasks that fail, in percent")
//!             .metric(started)
//!             .metric(failed)
//!             .metric(computed("100 * failed / started").label("blue")),
//!     ]),
//! ]));
//! ```
//!
//! See "Dashboard body structure and syntax" in the CloudWatch API reference.

use template::{Arn, Expression, IntoValue, Value, aws};

/// How many columns a dashboard has.
const COLUMNS: u32 = 24;

/// The body of a dashboard; made by [`dashboard`].
#[derive(Clone, Debug)]
pub struct Dashboard(Vec<Row>);

/// Widgets side by side; made by [`row`].
#[derive(Clone, Debug)]
pub struct Row {
    height: u32,
    widgets: Vec<Widget>,
}

/// What a dashboard shows in one place; made by [`text`], [`alarms`] and [`graph`].
#[derive(Clone, Debug)]
pub struct Widget {
    kind: &'static str,
    properties: Vec<(&'static str, Expression)>,
    metrics: Vec<Metric>,
}

/// A metric, or what is computed of others; made by [`metric`] and [`computed`].
#[derive(Clone, Debug)]
pub struct Metric {
    /// Namespace, name, and the names and values of dimensions.
    path: Vec<Expression>,
    options: Vec<(&'static str, Expression)>,
}

/// Makes the body of a dashboard of its rows.
pub fn dashboard(rows: impl IntoIterator<Item = Row>) -> Dashboard {
    Dashboard(rows.into_iter().collect())
}

/// Makes a row of widgets, which share its width; a unit of height is about as high as a line of large text.
pub fn row(height: u32, widgets: impl IntoIterator<Item = Widget>) -> Row {
    Row { height, widgets: widgets.into_iter().collect() }
}

/// Makes a widget that shows text, in Markdown.
pub fn text(markdown: &str) -> Widget {
    Widget::new("text").with("markdown", Expression::string(markdown))
}

/// Makes a widget that shows in which state alarms are.
pub fn alarms<R>(title: &str, alarms: impl IntoIterator<Item = Value<Arn<R>>>) -> Widget {
    let alarms = Expression::list(alarms.into_iter().map(Value::into_expression));
    Widget::new("alarm").with("title", Expression::string(title)).with("alarms", alarms)
}

/// Makes a widget that shows metrics over time, those of the dashboard's own region unless it says otherwise.
pub fn graph(title: &str) -> Widget {
    Widget::new("metric").with("title", Expression::string(title)).with("view", Expression::string("timeSeries"))
}

/// Makes a widget that shows the newest values of metrics as numbers.
pub fn numbers(title: &str) -> Widget {
    Widget::new("metric").with("title", Expression::string(title)).with("view", Expression::string("singleValue"))
}

/// Takes a metric by its namespace and name.
pub fn metric(namespace: &str, name: &str) -> Metric {
    Metric { path: [namespace, name].map(Expression::string).into(), options: vec![] }
}

/// Computes values of the metrics of the same widget, which are named by their ids.
///
/// See "Using metric math" in the CloudWatch user guide.
pub fn computed(expression: &str) -> Metric {
    Metric { path: vec![], options: vec![("expression", Expression::string(expression))] }
}

impl Widget {
    fn new(kind: &'static str) -> Self {
        Self { kind, properties: vec![], metrics: vec![] }
    }

    fn with(mut self, name: &'static str, value: Expression) -> Self {
        self.properties.push((name, value));
        self
    }

    /// Adds a metric to a graph, or to numbers.
    pub fn metric(mut self, metric: Metric) -> Self {
        self.metrics.push(metric);
        self
    }

    /// Sets how long each value stands for, in seconds (default 300).
    pub fn period_seconds(self, seconds: u32) -> Self {
        self.with("period", Expression::integer(seconds.into()))
    }

    /// Takes the metrics of another region.
    pub fn region(self, region: &str) -> Self {
        self.with("region", Expression::string(region))
    }

    /// Fills the areas of the graph, one upon the other.
    pub fn stacked(self) -> Self {
        self.with("stacked", Expression::bool(true))
    }

    fn into_expression(self, [x, y, width, height]: [u32; 4]) -> Expression {
        let integer = |number: u32| Expression::integer(number.into());
        let mut properties = self.properties;
        if self.kind == "metric" {
            if properties.iter().all(|(name, _)| *name != "region") {
                properties.push(("region", aws::region().into_expression()));
            }
            properties.push(("metrics", Expression::list(self.metrics.into_iter().map(Metric::into_expression))));
        }
        Expression::map([
            ("type", Expression::string(self.kind)),
            ("x", integer(x)),
            ("y", integer(y)),
            ("width", integer(width)),
            ("height", integer(height)),
            ("properties", Expression::map(properties)),
        ])
    }
}

impl Metric {
    /// Names the value of a dimension; a metric is found by all of its dimensions only.
    pub fn dimension(mut self, name: &str, value: impl IntoValue<String>) -> Self {
        self.path.push(Expression::string(name));
        self.path.push(value.into_value().into_expression());
        self
    }

    fn option(mut self, name: &'static str, value: Expression) -> Self {
        self.options.push((name, value));
        self
    }

    /// Sets how values of a period are put together, such as `Sum`, `Maximum` or `p90` (default `Average`).
    pub fn statistic(self, statistic: &str) -> Self {
        self.option("stat", Expression::string(statistic))
    }

    /// Sets what the legend says.
    pub fn label(self, label: &str) -> Self {
        self.option("label", Expression::string(label))
    }

    /// Sets the id by which [`computed`] values name it: letters and digits, a small letter first.
    pub fn id(self, id: &str) -> Self {
        self.option("id", Expression::string(id))
    }

    /// Shows it not; others are computed of it.
    pub fn hidden(self) -> Self {
        self.option("visible", Expression::bool(false))
    }

    fn into_expression(self) -> Expression {
        let options = Some(self.options).filter(|options| !options.is_empty()).map(Expression::map);
        Expression::list(self.path.into_iter().chain(options))
    }
}

impl IntoValue<String> for Dashboard {
    fn into_value(self) -> Value<String> {
        let mut y = 0;
        let mut widgets = Vec::new();
        for row in self.0 {
            let count = u32::try_from(row.widgets.len()).unwrap_or(u32::MAX).max(1);
            for (place, widget) in (0..).zip(row.widgets) {
                // Columns that cannot be shared evenly go to the first ones.
                let (from, to) = (COLUMNS * place / count, COLUMNS * (place + 1) / count);
                widgets.push(widget.into_expression([from, y, (to - from).max(1), row.height]));
            }
            y += row.height;
        }
        let body = Expression::map([("widgets", Expression::list(widgets))]);
        Value::from_expression(Expression::stringified(body))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as JsonValue, json};
    use template::{Raw, select, split};

    use super::*;
    use crate::synthesis;

    #[test]
    fn widgets_of_a_row_share_its_width() {
        let body = synthesis::json::<String, _>(|_| {
            dashboard([
                row(1, [text("# Title")]),
                row(6, (0..5).map(|_| graph("one of five"))),
                row(6, [numbers("left"), numbers("right")]),
            ])
        });
        let body: JsonValue =
            serde_json::from_str(&body["Fn::Sub"].as_str().unwrap().replace("${AWS::Region}", "r")).unwrap();
        let places: Vec<_> = body["widgets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|widget| ["x", "y", "width", "height"].map(|name| widget[name].as_u64().unwrap()))
            .collect();
        let five = [[0, 1, 4, 6], [4, 1, 5, 6], [9, 1, 5, 6], [14, 1, 5, 6], [19, 1, 5, 6]];
        assert_eq!(places[..1], [[0, 0, 24, 1]]);
        assert_eq!(places[1..6], five);
        assert_eq!(places[6..], [[0, 7, 12, 6], [12, 7, 12, 6]]);
    }

    #[test]
    fn metrics_are_written_as_cloudwatch_reads_them() {
        let body = synthesis::json::<String, _>(|stack| {
            let queue = stack.add("Tasks", Raw::new("AWS::SQS::Queue"));
            let name: Value<String> = select(5, split(":", queue.attribute::<String>("Arn")));
            let waiting = metric("AWS/SQS", "Visible").dimension("QueueName", name).statistic("Maximum");
            let graph =
                graph("Work").metric(waiting.id("waiting").hidden()).metric(computed("waiting / 2").label("half"));
            dashboard([row(6, [graph.period_seconds(60).region("us-east-1").stacked()])])
        });
        let (text, holes) = (body["Fn::Sub"][0].as_str().unwrap(), &body["Fn::Sub"][1]);
        let (hole, _) = holes.as_object().unwrap().iter().next().unwrap();
        let body: JsonValue = serde_json::from_str(&text.replace(&format!("${{{hole}}}"), "tasks")).unwrap();
        assert_eq!(
            body["widgets"][0]["properties"],
            json!({
                "title": "Work", "view": "timeSeries", "period": 60, "region": "us-east-1", "stacked": true,
                "metrics": [
                    ["AWS/SQS", "Visible", "QueueName", "tasks", { "stat": "Maximum", "id": "waiting", "visible": false }],
                    [{ "expression": "waiting / 2", "label": "half" }],
                ],
            })
        );
    }

    #[test]
    fn alarms_are_named_by_their_arns() {
        let body = synthesis::json::<String, _>(|stack| {
            let alarm = stack.add("Late", Raw::new("AWS::CloudWatch::Alarm"));
            dashboard([row(3, [alarms("Alarms", [alarm.attribute::<Arn<()>>("Arn")])])])
        });
        let body: JsonValue = serde_json::from_str(body["Fn::Sub"].as_str().unwrap()).unwrap();
        assert_eq!(body["widgets"][0]["properties"], json!({ "title": "Alarms", "alarms": ["${Late.Arn}"] }));
    }
}

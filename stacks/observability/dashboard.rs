//! The dashboard, which answers three questions: is it healthy, does it keep up, and what does it cost?

use documents::dashboards::{Metric, Row, Widget, alarms, computed, dashboard, graph, metric, numbers, row, text};
use job::{Colour, metrics};
use resources::cloudwatch::{AlarmRef, Dashboard};
use template::Stack;

use super::Shared;
use crate::environment::{Environment, Observability};
use crate::metrics::{
    CPU_USED_PERCENT, DISK_USED_PERCENT, GPU_MEMORY_TOTAL, GPU_MEMORY_USED, GPU_USED_PERCENT, MEMORY_USED_PERCENT,
    dimensions,
};
use crate::queues;

/// The region that has the metrics of services which have no region: of CloudFront, and of the bill.
const GLOBAL_REGION: &str = "us-east-1";

const HOUR_SECONDS: u32 = 3600;
const DAY_SECONDS: u32 = 24 * HOUR_SECONDS;

/// How high rows of titles, of alarms, of graphs and of numbers are.
const TITLE: u32 = 1;
const ALARMS: u32 = 4;
const GRAPHS: u32 = 6;
const NUMBERS: u32 = 4;

/// What is shown, and of what.
struct Board<'a> {
    environment: &'a Environment,
    settings: &'a Observability,
    shared: &'a Shared<'a>,
}

/// Adds the dashboard.
pub(super) fn add(
    stack: &mut Stack,
    environment: &Environment,
    settings: &Observability,
    shared: &Shared<'_>,
    watched: &[&AlarmRef],
) {
    let board = Board { environment, settings, shared };
    let mut rows = board.is_it_healthy(watched);
    rows.extend(board.does_it_keep_up());
    rows.extend(board.what_does_it_cost());
    let name = format!("{}-{}", environment.app, environment.name);
    stack.add("Dashboard", Dashboard::new(dashboard(rows)).dashboard_name(name));
}

impl Board<'_> {
    fn is_it_healthy(&self, watched: &[&AlarmRef]) -> Vec<Row> {
        let jobs = |name: &str| {
            metric("AWS/States", name).dimension("StateMachineArn", self.shared.jobs.workflow.arn()).statistic("Sum")
        };
        let ended = graph("Jobs that ended")
            .metric(jobs("ExecutionsSucceeded").label("done, or there already"))
            .metric(jobs("ExecutionsFailed").label("failed"))
            .metric(jobs("ExecutionsTimedOut").label("out of time"))
            .metric(jobs("ExecutionsAborted").label("cancelled"));
        let failed = self.by_colour(graph("Tasks that fail, in percent"), |widget, colour| {
            let (started, failed) = (format!("started_{colour}"), format!("failed_{colour}"));
            widget
                .metric(self.ours(metrics::TASKS_STARTED, colour).statistic("Sum").id(&started).hidden())
                .metric(self.ours(metrics::TASKS_FAILED, colour).statistic("Sum").id(&failed).hidden())
                .metric(computed(&format!("100 * FILL({failed}, 0) / {started}")).label(colour.as_str()))
        });
        let trouble = self.by_colour(graph("What workers complain of"), |widget, colour| {
            let complaints = [metrics::LEASES_LOST, metrics::STALLS, metrics::RESOURCES_EXHAUSTED];
            complaints.into_iter().fold(widget, |widget, name| {
                widget.metric(self.ours(name, colour).statistic("Sum").label(&format!("{name} {colour}")))
            })
        });
        vec![
            row(TITLE, [text("# Is it healthy?")]),
            row(ALARMS, [alarms("Alarms", watched.iter().map(|alarm| alarm.arn()))]),
            row(GRAPHS, [ended, failed, trouble.period_seconds(HOUR_SECONDS)]),
        ]
    }

    fn does_it_keep_up(&self) -> Vec<Row> {
        let age = self.shared.fleets.into_iter().fold(
            graph("Age of the oldest task that waits or is worked on, in seconds"),
            |widget, fleet| {
                let age = metric("AWS/SQS", "ApproximateAgeOfOldestMessage")
                    .dimension("QueueName", queues::name(&fleet.task_queue));
                widget.metric(age.statistic("Maximum").label(fleet.colour.as_str()))
            },
        );
        let seconds = self.by_colour(graph("How long a task takes, in seconds"), |widget, colour| {
            ["p50", "p90"].into_iter().fold(widget, |widget, statistic| {
                let label = format!("{statistic} {colour}");
                widget.metric(self.ours(metrics::TASK_SECONDS, colour).statistic(statistic).label(&label))
            })
        });
        let title = row(TITLE, [text("# Does it keep up?")]);
        if self.environment.fleet.instances.is_none() {
            return vec![title, row(GRAPHS, [age, seconds])];
        }
        let work = self.by_colour(graph("Work, and the instances for it"), |widget, colour| {
            widget
                .metric(self.ours(metrics::BACKLOG, colour).statistic("Maximum").label(&format!("work {colour}")))
                .metric(self.instances(colour).label(&format!("instances {colour}")))
        });
        let gpus = self.of_hosts("GPUs, in percent", GPU_USED_PERCENT, "Average");
        let gpu_memory = self.by_colour(graph("Memory of the fullest GPU, in percent"), |widget, colour| {
            let (used, total) = (format!("used_{colour}"), format!("total_{colour}"));
            widget
                .metric(self.ours(GPU_MEMORY_USED, colour).statistic("Maximum").id(&used).hidden())
                .metric(self.ours(GPU_MEMORY_TOTAL, colour).statistic("Maximum").id(&total).hidden())
                .metric(computed(&format!("100 * {used} / {total}")).label(colour.as_str()))
        });
        let hosts = [
            self.of_hosts("Processors of the busiest instance, in percent", CPU_USED_PERCENT, "Maximum"),
            self.of_hosts("Memory of the fullest instance, in percent", MEMORY_USED_PERCENT, "Maximum"),
            self.of_hosts("Fullest disk, in percent", DISK_USED_PERCENT, "Maximum"),
        ];
        vec![
            title,
            row(GRAPHS, [work.period_seconds(60), age, seconds.period_seconds(HOUR_SECONDS)]),
            row(GRAPHS, [gpus, gpu_memory]),
            row(GRAPHS, hosts),
        ]
    }

    fn what_does_it_cost(&self) -> Vec<Row> {
        let mut widgets = vec![Self::bill()];
        if self.environment.fleet.instances.is_some() {
            widgets.extend([self.instance_hours(), self.frames()]);
        }
        if let Some(delivery) = self.shared.delivery {
            let delivered = metric("AWS/CloudFront", "BytesDownloaded")
                .dimension("DistributionId", delivery.distribution.id())
                .dimension("Region", "Global")
                .statistic("Sum")
                .label("bytes");
            widgets.push(
                numbers("Delivered in a day").metric(delivered).region(GLOBAL_REGION).period_seconds(DAY_SECONDS),
            );
        }
        vec![row(TITLE, [text("# What does it cost?")]), row(NUMBERS, widgets)]
    }

    /// The bill of the whole account, where it is told to CloudWatch: "Creating a billing alarm" in its user guide.
    fn bill() -> Widget {
        let charges = metric("AWS/Billing", "EstimatedCharges").dimension("Currency", "USD").statistic("Maximum");
        let of_instances = metric("AWS/Billing", "EstimatedCharges")
            .dimension("ServiceName", "AmazonEC2")
            .dimension("Currency", "USD")
            .statistic("Maximum");
        numbers("The account's bill this month, in dollars")
            .metric(charges.label("all"))
            .metric(of_instances.label("instances"))
            .region(GLOBAL_REGION)
            .period_seconds(DAY_SECONDS)
    }

    /// Each instance writes one value a minute, so that what is counted is minutes.
    fn instance_hours(&self) -> Widget {
        let widget = self.by_colour(numbers("Instances in a day"), |widget, colour| {
            widget.metric(self.instances(colour).id(&minutes(colour)).hidden())
        });
        let all = format!("(FILL({}, 0) + FILL({}, 0)) / 60", minutes(Colour::Blue), minutes(Colour::Green));
        let widget = widget.metric(computed(&all).label("hours"));
        let widget = match self.settings.instance_hour_cents {
            None => widget,
            Some(cents) => widget.metric(computed(&format!("{all} * {cents} / 100")).label("dollars")),
        };
        widget.period_seconds(DAY_SECONDS)
    }

    fn frames(&self) -> Widget {
        let widget = self.by_colour(numbers("Frames in a day"), |widget, colour| {
            widget
                .metric(self.ours(metrics::FRAMES_ENHANCED, colour).statistic("Sum").id(&frames(colour)).hidden())
                .metric(self.instances(colour).id(&minutes(colour)).hidden())
        });
        let all = format!("FILL({}, 0) + FILL({}, 0)", frames(Colour::Blue), frames(Colour::Green));
        let hours = format!("(FILL({}, 0) + FILL({}, 0)) / 60", minutes(Colour::Blue), minutes(Colour::Green));
        widget
            .metric(computed(&all).label("frames"))
            .metric(computed(&format!("({all}) / ({hours})")).label("frames in an instance's hour"))
            .period_seconds(DAY_SECONDS)
    }

    fn of_hosts(&self, title: &str, name: &str, statistic: &str) -> Widget {
        self.by_colour(graph(title), |widget, colour| {
            widget.metric(self.ours(name, colour).statistic(statistic).label(colour.as_str()))
        })
    }

    /// How many instances say that they are there.
    fn instances(&self, colour: Colour) -> Metric {
        self.ours(CPU_USED_PERCENT, colour).statistic("SampleCount")
    }

    fn ours(&self, name: &str, colour: Colour) -> Metric {
        let metric = metric(metrics::NAMESPACE, name);
        dimensions(self.environment, colour)
            .into_iter()
            .fold(metric, |metric, (name, value)| metric.dimension(name, value))
    }

    fn by_colour(&self, widget: Widget, add: impl Fn(Widget, Colour) -> Widget) -> Widget {
        self.shared.fleets.into_iter().fold(widget, |widget, fleet| add(widget, fleet.colour))
    }
}

fn minutes(colour: Colour) -> String {
    format!("minutes_{colour}")
}

fn frames(colour: Colour) -> String {
    format!("frames_{colour}")
}

//! The alarms of one colour.

use job::metrics;
use resources::cloudwatch::{Alarm, AlarmRef, AlarmStatistic, Dimension, Metric, MetricDataQuery, MetricStat};
use resources::sns::TopicRef;
use template::Stack;

use super::title;
use crate::alarms::{self, above, below};
use crate::environment::{Environment, Observability};
use crate::fleet::Fleet;
use crate::metrics::{
    CPU_USED_PERCENT, DISK_USED_PERCENT, GPU_MEMORY_TOTAL, GPU_MEMORY_USED, GPU_USED_PERCENT, dimensions,
};

/// How long each value of a metric stands for, in seconds: of what happens now, and of what has happened lately.
const NOW_SECONDS: u32 = 300;
const LATELY_SECONDS: u32 = 3600;

/// How many values in a row must be out of bounds where it may be a peak: a quarter of an hour, and half an hour.
const A_WHILE: u32 = 3;
const LONGER: u32 = 6;

/// What is watched, and by what.
pub(super) struct Watch<'a> {
    pub environment: &'a Environment,
    pub settings: &'a Observability,
    pub fleet: &'a Fleet,
    pub topic: &'a TopicRef,
}

/// The alarms of a colour.
pub(super) struct Alarms {
    /// Those that say that it works badly.
    pub ill: Vec<AlarmRef>,
    /// Those that say that it has much to do, which is nothing bad.
    pub busy: Vec<AlarmRef>,
}

impl Alarms {
    pub(super) fn all(&self) -> impl Iterator<Item = &AlarmRef> {
        self.ill.iter().chain(&self.busy)
    }
}

impl Watch<'_> {
    /// Adds the alarms.
    pub(super) fn add(&self, stack: &mut Stack) -> Alarms {
        let mut ill = vec![self.tasks_fail(stack), self.tasks_are_slow(stack)];
        let mut busy = vec![self.tasks_pile_up(stack)];
        if self.environment.fleet.instances.is_some() {
            ill.extend([self.gpus_idle(stack), self.gpu_memory_is_full(stack), self.disks_are_full(stack)]);
            busy.push(self.processors_are_busy(stack));
        }
        Alarms { ill, busy }
    }

    fn tasks_fail(&self, stack: &mut Stack) -> AlarmRef {
        let percent = self.settings.failed_tasks_percent;
        let share = computed(
            above(self.topic, percent, 1),
            "IF(FILL(started, 0) > 0, 100 * FILL(failed, 0) / started, 0)",
            [
                self.query("started", metrics::TASKS_STARTED, "Sum", LATELY_SECONDS),
                self.query("failed", metrics::TASKS_FAILED, "Sum", LATELY_SECONDS),
            ],
        );
        let text = format!("More than {percent} % of the tasks failed within an hour");
        self.ring(stack, "TasksFail", share, &text)
    }

    fn tasks_are_slow(&self, stack: &mut Stack) -> AlarmRef {
        let seconds = self.settings.task_seconds;
        let slow =
            self.of(above(self.topic, seconds, 1), metrics::TASK_SECONDS, LATELY_SECONDS).extended_statistic("p90");
        self.ring(stack, "TasksAreSlow", slow, &format!("One task of ten took more than {seconds} s"))
    }

    fn tasks_pile_up(&self, stack: &mut Stack) -> AlarmRef {
        let tasks = self.settings.waiting_tasks;
        let many = alarms::on_depth(&self.fleet.task_queue, tasks, A_WHILE, self.topic);
        self.ring(stack, "TasksPileUp", many, &format!("More than {tasks} tasks wait"))
    }

    /// A GPU that does nothing though there is work is paid for nothing: its driver, its engine or its agent hangs.
    fn gpus_idle(&self, stack: &mut Stack) -> AlarmRef {
        let idle = computed(
            below(self.topic, self.settings.idle_gpu_percent, LONGER),
            "IF(FILL(work, 0) > 0, used, 100)",
            [
                self.query("work", metrics::BACKLOG, "Minimum", NOW_SECONDS),
                self.query("used", GPU_USED_PERCENT, "Average", NOW_SECONDS),
            ],
        );
        self.ring(stack, "GpusIdle", idle, "GPUs idle though there is work")
    }

    fn gpu_memory_is_full(&self, stack: &mut Stack) -> AlarmRef {
        let percent = self.settings.gpu_memory_percent;
        let full = computed(
            above(self.topic, percent, A_WHILE),
            "100 * used / total",
            [
                self.query("used", GPU_MEMORY_USED, "Maximum", NOW_SECONDS),
                self.query("total", GPU_MEMORY_TOTAL, "Maximum", NOW_SECONDS),
            ],
        );
        self.ring(stack, "GpuMemoryIsFull", full, &format!("The memory of a GPU is more than {percent} % full"))
    }

    fn disks_are_full(&self, stack: &mut Stack) -> AlarmRef {
        let percent = self.settings.free_disk_percent;
        let full = self.of(above(self.topic, 100 - percent, A_WHILE), DISK_USED_PERCENT, NOW_SECONDS);
        let full = full.statistic(AlarmStatistic::Maximum);
        self.ring(stack, "DisksAreFull", full, &format!("Less than {percent} % of a disk is free"))
    }

    fn processors_are_busy(&self, stack: &mut Stack) -> AlarmRef {
        let percent = self.settings.cpu_percent;
        let busy = self.of(above(self.topic, percent, A_WHILE), CPU_USED_PERCENT, NOW_SECONDS);
        let busy = busy.statistic(AlarmStatistic::Maximum);
        self.ring(stack, "ProcessorsAreBusy", busy, &format!("Processors are more than {percent} % busy"))
    }

    fn ring(&self, stack: &mut Stack, what: &str, alarm: Alarm, text: &str) -> AlarmRef {
        let colour = self.fleet.colour;
        stack.add(&format!("{}{what}", title(colour)), alarm.alarm_description(format!("{text} ({colour})")))
    }

    /// Has an alarm watch a metric of the colour.
    fn of(&self, alarm: Alarm, metric: &str, period_seconds: u32) -> Alarm {
        alarm.namespace(metrics::NAMESPACE).metric_name(metric).dimensions(self.dimensions()).period(period_seconds)
    }

    fn query(&self, id: &str, metric: &str, statistic: &str, period_seconds: u32) -> MetricDataQuery {
        let metric = Metric::new().namespace(metrics::NAMESPACE).metric_name(metric).dimensions(self.dimensions());
        MetricDataQuery::new(id).metric_stat(MetricStat::new(period_seconds, statistic, metric)).return_data(false)
    }

    fn dimensions(&self) -> [Dimension; 3] {
        dimensions(self.environment, self.fleet.colour).map(|(name, value)| Dimension::new(name, value))
    }
}

/// Has an alarm watch what is computed of metrics.
fn computed<const N: usize>(alarm: Alarm, expression: &str, of: [MetricDataQuery; N]) -> Alarm {
    let result = MetricDataQuery::new("result").expression(expression).return_data(true);
    alarm.metrics(of.into_iter().chain([result]).collect::<Vec<_>>())
}

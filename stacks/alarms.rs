//! Makes alarms that tell the topic when something goes wrong, and when it is right again.

use resources::cloudwatch::{
    Alarm, AlarmComparisonOperator, AlarmStatistic, AlarmTreatMissingData, Dimension, Metric, MetricDataQuery,
    MetricStat,
};
use resources::{sns, sqs};
use template::IntoValue;

use crate::queues;

/// How long each value of a metric stands for, in seconds.
const PERIOD_SECONDS: u32 = 300;

/// Starts an alarm on the sum of a metric over five minutes: it rings as soon as one is counted.
pub fn on_any<T>(namespace: &str, metric: &str, dimension: (&str, T), topic: &sns::TopicRef) -> Alarm
where
    T: IntoValue<String>,
{
    let dimensions = [Dimension::new(dimension.0, dimension.1)];
    let alarm = above(topic, 0, 1).namespace(namespace).metric_name(metric).dimensions(dimensions);
    alarm.statistic(AlarmStatistic::Sum).period(PERIOD_SECONDS)
}

/// Starts an alarm on messages that wait in a queue where none should: it rings when some are there for five minutes.
pub fn on_waiting(queue: &sqs::QueueRef, topic: &sns::TopicRef) -> Alarm {
    on_depth(queue, 0, 1, topic)
}

/// Starts an alarm on how many messages wait in a queue, for so many times five minutes.
pub fn on_depth(queue: &sqs::QueueRef, messages: u32, times: u32, topic: &sns::TopicRef) -> Alarm {
    visible(above(topic, messages, times), queue, AlarmStatistic::Maximum)
}

/// Starts an alarm on a queue in which messages have waited for so many seconds, without a moment when none did.
///
/// The age of the oldest message would not do: SQS counts messages that a worker has taken, and holds for hours.
pub fn on_waiting_for(queue: &sqs::QueueRef, seconds: u32, topic: &sns::TopicRef) -> Alarm {
    visible(above(topic, 0, seconds.div_ceil(PERIOD_SECONDS)), queue, AlarmStatistic::Minimum)
}

/// Starts an alarm on a metric that should have a value each minute, and lacks so many of twice as many. One that never had
/// any is no alarm yet: it begins with what writes it.
pub fn on_silence<const N: usize>(
    namespace: &str,
    metric: &str,
    dimensions: [(&str, &str); N],
    minutes: u32,
    topic: &sns::TopicRef,
) -> Alarm {
    let metric = Metric::new()
        .namespace(namespace)
        .metric_name(metric)
        .dimensions(dimensions.map(|(name, value)| Dimension::new(name, value)));
    let values = MetricDataQuery::new("values").metric_stat(MetricStat::new(60, "SampleCount", metric));
    told(topic)
        .metrics([
            values.return_data(false),
            MetricDataQuery::new("filled").expression("FILL(values, 0)").return_data(true),
        ])
        .comparison_operator(AlarmComparisonOperator::LessThanThreshold)
        .threshold(1)
        .evaluation_periods(2 * minutes)
        .datapoints_to_alarm(minutes)
        .treat_missing_data(AlarmTreatMissingData::Ignore)
}

/// Starts an alarm that rings when values are above a threshold so many times in a row. No value is no alarm: the metrics of
/// what is not used stop after a few hours.
pub fn above(topic: &sns::TopicRef, threshold: u32, times: u32) -> Alarm {
    told(topic)
        .comparison_operator(AlarmComparisonOperator::GreaterThanThreshold)
        .threshold(threshold)
        .evaluation_periods(times)
        .treat_missing_data(AlarmTreatMissingData::NotBreaching)
}

/// Starts an alarm that rings when values are below a threshold so many times in a row. No value is no alarm.
pub fn below(topic: &sns::TopicRef, threshold: u32, times: u32) -> Alarm {
    told(topic)
        .comparison_operator(AlarmComparisonOperator::LessThanThreshold)
        .threshold(threshold)
        .evaluation_periods(times)
        .treat_missing_data(AlarmTreatMissingData::NotBreaching)
}

/// Has an alarm watch how many messages wait in a queue.
fn visible(alarm: Alarm, queue: &sqs::QueueRef, statistic: AlarmStatistic) -> Alarm {
    let dimensions = [Dimension::new("QueueName", queues::name(queue))];
    let alarm = alarm.namespace("AWS/SQS").metric_name("ApproximateNumberOfMessagesVisible").dimensions(dimensions);
    alarm.statistic(statistic).period(PERIOD_SECONDS)
}

/// Starts an alarm that tells the topic when it rings, and when all is well again.
///
/// It says nothing of data that is not there: every alarm begins like that, and missing data means something to each.
fn told(topic: &sns::TopicRef) -> Alarm {
    Alarm::new().alarm_actions([topic.arn()]).ok_actions([topic.arn()])
}

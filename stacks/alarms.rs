//! Makes alarms that tell the topic when something goes wrong, and when it is right again.

use resources::cloudwatch::{
    Alarm, AlarmComparisonOperator, AlarmStatistic, AlarmTreatMissingData, Dimension, Metric, MetricDataQuery,
    MetricStat,
};
use resources::{sns, sqs};
use template::IntoValue;

use crate::queues;

/// Starts an alarm on the sum of a metric over five minutes: it rings as soon as one is counted.
pub fn on_any<T>(namespace: &str, metric: &str, dimension: (&str, T), topic: &sns::TopicRef) -> Alarm
where
    T: IntoValue<String>,
{
    let dimensions = [Dimension::new(dimension.0, dimension.1)];
    let alarm = above(topic, 0, 1).namespace(namespace).metric_name(metric).dimensions(dimensions);
    alarm.statistic(AlarmStatistic::Sum).period(300)
}

/// Starts an alarm on messages that wait in a queue where none should: it rings when some are there for five minutes.
pub fn on_waiting(queue: &sqs::QueueRef, topic: &sns::TopicRef) -> Alarm {
    on_depth(queue, 0, 1, topic)
}

/// Starts an alarm on how many messages wait in a queue, for so many times five minutes.
pub fn on_depth(queue: &sqs::QueueRef, messages: u32, times: u32, topic: &sns::TopicRef) -> Alarm {
    on_queue(above(topic, messages, times), queue, "ApproximateNumberOfMessagesVisible")
}

/// Starts an alarm on the age of the oldest message that waits in a queue, in seconds.
pub fn on_age(queue: &sqs::QueueRef, seconds: u32, topic: &sns::TopicRef) -> Alarm {
    on_queue(above(topic, seconds, 1), queue, "ApproximateAgeOfOldestMessage")
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

fn on_queue(alarm: Alarm, queue: &sqs::QueueRef, metric: &str) -> Alarm {
    let dimensions = [Dimension::new("QueueName", queues::name(queue))];
    let alarm = alarm.namespace("AWS/SQS").metric_name(metric).dimensions(dimensions);
    alarm.statistic(AlarmStatistic::Maximum).period(300)
}

/// Starts an alarm that tells the topic however it changes.
fn told(topic: &sns::TopicRef) -> Alarm {
    Alarm::new().alarm_actions([topic.arn()]).ok_actions([topic.arn()]).insufficient_data_actions([topic.arn()])
}

//! Makes alarms that tell the topic when something goes wrong, and when it is right again.

use resources::{cloudwatch, sns, sqs};
use template::{IntoValue, Value};

use crate::queues;

/// Starts an alarm on the sum of a metric over five minutes: it rings as soon as one is counted.
pub fn on_any<T>(namespace: &str, metric: &str, dimension: (&str, T), topic: &sns::TopicRef) -> cloudwatch::Alarm
where
    T: IntoValue<String>,
{
    alarm(namespace, metric, dimension, topic).statistic(cloudwatch::AlarmStatistic::Sum).period(300).threshold(0)
}

/// Starts an alarm on messages that wait in a queue where none should: it rings when some are there for five minutes.
pub fn on_waiting(queue: &sqs::QueueRef, topic: &sns::TopicRef) -> cloudwatch::Alarm {
    on_queue(queue, "ApproximateNumberOfMessagesVisible", topic).threshold(0)
}

/// Starts an alarm on the age of the oldest message that waits in a queue, in seconds.
pub fn on_age(queue: &sqs::QueueRef, seconds: u32, topic: &sns::TopicRef) -> cloudwatch::Alarm {
    on_queue(queue, "ApproximateAgeOfOldestMessage", topic).threshold(seconds)
}

/// Starts an alarm on a metric that should have a value each minute, and has had none for so many.
pub fn on_silence<const N: usize>(
    namespace: &str,
    metric: &str,
    dimensions: [(&str, &str); N],
    minutes: u32,
    topic: &sns::TopicRef,
) -> cloudwatch::Alarm {
    told(topic)
        .namespace(namespace)
        .metric_name(metric)
        .dimensions(dimensions.map(|(name, value)| cloudwatch::Dimension::new(name, value)))
        .statistic(cloudwatch::AlarmStatistic::SampleCount)
        .period(60)
        .comparison_operator(cloudwatch::AlarmComparisonOperator::LessThanThreshold)
        .threshold(1)
        .evaluation_periods(minutes)
        .treat_missing_data(cloudwatch::AlarmTreatMissingData::Breaching)
}

fn on_queue(queue: &sqs::QueueRef, metric: &str, topic: &sns::TopicRef) -> cloudwatch::Alarm {
    let queue: Value<String> = queues::name(queue);
    alarm("AWS/SQS", metric, ("QueueName", queue), topic).statistic(cloudwatch::AlarmStatistic::Maximum).period(300)
}

/// A metric that has no value is no alarm: the metrics of a queue that is not used stop after a few hours.
fn alarm<T>(namespace: &str, metric: &str, dimension: (&str, T), topic: &sns::TopicRef) -> cloudwatch::Alarm
where
    T: IntoValue<String>,
{
    told(topic)
        .namespace(namespace)
        .metric_name(metric)
        .dimensions([cloudwatch::Dimension::new(dimension.0, dimension.1)])
        .comparison_operator(cloudwatch::AlarmComparisonOperator::GreaterThanThreshold)
        .evaluation_periods(1)
        .treat_missing_data(cloudwatch::AlarmTreatMissingData::NotBreaching)
}

/// Starts an alarm that tells the topic however it changes.
fn told(topic: &sns::TopicRef) -> cloudwatch::Alarm {
    cloudwatch::Alarm::new()
        .alarm_actions([topic.arn()])
        .ok_actions([topic.arn()])
        .insufficient_data_actions([topic.arn()])
}

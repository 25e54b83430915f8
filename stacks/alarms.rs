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

fn on_queue(queue: &sqs::QueueRef, metric: &str, topic: &sns::TopicRef) -> cloudwatch::Alarm {
    let queue: Value<String> = queues::name(queue);
    alarm("AWS/SQS", metric, ("QueueName", queue), topic).statistic(cloudwatch::AlarmStatistic::Maximum).period(300)
}

/// A metric that has no value is no alarm: the metrics of a queue that is not used stop after a few hours.
fn alarm<T>(namespace: &str, metric: &str, dimension: (&str, T), topic: &sns::TopicRef) -> cloudwatch::Alarm
where
    T: IntoValue<String>,
{
    cloudwatch::Alarm::new()
        .namespace(namespace)
        .metric_name(metric)
        .dimensions([cloudwatch::Dimension::new(dimension.0, dimension.1)])
        .comparison_operator(cloudwatch::AlarmComparisonOperator::GreaterThanThreshold)
        .evaluation_periods(1)
        .treat_missing_data(cloudwatch::AlarmTreatMissingData::NotBreaching)
        .alarm_actions([topic.arn()])
        .ok_actions([topic.arn()])
}

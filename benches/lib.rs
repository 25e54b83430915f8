//! Apps of any size, to see how cost grows.

use resources::cloudwatch::{Alarm, AlarmComparisonOperator, AlarmStatistic, Dimension};
use resources::sqs::{Queue, RedrivePolicy};
use template::{App, References, Settings, Stack};

/// The groups of three in a stack: CloudFormation takes at most 500 resources.
const GROUPS: usize = 166;

/// Makes an app of at least this many resources, in stacks as large as they may be: queues, each with its dead letters and an
/// alarm upon them.
pub fn app(resources: usize) -> App {
    let mut app = App::new(Settings {
        name: "bench".into(),
        environment: "test".into(),
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        tags: vec![("app".into(), "bench".into())],
        references: References::Weak,
        termination_protection: false,
    });
    for number in 0..resources.div_ceil(3 * GROUPS) {
        app.stack(&format!("part-{number}"), fill);
    }
    app
}

fn fill(stack: &mut Stack) {
    for group in 0..GROUPS {
        let dead = Queue::new().message_retention_period(1_209_600).sqs_managed_sse_enabled(true);
        let dead = stack.add(&format!("DeadLetters{group}"), dead);
        let queue = Queue::new()
            .visibility_timeout(300)
            .sqs_managed_sse_enabled(true)
            .redrive_policy(RedrivePolicy::new(dead.arn(), 5));
        stack.add(&format!("Queue{group}"), queue);
        let alarm = Alarm::new()
            .comparison_operator(AlarmComparisonOperator::GreaterThanThreshold)
            .evaluation_periods(5)
            .namespace("AWS/SQS")
            .metric_name("ApproximateNumberOfMessagesVisible")
            .dimensions([Dimension::new("QueueName", dead.as_ref().attribute::<String>("QueueName"))])
            .statistic(AlarmStatistic::Maximum)
            .period(60)
            .threshold(0.0);
        stack.add(&format!("Alarm{group}"), alarm);
    }
}

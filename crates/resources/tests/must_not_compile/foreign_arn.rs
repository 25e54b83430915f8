//! One resource's ARN, name or id cannot stand for another's, and a literal only by an explicit cast.

use resources::{ec2, s3, sns, sqs, stepfunctions};
use template::Stack;

fn stack(stack: &mut Stack) {
    let bucket = stack.add("Bucket", s3::Bucket::new());
    let queue = stack.add("Queue", sqs::Queue::new());
    let _ = stepfunctions::StateMachine::new(bucket.arn()); //~ E0277
    let _ = sns::Subscription::new(queue.arn(), "email"); //~ E0277
    let _ = sns::Subscription::new("arn:aws:sns:ap-northeast-2:111122223333:done", "email"); //~ E0277
    let _ = ec2::LaunchTemplateData::new().security_group_ids([bucket.name()]); //~ E0277
}

fn main() {
    let _ = stack;
}

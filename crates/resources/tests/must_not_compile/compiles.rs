//! The right form of everything that the other files get wrong.

use documents::iam as policy;
use resources::mediaconvert::settings as s;
use resources::{ec2, iam, kind, kms, mediaconvert, s3, sns, sqs, stepfunctions};
use template::{
    App, Arn, Assume, Id, If, IntoValue, Json, NoValue, Parameter, References, Settings, Stack, Value, aws, equals, sub,
};

struct Storage {
    sources: s3::BucketRef,
    topic: sns::TopicRef,
}

fn storage(stack: &mut Stack) -> Storage {
    let expire = s3::Rule::new(s3::RuleStatus::Enabled).expiration_in_days(30);
    let sources = stack.add("Sources", s3::Bucket::new().lifecycle_configuration([expire]));
    let topic = stack.add("Topic", sns::Topic::new());
    Storage { sources, topic }
}

fn fleet(stack: &mut Stack, storage: &Storage) -> sqs::QueueRef {
    stack.output("Objects", sub!("{}/*", storage.sources.arn()));
    let role: Value<Arn<kind::iam::Role>> = "arn:aws:iam::111122223333:role/jobs".assume();
    stack.add("Jobs", stepfunctions::StateMachine::new(role));
    stack.add("Mail", sns::Subscription::new(storage.topic.arn(), "email").endpoint("media@example.com"));
    let groups = ["sg-1".assume::<Id<kind::ec2::SecurityGroup>>()];
    let data = ec2::LaunchTemplateData::new().security_group_ids(groups);
    stack.add("Template", ec2::LaunchTemplate::new(data));
    let size = stack.parameter("Size", Parameter::integer().default(1));
    let large = stack.condition("Large", equals(aws::region(), "ap-northeast-2"));
    stack.add("Queue", sqs::Queue::new().delay_seconds(If::new(&large, size, NoValue)))
}

fn policies(stack: &mut Stack, queue: &sqs::QueueRef) {
    let read = || policy::allow(["s3:GetObject"]).on_any();
    let anyone_reads = || read().principal(policy::anyone());
    let trust = || policy::trust(policy::service("ec2.amazonaws.com"));
    let role = stack.add("Role", iam::Role::new(trust()).policies([iam::role::Policy::new("read", read())]));
    stack.add("Read", iam::Policy::new("read", (read(), read())));
    stack.add("Managed", iam::ManagedPolicy::new(read()));
    stack.add("OfRole", iam::RolePolicy::new("read", role.name()).policy_document(read()));
    stack.add("OfQueue", sqs::QueuePolicy::new([queue.url()], anyone_reads()));
    stack.add("Key", kms::Key::new().key_policy([anyone_reads()]));
}

fn packaging(stack: &mut Stack) -> Value<Json> {
    let rate = s::H264Settings::new().rate_control_mode(s::H264RateControlMode::Qvbr).max_bitrate(5_000_000);
    let video = s::VideoDescription::new().codec_settings(s::VideoCodecSettings::h264(rate));
    stack.add("Preset", mediaconvert::Preset::new(s::PresetSettings::new().video_description(video)));
    let hls = s::OutputGroupSettings::hls(s::HlsGroupSettings::new());
    let groups = [s::OutputGroup::new().output_group_settings(hls)];
    stack.add("Template", mediaconvert::JobTemplate::new(s::JobTemplateSettings::new().output_groups(groups)));
    let role: Value<Arn<kind::iam::Role>> = "arn:aws:iam::111122223333:role/mediaconvert".assume();
    let input = s::Input::new().file_input("s3://sources/clip.mp4");
    let request = s::CreateJobRequest::new(role, s::JobSettings::new().inputs([input]));
    request.hop_destinations([s::HopDestination::new(15)]).into_value()
}

fn main() {
    let mut app = App::new(Settings {
        name: "baleen".into(),
        environment: "dev".into(),
        account: "111122223333".into(),
        region: "ap-northeast-2".into(),
        tags: vec![],
        references: References::Weak,
        termination_protection: false,
    });
    let storage = app.stack("storage", storage);
    let queue = app.stack("fleet", |stack| fleet(stack, &storage));
    app.stack("policies", |stack| policies(stack, &queue));
    let _ = app.stack("packaging", packaging);
}

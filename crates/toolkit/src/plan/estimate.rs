//! How long a step may take: a guess, for the one who watches.

use std::collections::BTreeMap;
use std::time::Duration;

use cloud::cloud_formation::StackEvent;
use jiff::Timestamp;
use tree::{Node, Tree};

use super::PlannedChange;

/// What CloudFormation itself takes for an operation, beside the resources.
const OVERHEAD: u64 = 5;

/// What a resource takes whose type is not in the table.
const USUAL: u64 = 8;

/// Seconds to create, to change and to delete a resource, of the types that take their time. Roughly, in a quiet account:
/// CloudFormation's own pages give no figures, except where they say that something takes minutes.
const SECONDS: &[(&str, [u64; 3])] = &[
    ("AWS::ApplicationAutoScaling::ScalableTarget", [20, 10, 20]),
    ("AWS::AutoScaling::AutoScalingGroup", [60, 30, 120]),
    ("AWS::Backup::BackupVault", [15, 5, 15]),
    ("AWS::CertificateManager::Certificate", [120, 30, 15]),
    ("AWS::CloudFront::Distribution", [240, 240, 300]),
    ("AWS::CloudTrail::Trail", [20, 10, 10]),
    ("AWS::DynamoDB::GlobalTable", [60, 60, 60]),
    ("AWS::DynamoDB::Table", [30, 30, 30]),
    ("AWS::EC2::EIP", [15, 10, 15]),
    ("AWS::EC2::FlowLog", [15, 10, 15]),
    ("AWS::EC2::InternetGateway", [20, 10, 20]),
    ("AWS::EC2::NatGateway", [110, 20, 60]),
    ("AWS::EC2::SpotFleet", [60, 60, 120]),
    ("AWS::EC2::Subnet", [10, 5, 10]),
    ("AWS::EC2::VPC", [15, 10, 10]),
    ("AWS::EC2::VPCEndpoint", [70, 40, 90]),
    ("AWS::EFS::FileSystem", [20, 10, 20]),
    ("AWS::EFS::MountTarget", [90, 30, 90]),
    ("AWS::IAM::InstanceProfile", [120, 10, 10]),
    ("AWS::IAM::ManagedPolicy", [17, 10, 10]),
    ("AWS::IAM::Policy", [17, 10, 10]),
    ("AWS::IAM::Role", [18, 12, 12]),
    ("AWS::KMS::Key", [120, 15, 10]),
    ("AWS::Lambda::EventSourceMapping", [30, 20, 30]),
    ("AWS::Lambda::Function", [12, 12, 10]),
    ("AWS::RDS::DBInstance", [600, 300, 300]),
    ("AWS::S3::Bucket", [24, 20, 15]),
    ("AWS::SNS::Subscription", [10, 10, 10]),
    ("AWS::SNS::Topic", [12, 10, 12]),
    ("AWS::SQS::Queue", [65, 15, 65]),
    ("AWS::StepFunctions::StateMachine", [12, 12, 60]),
];

/// How long resources took before, in seconds, by logical id and what was done: `CREATE`, `UPDATE`, `DELETE`.
pub(crate) type Earlier = BTreeMap<(String, String), u64>;

/// Reads off the events of a stack, oldest first, how long its resources took.
pub(crate) fn earlier(events: &[StackEvent]) -> Earlier {
    let mut begun: BTreeMap<(String, String), Timestamp> = BTreeMap::new();
    let mut taken = Earlier::new();
    for event in events.iter().filter(|event| !event.is_of_stack()) {
        let Some(time) = event.time else { continue };
        if let Some(verb) = event.status.strip_suffix("_IN_PROGRESS") {
            // Told twice where the service has accepted the work: the first time counts.
            begun.entry((event.logical_id.clone(), verb.to_owned())).or_insert(time);
        } else if let Some((verb, end)) = event.status.rsplit_once('_') {
            let key = (event.logical_id.clone(), verb.to_owned());
            let seconds = begun.remove(&key).map(|start| time.duration_since(start).as_secs());
            if let (Some(seconds), "COMPLETE") = (seconds.and_then(|seconds| u64::try_from(seconds).ok()), end) {
                taken.insert(key, seconds);
            }
        }
    }
    taken
}

/// Guesses how long changes take: those that refer to each other one after the other, all others at once. What took its
/// time before takes it again.
pub(crate) fn estimate(template: &Tree, changes: &[PlannedChange], earlier: &Earlier) -> Duration {
    if changes.is_empty() {
        return Duration::ZERO;
    }
    let own: BTreeMap<&str, u64> =
        changes.iter().map(|change| (change.logical_id.as_str(), seconds(change, earlier))).collect();
    // Longest chains, resource by resource: each starts once all that it refers to are done.
    let mut ends: BTreeMap<&str, u64> = BTreeMap::new();
    let mut open: Vec<(&str, bool)> = own.keys().rev().map(|id| (*id, false)).collect();
    let mut entered: BTreeMap<&str, bool> = BTreeMap::new();
    while let Some((id, is_back)) = open.pop() {
        let references = || references(template, id).into_iter().filter_map(|name| own.get_key_value(name));
        if is_back {
            let start = references().filter_map(|(name, _)| ends.get(name)).max().copied().unwrap_or_default();
            ends.insert(id, start + own[id]);
        } else if entered.insert(id, true).is_none() {
            open.push((id, true));
            open.extend(references().map(|(name, _)| (*name, false)));
        }
    }
    Duration::from_secs(OVERHEAD + ends.values().max().copied().unwrap_or_default())
}

/// What one change takes.
fn seconds(change: &PlannedChange, earlier: &Earlier) -> u64 {
    let place = SECONDS.binary_search_by_key(&change.resource_type.as_str(), |(name, _)| name);
    let usual = place.map_or([USUAL, USUAL, USUAL], |place| SECONDS[place].1);
    let known = |verb: &str| earlier.get(&(change.logical_id.clone(), verb.to_owned())).copied();
    let [create, update, delete] = [("CREATE", 0), ("UPDATE", 1), ("DELETE", 2)]
        .map(|(verb, place): (&str, usize)| known(verb).unwrap_or(usual[place]));
    match (change.action.as_str(), change.replacement.as_deref()) {
        ("Remove", _) => delete,
        // The old one goes afterwards, while CloudFormation cleans up.
        (_, Some("True" | "Conditional")) => create + delete,
        ("Modify", _) => update,
        _ => create,
    }
}

/// Lists the names that a resource refers to.
fn references<'t>(template: &'t Tree, logical_id: &str) -> Vec<&'t str> {
    let mut names = Vec::new();
    let mut rest: Vec<&Tree> = template.find(["Resources", logical_id]).into_iter().collect();
    while let Some(tree) = rest.pop() {
        match &tree.node {
            Node::List(items) => rest.extend(items),
            Node::Map(map) => {
                for entry in map {
                    match entry.key.as_str() {
                        "Ref" | "DependsOn" => names.extend(entry.value.as_str()),
                        "Fn::GetAtt" => {
                            let text = entry.value.as_str().and_then(|text| text.split('.').next());
                            names.extend(text);
                            names.extend(entry.value.as_list().and_then(|parts| parts.first()?.as_str()));
                        }
                        "Fn::Sub" => names.extend(entry.value.as_str().into_iter().flat_map(holes)),
                        _ => {}
                    }
                    if entry.key == "DependsOn" {
                        names.extend(entry.value.as_list().into_iter().flatten().filter_map(Tree::as_str));
                    }
                    rest.push(&entry.value);
                }
            }
            _ => {}
        }
    }
    names
}

/// Lists the names in the holes of a text: `${Sources.Arn}` has `Sources`.
fn holes(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| rest.split(['}', '.']).next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_searched_by_halving_and_names_types_that_exist() {
        assert!(SECONDS.is_sorted_by_key(|(name, _)| name));
        let unknown: Vec<_> = SECONDS.iter().filter(|(name, _)| !schemas::exists(name)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn what_refers_to_each_other_takes_one_after_the_other() {
        let text = r#"{"Resources": {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Fn::Sub": "to-${Queue.QueueName}"}}},
            "Topic": {"Type": "AWS::SNS::Topic"}}}"#;
        let template = Tree::from_json(serde_json::from_str(text).expect("JSON"), tree::Origin::Unknown);
        let add = |logical_id: &str, resource_type: &str| PlannedChange {
            action: "Add".to_owned(),
            logical_id: logical_id.to_owned(),
            physical_id: None,
            resource_type: resource_type.to_owned(),
            replacement: None,
            policy_action: None,
            loses: None,
            properties: Vec::new(),
        };
        let all = [add("Queue", "AWS::SQS::Queue"), add("Role", "AWS::IAM::Role"), add("Topic", "AWS::SNS::Topic")];
        let none = Earlier::new();
        assert_eq!(estimate(&template, &all, &none).as_secs(), 5 + 65 + 18);
        assert_eq!(estimate(&template, &all[2..], &none).as_secs(), 5 + 12);
        assert_eq!(estimate(&template, &[], &none).as_secs(), 0);
    }

    #[test]
    fn what_took_its_time_before_takes_it_again() {
        let event = |status: &str, second: i64| StackEvent {
            id: format!("{status}-{second}"),
            time: Timestamp::from_second(second).ok(),
            stack_id: "stack".to_owned(),
            logical_id: "Queue".to_owned(),
            physical_id: None,
            resource_type: "AWS::SQS::Queue".to_owned(),
            status: status.to_owned(),
            reason: None,
            client_token: None,
            detailed_status: None,
        };
        let events = [
            event("CREATE_IN_PROGRESS", 10),
            event("CREATE_IN_PROGRESS", 12),
            event("CREATE_COMPLETE", 17),
            event("UPDATE_IN_PROGRESS", 20),
            event("UPDATE_FAILED", 90),
        ];
        let expected = Earlier::from([(("Queue".to_owned(), "CREATE".to_owned()), 7)]);
        assert_eq!(earlier(&events), expected);
    }
}

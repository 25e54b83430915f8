//! The names that things get: physical ids and attributes, from the schema of the type.

use std::collections::BTreeMap;

use schemas::Schema;
use serde_json::Value;

use crate::random::Random;
use crate::template::text;

/// Who makes a thing, and for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Maker<'m> {
    pub random: Random,
    pub region: &'m str,
    pub account: &'m str,
    pub stack_name: &'m str,
    pub logical_id: &'m str,
    /// Tells this thing from the last one of the same resource.
    pub salt: &'m str,
}

/// The names of a thing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Identity {
    pub physical_id: String,
    pub attributes: BTreeMap<String, Value>,
    /// Whether the template gives it its name, so that a second one cannot be beside it.
    pub is_named: bool,
}

/// Types whose `Ref` is not their primary identifier (their documentation, "Return values").
const REFERRED_BY: [(&str, Reference); 13] = [
    ("AWS::ApplicationAutoScaling::ScalableTarget", Reference::Generated),
    ("AWS::AutoScaling::LifecycleHook", Reference::Generated),
    ("AWS::CloudWatch::AnomalyDetector", Reference::Generated),
    ("AWS::Events::Rule", Reference::Name),
    ("AWS::IAM::Policy", Reference::Generated),
    ("AWS::EC2::Route", Reference::Generated),
    ("AWS::EC2::VPCGatewayAttachment", Reference::Generated),
    ("AWS::MediaConvert::JobTemplate", Reference::Name),
    ("AWS::MediaConvert::Preset", Reference::Name),
    ("AWS::MediaConvert::Queue", Reference::Name),
    ("AWS::S3::BucketPolicy", Reference::Identifier),
    ("AWS::Scheduler::Schedule", Reference::Name),
    ("AWS::SSM::MaintenanceWindow", Reference::Identifier),
];

#[derive(Clone, Copy, PartialEq)]
enum Reference {
    /// What the primary identifier says.
    Identifier,
    /// The name.
    Name,
    /// A name of CloudFormation's own making.
    Generated,
}

/// The prefix of ids of EC2 (its API reference), and of others that have one.
const PREFIXES: [(&str, &str); 24] = [
    ("AWS::EC2::CustomerGateway", "cgw-"),
    ("AWS::EC2::DHCPOptions", "dopt-"),
    ("AWS::EC2::EC2Fleet", "fleet-"),
    ("AWS::EC2::EIP", "eipalloc-"),
    ("AWS::EC2::FlowLog", "fl-"),
    ("AWS::EC2::Instance", "i-"),
    ("AWS::EC2::InternetGateway", "igw-"),
    ("AWS::EC2::LaunchTemplate", "lt-"),
    ("AWS::EC2::NatGateway", "nat-"),
    ("AWS::EC2::NetworkAcl", "acl-"),
    ("AWS::EC2::NetworkInterface", "eni-"),
    ("AWS::EC2::RouteTable", "rtb-"),
    ("AWS::EC2::SecurityGroup", "sg-"),
    ("AWS::EC2::SpotFleet", "sfr-"),
    ("AWS::EC2::Subnet", "subnet-"),
    ("AWS::EC2::SubnetNetworkAclAssociation", "aclassoc-"),
    ("AWS::EC2::SubnetRouteTableAssociation", "rtbassoc-"),
    ("AWS::EC2::TransitGateway", "tgw-"),
    ("AWS::EC2::VPC", "vpc-"),
    ("AWS::EC2::VPCEndpoint", "vpce-"),
    ("AWS::EC2::Volume", "vol-"),
    ("AWS::EFS::FileSystem", "fs-"),
    ("AWS::CloudFront::Distribution", "E"),
    ("AWS::CloudFront::OriginAccessControl", "E"),
];

/// How ARNs end where it is not `kind/name` (service authorization reference, "Resource types").
const ARNS: [(&str, &str); 19] = [
    (
        "AWS::AutoScaling::AutoScalingGroup",
        "arn:{p}:autoscaling:{r}:{a}:autoScalingGroup:{uuid}:autoScalingGroupName/{n}",
    ),
    ("AWS::CloudFront::Distribution", "arn:{p}:cloudfront::{a}:distribution/{n}"),
    ("AWS::CloudWatch::Alarm", "arn:{p}:cloudwatch:{r}:{a}:alarm:{n}"),
    ("AWS::CloudWatch::CompositeAlarm", "arn:{p}:cloudwatch:{r}:{a}:alarm:{n}"),
    ("AWS::DynamoDB::Table", "arn:{p}:dynamodb:{r}:{a}:table/{n}"),
    ("AWS::Events::Rule", "arn:{p}:events:{r}:{a}:rule/{n}"),
    ("AWS::IAM::InstanceProfile", "arn:{p}:iam::{a}:instance-profile/{n}"),
    ("AWS::IAM::ManagedPolicy", "arn:{p}:iam::{a}:policy/{n}"),
    ("AWS::IAM::OIDCProvider", "arn:{p}:iam::{a}:oidc-provider/{n}"),
    ("AWS::IAM::Role", "arn:{p}:iam::{a}:role/{n}"),
    ("AWS::IAM::User", "arn:{p}:iam::{a}:user/{n}"),
    ("AWS::KMS::Key", "arn:{p}:kms:{r}:{a}:key/{n}"),
    ("AWS::Lambda::Function", "arn:{p}:lambda:{r}:{a}:function:{n}"),
    ("AWS::Logs::LogGroup", "arn:{p}:logs:{r}:{a}:log-group:{n}:*"),
    ("AWS::S3::Bucket", "arn:{p}:s3:::{n}"),
    ("AWS::SNS::Topic", "arn:{p}:sns:{r}:{a}:{n}"),
    ("AWS::SQS::Queue", "arn:{p}:sqs:{r}:{a}:{n}"),
    ("AWS::SSM::Parameter", "arn:{p}:ssm:{r}:{a}:parameter/{n}"),
    ("AWS::StepFunctions::StateMachine", "arn:{p}:states:{r}:{a}:stateMachine:{n}"),
];

/// Attributes that count the updates of their thing.
const COUNTING: [(&str, &str); 2] =
    [("AWS::EC2::LaunchTemplate", "LatestVersionNumber"), ("AWS::SSM::Document", "LatestVersion")];

/// Names a new thing.
pub(crate) fn identity(resource_type: &str, properties: &Value, maker: Maker<'_>) -> Identity {
    let Some(schema) = schemas::schema(resource_type) else {
        // A custom resource: its function gives it an id, and attributes that nobody here knows.
        let physical_id = generated(maker, usize::MAX, false);
        return Identity { physical_id, attributes: BTreeMap::new(), is_named: false };
    };
    let name_property = name_property(schema);
    let given = name_property.and_then(|property| text(&properties[property]));
    let is_named = given.is_some();
    let longest = name_property.and_then(|property| schema.property(property)).map(|found| schema.resolve(found));
    let longest =
        longest.and_then(|found| found.get("maxLength")?.as_u64()).and_then(|most| usize::try_from(most).ok());
    // Names of buckets, in lower case and at most 63 characters (AWS page "General purpose bucket naming rules").
    let is_bucket = resource_type == "AWS::S3::Bucket";
    let longest = if is_bucket { 63 } else { longest.unwrap_or(usize::MAX) };
    let mut naming = Naming { schema, maker, name: String::new() };
    naming.name = given.unwrap_or_else(|| match name_property {
        None if schema.primary_identifier().count() == 1 => naming.id(),
        _ => generated(maker, longest, is_bucket),
    });
    let mut attributes = BTreeMap::new();
    for attribute in schema.attributes() {
        let value = naming.attribute(&attribute, properties);
        attributes.insert(attribute, value);
    }
    let physical_id = naming.physical_id(properties, &attributes);
    Identity { physical_id, attributes, is_named }
}

/// Counts an update in the attributes of a thing.
pub(crate) fn count_update(resource_type: &str, attributes: &mut BTreeMap<String, Value>) {
    for (_, attribute) in COUNTING.iter().filter(|(known, _)| *known == resource_type) {
        if let Some(value) = attributes.get_mut(*attribute) {
            let number: u64 = text(value).and_then(|text| text.parse().ok()).unwrap_or(1);
            *value = (number + 1).to_string().into();
        }
    }
}

/// Finds the property that names a thing of a type.
pub(crate) fn name_property(schema: Schema) -> Option<&'static str> {
    let read_only: Vec<_> = schema.read_only().collect();
    let kind = schema.type_name().rsplit("::").next().unwrap_or_default();
    let identifiers: Vec<_> = schema.primary_identifier().collect();
    if let [single] = identifiers.as_slice()
        && !read_only.contains(single)
        && !single.contains('/')
    {
        return Some(single);
    }
    let candidates = schema.create_only().filter(|path| !path.contains('/') && path.ends_with("Name"));
    // `QueueName` of a queue, `LaunchTemplateName`, `ManagedPolicyName`, or just `Name`.
    let mut candidates =
        candidates.filter(|path| *path == "Name" || path.strip_suffix("Name").is_some_and(|of| kind.ends_with(of)));
    candidates.next()
}

/// Makes a name as CloudFormation does: stack, logical id, and chance.
fn generated(maker: Maker<'_>, longest: usize, lower: bool) -> String {
    let Maker { random, stack_name, logical_id, salt, .. } = maker;
    let end = random.text(&["name", stack_name, logical_id, salt], b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 12);
    let room = longest.saturating_sub(end.len() + 1);
    let mut start = format!("{stack_name}-{logical_id}");
    start.truncate(room);
    let name = format!("{}-{end}", start.trim_end_matches('-'));
    if lower { name.to_lowercase() } else { name }
}

struct Naming<'n> {
    schema: Schema,
    maker: Maker<'n>,
    name: String,
}

impl Naming<'_> {
    fn words<'w>(&'w self, what: &'w str) -> [&'w str; 5] {
        [what, self.maker.stack_name, self.maker.logical_id, self.maker.salt, self.schema.type_name()]
    }

    /// Makes an id of a service that gives ids.
    fn id(&self) -> String {
        let random = self.maker.random;
        let resource_type = self.schema.type_name();
        match PREFIXES.iter().find(|(known, _)| *known == resource_type) {
            Some((_, "E")) => {
                random.text(&self.words("id"), b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 13).replacen("", "E", 1)
            }
            Some((_, prefix)) => format!("{prefix}{}", random.hex(&self.words("id"), 17)),
            None => random.uuid(&self.words("id")),
        }
    }

    fn arn(&self) -> String {
        let resource_type = self.schema.type_name();
        let Maker { region, account, random, .. } = self.maker;
        let partition = partition(region);
        if let Some((_, pattern)) = ARNS.iter().find(|(known, _)| *known == resource_type) {
            let uuid = random.uuid(&self.words("arn"));
            let filled = pattern.replace("{p}", partition).replace("{r}", region).replace("{a}", account);
            return filled.replace("{uuid}", &uuid).replace("{n}", &self.name);
        }
        let mut parts = resource_type.split("::").skip(1).map(str::to_lowercase);
        let (service, kind) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        format!("arn:{partition}:{service}:{region}:{account}:{kind}/{}", self.name)
    }

    fn attribute(&self, attribute: &str, properties: &Value) -> Value {
        let last = attribute.rsplit('.').next().unwrap_or_default();
        let Maker { region, account, random, .. } = self.maker;
        let name = &self.name;
        let kind = self.schema.type_name().rsplit("::").next().unwrap_or_default();
        if let Some(known) = self.known(attribute) {
            return known.into();
        }
        if COUNTING.contains(&(self.schema.type_name(), attribute)) || last == "DefaultVersionNumber" {
            return "1".into();
        }
        let path = attribute.replace('.', "/");
        let schema = self.schema.at(&path).map(|found| self.schema.resolve(found));
        match schema.and_then(|found| found.get("type")?.as_str()) {
            Some("integer" | "number") => return 1.into(),
            Some("boolean") => return false.into(),
            Some("array") => return Value::Array(Vec::new()),
            Some("object") => return Value::Object(serde_json::Map::new()),
            _ => {}
        }
        if let Some(own) = properties.get(attribute) {
            return own.clone();
        }
        match last {
            "QueueUrl" => format!("https://sqs.{region}.{}/{account}/{name}", suffix(region)).into(),
            "Arn" | "ARN" => self.arn().into(),
            _ if last.strip_suffix("Arn").or(last.strip_suffix("ARN")).is_some_and(|of| kind.ends_with(of)) => {
                self.arn().into()
            }
            "Id" => self.id_of_name().into(),
            "Name" => name.clone().into(),
            _ if last.strip_suffix("Name").is_some_and(|of| kind.ends_with(of)) => name.clone().into(),
            _ if last.ends_with("Id") && self.schema.primary_identifier().eq([path.as_str()]) => {
                self.id_of_name().into()
            }
            "AllocationId" => self.id_of_name().into(),
            "PublicIp" | "PublicIpAddress" => format!("203.0.113.{}", random.draw(&self.words("ip")) % 254 + 1).into(),
            _ if last.ends_with("Id") => random.hex(&self.words(attribute), 17).into(),
            _ => format!("{}-{}", last.to_lowercase(), random.hex(&self.words(attribute), 8)).into(),
        }
    }

    /// The id that is the name where there is nothing else that names.
    fn id_of_name(&self) -> String {
        if name_property(self.schema).is_none() { self.name.clone() } else { self.id() }
    }

    /// Knows attributes whose shape others rely on.
    fn known(&self, attribute: &str) -> Option<String> {
        let Maker { region, random, .. } = self.maker;
        let name = &self.name;
        let found = match (self.schema.type_name(), attribute) {
            ("AWS::S3::Bucket", "DomainName") => format!("{name}.s3.{}", suffix(region)),
            ("AWS::S3::Bucket", "RegionalDomainName") => format!("{name}.s3.{region}.{}", suffix(region)),
            ("AWS::S3::Bucket", "DualStackDomainName") => format!("{name}.s3.dualstack.{region}.{}", suffix(region)),
            ("AWS::CloudFront::Distribution", "DomainName") => {
                format!(
                    "{}.cloudfront.net",
                    random.text(&self.words("domain"), b"abcdefghijklmnopqrstuvwxyz0123456789", 14)
                )
            }
            ("AWS::EC2::VPC", "DefaultSecurityGroup") => format!("sg-{}", random.hex(&self.words("default"), 17)),
            ("AWS::IAM::Role", "RoleId") => {
                format!("AROA{}", random.text(&self.words("role"), b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 17))
            }
            _ => return None,
        };
        Some(found)
    }

    fn physical_id(&self, properties: &Value, attributes: &BTreeMap<String, Value>) -> String {
        let resource_type = self.schema.type_name();
        let kind = REFERRED_BY.iter().find(|(known, _)| *known == resource_type);
        match kind.map_or(Reference::Identifier, |(_, kind)| *kind) {
            Reference::Name => return self.name.clone(),
            Reference::Generated => return generated(self.maker, usize::MAX, false),
            Reference::Identifier => {}
        }
        let own = name_property(self.schema);
        let part = |path: &str| {
            let attribute = path.replace('/', ".");
            let property = || path.split('/').try_fold(properties, |value, key| value.get(key)).and_then(text);
            let named = || (own == Some(path)).then(|| self.name.clone());
            attributes.get(&attribute).and_then(text).or_else(property).or_else(named)
        };
        let parts: Vec<_> = self.schema.primary_identifier().filter_map(part).collect();
        if parts.is_empty() { self.name.clone() } else { parts.join("|") }
    }
}

/// Returns the partition of a region.
pub(crate) fn partition(region: &str) -> &'static str {
    match region.split('-').collect::<Vec<_>>().as_slice() {
        ["cn", ..] => "aws-cn",
        ["us", "gov", ..] => "aws-us-gov",
        _ => "aws",
    }
}

/// Returns what the names of hosts in a region end with.
pub(crate) fn suffix(region: &str) -> &'static str {
    if partition(region) == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(resource_type: &str, properties: &Value) -> Identity {
        let maker = Maker {
            random: Random::new(7),
            region: "eu-central-1",
            account: "111122223333",
            stack_name: "app-test-storage",
            logical_id: "Thing",
            salt: "0",
        };
        identity(resource_type, properties, maker)
    }

    #[test]
    fn names_come_from_the_template_or_from_the_stack() {
        let bucket = named("AWS::S3::Bucket", &json!({"BucketName": "films"}));
        assert_eq!((bucket.physical_id.as_str(), bucket.is_named), ("films", true));
        assert_eq!(bucket.attributes["Arn"], "arn:aws:s3:::films");
        assert_eq!(bucket.attributes["RegionalDomainName"], "films.s3.eu-central-1.amazonaws.com");
        let bucket = named("AWS::S3::Bucket", &json!({}));
        assert!(bucket.physical_id.starts_with("app-test-storage-thing-"), "{}", bucket.physical_id);
        assert!(!bucket.is_named);
    }

    #[test]
    fn references_are_what_the_documentation_says() {
        let queue = named("AWS::SQS::Queue", &json!({"QueueName": "jobs"}));
        assert_eq!(queue.physical_id, "https://sqs.eu-central-1.amazonaws.com/111122223333/jobs");
        assert_eq!(queue.attributes["Arn"], "arn:aws:sqs:eu-central-1:111122223333:jobs");
        let role = named("AWS::IAM::Role", &json!({"RoleName": "agent"}));
        assert_eq!(role.physical_id, "agent");
        assert_eq!(role.attributes["Arn"], "arn:aws:iam::111122223333:role/agent");
        let topic = named("AWS::SNS::Topic", &json!({"TopicName": "t"}));
        assert_eq!(topic.physical_id, "arn:aws:sns:eu-central-1:111122223333:t");
        let vpc = named("AWS::EC2::VPC", &json!({}));
        assert!(vpc.physical_id.starts_with("vpc-") && vpc.physical_id.len() == 21, "{}", vpc.physical_id);
        let template = named("AWS::EC2::LaunchTemplate", &json!({"LaunchTemplateName": "x"}));
        assert!(template.physical_id.starts_with("lt-"), "{}", template.physical_id);
        assert_eq!(template.attributes["LatestVersionNumber"], "1");
        let machine = named("AWS::StepFunctions::StateMachine", &json!({"StateMachineName": "m"}));
        assert_eq!(machine.physical_id, "arn:aws:states:eu-central-1:111122223333:stateMachine:m");
        assert_eq!(machine.attributes["Name"], "m");
        let policy = named("AWS::S3::BucketPolicy", &json!({"Bucket": "films"}));
        assert_eq!(policy.physical_id, "films");
    }

    #[test]
    fn every_type_can_be_named() {
        for resource_type in schemas::type_names() {
            assert!(!named(resource_type, &json!({})).physical_id.is_empty(), "{resource_type}");
        }
    }
}

//! What CloudFormation may do to make and change this environment's resources, and no others.
//!
//! Which actions these are, the provider schemas say of the resources that the other stacks declare ([`taken`]): a stack
//! with one resource more needs no change here. What each action may be done to is said here, and more closely than schemas
//! could: by name where names begin like the environment's, by tag where they do not, and a role only within the bounds. It
//! manages resources and reads nothing that they hold: no object, no item, no message ([`LEFT_OUT`]).
//!
//! An action of a service that has no place here yet is allowed on nothing, and a test says so.
//!
//! `baleen permissions` is made of the same actions, but for whoever deploys from nothing: it knows neither these bounds nor
//! tags, and asks for what is left out here as well. Where the last resource of a type goes, this role loses what deletes it:
//! deploy the other stacks first, and this one after them.

use std::collections::{BTreeMap, BTreeSet};

use documents::iam as policy;
use resources::iam::ManagedPolicyRef;
use schemas::actions::fits;
use schemas::handlers;
use template::{App, DeclaredResource, Value, aws, sub};

use super::{DEPLOYER, EXECUTION, READER};
use crate::environment::{Environment, Image};

/// What the provider schemas name for what no stack here has, or what shall not be had.
pub const LEFT_OUT: [&str; 63] = [
    // What resources hold: objects, items, lines of logs, values of metrics.
    "cloudwatch:GetMetricData",
    "dynamodb:*Item",
    "dynamodb:Query",
    "dynamodb:Scan",
    "logs:*LogStream*",
    "logs:PutLogEvents",
    "s3:*Object",
    "s3:GetObjectVersion",
    "s3:ListBucket",
    "s3:PutObjectAcl",
    // Roles lose their bounds in no way; there are no groups and no users, and the roles of services stay.
    "iam:*GroupPolicy",
    "iam:*UserPolicy",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteServiceLinkedRole",
    "iam:GetServiceLinkedRoleDeletionStatus",
    // Refreshes and associations; disks, profiles and addresses of instances that are there; other gateways, other addresses.
    "autoscaling:*InstanceRefresh",
    "ec2:*IamInstanceProfile",
    "ec2:*NatGatewayAddress",
    "ec2:*SubnetCidrBlock",
    "ec2:*tachVolume",
    "ec2:*tachVpnGateway",
    "ec2:AcceptAddressTransfer",
    "ec2:AssociateAddress",
    "ec2:CreateVpcEncryptionControl",
    "ec2:ModifyPrivateDnsNameOptions",
    "ec2:ReplaceIamInstanceProfileAssociation",
    "ssm:*Association*",
    "vpc-lattice:*",
    // Origins in a network, tenants, staging.
    "cloudfront:*ConnectionGroup",
    "cloudfront:GetVpcOrigin",
    "cloudfront:UpdateDistributionWithStagingConfig",
    // Replicas, streams and policies of tables; the names of everybody's keys.
    "dynamodb:*TableReplica",
    "dynamodb:DeleteResourcePolicy",
    "dynamodb:PutResourcePolicy",
    "dynamodb:UpdateKinesisStreamingDestination",
    "kms:ListAliases",
    // File systems, layers, signatures, versions and concurrency of functions.
    "lambda:*ProvisionedConcurrencyConfig",
    "lambda:DeleteFunctionConcurrency",
    "lambda:GetCodeSigningConfig",
    "lambda:GetLayerVersion",
    "lambda:PublishVersion",
    "lambda:PutRuntimeManagementConfig",
    "s3files:*",
    // Deliveries to Firehose; protection of data; policies and tokens of log groups.
    "firehose:*",
    "logs:DeleteDataProtectionPolicy",
    "logs:DeleteIndexPolicy",
    "logs:DeleteResourcePolicy",
    "logs:PutDataProtectionPolicy",
    "logs:PutIndexPolicy",
    "logs:PutResourcePolicy",
    "logs:PutBearerTokenAuthentication",
    "logs:PutLogGroupDeletionProtection",
    "sns:PutDataProtectionPolicy",
    // What buckets can be, and are not here.
    "s3:PutAccelerateConfiguration",
    "s3:PutAnalyticsConfiguration",
    "s3:PutBucketAbac",
    "s3:PutBucketCORS",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutIntelligentTieringConfiguration",
    "s3:PutInventoryConfiguration",
    "s3:PutMetricsConfiguration",
    "s3:UpdateBucketMetadata*",
    "s3tables:*",
];

/// Patterns of actions that the schema of Auto Scaling groups names, and that read what nobody asks for here.
const READS: [&str; 2] = ["ec2:Get*", "ssm:Get*"];

/// What handlers call although the schemas of their types do not say so: what is beside what.
const BESIDE: [(&str, &str); 3] = [
    ("autoscaling:DeleteAutoScalingGroup", "autoscaling:TerminateInstanceInAutoScalingGroup"),
    ("iam:DeleteRole", "iam:ListInstanceProfilesForRole"),
    ("iam:GetRole", "iam:ListRoleTags"),
];

/// What EC2 is asked to make, with tags that it gets at once.
const MADE_BY_EC2: &str = "AllocateAddress CreateFlowLogs CreateInternetGateway CreateLaunchTemplate CreateNatGateway \
    CreateRouteTable CreateSecurityGroup CreateSubnet CreateVpc CreateVpcEndpoint";

/// The services that take a role of the environment and work by it.
const TAKE_ROLES: [&str; 7] = [
    "ec2.amazonaws.com",
    "events.amazonaws.com",
    "lambda.amazonaws.com",
    "scheduler.amazonaws.com",
    "spotfleet.amazonaws.com",
    "states.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
];

/// The services that have roles of their own, which come with the first use in an account.
const OWN_ROLES: [&str; 5] = [
    "autoscaling.amazonaws.com",
    "dynamodb.application-autoscaling.amazonaws.com",
    "ec2.application-autoscaling.amazonaws.com",
    "spot.amazonaws.com",
    "spotfleet.amazonaws.com",
];

/// What tags are read and written by, in most services.
const TAGS: &str = "ListTagsForResource TagResource UntagResource";

/// Lists the actions that CloudFormation calls for the resources of all stacks but this one.
pub fn taken(app: &App, environment: &Environment) -> BTreeSet<String> {
    let mut types: BTreeMap<&str, Vec<DeclaredResource<'_>>> = BTreeMap::new();
    for resource in app.resources().filter(|resource| resource.stack() != DEPLOYER) {
        types.entry(resource.type_name()).or_default().push(resource);
    }
    let called = types.into_iter().flat_map(|(type_name, resources)| {
        handlers::called(type_name, |path| resources.iter().any(|resource| resource.has(path)))
    });
    // The keys of AWS let whoever uses the service use them.
    let has_keys = environment.keys.is_some();
    let is_wanted = |action: &String| {
        (has_keys || !action.starts_with("kms:"))
            && !READS.contains(&action.as_str())
            && !LEFT_OUT.iter().any(|pattern| fits(pattern, action))
    };
    let mut taken: BTreeSet<String> = called.filter(is_wanted).collect();
    for (with, also) in BESIDE {
        if taken.contains(with) {
            taken.insert(also.to_owned());
        }
    }
    taken
}

/// Whose resources are made, what bounds the roles among them, and which actions have no place yet.
struct Rights<'a> {
    environment: &'a Environment,
    bounds: &'a ManagedPolicyRef,
    left: BTreeSet<String>,
}

/// Statements, without those for which there is no action.
type Statements = Vec<Option<policy::Statement>>;

/// Gives each of these actions its place. Lists the rights by what they are about; each list is a policy, which may have
/// 6,144 characters.
pub(super) fn rights(
    environment: &Environment,
    bounds: &ManagedPolicyRef,
    taken: &BTreeSet<String>,
) -> Vec<(&'static str, Vec<policy::Statement>)> {
    let mut rights = Rights { environment, bounds, left: taken.clone() };
    let all = [
        ("data", rights.data()),
        ("workflow", rights.workflow()),
        ("instances", rights.instances()),
        ("network", rights.network()),
        ("streams", rights.streams()),
        ("watch", rights.watch()),
        ("roles", rights.roles()),
    ];
    let all = all.into_iter().map(|(what, statements)| (what, statements.into_iter().flatten().collect::<Vec<_>>()));
    all.filter(|(_, statements)| !statements.is_empty()).collect()
}

impl Rights<'_> {
    /// Buckets, tables, queues, topics and keys.
    fn data(&mut self) -> Statements {
        let own = self.own();
        let mut statements = vec![
            // CloudFront asks that whoever has it log may change the bucket's access control list.
            self.take("s3", "*").map(|all| all.on([sub!("arn:{}:s3:::{}", aws::partition(), &own)])),
            self.take("dynamodb", "*").map(|all| all.on([here("dynamodb", &format!("table/{own}"))])),
            self.take("sqs", "*").map(|all| all.on([here("sqs", &own)])),
            // These know no resources.
            self.take("sns", "*SubscriptionAttributes Unsubscribe").map(policy::Grant::on_any),
            self.take("sns", "*").map(|all| all.on([here("sns", &own)])),
        ];
        statements.extend(self.keys());
        statements
    }

    /// Keys, found by their tags: their names are numbers. Tables, functions and disks take them when they are made.
    fn keys(&mut self) -> [Option<policy::Statement>; 5] {
        let through =
            ["dynamodb", "lambda", "states"].map(|service| sub!("{}.{}.{}", service, aws::region(), aws::url_suffix()));
        let keys = || [here("kms", "key/*")];
        let names = [here("kms", &format!("alias/{}", self.own()))];
        let aliased = self.some("kms", "*Alias").map(|alias| alias.on(names));
        let make = self.take("kms", "CreateKey");
        let tag = self.some("kms", "TagResource");
        let hand_on = self.take("kms", "CreateGrant Decrypt Encrypt GenerateDataKey* RevokeGrant");
        let through = policy::string_equals("kms:ViaService", through);
        [
            make.map(|make| self.tagging(make.on_any())),
            tag.map(|tag| self.tagging_new(tag.on(keys()))),
            self.take("kms", "*").map(|manage| self.tagged(manage.on(keys()))),
            hand_on.map(|hand_on| self.tagged(hand_on.on(keys())).when(through)),
            aliased,
        ]
    }

    /// State machines, functions, rules, schedules, parameters, documents and logs.
    fn workflow(&mut self) -> Statements {
        let rules = here("events", &format!("rule/{}", self.own()));
        let mut statements = self.logs();
        statements.extend(self.functions());
        statements.extend(self.machines());
        statements.extend([
            self.take("events", "*").map(|all| all.on([rules])),
            // Its group is the account's, and CloudFormation chooses the name.
            self.take("scheduler", "*").map(|all| all.on([here("scheduler", "schedule/default/*")])),
        ]);
        statements.extend(self.parameters_and_documents());
        statements
    }

    fn logs(&mut self) -> Statements {
        let Environment { app, name, .. } = self.environment;
        let groups = [self.own(), format!("/{app}/{name}/*"), format!("/aws/vendedlogs/states/{}", self.own())];
        let groups = groups.map(|group| here("logs", &format!("log-group:{group}")));
        // These know no resources.
        let deliver = self.take("logs", "*LogDelivery Describe*").map(policy::Grant::on_any);
        vec![self.take("logs", "*").map(|manage| manage.on(groups)), deliver]
    }

    fn functions(&mut self) -> [Option<policy::Statement>; 4] {
        let function = here("lambda", &format!("function:{}", self.own()));
        let of_function = || policy::arn_like("lambda:FunctionArn", [&function]);
        let mapping = here("lambda", "event-source-mapping:*");
        let map = self.take("lambda", "CreateEventSourceMapping");
        let change = self.take("lambda", "DeleteEventSourceMapping UpdateEventSourceMapping");
        // Not every list of actions knows that mappings have tags, so functions are named too.
        let of_both = self.some("lambda", "GetEventSourceMapping ListTags TagResource UntagResource");
        // It is about mappings only.
        self.take("lambda", "GetEventSourceMapping");
        [
            self.take("lambda", "*").map(|all| all.on([&function])),
            map.map(|map| map.on_any().when(of_function())),
            change.map(|change| change.on([&mapping]).when(of_function())),
            of_both.map(|both| both.on([&function, &mapping])),
        ]
    }

    fn machines(&mut self) -> [Option<policy::Statement>; 3] {
        let machine = here("states", "stateMachine:*");
        let make = self.take("states", "CreateStateMachine");
        let tag = self.some("states", "TagResource");
        [
            make.map(|make| self.tagging(make.on([&machine]))),
            tag.map(|tag| self.tagging_new(tag.on([&machine]))),
            self.take("states", "*").map(|all| self.tagged(all.on([&machine]))),
        ]
    }

    /// The values and the documents of Systems Manager, and the image that instances start from.
    fn parameters_and_documents(&mut self) -> Statements {
        // CloudFormation chooses the name.
        let parameter = here("ssm", "parameter/CFN-*");
        let document = here("ssm", &format!("document/{}", self.own()));
        let parameters = self.take("ssm", "*Parameter*");
        let documents = self.take("ssm", "*Document*");
        let both = [parameters.as_ref().map(|_| parameter.clone()), documents.as_ref().map(|_| document.clone())];
        let both: Vec<_> = both.into_iter().flatten().collect();
        let mut statements = vec![
            parameters.map(|all| all.on([parameter])),
            documents.map(|all| all.on([document])),
            self.take("ssm", "*").map(|tags| tags.on(both)),
        ];
        if let Some(Image::SsmParameter(name)) = self.environment.fleet.instances.as_ref().map(|fleet| &fleet.image) {
            let name = name.as_str().trim_start_matches('/');
            let image = here("ssm", &format!("parameter/{name}"));
            statements.push(Some(policy::allow(["ssm:GetParameters"]).on([image])));
        }
        statements
    }

    /// Fleets: groups, requests for Spot instances, and instances.
    fn instances(&mut self) -> Statements {
        let groups = format!("autoScalingGroup:*:autoScalingGroupName/{}", self.own());
        let templates = here("ec2", "launch-template/*");
        // These know no resources.
        let describe = self.take("autoscaling", "Describe*").map(policy::Grant::on_any);
        let fleets = self.take("ec2", "CancelSpotFleetRequests ModifySpotFleetRequest RequestSpotFleet");
        let instances =
            self.take("ec2", "ModifyInstance* *onitorInstances StartInstances StopInstances TerminateInstances");
        vec![
            // Whoever makes a group must be able to start what it starts.
            self.take("ec2", "RunInstances")
                .map(|run| run.on_any().when(policy::arn_like("ec2:LaunchTemplate", [templates]))),
            self.take("autoscaling", "*").map(|all| all.on([here("autoscaling", &groups)])),
            describe,
            fleets.map(policy::Grant::on_any),
            self.take("application-autoscaling", "*").map(policy::Grant::on_any),
            instances.map(|all| self.tagged(all.on([here("ec2", "instance/*")]))),
        ]
    }

    /// The network, found by its tags, and the launch templates of instances, which are EC2's as well.
    fn network(&mut self) -> Statements {
        let anything = || [here("ec2", "*")];
        // Nothing that is there is made the environment's own by tags.
        let made: Vec<_> = MADE_BY_EC2.split_whitespace().chain(["RunInstances"]).collect();
        let tag = self.some("ec2", "CreateTags");
        let describe = self.take("ec2", "Describe*").map(policy::Grant::on_any);
        let create = self.take("ec2", MADE_BY_EC2);
        vec![
            describe,
            tag.map(|tag| tag.on(anything()).when(policy::string_equals("ec2:CreateAction", made))),
            self.take("ec2", "*").map(|change| self.tagged(change.on(anything()))),
            create.map(|create| create.on(anything())),
        ]
    }

    /// MediaConvert's queue and templates, and CloudFront.
    fn streams(&mut self) -> Statements {
        let own = self.own();
        let ours = ["queues", "jobTemplates"].map(|kind| here("mediaconvert", &format!("{kind}/{own}")));
        let of = |kind: &str| sub!("arn:{}:cloudfront::{}:{}/*", aws::partition(), aws::account_id(), kind);
        // These know no resources.
        let convert = self.take("mediaconvert", "Create*");
        let distribute = self.take("cloudfront", "CreateDistribution");
        let tag = self.some("cloudfront", "TagResource");
        let distributions = self.take("cloudfront", &format!("*Distribution* {TAGS}"));
        vec![
            self.take("mediaconvert", "*").map(|all| all.on(ours)),
            convert.map(|make| self.tagging(make.on_any())),
            distribute.map(|make| self.tagging(make.on([of("distribution")]))),
            tag.map(|tag| self.tagging_new(tag.on([of("distribution")]))),
            distributions.map(|all| self.tagged(all.on([of("distribution")]))),
            // These have neither names in their ARNs nor tags; the first one knows no resources.
            self.take("cloudfront", "CreateOriginAccessControl").map(policy::Grant::on_any),
            self.take("cloudfront", "*")
                .map(|all| all.on(["origin-access-control", "response-headers-policy"].map(of))),
        ]
    }

    /// Alarms, the dashboard and the budget.
    fn watch(&mut self) -> Statements {
        let own = self.own();
        let name = self.name();
        let global = |service: &str, resource: String| {
            sub!("arn:{}:{}::{}:{}", aws::partition(), service, aws::account_id(), resource)
        };
        let dashboards = self.take("cloudwatch", "*Dashboard*");
        let dashboard = global("cloudwatch", format!("dashboard/{name}"));
        let tags = dashboards.as_ref().and_then(|_| self.some("cloudwatch", TAGS));
        vec![
            // Of composite alarms it wants to be asked for all.
            self.take("cloudwatch", "DescribeAlarms").map(policy::Grant::on_any),
            self.take("cloudwatch", "*").map(|all| all.on([here("cloudwatch", &format!("alarm:{own}"))])),
            dashboards.map(|all| all.on([&dashboard])),
            tags.map(|tags| tags.on([&dashboard])),
            self.take("budgets", "*").map(|all| all.on([global("budgets", format!("budget/{name}"))])),
            self.take("billing", "*").map(|all| all.on([global("billing", "billingview/*".to_owned())])),
        ]
    }

    /// Roles within the bounds, and nothing of the roles of this stack.
    fn roles(&mut self) -> Statements {
        let roles = || self.role_names().into_iter().map(|name| identity("role", &name)).collect::<Vec<_>>();
        let (roles, profiles) = (roles(), identity("instance-profile", &self.own()));
        let bounded = || policy::arn_equals("iam:PermissionsBoundary", [self.bounds.arn()]);
        let (bounded, attached) = (bounded(), bounded());
        let managed = ["AmazonSSMManagedInstanceCore", "service-role/AmazonEC2SpotFleetTaggingRole"]
            .map(|name| sub!("arn:{}:iam::aws:policy/{}", aws::partition(), name));
        let give = "CreateRole DeleteRolePolicy DetachRolePolicy PutRolePermissionsBoundary PutRolePolicy";
        let own_roles = policy::string_equals("iam:AWSServiceName", OWN_ROLES);
        let not_these =
            [READER, DEPLOYER, EXECUTION].map(|what| identity("role", &super::name(self.environment, what)));
        let attach = self.take("iam", "AttachRolePolicy").map(|attach| attach.on(&roles).when(attached));
        let pass = policy::string_equals("iam:PassedToService", TAKE_ROLES);
        vec![
            self.take("iam", give).map(|give| give.on(&roles).when(bounded)),
            attach.map(|attach| attach.when(policy::arn_equals("iam:PolicyARN", managed))),
            self.take("iam", "PassRole").map(|all| all.on(&roles).when(pass)),
            self.take("iam", "*InstanceProfile").map(|all| all.on([profiles])),
            self.take("iam", "CreateServiceLinkedRole")
                .map(|make| make.on([identity("role", "aws-service-role/*")]).when(own_roles)),
            self.take("iam", "*").map(|manage| manage.on(&roles)),
            Some(policy::deny(["iam:*"]).on(not_these)),
        ]
    }

    /// Takes the actions of a service that fit one of these patterns and have no place yet.
    #[track_caller]
    fn take(&mut self, service: &str, patterns: &str) -> Option<policy::Grant> {
        let taken = self.fitting(service, patterns);
        self.left.retain(|action| !taken.iter().any(|pattern| fits(pattern, action)));
        (!taken.is_empty()).then(|| policy::allow(taken))
    }

    /// Takes actions that have another place as well.
    #[track_caller]
    fn some(&self, service: &str, patterns: &str) -> Option<policy::Grant> {
        let taken = self.fitting(service, patterns);
        (!taken.is_empty()).then(|| policy::allow(taken))
    }

    fn fitting(&self, service: &str, patterns: &str) -> Vec<String> {
        let is_meant = |action: &&String| {
            let name = action.strip_prefix(service).and_then(|rest| rest.strip_prefix(':'));
            name.is_some_and(|name| patterns.split_whitespace().any(|pattern| fits(pattern, name)))
        };
        let fitting: Vec<_> = self.left.iter().filter(is_meant).cloned().collect();
        // Some schemas name all that describes; then nothing is gained by naming each.
        let is_covered = |action: &String| fitting.iter().any(|other| other != action && fits(other, action));
        fitting.iter().filter(|action| !is_covered(action)).cloned().collect()
    }

    /// What the names of the roles are that other stacks make, or attach grants to.
    fn role_names(&self) -> Vec<String> {
        let settings = &self.environment.identity;
        let named = [&settings.workflow_role_name, &settings.packaging_role_name].into_iter().flatten();
        let named = [&settings.worker_role_name].into_iter().chain(named);
        [self.own()].into_iter().chain(named.cloned()).collect()
    }

    /// Returns what the names of the environment's resources begin with.
    fn name(&self) -> String {
        format!("{}-{}", self.environment.app, self.environment.name)
    }

    fn own(&self) -> String {
        format!("{}-*", self.name())
    }

    /// Limits a statement to what carries the environment's tags.
    fn tagged(&self, statement: policy::Statement) -> policy::Statement {
        self.by_tags("aws:ResourceTag", statement)
    }

    /// Limits a statement to what is to get the environment's tags.
    fn tagging(&self, statement: policy::Statement) -> policy::Statement {
        self.by_tags("aws:RequestTag", statement)
    }

    /// Limits a statement to what is to get the environment's tags, and has none of anybody's yet: nothing that is there is
    /// made the environment's own.
    fn tagging_new(&self, statement: policy::Statement) -> policy::Statement {
        self.tagging(statement).when(policy::null("aws:ResourceTag/app", true))
    }

    fn by_tags(&self, key: &str, statement: policy::Statement) -> policy::Statement {
        statement
            .when(policy::string_equals(format!("{key}/app"), [self.environment.app.as_str()]))
            .when(policy::string_equals(format!("{key}/environment"), [self.environment.name.as_str()]))
    }
}

/// Returns the ARN of something in this account and region.
fn here(service: &str, resource: &str) -> Value<String> {
    sub!("arn:{}:{}:{}:{}:{}", aws::partition(), service, aws::region(), aws::account_id(), resource)
}

/// Returns the ARN of a role or a profile.
fn identity(kind: &str, name: &str) -> Value<String> {
    sub!("arn:{}:iam::{}:{}/{}", aws::partition(), aws::account_id(), kind, name)
}

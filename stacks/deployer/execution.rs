//! What CloudFormation may do to make and change this environment's resources, and no others.
//!
//! By name where names begin like the environment's, by tag where they do not. It manages resources and reads nothing that
//! they hold: no object, no item, no message. A test compares the actions with those that the provider schemas name.

use documents::iam as policy;
use resources::iam::ManagedPolicyRef;
use template::{Value, aws, sub};

use super::{DEPLOYER, EXECUTION, READER};
use crate::environment::{Environment, FleetKind, Image, Network};

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

/// Whose resources are made, and what bounds the roles among them.
struct Rights<'a> {
    environment: &'a Environment,
    bounds: &'a ManagedPolicyRef,
}

/// Lists the rights by what they are about; each list is a policy, which may have 6,144 characters.
pub(super) fn rights(
    environment: &Environment,
    bounds: &ManagedPolicyRef,
) -> Vec<(&'static str, Vec<policy::Statement>)> {
    let rights = Rights { environment, bounds };
    let all = [
        ("data", rights.data()),
        ("workflow", rights.workflow()),
        ("instances", rights.instances()),
        ("network", rights.network()),
        ("streams", rights.streams()),
        ("watch", rights.watch()),
        ("roles", rights.roles()),
    ];
    all.into_iter().filter(|(_, statements)| !statements.is_empty()).collect()
}

impl Rights<'_> {
    /// Buckets, tables, queues, topics and keys.
    fn data(&self) -> Vec<policy::Statement> {
        let own = self.own();
        let buckets = "CreateBucket DeleteBucket DeleteBucketPolicy GetAccelerateConfiguration GetAnalyticsConfiguration \
            GetBucket* GetEncryptionConfiguration GetIntelligentTieringConfiguration GetInventoryConfiguration \
            GetLifecycleConfiguration GetMetricsConfiguration GetReplicationConfiguration ListTagsForResource \
            PutBucketAcl PutBucketLogging PutBucketNotification PutBucketOwnershipControls PutBucketPolicy \
            PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning PutEncryptionConfiguration \
            PutLifecycleConfiguration TagResource UntagResource";
        let tables = "CreateTable DeleteTable DescribeContinuousBackups DescribeContributorInsights \
            DescribeKinesisStreamingDestination DescribeTable DescribeTimeToLive GetResourcePolicy \
            ListTagsOfResource TagResource UntagResource UpdateContinuousBackups UpdateContributorInsights \
            UpdateTable UpdateTimeToLive";
        let queues = "CreateQueue DeleteQueue GetQueueAttributes GetQueueUrl ListQueueTags SetQueueAttributes TagQueue \
            UntagQueue";
        let topics = "CreateTopic DeleteTopic GetDataProtectionPolicy GetTopicAttributes ListSubscriptionsByTopic \
            ListTagsForResource SetTopicAttributes Subscribe TagResource UntagResource";
        let subscriptions = "GetSubscriptionAttributes SetSubscriptionAttributes Unsubscribe";
        let mut statements = vec![
            // CloudFront asks that whoever has it log may change the bucket's access control list.
            allow("s3", buckets).on([sub!("arn:{}:s3:::{}", aws::partition(), &own)]),
            allow("dynamodb", tables).on([here("dynamodb", &format!("table/{own}"))]),
            allow("sqs", queues).on([here("sqs", &own)]),
            allow("sns", topics).on([here("sns", &own)]),
            // These know no resources.
            allow("sns", subscriptions).on_any(),
        ];
        if self.environment.keys.is_some() {
            statements.extend(self.keys());
        }
        statements
    }

    /// Keys, found by their tags: their names are numbers. Tables, functions and disks take them when they are made.
    fn keys(&self) -> [policy::Statement; 5] {
        let manage = "CreateAlias DeleteAlias DescribeKey DisableKey DisableKeyRotation EnableKey EnableKeyRotation \
            GetKeyPolicy GetKeyRotationStatus ListResourceTags PutKeyPolicy ScheduleKeyDeletion TagResource \
            UntagResource UpdateAlias UpdateKeyDescription";
        let hand_on = "CreateGrant Decrypt Encrypt GenerateDataKey* RevokeGrant";
        let through =
            ["dynamodb", "lambda", "states"].map(|service| sub!("{}.{}.{}", service, aws::region(), aws::url_suffix()));
        let keys = || [here("kms", "key/*")];
        [
            self.tagging(allow("kms", "CreateKey").on_any()),
            self.tagging_new(allow("kms", "TagResource").on(keys())),
            self.tagged(allow("kms", manage).on(keys())),
            self.tagged(allow("kms", hand_on).on(keys())).when(policy::string_equals("kms:ViaService", through)),
            allow("kms", "CreateAlias DeleteAlias UpdateAlias").on([here("kms", &format!("alias/{}", self.own()))]),
        ]
    }

    /// State machines, functions, rules, schedules, parameters, documents and logs.
    fn workflow(&self) -> Vec<policy::Statement> {
        let own = self.own();
        let functions = "CreateFunction DeleteFunction GetFunction* GetRuntimeManagementConfig InvokeFunction ListTags \
            PutFunctionConcurrency PutFunctionRecursionConfig PutFunctionScalingConfig TagResource \
            UntagResource UpdateFunctionCode UpdateFunctionConfiguration";
        let function = here("lambda", &format!("function:{own}"));
        let of_function = || policy::arn_like("lambda:FunctionArn", [&function]);
        let mapping = here("lambda", "event-source-mapping:*");
        let mappings = "DeleteEventSourceMapping UpdateEventSourceMapping";
        let of_mappings = "GetEventSourceMapping ListTags TagResource UntagResource";
        let machines = "DeleteStateMachine DescribeStateMachine ListTagsForResource TagResource UntagResource \
            UpdateStateMachine";
        let machine = here("states", "stateMachine:*");
        let rules = "DeleteRule DescribeRule ListTagsForResource ListTargetsByRule PutRule PutTargets RemoveTargets \
            TagResource UntagResource";
        let schedules = "CreateSchedule DeleteSchedule GetSchedule UpdateSchedule";
        let parameters = "AddTagsToResource DeleteParameter GetParameters ListTagsForResource PutParameter \
            RemoveTagsFromResource";
        let mut statements = self.logs();
        statements.extend([
            allow("lambda", functions).on([&function]),
            allow("lambda", "CreateEventSourceMapping").on_any().when(of_function()),
            allow("lambda", mappings).on([&mapping]).when(of_function()),
            // Not every list of actions knows that mappings have tags, so functions are named too.
            allow("lambda", of_mappings).on([&function, &mapping]),
            self.tagging(allow("states", "CreateStateMachine").on([&machine])),
            self.tagging_new(allow("states", "TagResource").on([&machine])),
            self.tagged(allow("states", machines).on([&machine])),
            allow("events", rules).on([here("events", &format!("rule/{own}"))]),
            // Its group is the account's, and CloudFormation chooses the name.
            allow("scheduler", schedules).on([here("scheduler", "schedule/default/*")]),
            // CloudFormation chooses the name.
            allow("ssm", parameters).on([here("ssm", "parameter/CFN-*")]),
        ]);
        statements
    }

    fn logs(&self) -> Vec<policy::Statement> {
        let Environment { app, name, .. } = self.environment;
        let groups = [self.own(), format!("/{app}/{name}/*"), format!("/aws/vendedlogs/states/{}", self.own())];
        let groups = groups.map(|group| here("logs", &format!("log-group:{group}")));
        let manage = "AssociateKmsKey CreateLogGroup DeleteLogGroup DeleteRetentionPolicy \
            DisassociateKmsKey GetDataProtectionPolicy ListTagsForResource PutRetentionPolicy TagResource \
            UntagResource";
        // These know no resources.
        let deliver = "CreateLogDelivery DeleteLogDelivery DescribeIndexPolicies DescribeLogGroups \
            DescribeResourcePolicies";
        vec![allow("logs", manage).on(groups), allow("logs", deliver).on_any()]
    }

    /// Fleets: launch templates, groups and instances, and the commands that they are sent.
    fn instances(&self) -> Vec<policy::Statement> {
        let Some(settings) = &self.environment.fleet.instances else { return Vec::new() };
        let own = self.own();
        let documents = "AddTagsToResource CreateDocument DeleteDocument DescribeDocument GetDocument ListTagsForResource \
            RemoveTagsFromResource UpdateDocument UpdateDocumentDefaultVersion";
        let templates = here("ec2", "launch-template/*");
        let mut statements = vec![
            allow("ssm", documents).on([here("ssm", &format!("document/{own}"))]),
            // Whoever makes a group must be able to start what it starts.
            allow("ec2", "RunInstances").on_any().when(policy::arn_like("ec2:LaunchTemplate", [templates])),
        ];
        if let Image::SsmParameter(name) = &settings.image {
            let name = name.as_str().trim_start_matches('/');
            statements.push(allow("ssm", "GetParameters").on([here("ssm", &format!("parameter/{name}"))]));
        }
        match self.environment.fleet.kind {
            FleetKind::AutoScaling => statements.extend(self.groups()),
            FleetKind::SpotFleet => {
                let fleets = "CancelSpotFleetRequests ModifySpotFleetRequest RequestSpotFleet";
                let scaling = "DeleteScalingPolicy DeregisterScalableTarget DescribeScalableTargets DescribeScalingPolicies \
                    DescribeScheduledActions ListTagsForResource PutScalingPolicy RegisterScalableTarget \
                    TagResource UntagResource";
                statements.extend([allow("ec2", fleets).on_any(), allow("application-autoscaling", scaling).on_any()]);
            }
            FleetKind::Instance => {
                let instances = "ModifyInstance* MonitorInstances StartInstances StopInstances TerminateInstances \
                    UnmonitorInstances";
                statements.push(self.tagged(allow("ec2", instances).on([here("ec2", "instance/*")])));
            }
        }
        statements
    }

    fn groups(&self) -> [policy::Statement; 2] {
        let manage = "CreateAutoScalingGroup CreateOrUpdateTags DeleteAutoScalingGroup DeleteLifecycleHook \
            DeleteNotificationConfiguration DeletePolicy DeleteTags DisableMetricsCollection \
            EnableMetricsCollection PutLifecycleHook PutNotificationConfiguration PutScalingPolicy \
            ResumeProcesses SuspendProcesses TerminateInstanceInAutoScalingGroup UpdateAutoScalingGroup";
        let groups = format!("autoScalingGroup:*:autoScalingGroupName/{}", self.own());
        // This one knows no resources.
        [allow("autoscaling", manage).on([here("autoscaling", &groups)]), allow("autoscaling", "Describe*").on_any()]
    }

    /// The network, found by its tags, and the launch templates of instances, which are EC2's as well.
    fn network(&self) -> Vec<policy::Statement> {
        if self.environment.network.is_none() && self.environment.fleet.instances.is_none() {
            return Vec::new();
        }
        let change = "AssociateRouteTable AttachInternetGateway AuthorizeSecurityGroup* CreateLaunchTemplateVersion \
            CreateRoute DeleteFlowLogs DeleteInternetGateway DeleteLaunchTemplate DeleteNatGateway DeleteRoute \
            DeleteRouteTable DeleteSecurityGroup DeleteSubnet DeleteTags DeleteVpc DeleteVpcEndpoints \
            DetachInternetGateway DisassociateAddress DisassociateRouteTable ModifySubnetAttribute \
            ModifyVpcAttribute ModifyVpcEndpoint ModifyVpcTenancy ReleaseAddress ReplaceRoute* \
            RevokeSecurityGroup* UpdateSecurityGroupRuleDescriptions*";
        let anything = || [here("ec2", "*")];
        let tag = || allow("ec2", "CreateTags").on(anything());
        let made = MADE_BY_EC2.split_whitespace().chain(["RunInstances"]).collect::<Vec<_>>();
        let mut statements = vec![
            allow("ec2", "Describe*").on_any(),
            self.tagged(allow("ec2", change).on(anything())),
            // Nothing that is there is made the environment's own by tags.
            tag().when(policy::string_equals("ec2:CreateAction", made)),
            self.tagged(tag()),
        ];
        let makes = match &self.environment.network {
            Some(Network::Create(_)) => MADE_BY_EC2,
            _ => "CreateLaunchTemplate CreateSecurityGroup",
        };
        statements.push(allow("ec2", makes).on(anything()));
        statements
    }

    /// MediaConvert's queue and templates, and CloudFront.
    fn streams(&self) -> Vec<policy::Statement> {
        let own = self.own();
        let mut statements = Vec::new();
        if self.environment.packaging.is_some() {
            let manage = "DeleteJobTemplate DeleteQueue GetJobTemplate GetQueue ListTagsForResource TagResource \
                UntagResource UpdateJobTemplate UpdateQueue";
            let ours = ["queues", "jobTemplates"].map(|kind| here("mediaconvert", &format!("{kind}/{own}")));
            statements.push(allow("mediaconvert", manage).on(ours));
            // These know no resources.
            statements.push(self.tagging(allow("mediaconvert", "CreateJobTemplate CreateQueue").on_any()));
        }
        if self.environment.delivery.is_some() {
            let distributions = "DeleteDistribution GetDistribution* ListTagsForResource TagResource UntagResource \
                UpdateDistribution";
            let parts = "CreateResponseHeadersPolicy DeleteOriginAccessControl \
                DeleteResponseHeadersPolicy GetOriginAccessControl GetResponseHeadersPolicy \
                UpdateOriginAccessControl UpdateResponseHeadersPolicy";
            let of = |kind: &str| sub!("arn:{}:cloudfront::{}:{}/*", aws::partition(), aws::account_id(), kind);
            statements.extend([
                self.tagging(allow("cloudfront", "CreateDistribution").on([of("distribution")])),
                self.tagging_new(allow("cloudfront", "TagResource").on([of("distribution")])),
                self.tagged(allow("cloudfront", distributions).on([of("distribution")])),
                // These have neither names in their ARNs nor tags; the first one knows no resources.
                allow("cloudfront", "CreateOriginAccessControl").on_any(),
                allow("cloudfront", parts).on(["origin-access-control", "response-headers-policy"].map(of)),
            ]);
        }
        statements
    }

    /// Alarms, the dashboard and the budget.
    fn watch(&self) -> Vec<policy::Statement> {
        let own = self.own();
        let alarms = "DeleteAlarms ListTagsForResource PutCompositeAlarm PutMetricAlarm TagResource UntagResource";
        let dashboards = "DeleteDashboards GetDashboard ListTagsForResource PutDashboard TagResource UntagResource";
        let budgets = "ListTagsForResource ModifyBudget TagResource UntagResource ViewBudget";
        let name = self.name();
        let global = |service: &str, resource: String| {
            sub!("arn:{}:{}::{}:{}", aws::partition(), service, aws::account_id(), resource)
        };
        let mut statements = vec![
            allow("cloudwatch", alarms).on([here("cloudwatch", &format!("alarm:{own}"))]),
            // Of composite alarms it wants to be asked for all.
            allow("cloudwatch", "DescribeAlarms").on_any(),
        ];
        if let Some(settings) = &self.environment.observability {
            statements.push(allow("cloudwatch", dashboards).on([global("cloudwatch", format!("dashboard/{name}"))]));
            if settings.monthly_dollars.is_some() {
                let views = global("billing", "billingview/*".to_owned());
                statements.extend([
                    allow("budgets", budgets).on([global("budgets", format!("budget/{name}"))]),
                    allow("billing", "GetBillingViewData").on([views]),
                ]);
            }
        }
        statements
    }

    /// Roles within the bounds, and nothing of the roles of this stack.
    fn roles(&self) -> Vec<policy::Statement> {
        let roles = || self.role_names().into_iter().map(|name| identity("role", &name)).collect::<Vec<_>>();
        let bounded = || policy::arn_equals("iam:PermissionsBoundary", [self.bounds.arn()]);
        let give = "CreateRole DeleteRolePolicy DetachRolePolicy PutRolePermissionsBoundary PutRolePolicy";
        let managed = ["AmazonSSMManagedInstanceCore", "service-role/AmazonEC2SpotFleetTaggingRole"]
            .map(|name| sub!("arn:{}:iam::aws:policy/{}", aws::partition(), name));
        let manage = "DeleteRole GetRole GetRolePolicy ListAttachedRolePolicies ListInstanceProfilesForRole \
            ListRolePolicies ListRoleTags TagRole UntagRole UpdateAssumeRolePolicy UpdateRole \
            UpdateRoleDescription";
        let profiles = "AddRoleToInstanceProfile CreateInstanceProfile DeleteInstanceProfile GetInstanceProfile \
            RemoveRoleFromInstanceProfile";
        let own_roles = policy::string_equals("iam:AWSServiceName", OWN_ROLES);
        let not_these =
            [READER, DEPLOYER, EXECUTION].map(|what| identity("role", &super::name(self.environment, what)));
        vec![
            allow("iam", give).on(roles()).when(bounded()),
            allow("iam", "AttachRolePolicy")
                .on(roles())
                .when(bounded())
                .when(policy::arn_equals("iam:PolicyARN", managed)),
            allow("iam", manage).on(roles()),
            allow("iam", "PassRole").on(roles()).when(policy::string_equals("iam:PassedToService", TAKE_ROLES)),
            allow("iam", profiles).on([identity("instance-profile", &self.own())]),
            allow("iam", "CreateServiceLinkedRole").on([identity("role", "aws-service-role/*")]).when(own_roles),
            policy::deny(["iam:*"]).on(not_these),
        ]
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

/// Allows actions of one service, which stand side by side.
fn allow(service: &str, actions: &str) -> policy::Grant {
    policy::allow(actions.split_whitespace().map(|action| format!("{service}:{action}")).collect::<Vec<_>>())
}

/// Returns the ARN of something in this account and region.
fn here(service: &str, resource: &str) -> Value<String> {
    sub!("arn:{}:{}:{}:{}:{}", aws::partition(), service, aws::region(), aws::account_id(), resource)
}

/// Returns the ARN of a role or a profile.
fn identity(kind: &str, name: &str) -> Value<String> {
    sub!("arn:{}:iam::{}:{}/{}", aws::partition(), aws::account_id(), kind, name)
}

//! Which attributes `Fn::GetAtt` gives of a resource.

use schemas::{Json, Schema};
use tree::Tree;

use crate::kinds::Kinds;
use crate::outline::Outline;

/// What is known of one attribute.
pub(crate) enum Attribute {
    /// There is no such attribute; these are the ones that there are.
    Missing(Vec<String>),
    /// There is, and it gives this.
    Known(Kinds),
    /// The type is not one of AWS's own: nobody knows.
    Unknown,
}

/// Splits the argument of `Fn::GetAtt` into the logical id and the attribute's name, if both are literal.
pub(crate) fn literal(argument: &Tree) -> Option<(&str, &str)> {
    match argument.as_list() {
        Some([id, attribute]) => Some((id.as_str()?, attribute.as_str()?)),
        Some(_) => None,
        None => argument.as_str()?.split_once('.'),
    }
}

/// Tells what kinds of value a `Fn::GetAtt` with this argument gives.
pub(crate) fn kinds(outline: &Outline<'_>, argument: &Tree) -> Kinds {
    let resource = literal(argument).and_then(|(id, name)| Some((outline.resources.get(id)?.type_name?, name)));
    match resource.map(|(type_name, name)| attribute(type_name, name)) {
        Some(Attribute::Known(kinds)) => kinds,
        _ => Kinds::ANY,
    }
}

/// Looks an attribute of a resource type up.
pub(crate) fn attribute(type_name: &str, name: &str) -> Attribute {
    if type_name.starts_with("Custom::") || type_name == "AWS::CloudFormation::CustomResource" {
        return Attribute::Unknown;
    }
    // What is made of these is known to the transform only.
    if type_name.starts_with("AWS::Serverless::") {
        return Attribute::Unknown;
    }
    let Some(schema) = schemas::schema(type_name) else { return Attribute::Unknown };
    let outputs =
        matches!(type_name, "AWS::CloudFormation::Stack" | "AWS::ServiceCatalog::CloudFormationProvisionedProduct");
    if outputs && name.starts_with("Outputs.") {
        return Attribute::Known(Kinds::TEXT);
    }
    let path = name.replace('.', "/");
    let property = property(schema, &path);
    // Taken as an integer and given as a string, says cfn-lint's rule E1010 (MIT-0).
    if (type_name, name) == ("AWS::DocDB::DBCluster", "Port") {
        return Attribute::Known(Kinds::TEXT);
    }
    let beyond = property.is_some() && is_beyond_read_only(type_name, name);
    let is_read_only = |own: &str| own == path || path.strip_prefix(own).is_some_and(|rest| rest.starts_with('/'));
    if beyond || schema.read_only().any(is_read_only) {
        let kinds = property.map_or(Kinds::ANY, |property| Kinds::of_attribute(property.get("type")));
        // An object is given as JSON text, as with the data of a wait condition.
        return Attribute::Known(if kinds == Kinds::OBJECT { Kinds::ANY } else { kinds });
    }
    let own = schema.properties().into_iter().flatten().map(|(name, _)| name.to_owned());
    let mut names: Vec<String> = schema.attributes().collect();
    names.extend(own.filter(|own| is_beyond_read_only(type_name, own) && !names.contains(own)).collect::<Vec<_>>());
    if outputs {
        names.push("Outputs.<name of an output>".to_owned());
    }
    Attribute::Missing(names)
}

fn property(schema: Schema, path: &str) -> Option<Json<'static>> {
    Some(schema.resolve(schema.at(path)?))
}

/// Tells whether CloudFormation gives this property as an attribute although its schema does not call it read-only.
///
/// Found out by cfn-lint, whose `schema/_getatts.py` (MIT-0) these lists are taken from.
fn is_beyond_read_only(type_name: &str, name: &str) -> bool {
    ALL_PROPERTIES.binary_search(&type_name).is_ok()
        || SOME_PROPERTIES.iter().any(|(own, names)| *own == type_name && names.contains(&name))
}

/// Types of which every property is an attribute; sorted.
static ALL_PROPERTIES: [&str; 61] = [
    "AWS::Amplify::Branch",
    "AWS::Amplify::Domain",
    "AWS::AppSync::DomainName",
    "AWS::AppSync::FunctionConfiguration",
    "AWS::AppSync::Resolver",
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::Backup::BackupSelection",
    "AWS::Backup::BackupVault",
    "AWS::Backup::LogicallyAirGappedBackupVault",
    "AWS::CodeArtifact::Domain",
    "AWS::CodeArtifact::Repository",
    "AWS::EC2::CapacityReservation",
    "AWS::EC2::Instance",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::EFS::MountTarget",
    "AWS::EKS::Nodegroup",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::EventSchemas::Discoverer",
    "AWS::EventSchemas::Registry",
    "AWS::EventSchemas::Schema",
    "AWS::Events::EventBus",
    "AWS::GameLift::GameSessionQueue",
    "AWS::GameLift::MatchmakingConfiguration",
    "AWS::GameLift::MatchmakingRuleSet",
    "AWS::Grafana::Workspace",
    "AWS::Greengrass::ConnectorDefinition",
    "AWS::Greengrass::CoreDefinition",
    "AWS::Greengrass::DeviceDefinition",
    "AWS::Greengrass::FunctionDefinition",
    "AWS::Greengrass::Group",
    "AWS::Greengrass::LoggerDefinition",
    "AWS::Greengrass::ResourceDefinition",
    "AWS::Greengrass::SubscriptionDefinition",
    "AWS::ImageBuilder::Component",
    "AWS::ImageBuilder::ContainerRecipe",
    "AWS::ImageBuilder::DistributionConfiguration",
    "AWS::ImageBuilder::ImagePipeline",
    "AWS::ImageBuilder::ImageRecipe",
    "AWS::ImageBuilder::InfrastructureConfiguration",
    "AWS::ManagedBlockchain::Node",
    "AWS::Neptune::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBParameterGroup",
    "AWS::RedshiftServerless::Workgroup",
    "AWS::RoboMaker::RobotApplication",
    "AWS::RoboMaker::SimulationApplication",
    "AWS::Route53Resolver::ResolverRule",
    "AWS::Route53Resolver::ResolverRuleAssociation",
    "AWS::S3::AccessPoint",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SSM::Parameter",
    "AWS::SageMaker::DataQualityJobDefinition",
    "AWS::SageMaker::ModelBiasJobDefinition",
    "AWS::SageMaker::ModelExplainabilityJobDefinition",
    "AWS::SageMaker::ModelQualityJobDefinition",
    "AWS::SageMaker::MonitoringSchedule",
    "AWS::StepFunctions::Activity",
];

/// Types of which some properties are attributes.
static SOME_PROPERTIES: [(&str, &[&str]); 40] = [
    ("AWS::AppMesh::GatewayRoute", &["GatewayRouteName", "MeshName", "MeshOwner", "VirtualGatewayName"]),
    ("AWS::AppMesh::Mesh", &["MeshName"]),
    ("AWS::AppMesh::Route", &["MeshName", "MeshOwner", "RouteName", "VirtualRouterName"]),
    ("AWS::AppMesh::VirtualGateway", &["MeshName", "MeshOwner", "VirtualGatewayName"]),
    ("AWS::AppMesh::VirtualNode", &["MeshName", "MeshOwner", "VirtualNodeName"]),
    ("AWS::AppMesh::VirtualRouter", &["MeshName", "MeshOwner", "VirtualRouterName"]),
    ("AWS::AppMesh::VirtualService", &["MeshName", "MeshOwner", "VirtualServiceName"]),
    ("AWS::AppSync::DataSource", &["Name"]),
    ("AWS::Cloud9::EnvironmentEC2", &["Name"]),
    ("AWS::CloudWatch::InsightRule", &["RuleName"]),
    ("AWS::DocDB::DBCluster", &["Port"]),
    ("AWS::Greengrass::ConnectorDefinition", &["Name"]),
    ("AWS::Greengrass::CoreDefinition", &["Name"]),
    ("AWS::Greengrass::DeviceDefinition", &["Name"]),
    ("AWS::Greengrass::FunctionDefinition", &["Name"]),
    ("AWS::Greengrass::Group", &["Name", "RoleArn"]),
    ("AWS::Greengrass::LoggerDefinition", &["Name"]),
    ("AWS::Greengrass::ResourceDefinition", &["Name"]),
    ("AWS::Greengrass::SubscriptionDefinition", &["Name"]),
    ("AWS::IoT1Click::Device", &["Enabled"]),
    ("AWS::IoT1Click::Placement", &["PlacementName", "ProjectName"]),
    ("AWS::IoT1Click::Project", &["ProjectName"]),
    ("AWS::Kinesis::StreamConsumer", &["ConsumerName", "StreamARN"]),
    ("AWS::ManagedBlockchain::Member", &["NetworkId"]),
    ("AWS::MediaConvert::JobTemplate", &["Name"]),
    ("AWS::MediaConvert::Preset", &["Name"]),
    ("AWS::MediaConvert::Queue", &["Name"]),
    ("AWS::MediaLive::Input", &["Destinations", "Sources"]),
    ("AWS::OpsWorks::Instance", &["AvailabilityZone"]),
    ("AWS::OpsWorks::UserProfile", &["SshUsername"]),
    ("AWS::Route53Resolver::ResolverEndpoint", &["Direction", "Name"]),
    ("AWS::SageMaker::CodeRepository", &["CodeRepositoryName"]),
    ("AWS::SageMaker::Endpoint", &["EndpointName"]),
    ("AWS::SageMaker::EndpointConfig", &["EndpointConfigName"]),
    ("AWS::SageMaker::Model", &["ModelName"]),
    ("AWS::SageMaker::NotebookInstance", &["NotebookInstanceName"]),
    ("AWS::SageMaker::NotebookInstanceLifecycleConfig", &["NotebookInstanceLifecycleConfigName"]),
    ("AWS::SageMaker::Workteam", &["WorkteamName"]),
    ("AWS::ServiceDiscovery::Service", &["Name"]),
    ("AWS::Transfer::User", &["ServerId", "UserName"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_searched_by_halving() {
        assert!(ALL_PROPERTIES.is_sorted());
    }

    #[test]
    fn attributes_are_read_only_properties_and_a_few_more() {
        let known = |type_name, name| matches!(attribute(type_name, name), Attribute::Known(_));
        assert!(known("AWS::S3::Bucket", "Arn"));
        assert!(!known("AWS::S3::Bucket", "BucketName"));
        assert!(known("AWS::RDS::DBCluster", "Endpoint.Address"));
        assert!(known("AWS::SNS::Topic", "TopicName"));
        assert!(known("AWS::SageMaker::Model", "ModelName"));
        assert!(known("AWS::CloudFormation::Stack", "Outputs.Anything"));
        assert!(matches!(attribute("Custom::Thing", "Anything"), Attribute::Unknown));
        assert!(matches!(attribute("AWS::EC2::VPC", "CidrBlockAssociations"), Attribute::Known(Kinds::LIST)));
    }
}

//! Holds networks to what they promise: nothing comes in, and out there is the way that the environment says.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use stacks::Environment;
use stacks::environment::{Egress, Network};

use crate::support::{environment, environments, of_type, resources, synth};

/// The resources of a type, none included.
fn all(environment: &Environment, name: &str) -> Vec<(String, Value)> {
    let found = resources(environment).into_iter().filter(|(_, _, resource)| resource["Type"] == name);
    found.map(|(_, id, resource)| (id, resource["Properties"].clone())).collect()
}

#[test]
fn nothing_comes_in_from_outside_the_network() {
    for environment in environments() {
        for (id, group) in all(&environment, "AWS::EC2::SecurityGroup") {
            for rule in group["SecurityGroupIngress"].as_array().into_iter().flatten() {
                assert!(rule.get("SourceSecurityGroupId").is_some(), "{}: {id}: {rule}", environment.name);
                assert!(rule.get("CidrIp").is_none(), "{}: {id}: {rule}", environment.name);
            }
            // Where there is no outbound rule, EC2 adds one that lets everything out.
            let outbound = group["SecurityGroupEgress"].as_array().unwrap();
            assert!(outbound.iter().all(|rule| rule["IpProtocol"] != "-1" && rule["Description"].is_string()), "{id}");
            assert!(!outbound.is_empty(), "{id}");
        }
    }
}

#[test]
fn what_leads_out_is_what_the_environment_says() {
    let kinds = ["AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::Route"];
    for (name, egress, expected) in [
        ("dev", Egress::Public, [1, 0, 1]),
        ("spot-fleet", Egress::Nat, [1, 3, 4]),
        ("prod", Egress::Endpoints, [0, 0, 0]),
        ("run-command", Egress::Endpoints, [0, 0, 0]),
    ] {
        let environment = environment(name);
        let Some(Network::Create(network)) = &environment.network else { panic!("{name} makes no network") };
        assert_eq!(network.egress, egress);
        assert_eq!(kinds.map(|kind| all(&environment, kind).len()), expected, "{name}");
    }
}

#[test]
fn a_zone_uses_its_own_nat_gateway() {
    let environment = environment("spot-fleet");
    let gateways = of_type(&environment, "AWS::EC2::NatGateway");
    let routes = all(&environment, "AWS::EC2::Route");
    for letter in ["A", "B", "C"] {
        let find = |id: String| routes.iter().find(|(route, _)| *route == id).unwrap().1.clone();
        let route = find(format!("PrivateWayOut{letter}"));
        assert_eq!(route["NatGatewayId"], json!({ "Ref": format!("NatGateway{letter}") }));
        assert_eq!(route["RouteTableId"], json!({ "Ref": format!("PrivateRoutes{letter}") }));
        let (_, gateway) = gateways.iter().find(|(id, _)| *id == format!("NatGateway{letter}")).unwrap();
        assert_eq!(gateway["Properties"]["SubnetId"], json!({ "Ref": format!("PublicSubnet{letter}") }));
    }
}

#[test]
fn endpoints_are_those_of_what_instances_call() {
    let services = |name: &str| {
        let endpoints = all(&environment(name), "AWS::EC2::VPCEndpoint").into_iter().map(|(_, endpoint)| {
            let service = endpoint["ServiceName"]["Fn::Sub"].as_str().unwrap().to_owned();
            service.strip_prefix("com.amazonaws.${AWS::Region}.").unwrap().to_owned()
        });
        endpoints.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(services("dev"), "dynamodb s3");
    assert_eq!(services("spot-fleet"), "dynamodb s3");
    let prod = "autoscaling dynamodb logs monitoring s3 sqs ssm ssmmessages states sts";
    assert_eq!(services("prod"), prod);
    // Nobody takes tasks from a queue where commands do the work.
    assert_eq!(services("run-command"), "dynamodb logs monitoring s3 ssm ssmmessages sts");
}

#[test]
fn endpoints_serve_this_account_only() {
    for environment in environments() {
        for (id, endpoint) in all(&environment, "AWS::EC2::VPCEndpoint") {
            for statement in endpoint["PolicyDocument"]["Statement"].as_array().unwrap() {
                let own = json!([{ "Ref": "AWS::AccountId" }]);
                let is_own = statement["Condition"]["StringEquals"]["aws:PrincipalAccount"] == own;
                // The packages of AWS's agents are public.
                let is_package = statement["Action"] == json!(["s3:GetObject"]) && statement["Resource"] != "*";
                assert!(is_own || is_package, "{}: {id}: {statement}", environment.name);
            }
        }
    }
}

#[test]
fn subnets_lie_in_the_network_and_beside_each_other() {
    let range = |block: &str| {
        let (first, length) = block.split_once('/').unwrap();
        let first = u32::from(first.parse::<Ipv4Addr>().unwrap());
        let size = 1_u64 << (32 - length.parse::<u32>().unwrap());
        u64::from(first)..u64::from(first) + size
    };
    for environment in environments() {
        for (_, network) in all(&environment, "AWS::EC2::VPC") {
            let network = range(network["CidrBlock"].as_str().unwrap());
            let subnets = all(&environment, "AWS::EC2::Subnet");
            let mut blocks: Vec<_> =
                subnets.iter().map(|(_, subnet)| range(subnet["CidrBlock"].as_str().unwrap())).collect();
            blocks.sort_by_key(|block| block.start);
            assert!(blocks.iter().all(|block| network.contains(&block.start) && block.end <= network.end));
            assert!(blocks.windows(2).all(|pair| pair[0].end <= pair[1].start), "{blocks:?}");
            let zones: BTreeSet<_> = subnets.iter().map(|(_, subnet)| subnet["AvailabilityZone"].to_string()).collect();
            assert!(zones.len() >= 2, "{}", environment.name);
        }
    }
}

#[test]
fn another_zone_moves_no_subnet() {
    let mut environment = environment("prod");
    let blocks = |environment: &Environment| -> BTreeMap<String, String> {
        let subnets = of_type(environment, "AWS::EC2::Subnet").into_iter();
        subnets.map(|(id, subnet)| (id, subnet["Properties"]["CidrBlock"].to_string())).collect()
    };
    let three = blocks(&environment);
    let Some(Network::Create(network)) = &mut environment.network else { panic!("no network") };
    network.zones.remove(1);
    let two = blocks(&environment);
    assert_eq!((three.len(), two.len()), (3, 2));
    assert!(two.iter().all(|(id, block)| three[id] == *block), "{three:?} {two:?}");
}

#[test]
fn every_network_logs_its_traffic() {
    for environment in environments() {
        let networks = all(&environment, "AWS::EC2::VPC").len();
        let logs = all(&environment, "AWS::EC2::FlowLog");
        assert_eq!(logs.len(), networks, "{}", environment.name);
        assert!(logs.iter().all(|(_, log)| log["TrafficType"] == "ALL"));
    }
}

#[test]
fn what_is_there_already_is_not_made() {
    assert!(synth(&environment("exports")).stack("network").is_none());
    let made = resources(&environment("existing-network")).into_iter().filter(|(stack, ..)| stack == "network");
    assert_eq!(made.map(|(_, id, _)| id).collect::<Vec<_>>(), ["Workers"]);
}

/// Calls the function with an EC2 of its own; prints what it revoked and what it answered.
const CALL: &str = r#"
import io, json, sys, types
refusals = int(sys.argv[2])
calls = []
class Ec2:
    def get_paginator(self, name):
        return self
    def paginate(self, Filters):
        global refusals
        if refusals:
            refusals -= 1
            raise RuntimeError("UnauthorizedOperation" if refusals < 5 else "broken")
        rules = [{"SecurityGroupRuleId": "sgr-in", "IsEgress": False}, {"SecurityGroupRuleId": "sgr-out", "IsEgress": True}]
        return [{"SecurityGroupRules": [rule]} for rule in rules]
    def revoke_security_group_ingress(self, GroupId, SecurityGroupRuleIds):
        calls.append(f"in {GroupId} {SecurityGroupRuleIds}")
    def revoke_security_group_egress(self, GroupId, SecurityGroupRuleIds):
        calls.append(f"out {GroupId} {SecurityGroupRuleIds}")
sys.modules["boto3"] = types.SimpleNamespace(client=lambda name: Ec2())
function = {}
exec(sys.stdin.read(), function)
function["time"].sleep = lambda seconds: None
def urlopen(request, timeout):
    answer = json.loads(request.data)
    calls.append(f"{request.method} {request.full_url} {answer['Status']} {answer['PhysicalResourceId']}")
    return io.BytesIO()
function["urllib"].request.urlopen = urlopen
function["print"] = lambda text: None
event = {"RequestType": sys.argv[1], "StackId": "s", "RequestId": "r", "LogicalResourceId": "l",
    "ResponseURL": "https://example.com/", "ResourceProperties": {"GroupId": "sg-1"}}
function["handler"](event, None)
print("\n".join(calls))
"#;

fn close_default_group(request: &str, refusals: u32) -> String {
    let function = of_type(&environment("prod"), "AWS::Lambda::Function");
    let (_, function) = function.iter().find(|(id, _)| id == "DefaultGroupFunction").unwrap();
    let mut python = Command::new("python3")
        .args(["-c", CALL, request, &refusals.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let code = function["Properties"]["Code"]["ZipFile"].as_str().unwrap();
    python.stdin.take().unwrap().write_all(code.as_bytes()).unwrap();
    String::from_utf8(python.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn the_default_group_is_closed() {
    let closed = "in sg-1 ['sgr-in']\nout sg-1 ['sgr-out']\nPUT https://example.com/ SUCCESS sg-1\n";
    assert_eq!(close_default_group("Create", 0), closed);
    // The role's policy takes effect after a while.
    assert_eq!(close_default_group("Update", 3), closed);
}

#[test]
fn the_stack_hears_of_it_where_the_default_group_cannot_be_closed() {
    assert_eq!(close_default_group("Create", 20), "PUT https://example.com/ FAILED sg-1\n");
}

#[test]
fn the_default_group_is_no_reason_to_keep_a_stack() {
    assert_eq!(close_default_group("Delete", 20), "PUT https://example.com/ SUCCESS sg-1\n");
}

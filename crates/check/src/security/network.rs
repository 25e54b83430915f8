//! Networks and security groups.

use tree::{Finding, Severity};

use super::others::{Others, Use, is_always_beside};
use crate::look::{Resource, View};
use crate::rule::Rule;

/// Checks networks, endpoints and security groups.
pub(super) fn check(resource: &Resource<'_>, others: &Others<'_>, findings: &mut Vec<Finding>) {
    match resource.type_name {
        "AWS::EC2::SecurityGroup" => {
            described(resource.at("GroupDescription"), findings);
            for ingress in resource.at("SecurityGroupIngress").items() {
                self::ingress(ingress, findings);
                described(ingress.get("Description"), findings);
            }
            for egress in resource.at("SecurityGroupEgress").items() {
                described(egress.get("Description"), findings);
            }
        }
        "AWS::EC2::SecurityGroupIngress" => {
            ingress(resource.properties, findings);
            described(resource.at("Description"), findings);
        }
        "AWS::EC2::SecurityGroupEgress" => described(resource.at("Description"), findings),
        "AWS::EC2::VPC" => network(resource, others, findings),
        "AWS::EC2::VPCEndpoint" => {
            let policy = resource.at("PolicyDocument");
            if policy.is_absent() {
                let message = "`PolicyDocument` is absent, so the default endpoint policy allows full access: also \
                     to buckets and queues of other accounts";
                let hint = "set `PolicyDocument` with what is used here";
                findings.push(policy.finding(&ENDPOINT_POLICY, message).hint(hint));
            }
        }
        "AWS::EC2::VPCEndpointService" => {
            let accepted = resource.at("AcceptanceRequired");
            if super::is_off(accepted) {
                let message = format!(
                    "connections are accepted automatically ({}): every permitted principal can connect at once",
                    super::state(accepted)
                );
                findings.push(accepted.finding(&ENDPOINT_ACCEPTANCE, message).hint("set `AcceptanceRequired: true`"));
            }
        }
        _ => {}
    }
}

fn network(network: &Resource<'_>, others: &Others<'_>, findings: &mut Vec<Finding>) {
    let has_logs = others.users(Use::FlowLogs, network).iter().any(|log| is_always_beside(log, network));
    if !has_logs {
        let message =
            "VPC flow logs are off (no `AWS::EC2::FlowLog` of this VPC): nobody can tell later what connected to what";
        findings.push(network.finding(&FLOW_LOGS, message).hint("add an `AWS::EC2::FlowLog` of it"));
    }
    if !others.has(Use::DefaultGroup, network) {
        let message = "the default security group keeps its rules: it allows all traffic between its members, and \
             all outbound traffic";
        let hint = "take its rules away, for example by a custom resource with `DefaultSecurityGroup`";
        findings.push(network.finding(&DEFAULT_GROUP, message).hint(hint));
    }
}

/// Remote desktops and shells.
const ADMINISTRATION: [i64; 2] = [22, 3389];

fn ingress(rule: View<'_>, findings: &mut Vec<Finding>) {
    let from_world = [("CidrIp", "0.0.0.0/0"), ("CidrIpv6", "::/0")].into_iter();
    let Some(world) =
        from_world.map(|(key, all)| (rule.get(key), all)).find(|(view, all)| view.is(all) || is_by_default(*view, all))
    else {
        return;
    };
    let (world, range) = world;
    let protocol = rule.get("IpProtocol");
    let (from, to) = (rule.get("FromPort").integer(), rule.get("ToPort").integer());
    let is_every =
        protocol.is("-1") || (from, to) == (Some(-1), Some(-1)) && !protocol.is("icmp") && !protocol.is("icmpv6");
    let has = |port: i64| from.is_some_and(|from| from <= port) && to.is_some_and(|to| to >= port);
    let is_administration = ADMINISTRATION.into_iter().find(|port| has(*port));
    if is_every || is_administration.is_some() {
        let what =
            is_administration.filter(|_| !is_every).map_or("every port".to_owned(), |port| format!("port {port}"));
        let message = format!("{what} is open to the world ({range})");
        let hint = "use SSM's Session Manager, which needs no open port, or name the addresses";
        findings.push(world.finding(&ADMINISTRATION_OPEN, message).hint(hint));
        return;
    }
    let what = match (from, to) {
        (Some(from), Some(to)) if from == to => format!("port {from} is"),
        (Some(from), Some(to)) => format!("ports {from} to {to} are"),
        _ => "a port is".to_owned(),
    };
    let message = format!("{what} open to the world ({range})");
    findings
        .push(world.finding(&INGRESS_OPEN, message).hint("name the addresses or the security group that may come in"));
}

/// Tells whether a parameter is this unless somebody says otherwise.
fn is_by_default(range: View<'_>, value: &str) -> bool {
    let name = range.tree().and_then(crate::outline::function).filter(|(function, _)| *function == "Ref");
    let parameter = name.and_then(|(_, name)| range.outline.parameters.get(name.as_str()?));
    parameter.and_then(|parameter| parameter.get("Default")?.as_str()) == Some(value)
}

fn described(description: View<'_>, findings: &mut Vec<Finding>) {
    let is_empty = description.text().is_some_and(|text| text.trim().chars().count() < 2);
    if description.is_absent() || is_empty {
        let message = format!("{}: nobody can tell what the security group or rule is for", super::state(description));
        findings.push(description.finding(&DESCRIPTION, message).hint("say who comes here, and why"));
    }
}

pub(crate) static ADMINISTRATION_OPEN: Rule = Rule {
    id: "security/ingress-administration",
    severity: Severity::Error,
    statement: "SSH, remote desktops and whole ranges of ports are not open to the world",
    why: "such ports are found within minutes and tried without end",
    page: "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html",
    bad: r#"{"Resources": {"Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "workers",
        "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0",
            "Description": "shell"}]}}}}"#,
    good: r#"{"Resources": {"Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "workers",
        "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "10.0.0.0/16",
            "Description": "shell"}]}}}}"#,
};

pub(crate) static INGRESS_OPEN: Rule = Rule {
    id: "security/ingress-open",
    severity: Severity::Warning,
    statement: "no port is open to the world but those of public load balancers",
    why: "everything that listens there is tried out by everyone",
    page: "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html",
    bad: r#"{"Resources": {"Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "workers",
        "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "CidrIpv6": "::/0",
            "Description": "status"}]}}}}"#,
    good: r#"{"Resources": {"Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "workers",
        "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "CidrIp": "10.0.0.0/16",
            "Description": "status"}]}}}}"#,
};

pub(crate) static DESCRIPTION: Rule = Rule {
    id: "security/group-description",
    severity: Severity::Info,
    statement: "security groups and their rules have descriptions",
    why: "a rule that nobody understands is never removed",
    page: "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html",
    bad: r#"{"Resources": {"Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "workers",
        "VpcId": "vpc-0123456789abcdef0", "SecurityGroupEgress": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0"}]}}}}"#,
    good: r#"{"Resources": {"Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "workers",
        "VpcId": "vpc-0123456789abcdef0", "SecurityGroupEgress": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0",
            "Description": "to AWS"}]}}}}"#,
};

pub(crate) static FLOW_LOGS: Rule = Rule {
    id: "security/flow-logs",
    severity: Severity::Warning,
    statement: "a VPC has flow logs",
    why: "after a break-in they are what tells where the data went",
    page: "https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html",
    bad: r#"{"Resources": {"Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}}}"#,
    good: r#"{"Resources": {"Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Traffic": {"Type": "AWS::EC2::FlowLog", "Properties": {"ResourceId": {"Ref": "Network"}, "ResourceType": "VPC",
            "TrafficType": "REJECT", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::traffic-of-ours"}}}}"#,
};

pub(crate) static DEFAULT_GROUP: Rule = Rule {
    id: "security/default-group",
    severity: Severity::Info,
    statement: "the default security group of a VPC has no rules",
    why: "whatever is started without a group gets this one",
    page: "https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html",
    bad: r#"{"Resources": {"Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}}}"#,
    good: r#"{"Resources": {"Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Closed": {"Type": "Custom::ClosedGroup", "Properties": {
            "ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:close",
            "Group": {"Fn::GetAtt": ["Network", "DefaultSecurityGroup"]}}}}}"#,
};

pub(crate) static ENDPOINT_POLICY: Rule = Rule {
    id: "security/endpoint-policy",
    severity: Severity::Info,
    statement: "a VPC endpoint has an endpoint policy",
    why: "the endpoint of S3 is also a way out of the network into anybody's bucket",
    page: "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html",
    bad: r#"{"Resources": {"Storage": {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"VpcId": "vpc-0123456789abcdef0",
        "RouteTableIds": ["rtb-0123456789abcdef0"], "ServiceName": {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"}}}}}"#,
    good: r#"{"Resources": {"Storage": {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"VpcId": "vpc-0123456789abcdef0",
        "RouteTableIds": ["rtb-0123456789abcdef0"], "ServiceName": {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"},
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*",
            "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}}}]}}}}}"#,
};

pub(crate) static ENDPOINT_ACCEPTANCE: Rule = Rule {
    id: "security/endpoint-acceptance",
    severity: Severity::Warning,
    statement: "connections to an endpoint service are accepted one by one",
    why: "otherwise each permitted account, and whoever has got into it, is connected at once",
    page: "https://docs.aws.amazon.com/vpc/latest/privatelink/configure-endpoint-service.html",
    bad: r#"{"Resources": {"Service": {"Type": "AWS::EC2::VPCEndpointService", "Properties": {"AcceptanceRequired": false,
        "NetworkLoadBalancerArns":
            ["arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/a/0123456789abcdef"]}}}}"#,
    good: r#"{"Resources": {"Service": {"Type": "AWS::EC2::VPCEndpointService", "Properties": {"AcceptanceRequired": true,
        "NetworkLoadBalancerArns":
            ["arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/a/0123456789abcdef"]}}}}"#,
};

//! The rules about networks.

use tree::Severity;

use crate::rule::Rule;

pub(super) static CIDR: Rule = Rule {
    id: "network/cidr",
    severity: Severity::Error,
    statement: "a block of addresses has from /16 to /28 bits, and a subnet is within its network",
    why: "EC2 refuses the network or the subnet",
    page: "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html",
    bad: r#"{"Resources": {"Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "SubnetA": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Network"},
        "CidrBlock": "10.1.0.0/24"}}}}"#,
    good: r#"{"Resources": {"Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "SubnetA": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Network"},
        "CidrBlock": "10.0.1.0/24"}}}}"#,
};

pub(super) static OVERLAP: Rule = Rule {
    id: "network/overlap",
    severity: Severity::Error,
    statement: "subnets of a network do not overlap",
    why: "EC2 refuses the second of the two",
    page: "https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html",
    bad: r#"{"Resources": {"Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "SubnetA": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Network"},
        "CidrBlock": "10.0.0.0/20"}}, "SubnetB": {"Type": "AWS::EC2::Subnet",
        "Properties": {"VpcId": {"Ref": "Network"}, "CidrBlock": "10.0.8.0/24"}}}}"#,
    good: r#"{"Resources": {"Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "SubnetA": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Network"},
        "CidrBlock": "10.0.0.0/20"}}, "SubnetB": {"Type": "AWS::EC2::Subnet",
        "Properties": {"VpcId": {"Ref": "Network"}, "CidrBlock": "10.0.16.0/24"}}}}"#,
};

pub(super) static ENDPOINT: Rule = Rule {
    id: "network/endpoint",
    severity: Severity::Error,
    statement: "there are gateways to S3 and DynamoDB, in route tables; all else are interfaces, in subnets",
    why: "EC2 refuses the endpoint, or nothing goes through it",
    page: "https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html",
    bad: r#"{"Resources": {"Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Endpoint": {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"VpcId": {"Ref": "Network"},
        "ServiceName": {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"}}}}}"#,
    good: r#"{"Resources": {"Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Routes": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Network"}}},
        "Endpoint": {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"VpcId": {"Ref": "Network"},
        "ServiceName": {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"},
        "RouteTableIds": [{"Ref": "Routes"}]}}}}"#,
};

pub(super) static PRIVATE_DNS: Rule = Rule {
    id: "network/private-dns",
    severity: Severity::Error,
    statement: "private names need the names and the support of the network, and one endpoint of a service has them",
    why: "EC2 refuses the endpoint",
    page: "https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html",
    bad: r#"{"Resources": {"Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "SubnetA": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Network"},
        "CidrBlock": "10.0.0.0/20"}}, "Endpoint": {"Type": "AWS::EC2::VPCEndpoint",
        "Properties": {"VpcId": {"Ref": "Network"}, "VpcEndpointType": "Interface",
        "ServiceName": {"Fn::Sub": "com.amazonaws.${AWS::Region}.sqs"}, "PrivateDnsEnabled": true,
        "SubnetIds": [{"Ref": "SubnetA"}]}}}}"#,
    good: r#"{"Resources": {"Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16",
        "EnableDnsHostnames": true}}, "SubnetA": {"Type": "AWS::EC2::Subnet",
        "Properties": {"VpcId": {"Ref": "Network"}, "CidrBlock": "10.0.0.0/20"}},
        "Endpoint": {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"VpcId": {"Ref": "Network"},
        "VpcEndpointType": "Interface", "ServiceName": {"Fn::Sub": "com.amazonaws.${AWS::Region}.sqs"},
        "PrivateDnsEnabled": true, "SubnetIds": [{"Ref": "SubnetA"}]}}}}"#,
};

pub(super) static ROUTE: Rule = Rule {
    id: "network/route",
    severity: Severity::Error,
    statement: "a route leads one way, and no two of a table have the same destination",
    why: "EC2 refuses the route",
    page: "https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html",
    bad: r#"{"Resources": {"Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Routes": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Network"}}},
        "Gateway": {"Type": "AWS::EC2::InternetGateway"},
        "Attachment": {"Type": "AWS::EC2::VPCGatewayAttachment",
        "Properties": {"VpcId": {"Ref": "Network"}, "InternetGatewayId": {"Ref": "Gateway"}}},
        "Out": {"Type": "AWS::EC2::Route", "Properties": {"RouteTableId": {"Ref": "Routes"},
        "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": {"Ref": "Gateway"}}, "DependsOn": "Attachment"},
        "Again": {"Type": "AWS::EC2::Route", "Properties": {"RouteTableId": {"Ref": "Routes"},
        "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": {"Ref": "Gateway"}}, "DependsOn": "Attachment"}}}"#,
    good: r#"{"Resources": {"Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Routes": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Network"}}},
        "Gateway": {"Type": "AWS::EC2::InternetGateway"},
        "Attachment": {"Type": "AWS::EC2::VPCGatewayAttachment",
        "Properties": {"VpcId": {"Ref": "Network"}, "InternetGatewayId": {"Ref": "Gateway"}}},
        "Out": {"Type": "AWS::EC2::Route", "Properties": {"RouteTableId": {"Ref": "Routes"},
        "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": {"Ref": "Gateway"}}, "DependsOn": "Attachment"}}}"#,
};

pub(super) static GATEWAY: Rule = Rule {
    id: "network/gateway",
    severity: Severity::Warning,
    statement: "a route to an internet gateway waits until the gateway is attached",
    why: "CloudFormation makes both at once; when the route is first, EC2 refuses it, and the stack rolls back",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html",
    bad: r#"{"Resources": {"Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Routes": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Network"}}},
        "Gateway": {"Type": "AWS::EC2::InternetGateway"},
        "Attachment": {"Type": "AWS::EC2::VPCGatewayAttachment",
        "Properties": {"VpcId": {"Ref": "Network"}, "InternetGatewayId": {"Ref": "Gateway"}}},
        "Out": {"Type": "AWS::EC2::Route", "Properties": {"RouteTableId": {"Ref": "Routes"},
        "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": {"Ref": "Gateway"}}}}}"#,
    good: r#"{"Resources": {"Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Routes": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Network"}}},
        "Gateway": {"Type": "AWS::EC2::InternetGateway"},
        "Attachment": {"Type": "AWS::EC2::VPCGatewayAttachment",
        "Properties": {"VpcId": {"Ref": "Network"}, "InternetGatewayId": {"Ref": "Gateway"}}},
        "Out": {"Type": "AWS::EC2::Route", "Properties": {"RouteTableId": {"Ref": "Routes"},
        "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": {"Ref": "Gateway"}}, "DependsOn": "Attachment"}}}"#,
};

pub(super) static PORTS: Rule = Rule {
    id: "network/ports",
    severity: Severity::Error,
    statement: "a rule of a security group goes from a port up to a port",
    why: "EC2 refuses the rule",
    page: "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html",
    bad: r#"{"Resources": {"Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "Workers",
        "VpcId": "vpc-0123456789abcdef0", "SecurityGroupEgress": [{"IpProtocol": "tcp", "FromPort": 443,
        "ToPort": 80, "CidrIp": "10.0.0.0/16"}]}}}}"#,
    good: r#"{"Resources": {"Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "Workers",
        "VpcId": "vpc-0123456789abcdef0", "SecurityGroupEgress": [{"IpProtocol": "tcp", "FromPort": 443,
        "ToPort": 443, "CidrIp": "10.0.0.0/16"}]}}}}"#,
};

/// The rules of this file.
pub(super) static RULES: &[&Rule] = &[&CIDR, &OVERLAP, &ENDPOINT, &PRIVATE_DNS, &ROUTE, &GATEWAY, &PORTS];

//! What an account has and may have: the answers are shaped as the services' models in botocore say, and as their API
//! references show them.

use cloud::ErrorKind;
use cloud::alarms::{AlarmDescription, AlarmState};
use cloud::auto_scaling::Group;
use cloud::instances::{Image, Offering};
use serde_json::{Value, json};

use crate::{Answer, Server, ok};

fn xml(body: &str) -> Answer {
    ok("Content-Type: text/xml\r\n", &format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}"))
}

fn refused_by_query(status: u16, code: &str) -> Answer {
    let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>said IAM</Message></Error>");
    Answer::Send(status, "", format!("<ErrorResponse>{error}<RequestId>R1</RequestId></ErrorResponse>"))
}

fn refused_by_ec2(status: u16, code: &str) -> Answer {
    let errors = format!("<Errors><Error><Code>{code}</Code><Message>said EC2</Message></Error></Errors>");
    Answer::Send(status, "", format!("<Response>{errors}<RequestID>R1</RequestID></Response>"))
}

fn refused_by_json(code: &str) -> Answer {
    let body = json!({"__type": code, "Message": "said Service Quotas"}).to_string();
    Answer::Send(400, "Content-Type: application/x-amz-json-1.1\r\nx-amzn-RequestId: R1\r\n", body)
}

fn bodies(server: &Server) -> Vec<String> {
    server.all().into_iter().map(|request| request.body).collect()
}

#[tokio::test]
async fn alarms_of_both_kinds_are_described_page_by_page() {
    let first = "<DescribeAlarmsResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><DescribeAlarmsResult>\
        <CompositeAlarms><member><AlarmName>blue</AlarmName><AlarmArn>arn:1</AlarmArn><AlarmRule>ALARM(\"x\")</AlarmRule>\
        <StateValue>OK</StateValue><StateReason>all &lt; 1</StateReason>\
        <StateUpdatedTimestamp>2026-01-02T03:04:05.678Z</StateUpdatedTimestamp></member></CompositeAlarms><MetricAlarms/>\
        <NextToken>more</NextToken></DescribeAlarmsResult><ResponseMetadata><RequestId>R1</RequestId></ResponseMetadata>\
        </DescribeAlarmsResponse>";
    let second = "<DescribeAlarmsResponse><DescribeAlarmsResult><MetricAlarms><member><AlarmName>depth</AlarmName>\
        <AlarmArn>arn:2</AlarmArn><Dimensions><member><Name>QueueName</Name><Value>q</Value></member></Dimensions>\
        <StateValue>INSUFFICIENT_DATA</StateValue></member></MetricAlarms></DescribeAlarmsResult></DescribeAlarmsResponse>";
    let server = Server::start(vec![xml(first), xml(second)]).await;
    let names = ["blue".to_owned(), "depth".to_owned(), "gone".to_owned()];
    let alarms = server.cloud.alarms.describe(&names).await.expect("alarms");
    let expected = [
        AlarmDescription {
            name: "blue".to_owned(),
            arn: "arn:1".to_owned(),
            state: AlarmState::Ok,
            reason: "all < 1".to_owned(),
            changed: "2026-01-02T03:04:05.678Z".parse().ok(),
        },
        AlarmDescription {
            name: "depth".to_owned(),
            arn: "arn:2".to_owned(),
            state: AlarmState::InsufficientData,
            reason: String::new(),
            changed: None,
        },
    ];
    assert_eq!(alarms, expected);
    let asked = "AlarmNames.member.1=blue&AlarmNames.member.2=depth&AlarmNames.member.3=gone\
                 &AlarmTypes.member.1=MetricAlarm&AlarmTypes.member.2=CompositeAlarm&MaxRecords=100";
    let call = "&Action=DescribeAlarms&Version=2010-08-01";
    assert_eq!(bodies(&server), [format!("{asked}{call}"), format!("{asked}&NextToken=more{call}")]);
}

/// Without names, the service would describe every alarm of the account; and it takes a hundred at once.
#[tokio::test]
async fn no_alarm_is_asked_for_nothing_and_many_in_parts() {
    let empty = "<DescribeAlarmsResponse><DescribeAlarmsResult/></DescribeAlarmsResponse>";
    let server = Server::start(vec![xml(empty), xml(empty)]).await;
    assert_eq!(server.cloud.alarms.describe(&[]).await.expect("none"), []);
    assert_eq!(server.requests().len(), 0);
    let many: Vec<_> = (1..=101).map(|number| format!("a{number}")).collect();
    assert_eq!(server.cloud.alarms.describe(&many).await.expect("none"), []);
    let bodies = bodies(&server);
    assert!(bodies[0].contains("AlarmNames.member.100=a100&AlarmTypes"), "{}", bodies[0]);
    assert!(bodies[1].starts_with("AlarmNames.member.1=a101&AlarmTypes"), "{}", bodies[1]);
}

#[tokio::test]
async fn only_healthy_instances_in_service_count() {
    let instance = |state: &str, health: &str| {
        format!("<member><LifecycleState>{state}</LifecycleState><HealthStatus>{health}</HealthStatus></member>")
    };
    let instances = [
        instance("InService", "Healthy"),
        instance("Pending:Wait", "Healthy"),
        instance("InService", "Unhealthy"),
        instance("InService", "Healthy"),
    ];
    let group = |groups: &str| {
        let result = format!("<AutoScalingGroups>{groups}</AutoScalingGroups>");
        xml(&format!(
            "<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult>{result}\
             </DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>"
        ))
    };
    let found = format!(
        "<member><MinSize>0</MinSize><MaxSize>8</MaxSize><DesiredCapacity>4</DesiredCapacity>\
         <Instances>{}</Instances></member>",
        instances.concat()
    );
    let server = Server::start(vec![group(&found), group("")]).await;
    let groups = &server.cloud.auto_scaling;
    let expected = Group { desired: 4, minimum: 0, maximum: 8, in_service: 2 };
    assert_eq!(groups.group("baleen-prod-blue").await.expect("an answer"), Some(expected));
    assert_eq!(groups.group("gone").await.expect("an answer"), None);
    assert_eq!(
        bodies(&server)[0],
        "AutoScalingGroupNames.member.1=baleen-prod-blue&Action=DescribeAutoScalingGroups&Version=2011-01-01"
    );
}

#[tokio::test]
async fn an_image_is_described_or_is_not_there() {
    let image = "<DescribeImagesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r</requestId>\
        <imagesSet><item><imageId>ami-1</imageId><imageState>available</imageState><architecture>x86_64</architecture>\
        <productCodes><item><productCode>p</productCode><type>marketplace</type></item></productCodes>\
        <name>Bluewhale 1.2</name></item></imagesSet></DescribeImagesResponse>";
    let server = Server::start(vec![
        xml(image),
        xml("<DescribeImagesResponse><imagesSet/></DescribeImagesResponse>"),
        refused_by_ec2(400, "InvalidAMIID.NotFound"),
        refused_by_ec2(400, "InvalidAMIID.Malformed"),
        xml("<DescribeImagesResponse>"),
    ])
    .await;
    let instances = &server.cloud.instances;
    let expected = Image {
        id: "ami-1".to_owned(),
        name: "Bluewhale 1.2".to_owned(),
        state: "available".to_owned(),
        architecture: "x86_64".to_owned(),
    };
    assert_eq!(instances.image("ami-1").await.expect("an answer"), Some(expected));
    assert_eq!(instances.image("ami-2").await.expect("an answer"), None);
    assert_eq!(instances.image("ami-3").await.expect("an answer"), None);
    let malformed = instances.image("ami").await.expect_err("refused");
    assert_eq!(malformed.kind, ErrorKind::Validation);
    assert_eq!(malformed.to_string(), "ec2:DescribeImages: ami: said EC2 (InvalidAMIID.Malformed, request R1)");
    assert_eq!(instances.image("ami-4").await.expect_err("cut off").kind, ErrorKind::Unavailable);
    assert_eq!(bodies(&server)[0], "ImageId.1=ami-1&Action=DescribeImages&Version=2016-11-15");
}

#[tokio::test]
async fn instance_types_are_looked_for_in_zones_page_by_page() {
    let page = |zone: &str, token: &str| {
        let item = "<instanceType>g6e.xlarge</instanceType><locationType>availability-zone</locationType>";
        xml(&format!(
            "<DescribeInstanceTypeOfferingsResponse><instanceTypeOfferingSet><item>{item}<location>{zone}</location>\
             </item></instanceTypeOfferingSet>{token}</DescribeInstanceTypeOfferingsResponse>"
        ))
    };
    let server = Server::start(vec![page("a", "<nextToken>more</nextToken>"), page("b", "<nextToken/>")]).await;
    let types = ["g6e.xlarge".to_owned(), "g6.xlarge".to_owned()];
    let offered = server.cloud.instances.offerings(&types).await.expect("an answer");
    let at = |zone: &str| Offering { instance_type: "g6e.xlarge".to_owned(), zone: zone.to_owned() };
    assert_eq!(offered, [at("a"), at("b")]);
    assert_eq!(server.cloud.instances.offerings(&[]).await.expect("none"), []);
    let asked = "LocationType=availability-zone&Filter.1.Name=instance-type&Filter.1.Value.1=g6e.xlarge\
                 &Filter.1.Value.2=g6.xlarge";
    let call = "&Action=DescribeInstanceTypeOfferings&Version=2016-11-15";
    assert_eq!(bodies(&server), [format!("{asked}{call}"), format!("{asked}&NextToken=more{call}")]);
}

#[tokio::test]
async fn a_launch_is_tried_dry() {
    let server = Server::start(vec![
        refused_by_ec2(412, "DryRunOperation"),
        refused_by_ec2(401, "OptInRequired"),
        refused_by_ec2(403, "UnauthorizedOperation"),
    ])
    .await;
    let instances = &server.cloud.instances;
    instances.may_launch("ami-1", "g6e.xlarge", Some("subnet-1")).await.expect("it may");
    let unsubscribed = instances.may_launch("ami-1", "g6e.xlarge", None).await.expect_err("no subscription");
    assert_eq!((unsubscribed.kind, unsubscribed.code.as_deref()), (ErrorKind::Service, Some("OptInRequired")));
    let denied = instances.may_launch("ami-1", "g6e.xlarge", None).await.expect_err("no permission");
    assert_eq!(denied.kind, ErrorKind::AccessDenied);
    let asked = "DryRun=true&ImageId=ami-1&InstanceType=g6e.xlarge&MinCount=1&MaxCount=1";
    let call = "&Action=RunInstances&Version=2016-11-15";
    assert_eq!(bodies(&server)[..2], [format!("{asked}&SubnetId=subnet-1{call}"), format!("{asked}{call}")]);
}

#[tokio::test]
async fn a_quota_is_the_applied_one_or_else_the_default() {
    let quota = |value: f64| {
        let quota = json!({"ServiceCode": "ec2", "QuotaCode": "L-1", "Value": value, "Unit": "None"});
        ok("Content-Type: application/x-amz-json-1.1\r\n", &json!({"Quota": quota}).to_string())
    };
    let absent = || refused_by_json("NoSuchResourceException");
    let server = Server::start(vec![
        quota(64.0),
        absent(),
        quota(0.0),
        absent(),
        absent(),
        refused_by_json("com.amazonaws.servicequotas#AccessDeniedException"),
    ])
    .await;
    let quotas = &server.cloud.quotas;
    assert_eq!(quotas.quota("ec2", "L-1").await.expect("an answer"), Some(64.0));
    assert_eq!(quotas.quota("ec2", "L-1").await.expect("an answer"), Some(0.0));
    assert_eq!(quotas.quota("ec2", "L-2").await.expect("an answer"), None);
    let denied = quotas.quota("ec2", "L-1").await.expect_err("denied");
    assert_eq!(denied.kind, ErrorKind::AccessDenied);
    assert!(denied.to_string().ends_with("said Service Quotas (AccessDeniedException, request R1)"), "{denied}");

    let requests = server.all();
    let operations: Vec<_> = requests.iter().map(|request| request.operation.as_str()).collect();
    let (applied, default) =
        ("ServiceQuotasV20190624.GetServiceQuota", "ServiceQuotasV20190624.GetAWSDefaultServiceQuota");
    assert_eq!(operations, [applied, applied, default, applied, default, applied]);
    let first = &requests[0];
    assert_eq!(
        serde_json::from_str::<Value>(&first.body).expect("JSON"),
        json!({"ServiceCode": "ec2", "QuotaCode": "L-1"})
    );
    assert!(first.head.contains("content-type: application/x-amz-json-1.1\r\n"), "{}", first.head);
    assert!(first.head.contains("/us-east-1/servicequotas/aws4_request"), "{}", first.head);
    // The header that names the operation is signed, too.
    assert!(first.head.contains("x-amz-target,") || first.head.contains("x-amz-target;"), "{}", first.head);
}

#[tokio::test]
async fn a_parameter_is_read_or_is_not_there() {
    let json = "Content-Type: application/x-amz-json-1.1\r\n";
    let found = json!({"Parameter": {"Name": "/x", "Type": "String", "Value": "ami-1", "Version": 3}});
    let server = Server::start(vec![ok(json, &found.to_string()), refused_by_json("ParameterNotFound")]).await;
    assert_eq!(server.cloud.parameters.get("/x").await.expect("an answer").as_deref(), Some("ami-1"));
    assert_eq!(server.cloud.parameters.get("/y").await.expect("an answer"), None);
}

#[tokio::test]
async fn a_role_exists_or_does_not() {
    let role = "<GetRoleResponse><GetRoleResult><Role><RoleName>r</RoleName></Role></GetRoleResult></GetRoleResponse>";
    let server = Server::start(vec![xml(role), refused_by_query(404, "NoSuchEntity")]).await;
    assert!(server.cloud.roles.exists("AWSServiceRoleForEC2Spot").await.expect("an answer"));
    assert!(!server.cloud.roles.exists("AWSServiceRoleForEC2Spot").await.expect("an answer"));
    assert_eq!(bodies(&server)[0], "RoleName=AWSServiceRoleForEC2Spot&Action=GetRole&Version=2010-05-08");
}

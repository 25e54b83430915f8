//! What an instance says of itself, and what it says to its group and to CloudWatch.

use cloud::ErrorKind;
use cloud::metrics::Datum;

use crate::{Answer, Server, ok};

fn refusal(status: u16, code: &str, message: &str) -> Answer {
    let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
    Answer::Send(status, "", format!("<ErrorResponse>{error}<RequestId>R1</RequestId></ErrorResponse>"))
}

#[tokio::test]
async fn a_group_is_told_by_signed_forms() {
    let server = Server::start(vec![ok("", "<SetInstanceProtectionResponse/>"), ok("", "")]).await;
    let group = &server.cloud.auto_scaling;
    group.set_protection("a group/é", "i-1", true).await.expect("told");
    group.complete_lifecycle_action("group", "farewell", "i-1").await.expect("told");
    let requests = server.all();
    assert!(requests.iter().all(|request| request.line == "POST / HTTP/1.1"), "{:?}", server.requests());
    let bodies: Vec<_> = requests.iter().map(|request| request.body.as_str()).collect();
    assert_eq!(
        bodies,
        [
            "AutoScalingGroupName=a%20group%2F%C3%A9&InstanceIds.member.1=i-1&ProtectedFromScaleIn=true\
             &Action=SetInstanceProtection&Version=2011-01-01",
            "AutoScalingGroupName=group&LifecycleHookName=farewell&InstanceId=i-1&LifecycleActionResult=CONTINUE\
             &Action=CompleteLifecycleAction&Version=2011-01-01",
        ]
    );
    for request in requests {
        assert!(request.head.contains("content-type: application/x-www-form-urlencoded\r\n"), "{}", request.head);
        let signature = "authorization: AWS4-HMAC-SHA256 Credential=local/";
        assert!(request.head.contains(signature), "{}", request.head);
        assert!(request.head.contains("/us-east-1/autoscaling/aws4_request"), "{}", request.head);
    }
}

#[tokio::test]
async fn what_a_group_refuses_is_said_and_what_passes_is_tried_again() {
    let message = "The instance i-1 is not in &quot;InService&quot; state";
    let server = Server::start(vec![refusal(400, "ValidationError", message)]).await;
    let error = server.cloud.auto_scaling.set_protection("group", "i-1", true).await.expect_err("refused");
    assert_eq!((error.kind, error.code.as_deref()), (ErrorKind::Validation, Some("ValidationError")));
    assert_eq!(
        error.to_string(),
        "autoscaling:SetInstanceProtection: i-1: The instance i-1 is not in \"InService\" state \
         (ValidationError, request R1)"
    );
    assert_eq!(server.requests().len(), 1);

    for passing in [refusal(400, "Throttling", "Rate exceeded"), refusal(503, "ServiceUnavailable", ""), Answer::Close]
    {
        let server = Server::start(vec![passing, ok("", "")]).await;
        server.cloud.auto_scaling.set_protection("group", "i-1", true).await.expect("the second try");
        assert_eq!(server.requests().len(), 2);
    }
    let server = Server::start(vec![refusal(403, "AccessDenied", "no"); 3]).await;
    let error = server.cloud.auto_scaling.complete_lifecycle_action("g", "h", "i-1").await.expect_err("denied");
    assert_eq!((error.kind, server.requests().len()), (ErrorKind::AccessDenied, 1));
}

#[tokio::test]
async fn metrics_are_sent_with_their_values_and_counts() {
    let server = Server::start(vec![ok("", "")]).await;
    let datum = Datum {
        name: "TaskSeconds".to_owned(),
        dimensions: vec![("App".to_owned(), "baleen".to_owned())],
        values: vec![(1.5, 2.0), (12.0, 1.0)],
        unit: "Seconds",
    };
    server.cloud.metrics.put("Baleen", &[datum]).await.expect("kept");
    let request = server.all().remove(0);
    assert!(request.head.contains("/us-east-1/monitoring/aws4_request"), "{}", request.head);
    assert_eq!(
        request.body,
        "Namespace=Baleen&MetricData.member.1.MetricName=TaskSeconds&MetricData.member.1.Unit=Seconds\
         &MetricData.member.1.Dimensions.member.1.Name=App&MetricData.member.1.Dimensions.member.1.Value=baleen\
         &MetricData.member.1.Values.member.1=1.5&MetricData.member.1.Counts.member.1=2\
         &MetricData.member.1.Values.member.2=12&MetricData.member.1.Counts.member.2=1\
         &Action=PutMetricData&Version=2010-08-01"
    );
}

#[tokio::test]
async fn an_instance_is_asked_with_a_token() {
    let token = ok("X-Aws-Ec2-Metadata-Token-Ttl-Seconds: 21600\r\n", "T1");
    let missing = Answer::Send(404, "", "Not Found".to_owned());
    let server = Server::start(vec![token, ok("", "i-1\n"), missing]).await;
    let metadata = &server.cloud.metadata;
    assert_eq!(metadata.get("instance-id").await.expect("an answer").as_deref(), Some("i-1"));
    assert_eq!(metadata.get("spot/instance-action").await.expect("an answer"), None);
    let lines = server.requests();
    assert_eq!(
        lines,
        [
            "PUT /latest/api/token HTTP/1.1",
            "GET /latest/meta-data/instance-id HTTP/1.1",
            "GET /latest/meta-data/spot/instance-action HTTP/1.1",
        ]
    );
    assert!(server.all().iter().skip(1).all(|request| request.head.contains("x-aws-ec2-metadata-token: T1\r\n")));
}

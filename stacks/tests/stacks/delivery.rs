//! The way of streams to viewers.

use serde_json::{Value, json};

use crate::support::{environment, environments, of_type, resource, resources};

fn distribution(name: &str) -> Value {
    resource(&environment(name), "delivery", "Distribution")["Properties"]["DistributionConfig"].clone()
}

#[test]
fn viewers_come_by_tls_only() {
    for name in ["dev", "prod"] {
        let config = distribution(name);
        assert_eq!(config["DefaultCacheBehavior"]["ViewerProtocolPolicy"], "https-only", "{name}");
        assert!(config["Logging"]["Bucket"].is_object(), "{name}");
    }
    let certificate = &distribution("prod")["ViewerCertificate"];
    assert_eq!(certificate["MinimumProtocolVersion"], "TLSv1.2_2021");
    assert_eq!(distribution("dev")["ViewerCertificate"], json!({ "CloudFrontDefaultCertificate": true }));
}

#[test]
fn the_distribution_alone_reads_the_streams() {
    for environment in environments() {
        let all = resources(&environment);
        let policies: Vec<_> = all.iter().filter(|(_, id, _)| id == "DeliveryPolicy").collect();
        let [(stack, _, policy)] = policies.as_slice() else { panic!("{}: {policies:?}", environment.name) };
        let expected = if environment.delivery.is_some() { "delivery" } else { "storage" };
        assert_eq!(stack, expected, "{}", environment.name);
        let allowed: Vec<_> = policy["Properties"]["PolicyDocument"]["Statement"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|statement| statement["Effect"] == "Allow")
            .collect();
        if environment.delivery.is_none() {
            assert_eq!(allowed, Vec::<&Value>::new(), "{}", environment.name);
            continue;
        }
        let [read] = allowed.as_slice() else { panic!("{allowed:?}") };
        assert_eq!(read["Action"], json!(["s3:GetObject"]));
        assert_eq!(read["Principal"], json!({ "Service": "cloudfront.amazonaws.com" }));
        let source = read["Condition"]["StringEquals"]["aws:SourceArn"].to_string();
        assert!(source.contains("distribution/${Distribution}"), "{source}");
    }
}

#[test]
fn the_origin_is_asked_with_a_signature() {
    let environment = environment("dev");
    for (_, access) in of_type(&environment, "AWS::CloudFront::OriginAccessControl") {
        let config = &access["Properties"]["OriginAccessControlConfig"];
        assert_eq!((&config["SigningBehavior"], &config["SigningProtocol"]), (&json!("always"), &json!("sigv4")));
    }
    let origin = &distribution("dev")["Origins"][0];
    assert_eq!(origin["OriginAccessControlId"], json!({ "Ref": "Access" }));
}

#[test]
fn players_of_the_sites_that_are_named_may_play() {
    let headers = resource(&environment("prod"), "delivery", "Headers");
    let cors = &headers["Properties"]["ResponseHeadersPolicyConfig"]["CorsConfig"];
    assert_eq!(cors["AccessControlAllowOrigins"]["Items"], json!(["https://www.example.com"]));
    assert_eq!(cors["AccessControlAllowMethods"]["Items"], json!(["GET", "HEAD", "OPTIONS"]));
}

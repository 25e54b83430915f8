//! What faces viewers: distributions, load balancers and certificates.

use tree::{Finding, Severity};

use super::data::DELETION_PROTECTION;
use super::logs::ACCESS_LOGS;
use super::others::{Others, Use};
use super::policy::shown;
use crate::look::{Resource, View};
use crate::rule::Rule;
use crate::words::quoted;

/// Checks a distribution.
pub(super) fn distribution(distribution: &Resource<'_>, findings: &mut Vec<Finding>) {
    let config = distribution.at("DistributionConfig");
    let Some(_) = config.known() else { return };
    let certificate = config.get("ViewerCertificate");
    let version = certificate.get("MinimumProtocolVersion");
    if certificate.is_absent() || certificate.get("CloudFrontDefaultCertificate").flag() == Some(true) {
        let message = format!(
            "{}, so the default certificate of CloudFront is used: viewers may use TLS 1.0",
            certificate_state(certificate)
        );
        let hint = "use a certificate of your own, with `MinimumProtocolVersion: TLSv1.2_2021`";
        findings.push(certificate.finding(&TLS_VERSION, message).hint(hint));
    } else if version.is_absent() || version.text().is_some_and(|version| !is_current(&version)) {
        let given =
            version.text().map_or_else(|| "is absent (`TLSv1`)".to_owned(), |text| format!("is {}", quoted(&text)));
        let message = format!("`MinimumProtocolVersion` {given}: viewers may use TLS older than 1.2");
        findings.push(version.finding(&TLS_VERSION, message).hint("set it to `TLSv1.2_2021` or later"));
    }
    let behaviours = [config.get("DefaultCacheBehavior")].into_iter().chain(config.get("CacheBehaviors").items());
    for policy in behaviours.map(|behaviour| behaviour.get("ViewerProtocolPolicy")) {
        if policy.is("allow-all") {
            let message = "`ViewerProtocolPolicy` is `allow-all`: viewers may use HTTP without TLS";
            findings.push(policy.finding(&HTTPS, message).hint("set it to `redirect-to-https` or `https-only`"));
        }
    }
    for origin in config.get("Origins").items() {
        self::origin(origin, findings);
    }
    let logs = config.get("Logging");
    if logs.is_absent() {
        let message = "access logging is off (`Logging` is absent): nobody can tell who requested what";
        findings.push(logs.finding(&ACCESS_LOGS, message).hint("set `Logging`"));
    }
    let acl = config.get("WebACLId");
    if acl.is_absent() {
        let message = "`WebACLId` is absent: requests reach the origins without AWS WAF";
        findings.push(acl.finding(&WAF, message).hint("set `WebACLId`, where it is worth its price"));
    }
}

/// Says why a distribution uses the default certificate of CloudFront.
fn certificate_state(certificate: View<'_>) -> String {
    super::state(if certificate.is_absent() { certificate } else { certificate.get("CloudFrontDefaultCertificate") })
}

fn is_current(version: &str) -> bool {
    version.starts_with("TLSv1.2") || version.starts_with("TLSv1.3")
}

fn origin(origin: View<'_>, findings: &mut Vec<Finding>) {
    let custom = origin.get("CustomOriginConfig");
    let policy = custom.get("OriginProtocolPolicy");
    if policy.is("http-only") || policy.is("match-viewer") {
        let message = format!("{}: CloudFront may fetch from this origin without TLS", super::state(policy));
        findings.push(policy.finding(&HTTPS, message).hint("set it to `https-only`"));
    }
    let protocols = custom.get("OriginSSLProtocols");
    if let Some(old) = protocols.items().find(|protocol| protocol.text().is_some_and(|name| !is_current(&name))) {
        let message = format!(
            "`OriginSSLProtocols` has {}: CloudFront may use TLS older than 1.2 to this origin",
            old.text().map(|name| quoted(&name)).unwrap_or_default()
        );
        findings.push(old.finding(&TLS_VERSION, message).hint("leave `TLSv1.2` only"));
    } else if custom.is_known() && protocols.is_absent() && !policy.is("http-only") {
        let message = "`OriginSSLProtocols` is absent: CloudFront may use TLS 1.0 and SSLv3 to this origin";
        findings.push(protocols.finding(&TLS_VERSION, message).hint("set it to `[TLSv1.2]`"));
    }
    let is_bucket = shown(origin.get("DomainName")).contains(".s3") || {
        let target = origin.get("DomainName").target();
        target.is_some_and(|target| target.resource.type_name == "AWS::S3::Bucket")
    };
    let control = origin.get("OriginAccessControlId");
    let identity = origin.at("S3OriginConfig/OriginAccessIdentity");
    let has_identity = !identity.is_absent() && !identity.is("");
    // A website of S3 is no origin of S3's kind, and has no control.
    let has_control = !control.is_absent() && !control.is("");
    if is_bucket && custom.is_absent() && !has_control {
        let how = if has_identity { "by an origin access identity, which is legacy" } else { "without a signature" };
        let message =
            format!("origin access control is off ({}): CloudFront reads this bucket {how}", super::state(control));
        let hint = "set `OriginAccessControlId`, and let only the distribution in by the bucket's policy";
        findings.push(control.finding(&ORIGIN_ACCESS, message).hint(hint));
    }
}

/// Checks load balancers and their listeners.
pub(super) fn balancer(resource: &Resource<'_>, findings: &mut Vec<Finding>) {
    match resource.type_name {
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => attributes(resource, findings),
        "AWS::ElasticLoadBalancingV2::Listener" => listener(resource, findings),
        "AWS::ElasticLoadBalancing::LoadBalancer" => {
            let message = "this is a Classic Load Balancer, the previous generation: it has neither TLS 1.3 nor rules";
            findings.push(resource.finding(&CLASSIC, message).hint("use an Application or Network Load Balancer"));
            let logs = resource.at("AccessLoggingPolicy/Enabled");
            if super::is_off(logs) {
                let message =
                    format!("access logging is off ({}): nobody can tell who sent which request", super::state(logs));
                findings.push(logs.finding(&ACCESS_LOGS, message).hint("set `AccessLoggingPolicy`"));
            }
            for protocol in resource.at("Listeners").items().map(|listener| listener.get("Protocol")) {
                if protocol.is("HTTP") || protocol.is("TCP") || protocol.is("http") || protocol.is("tcp") {
                    let message = format!("{}: clients connect without TLS", super::state(protocol));
                    findings.push(protocol.finding(&HTTPS, message).hint("set it to `HTTPS` or `SSL`"));
                }
            }
        }
        _ => {}
    }
}

fn attributes(balancer: &Resource<'_>, findings: &mut Vec<Finding>) {
    let list = balancer.at("LoadBalancerAttributes");
    if list.is_unknown() || !list.is_closed() {
        return;
    }
    let value = |key: &str| list.items().find(|attribute| attribute.get("Key").is(key)).map(|found| found.get("Value"));
    let is_off = |key: &str| value(key).is_none_or(|value| value.flag() == Some(false));
    let kind = balancer.at("Type");
    let place = |key: &str| value(key).unwrap_or(list);
    let is_application = kind.is_absent() || kind.is("application");
    if is_off("access_logs.s3.enabled") && !kind.is("gateway") {
        let key = "access_logs.s3.enabled";
        let message = format!("access logging is off (`{key}` is not `true`): nobody can tell who sent which request");
        findings.push(place(key).finding(&ACCESS_LOGS, message).hint(format!("set `{key}` to true")));
    }
    if is_application && is_off("routing.http.drop_invalid_header_fields.enabled") {
        let key = "routing.http.drop_invalid_header_fields.enabled";
        let message = format!(
            "`{key}` is not `true`: invalid HTTP header fields reach the targets, which allows request smuggling"
        );
        findings.push(place(key).finding(&HEADERS, message).hint(format!("set `{key}` to true")));
    }
    if is_off("deletion_protection.enabled") {
        let key = "deletion_protection.enabled";
        let message = format!("`{key}` is not `true`: the load balancer, and its DNS name, can be deleted by mistake");
        findings.push(place(key).finding(&DELETION_PROTECTION, message).hint(format!("set `{key}` to true")));
    }
}

fn listener(listener: &Resource<'_>, findings: &mut Vec<Finding>) {
    let protocol = listener.at("Protocol");
    let redirects = listener
        .at("DefaultActions")
        .items()
        .any(|action| action.get("Type").is("redirect") && action.at("RedirectConfig/Protocol").is("HTTPS"));
    if protocol.is("HTTP") && !redirects {
        let hint = "set it to `HTTPS`, or redirect there";
        let message = "`Protocol` is `HTTP` without a redirect to HTTPS: clients connect without TLS";
        findings.push(protocol.finding(&HTTPS, message).hint(hint));
    }
    if protocol.is("HTTPS") || protocol.is("TLS") {
        let policy = listener.at("SslPolicy");
        let is_current = |name: &str| name.contains("TLS13") || name.contains("TLS-1-2") || name.contains("FS-1-2");
        let is_old = |name: &str| !is_current(name) || name.contains("-1-0-") || name.contains("-1-1-");
        if policy.is_absent() || policy.text().is_some_and(|name| is_old(&name)) {
            let default = if policy.is_absent() { ", so it is `ELBSecurityPolicy-2016-08`" } else { "" };
            let message = format!("{}{default}: clients may use TLS older than 1.2", super::state(policy));
            let hint = "set `SslPolicy` to `ELBSecurityPolicy-TLS13-1-2-2021-06`";
            findings.push(policy.finding(&TLS_VERSION, message).hint(hint));
        }
    }
}

/// Checks a certificate's names.
pub(super) fn certificate(certificate: &Resource<'_>, findings: &mut Vec<Finding>) {
    let names = [certificate.at("DomainName")].into_iter().chain(certificate.at("SubjectAlternativeNames").items());
    for name in names {
        if name.text().is_some_and(|text| text.starts_with("*.")) {
            let message = format!("{}, a wildcard: the certificate is valid for every subdomain", super::state(name));
            findings.push(name.finding(&WILDCARD_CERTIFICATE, message).hint("name the hosts that use it"));
        }
    }
}

/// Checks that an API's stage is behind a web ACL.
pub(super) fn stage(stage: &Resource<'_>, others: &Others<'_>, findings: &mut Vec<Finding>) {
    if !others.has(Use::WebAcl, stage) {
        let hint = "add an `AWS::WAFv2::WebACLAssociation`, where it is worth its price";
        let message = "no `AWS::WAFv2::WebACLAssociation` names this stage: requests reach the API without AWS WAF";
        findings.push(stage.finding(&WAF, message).hint(hint));
    }
}

pub(crate) static TLS_VERSION: Rule = Rule {
    id: "security/tls-version",
    severity: Severity::Warning,
    statement: "connections use TLS 1.2 or later",
    why: "TLS 1.0 and 1.1 are broken and withdrawn (RFC 8996)",
    page: "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html",
    bad: r#"{"Resources": {"Https": {"Type": "AWS::ElasticLoadBalancingV2::Listener", "Properties": {"Port": 443,
        "Protocol": "HTTPS", "SslPolicy": "ELBSecurityPolicy-2016-08",
        "LoadBalancerArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/a/0123456789abcdef",
        "Certificates": [{"CertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/1234abcd"}],
        "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]}}}}"#,
    good: r#"{"Resources": {"Https": {"Type": "AWS::ElasticLoadBalancingV2::Listener", "Properties": {"Port": 443,
        "Protocol": "HTTPS", "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "LoadBalancerArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/a/0123456789abcdef",
        "Certificates": [{"CertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/1234abcd"}],
        "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]}}}}"#,
};

pub(crate) static HTTPS: Rule = Rule {
    id: "security/https",
    severity: Severity::Warning,
    statement: "viewers, clients and origins are reached by TLS only",
    why: "what goes in the clear is read and changed by whoever is on the way",
    page: "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/create-https-listener.html",
    bad: r#"{"Resources": {"Http": {"Type": "AWS::ElasticLoadBalancingV2::Listener", "Properties": {"Port": 80,
        "Protocol": "HTTP",
        "LoadBalancerArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/a/0123456789abcdef",
        "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]}}}}"#,
    good: r#"{"Resources": {"Http": {"Type": "AWS::ElasticLoadBalancingV2::Listener", "Properties": {"Port": 80,
        "Protocol": "HTTP",
        "LoadBalancerArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/a/0123456789abcdef",
        "DefaultActions": [{"Type": "redirect",
            "RedirectConfig": {"StatusCode": "HTTP_301", "Protocol": "HTTPS", "Port": "443"}}]}}}}"#,
};

pub(crate) static ORIGIN_ACCESS: Rule = Rule {
    id: "security/origin-access",
    severity: Severity::Warning,
    statement: "CloudFront reads buckets by an origin access control",
    why: "otherwise the bucket must be open to be read, and the distribution's rules can be passed by",
    page: "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html",
    bad: r#"{"Resources": {"Streams": {"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": {
        "Enabled": true, "DefaultCacheBehavior": {"TargetOriginId": "streams", "ViewerProtocolPolicy": "https-only",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"},
        "Origins": [{"Id": "streams", "DomainName": "streams.s3.eu-west-1.amazonaws.com", "S3OriginConfig": {}}]}}}}}"#,
    good: r#"{"Resources": {"Streams": {"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": {
        "Enabled": true, "DefaultCacheBehavior": {"TargetOriginId": "streams", "ViewerProtocolPolicy": "https-only",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"},
        "Origins": [{"Id": "streams", "DomainName": "streams.s3.eu-west-1.amazonaws.com", "S3OriginConfig": {},
            "OriginAccessControlId": "E1A2B3C4D5E6F7"}]}}}}}"#,
};

pub(crate) static WAF: Rule = Rule {
    id: "security/web-acl",
    severity: Severity::Info,
    statement: "distributions and API stages have a web ACL",
    why: "it stops floods and known attacks before they reach a server, for some dollars a month",
    page: "https://docs.aws.amazon.com/waf/latest/developerguide/waf-chapter.html",
    bad: ORIGIN_ACCESS.good,
    good: r#"{"Resources": {"Streams": {"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": {
        "Enabled": true, "DefaultCacheBehavior": {"TargetOriginId": "streams", "ViewerProtocolPolicy": "https-only",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"},
        "WebACLId": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/streams/a1b2c3d4",
        "Origins": [{"Id": "streams", "DomainName": "streams.s3.eu-west-1.amazonaws.com", "S3OriginConfig": {},
            "OriginAccessControlId": "E1A2B3C4D5E6F7"}]}}}}}"#,
};

pub(crate) static HEADERS: Rule = Rule {
    id: "security/header-drop",
    severity: Severity::Warning,
    statement: "an Application Load Balancer drops invalid headers",
    why: "servers that read them differently can be made to serve one visitor's answer to another",
    page: "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html",
    bad: r#"{"Resources": {"Front": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {
        "Subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]}}}}"#,
    good: r#"{"Resources": {"Front": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {
        "Subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"], "LoadBalancerAttributes": [
            {"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "true"}]}}}}"#,
};

pub(crate) static CLASSIC: Rule = Rule {
    id: "security/classic-load-balancer",
    severity: Severity::Info,
    statement: "there are no Classic Load Balancers",
    why: "AWS has developed their successors only since 2016",
    page: "https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/migrate-classic-load-balancer.html",
    bad: r#"{"Resources": {"Front": {"Type": "AWS::ElasticLoadBalancing::LoadBalancer", "Properties": {
        "AvailabilityZones": ["eu-west-1a", "eu-west-1b"],
        "Listeners": [{"InstancePort": "80", "LoadBalancerPort": "443", "Protocol": "HTTPS"}]}}}}"#,
    good: HEADERS.good,
};

pub(crate) static WILDCARD_CERTIFICATE: Rule = Rule {
    id: "security/certificate-wildcard",
    severity: Severity::Info,
    statement: "a certificate has no wildcard",
    why: "whoever steals the key of a wildcard certificate can be any host of the domain",
    page: "https://docs.aws.amazon.com/acm/latest/userguide/acm-bestpractices.html",
    bad: r#"{"Resources": {"Certificate": {"Type": "AWS::CertificateManager::Certificate",
        "Properties": {"DomainName": "*.example.com", "ValidationMethod": "DNS"}}}}"#,
    good: r#"{"Resources": {"Certificate": {"Type": "AWS::CertificateManager::Certificate",
        "Properties": {"DomainName": "streams.example.com", "ValidationMethod": "DNS"}}}}"#,
};

//! Security: what a reviewer, or a tool of one, asks of templates. The rules are listed beside those of other tools in
//! `docs/security-rules.md`.
//!
//! An error is what nobody wants, a warning what most should change, a remark what is worth its price for some. What is
//! right for a resource all the same is accepted beside it, with the reason; see the module `suppressions`.

use tree::Finding;

use crate::look::{Scope, View, each_resource};
use crate::outline::Outline;
use crate::rule::Rule;
use crate::words::quoted;

mod access;
mod api;
mod buckets;
mod containers;
mod data;
mod documents;
mod edge;
mod functions;
mod iam;
mod instances;
mod keys;
mod logs;
mod network;
mod others;
mod policy;
mod queues;
mod roles;
mod secrets;

pub(crate) use others::Others;

/// Checks every resource of a template.
pub(crate) fn check<'a>(
    scope: &'a Scope<'a>,
    outline: &'a Outline<'a>,
    others: &Others<'_>,
    findings: &mut Vec<Finding>,
) {
    secrets::check(outline, findings);
    each_resource(scope, outline, findings, |resource, findings| {
        access::check(resource, findings);
        api::check(resource, others, scope, findings);
        containers::check(resource, findings);
        data::check(resource, findings);
        documents::check(resource, findings);
        iam::check(resource, others, findings);
        instances::check(resource, findings);
        keys::check(resource, others, findings);
        logs::check(resource, findings);
        network::check(resource, others, findings);
        roles::check(resource, others, findings);
        match resource.type_name {
            "AWS::CertificateManager::Certificate" => edge::certificate(resource, findings),
            "AWS::CloudFront::Distribution" => edge::distribution(resource, findings),
            "AWS::Events::Rule" | "AWS::Scheduler::Schedule" => queues::targets(resource, findings),
            "AWS::Lambda::Function" => {
                functions::check(resource, findings);
                queues::function(resource, others, findings);
            }
            "AWS::S3::Bucket" => {
                buckets::check(resource, others, findings);
                queues::tls(resource, others, findings);
            }
            "AWS::SNS::Topic" => queues::tls(resource, others, findings),
            "AWS::SQS::Queue" => {
                queues::queue(resource, others, findings);
                queues::tls(resource, others, findings);
            }
            "AWS::SecretsManager::Secret" => secrets::rotation(resource, others, findings),
            name if name.starts_with("AWS::ElasticLoadBalancing") => edge::balancer(resource, findings),
            _ => {}
        }
    });
}

/// Tells whether a switch is off: not there, or false. What only the stack knows may be on.
fn is_off(switch: View<'_>) -> bool {
    switch.is_absent() || switch.flag() == Some(false)
}

/// Says what a property is, as the beginning of a message or in parentheses: its value, or that it is absent.
fn state(property: View<'_>) -> String {
    let name = property.name();
    match property.text() {
        // What is absent is the outermost key that is missing.
        _ if property.is_absent() && name == "Properties" => "the resource has no `Properties`".to_owned(),
        _ if property.is_absent() => format!("`{name}` is absent"),
        Some(value) => format!("`{name}` is {}", quoted(&value)),
        None => format!("`{name}` is set"),
    }
}

/// The rules of this group.
pub(crate) static RULES: &[&Rule] = &[
    &access::PUBLIC_POLICY,
    &access::PUBLIC_ACL,
    &access::PERMISSION_SOURCE,
    &access::FUNCTION_URL,
    &access::CORS,
    &access::GUESTS,
    &api::AUTHORIZATION,
    &api::API_LOGS,
    &api::VALIDATION,
    &api::MFA,
    &api::PASSWORDS,
    &buckets::INCOMPLETE_UPLOADS,
    &buckets::OWNERSHIP,
    &buckets::PUBLIC_ACCESS_BLOCK,
    &buckets::VERSIONING,
    &buckets::WEBSITE,
    &containers::IMAGE_SCAN,
    &containers::IMAGE_TAGS,
    &containers::INSIGHTS,
    &containers::CONTAINER_LOGS,
    &containers::PRIVILEGED,
    &containers::READ_ONLY,
    &containers::IN_TRANSIT,
    &containers::NOTEBOOK,
    &containers::ISOLATION,
    &data::RETAINED,
    &data::POINT_IN_TIME,
    &data::DELETION_PROTECTION,
    &documents::SCHEMA,
    &documents::PARAMETERS,
    &documents::DEPUTY,
    &edge::TLS_VERSION,
    &edge::HTTPS,
    &edge::ORIGIN_ACCESS,
    &edge::WAF,
    &edge::HEADERS,
    &edge::CLASSIC,
    &edge::WILDCARD_CERTIFICATE,
    &functions::RUNTIME,
    &functions::RUNTIME_LATEST,
    &functions::CONCURRENCY,
    &iam::ACTION_WILDCARD,
    &iam::ALLOW_EXCEPT,
    &iam::ANY_RESOURCE,
    &iam::EVERYTHING,
    &iam::MANAGED_POLICY,
    &iam::PASS_ROLE,
    &iam::PASS_ROLE_SERVICE,
    &iam::RUN_COMMAND,
    &iam::SERVICE_WILDCARD,
    &instances::IMDSV2,
    &instances::HOPS,
    &instances::PUBLIC_ADDRESS,
    &instances::MONITORING,
    &instances::HEALTH,
    &instances::NOTIFICATIONS,
    &instances::ZONES,
    &keys::AT_REST,
    &keys::CUSTOMER_KEY,
    &keys::BUCKET_KEY,
    &keys::KEY_ROTATION,
    &logs::ACCESS_LOGS,
    &logs::RETENTION,
    &logs::TRAIL,
    &logs::WORKFLOW_LOGS,
    &logs::TRACING,
    &logs::ALARM,
    &network::ADMINISTRATION_OPEN,
    &network::INGRESS_OPEN,
    &network::DESCRIPTION,
    &network::FLOW_LOGS,
    &network::DEFAULT_GROUP,
    &network::ENDPOINT_POLICY,
    &network::ENDPOINT_ACCEPTANCE,
    &queues::DEAD_LETTER_QUEUE,
    &queues::FAILED_EVENTS,
    &queues::TLS_ONLY,
    &roles::ACCESS_KEY,
    &roles::INSTANCE_ROLE,
    &roles::TRUST_ACCOUNT,
    &roles::USER_POLICY,
    &secrets::SECRETS,
    &secrets::NO_ECHO,
    &secrets::ROTATION,
];

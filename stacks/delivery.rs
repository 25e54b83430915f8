//! Brings streams to viewers by CloudFront, which alone reads the bucket that holds them.
//!
//! A bucket has one policy, and that of the streams names the distribution. So it is made here, and not by `storage`.

use documents::iam as policy;
use resources::cloudfront::{
    AccessControlAllowHeaders, AccessControlAllowMethods, AccessControlAllowMethodsItem, AccessControlAllowOrigins,
    AccessControlExposeHeaders, ContentTypeOptions, CorsConfig, DefaultCacheBehavior,
    DefaultCacheBehaviorViewerProtocolPolicy, Distribution, DistributionConfig, DistributionConfigHttpVersion,
    DistributionConfigPriceClass, DistributionRef, Logging, Origin, OriginAccessControl, OriginAccessControlConfig,
    ResponseHeadersPolicy, ResponseHeadersPolicyConfig, ResponseHeadersPolicyRef, S3OriginConfig,
    SecurityHeadersConfig, StrictTransportSecurity, ViewerCertificate, ViewerCertificateMinimumProtocolVersion,
    ViewerCertificateSslSupportMethod,
};
use resources::kind::certificatemanager::Certificate;
use resources::s3::BucketRef;
use template::{Arn, Assume, Declare, Stack, Value, aws, sub};

use crate::environment::{self, Domain, Environment, Places, PlayerOrigin};
use crate::keys::Keys;
use crate::storage::{self, Storage};
use crate::{buckets, outputs};

/// The policy of AWS by which copies are kept for a day, compressed, and found by their path alone.
///
/// See "Use managed cache policies" in the CloudFront developer guide.
const CACHING_OPTIMIZED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";

/// For how long a browser remembers to come by TLS only, and players what they may ask for, in seconds.
const REMEMBER_TLS_SECONDS: u32 = 365 * 24 * 3600;
const REMEMBER_CORS_SECONDS: u32 = 3600;

/// The name of the origin within the distribution.
const STREAMS: &str = "streams";

/// What later stacks use of it.
#[derive(Debug)]
pub struct Delivery {
    /// Where streams are, for viewers: what comes before the slash of a key.
    pub url: Value<String>,
    /// Brings the streams.
    pub distribution: DistributionRef,
}

/// Declares the stack.
pub fn stack(
    stack: &mut Stack,
    environment: &Environment,
    settings: &environment::Delivery,
    storage: &Storage,
) -> Delivery {
    stack.description("The way of streams to viewers");
    let logs = viewers_log(stack, environment);
    let headers = headers(stack, environment, settings);
    let access = OriginAccessControlConfig::new(sub!("{}-streams", aws::stack_name()), "s3", "always", "sigv4");
    let access = stack.add("Access", OriginAccessControl::new(access));
    let origin = Origin::new(STREAMS, storage.delivery.regional_domain_name())
        .origin_access_control_id(access.id())
        // Where there is an access control, the older identity must be there and empty.
        .s3_origin_config(S3OriginConfig::new().origin_access_identity(""));

    let config = DistributionConfig::new(true, behaviour(&headers))
        .comment(format!("Streams of {} {}", environment.app, environment.name))
        .origins([origin])
        .http_version(DistributionConfigHttpVersion::Http2and3)
        .ipv6_enabled(true)
        .price_class(price_class(settings.places))
        .logging(Logging::new().bucket(logs.domain_name()).include_cookies(false))
        .aliases(settings.domain.as_ref().map(|domain| vec![domain.name.as_str()]))
        .viewer_certificate(certificate(settings.domain.as_ref()));
    let distribution = Distribution::new(config)
        .accept(
            "security/web-acl",
            "It serves files from a bucket, by GET and HEAD, without anything behind it that could be attacked. A web ACL costs \
             from six dollars a month, and a fee for each million requests, most of which are segments of video",
        )
        .accept_if(
            settings.domain.is_none(),
            "security/tls-version",
            "This environment has no domain, and so no certificate, of its own. With CloudFront's the least version is \
             CloudFront's to decide; with a domain it is TLSv1.2_2021",
        );
    let distribution = stack.add("Distribution", distribution);
    let_read(stack, storage, &distribution);

    let domain = match &settings.domain {
        Some(domain) => domain.name.as_str().assume(),
        None => distribution.domain_name(),
    };
    let url = sub!("https://{}", domain);
    stack.output(outputs::STREAMS_URL.name, &url);
    stack.output(outputs::STREAMS_DOMAIN.name, distribution.domain_name());
    Delivery { url, distribution }
}

/// Lets the distribution, and nothing else of CloudFront, read the streams.
fn let_read(stack: &mut Stack, storage: &Storage, distribution: &DistributionRef) {
    let (partition, account) = (aws::partition(), aws::account_id());
    let arn = sub!("arn:{}:cloudfront::{}:distribution/{}", partition, account, distribution.id());
    let read = policy::allow(["s3:GetObject"])
        .on([sub!("{}/*", storage.delivery.arn())])
        .principal(policy::service("cloudfront.amazonaws.com"))
        .when(policy::string_equals("aws:SourceArn", [arn]));
    buckets::add_policy(stack, storage::DELIVERY, &storage.delivery, vec![read]);
}

/// Lets viewers read, by TLS only. Streams never change: each job has a path of its own.
fn behaviour(headers: &ResponseHeadersPolicyRef) -> DefaultCacheBehavior {
    DefaultCacheBehavior::new(STREAMS, DefaultCacheBehaviorViewerProtocolPolicy::HttpsOnly)
        .allowed_methods(["GET", "HEAD", "OPTIONS"])
        .cached_methods(["GET", "HEAD", "OPTIONS"])
        .cache_policy_id(CACHING_OPTIMIZED)
        .response_headers_policy_id(headers.id())
        .compress(true)
}

/// Adds what browsers are told: which sites' players may play, and that nothing but TLS will do.
fn headers(stack: &mut Stack, environment: &Environment, settings: &environment::Delivery) -> ResponseHeadersPolicyRef {
    let origins: Vec<_> = settings.player_origins.iter().map(PlayerOrigin::as_str).collect();
    let methods = [
        AccessControlAllowMethodsItem::Get,
        AccessControlAllowMethodsItem::Head,
        AccessControlAllowMethodsItem::Options,
    ];
    let players = CorsConfig::new(
        false,
        true,
        AccessControlAllowHeaders::new(["*"]),
        AccessControlAllowMethods::new(methods),
        AccessControlAllowOrigins::new(origins),
    )
    .access_control_expose_headers(AccessControlExposeHeaders::new(["Content-Length", "Content-Range", "Date", "ETag"]))
    .access_control_max_age_sec(REMEMBER_CORS_SECONDS);
    let security = SecurityHeadersConfig::new()
        .content_type_options(ContentTypeOptions::new(true))
        .strict_transport_security(StrictTransportSecurity::new(REMEMBER_TLS_SECONDS, true));
    let config = ResponseHeadersPolicyConfig::new(format!("{}-{}-streams", environment.app, environment.name))
        .cors_config(players)
        .security_headers_config(security);
    stack.add("Headers", ResponseHeadersPolicy::new(config))
}

fn price_class(places: Places) -> DistributionConfigPriceClass {
    match places {
        Places::Fewest => DistributionConfigPriceClass::PriceClass100,
        Places::Most => DistributionConfigPriceClass::PriceClass200,
        Places::All => DistributionConfigPriceClass::PriceClassAll,
    }
}

/// Proves the domain. With CloudFront's own certificate comes CloudFront's own choice of TLS versions.
fn certificate(domain: Option<&Domain>) -> ViewerCertificate {
    match domain {
        None => ViewerCertificate::new().cloud_front_default_certificate(true),
        Some(domain) => ViewerCertificate::new()
            .acm_certificate_arn(domain.certificate.as_str().assume::<Arn<Certificate>>())
            .minimum_protocol_version(ViewerCertificateMinimumProtocolVersion::TLSv1_2_2021)
            .ssl_support_method(ViewerCertificateSslSupportMethod::SniOnly),
    }
}

/// Adds the bucket of the log of viewers' requests.
///
/// CloudFront lets itself in by an access control list, and writes to buckets that S3 encrypts by its own keys. See
/// "Configure standard logging (legacy)" in its developer guide; the newer kind of log can be set up in us-east-1 only.
fn viewers_log(stack: &mut Stack, environment: &Environment) -> BucketRef {
    let bucket = buckets::private_with_lists(environment, &Keys::default())
        .lifecycle_configuration(buckets::passing_lifecycle(environment, environment.storage.log_expiry_days))
        .accept(
            "security/object-ownership",
            "CloudFront's standard logs come in by an access control list, and in no other way in every region",
        );
    buckets::add(stack, environment, "ViewersLog", bucket, |_| vec![]).0
}

//! Says how a template reaches CloudFormation, and what has to be acknowledged about it.

use cloud::ErrorKind;
use cloud::cloud_formation::{Capability, TemplateSource};
use cloud::objects::PutTarget;
use template::StackTemplate;
use tree::Tree;

use crate::call::Context;
use crate::write::sha256;
use crate::{Error, Event};

/// The largest template that can be sent along, in bytes (CloudFormation quotas).
const LARGEST_BODY: usize = 51_200;

/// The largest template that can be in a bucket, in bytes (CloudFormation quotas: 1 MB).
const LARGEST_OBJECT: usize = 1_000_000;

/// Says whether the template has to be in a bucket.
pub(crate) fn needs_bucket(stack: &StackTemplate) -> bool {
    stack.template.to_json_pretty().len() > LARGEST_BODY
}

/// Gives the template, after it was put into the artifact bucket if it is too large to be sent along.
pub(crate) async fn source(
    context: &Context<'_>,
    environment: &str,
    stack: &StackTemplate,
    bucket: Option<&str>,
) -> Result<TemplateSource, Error> {
    let mut body = stack.template.to_json_pretty();
    if body.len() <= LARGEST_BODY {
        return Ok(TemplateSource::Body(body));
    }
    if body.len() > LARGEST_OBJECT {
        body = stack.template.to_json_compact();
    }
    let bytes = body.len();
    if bytes > LARGEST_OBJECT {
        return Err(Error::TemplateTooLarge { stack: stack.name.clone(), bytes });
    }
    let bucket = bucket.ok_or_else(|| Error::NoArtifactBucket { stack: stack.name.clone(), bytes })?;
    // The key names the content: what was uploaded once is never replaced by something else.
    let key = format!("templates/{environment}/{}/{}.template.json", stack.name, sha256(body.as_bytes()));
    let target = PutTarget::new(bucket, &key).if_absent().content_type("application/json");
    match context.call(async || context.cloud.objects.put(&target, body.as_bytes()).await).await {
        Ok(_) => context.tell(Event::TemplateUploaded {
            stack: stack.name.clone(),
            bucket: bucket.to_owned(),
            key: key.clone(),
            bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
        }),
        Err(error) if error.kind == ErrorKind::PreconditionFailed => {}
        Err(error) => return Err(error.into()),
    }
    let region = &context.cloud.region;
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    Ok(TemplateSource::Url(format!("https://s3.{region}.{suffix}/{bucket}/{key}")))
}

/// Lists what CloudFormation wants acknowledged about a template.
pub(crate) fn capabilities(template: &Tree) -> Vec<Capability> {
    let resources = template.get("Resources").and_then(Tree::as_map);
    let types: Vec<_> = resources
        .into_iter()
        .flat_map(|resources| resources.iter())
        .filter_map(|entry| entry.value.get("Type").and_then(Tree::as_str))
        .collect();
    let mut capabilities = Vec::new();
    if types.iter().any(|name| name.starts_with("AWS::IAM::")) {
        capabilities.push(Capability::NamedIam);
    }
    if template.get("Transform").is_some() || types.contains(&"AWS::CloudFormation::Stack") {
        capabilities.push(Capability::AutoExpand);
    }
    capabilities
}

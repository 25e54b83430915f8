//! The events that AWS's services send to EventBridge: their detail types, and what is in them.
//!
//! The data is EventBridge's schema registry, as npm's `@aws-cdk/aws-service-spec` has it (Apache-2.0). It is not
//! complete: some services send events that are in no schema.

use std::sync::LazyLock;

use crate::similar::nearest;
use crate::{Json, Packed};

static EVENTS: LazyLock<Packed> =
    LazyLock::new(|| Packed::open(include_str!("events.txt"), include_bytes!("events.bin").as_slice()));

/// A source of events, such as `aws.s3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    name: &'static str,
    json: Json<'static>,
}

/// Finds a source by its name, such as `aws.s3`.
pub fn source(name: &str) -> Option<Source> {
    let (name, json) = EVENTS.find(name)?;
    Some(Source { name, json })
}

/// Lists all sources in order.
pub fn sources() -> impl Iterator<Item = Source> {
    EVENTS.names().filter_map(source)
}

/// Suggests the source that somebody may have meant, if one is close enough.
pub fn similar(name: &str) -> Option<&'static str> {
    nearest(name, EVENTS.names())
}

impl Source {
    /// Returns the name.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Lists the detail types in order, such as `Object Created`.
    pub fn detail_types(self) -> impl Iterator<Item = &'static str> + Clone {
        self.json.get("details").and_then(Json::as_object).into_iter().flat_map(crate::Object::keys)
    }

    /// Suggests the detail type that somebody may have meant, if one is close enough.
    pub fn similar(self, detail_type: &str) -> Option<&'static str> {
        nearest(detail_type, self.detail_types())
    }

    /// Returns the JSON Schema of the `detail` of events of this type.
    ///
    /// It has `type`, `properties`, `required`, `items`, `additionalProperties`, `anyOf` and `$ref` only; references are
    /// followed by [`Source::resolve`].
    pub fn detail(self, detail_type: &str) -> Option<Json<'static>> {
        Some(self.resolve(self.json.get("details")?.get(detail_type)?))
    }

    /// Follows a `$ref`; a schema without one is returned as it is.
    pub fn resolve(self, schema: Json<'static>) -> Json<'static> {
        schema.resolved(self.json)
    }
}

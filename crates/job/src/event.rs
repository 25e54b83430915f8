//! What starts a job: the input of the workflow's execution, which is S3's event.

use serde_json::{Value, json};

use crate::{Colour, Source};

/// The member that says which colour does the work, whatever the weights. S3's events have none.
pub const COLOUR: &str = "colour";

/// Writes what the workflow reads of S3's "Object Created" event, for a job that is started by hand on one colour.
///
/// The object's key must not be one that becomes a job by itself, or there are two executions for one job.
pub fn for_colour(source: &Source, colour: Colour) -> Value {
    let mut object = json!({ "key": source.key, "etag": source.etag, "size": source.bytes });
    if let Some(version) = &source.version {
        object["version-id"] = version.as_str().into();
    }
    json!({ "detail": { "bucket": { "name": source.bucket }, "object": object }, (COLOUR): colour })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_like_an_event_of_s3() {
        let source = Source {
            bucket: "sources".to_owned(),
            key: "clip.smoke".to_owned(),
            version: Some("v1".to_owned()),
            etag: "e".to_owned(),
            bytes: 12,
        };
        let event = for_colour(&source, Colour::Green);
        let object = json!({ "key": "clip.smoke", "etag": "e", "size": 12, "version-id": "v1" });
        let expected = json!({ "detail": { "bucket": { "name": "sources" }, "object": object }, "colour": "green" });
        assert_eq!(event, expected);
    }
}

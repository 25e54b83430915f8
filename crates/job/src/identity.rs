//! The identity of a job: one version of one source object, by one recipe.

use sha2::{Digest, Sha256};

/// How many hexadecimal digits of the hash make a job's id.
pub const ID_DIGITS: usize = 32;

/// Computes a job's id: the first 32 hexadecimal digits of SHA-256 over `bucket/key#version-or-etag#recipe`.
///
/// The recipe is given by its [identity](crate::Recipe::identity). Quotes around an entity tag, which S3 writes in
/// headers and leaves out of events, do not count.
pub fn job_id(bucket: &str, key: &str, version_or_etag: &str, recipe_identity: &str) -> String {
    let text = format!("{bucket}/{key}#{}#{recipe_identity}", unquoted(version_or_etag));
    hexadecimal(&Sha256::digest(text))[..ID_DIGITS].to_owned()
}

/// Returns an entity tag without the quotes that S3 puts around it in headers.
pub fn unquoted(etag: &str) -> &str {
    etag.trim_matches('"')
}

/// Writes the JSONata expression by which the workflow computes the same id.
///
/// `bucket`, `key` and `version_or_etag` are JSONata expressions; `recipe_identity` is the identity's text. `$hash`
/// is the function that Step Functions adds to JSONata.
pub fn job_id_expression(bucket: &str, key: &str, version_or_etag: &str, recipe_identity: &str) -> String {
    format!(
        "$substring($hash({bucket} & '/' & {key} & '#' & {version_or_etag} & '#{recipe_identity}', 'SHA-256'), 0, {ID_DIGITS})"
    )
}

/// Writes bytes as lowercase hexadecimal digits.
fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_head_of_a_plain_sha256() {
        // printf '%s' 'sources/in/a b.mp4#v1#scale;2x' | sha256sum
        assert_eq!(job_id("sources", "in/a b.mp4", "v1", "scale;2x"), "ba710b716e15002154635f60a3323ffc");
    }

    #[test]
    fn quotes_of_an_entity_tag_do_not_count() {
        assert_eq!(job_id("b", "k", "\"abc\"", "r"), job_id("b", "k", "abc", "r"));
    }

    #[test]
    fn every_part_counts() {
        let id = job_id("b", "k", "v", "r");
        for other in [
            job_id("c", "k", "v", "r"),
            job_id("b", "l", "v", "r"),
            job_id("b", "k", "w", "r"),
            job_id("b", "k", "v", "s"),
        ] {
            assert_ne!(id, other);
        }
    }

    #[test]
    fn the_workflow_computes_it_likewise() {
        assert_eq!(
            job_id_expression("$bucket", "$key", "$version", "scale;2x"),
            "$substring($hash($bucket & '/' & $key & '#' & $version & '#scale;2x', 'SHA-256'), 0, 32)"
        );
    }
}

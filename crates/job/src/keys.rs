//! Keys of the objects that jobs make.

use crate::Scale;

/// How many digits of a job's id name its output.
const OUTPUT_DIGITS: usize = 12;

/// Longest key that S3 allows, in bytes of UTF-8.
pub const LONGEST_KEY: usize = 1024;

/// Returns the key of the enhanced video: `<source key without extension>_sr_<scale>x/<id, 12 digits>.<extension>`.
///
/// Only the last segment of the source's key loses an extension, and a dot that begins the segment begins no
/// extension: `a.b/c` and `a/.c` keep all they have.
pub fn enhanced_key(source_key: &str, scale: Scale, id: &str, extension: &str) -> String {
    format!("{}_sr_{scale}x/{}.{extension}", without_extension(source_key), head(id, OUTPUT_DIGITS))
}

/// Writes the JSONata expression by which the workflow computes the same key.
///
/// `source_key` and `id` are JSONata expressions.
pub fn enhanced_key_expression(source_key: &str, scale: Scale, id: &str, extension: &str) -> String {
    format!(
        "$replace({source_key}, /([^\\/])\\.[^.\\/]*$/, '$1') & '_sr_{scale}x/' & $substring({id}, 0, {OUTPUT_DIGITS}) & '.{extension}'"
    )
}

/// Returns the key of a job's plan in the work bucket.
pub fn plan_key(id: &str) -> String {
    format!("jobs/{id}/plan.json")
}

/// Returns the key of the manifest that says that a chunk is complete, in the work bucket.
pub fn chunk_manifest_key(id: &str, chunk: u32) -> String {
    format!("jobs/{id}/chunks/{chunk}/manifest.json")
}

/// Returns the key of what one attempt at a chunk made, in the work bucket.
pub fn chunk_key(id: &str, chunk: u32, attempt: u32, extension: &str) -> String {
    format!("jobs/{id}/chunks/{chunk}/{attempt}.{extension}")
}

fn without_extension(key: &str) -> &str {
    let segment_start = key.rfind('/').map_or(0, |slash| slash + 1);
    match key[segment_start..].rfind('.') {
        Some(dot) if dot > 0 => &key[..segment_start + dot],
        _ => key,
    }
}

fn head(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn only_the_last_segment_loses_its_extension() {
        let scale = Scale::new(2).unwrap();
        for (source, expected) in [
            ("clip.mp4", "clip_sr_2x/0123456789ab.mkv"),
            ("in/clip.mp4", "in/clip_sr_2x/0123456789ab.mkv"),
            ("in.2024/clip", "in.2024/clip_sr_2x/0123456789ab.mkv"),
            ("clip.tar.gz", "clip.tar_sr_2x/0123456789ab.mkv"),
            (".hidden", ".hidden_sr_2x/0123456789ab.mkv"),
            ("in/.hidden", "in/.hidden_sr_2x/0123456789ab.mkv"),
            ("in/.hidden.mp4", "in/.hidden_sr_2x/0123456789ab.mkv"),
            ("clip.", "clip_sr_2x/0123456789ab.mkv"),
            ("..mp4", "._sr_2x/0123456789ab.mkv"),
            ("in/", "in/_sr_2x/0123456789ab.mkv"),
            ("", "_sr_2x/0123456789ab.mkv"),
            ("../../etc/passwd", "../../etc/passwd_sr_2x/0123456789ab.mkv"),
            ("-rf $(x) `y` 'z'.mp4", "-rf $(x) `y` 'z'_sr_2x/0123456789ab.mkv"),
            ("영화/제목.mp4\n", "영화/제목_sr_2x/0123456789ab.mkv"),
            ("a.ä\u{301}", "a_sr_2x/0123456789ab.mkv"),
        ] {
            assert_eq!(enhanced_key(source, scale, ID, "mkv"), expected, "{source:?}");
        }
    }

    #[test]
    fn a_short_id_is_taken_whole() {
        assert_eq!(enhanced_key("a", Scale::new(4).unwrap(), "ab", "mp4"), "a_sr_4x/ab.mp4");
    }

    #[test]
    fn the_workflow_computes_it_likewise() {
        assert_eq!(
            enhanced_key_expression("$key", Scale::new(2).unwrap(), "$id", "mp4"),
            r"$replace($key, /([^\/])\.[^.\/]*$/, '$1') & '_sr_2x/' & $substring($id, 0, 12) & '.mp4'"
        );
    }

    #[test]
    fn work_objects_lie_under_their_job() {
        assert_eq!(plan_key(ID), format!("jobs/{ID}/plan.json"));
        assert_eq!(chunk_manifest_key(ID, 3), format!("jobs/{ID}/chunks/3/manifest.json"));
        assert_eq!(chunk_key(ID, 3, 2, "mkv"), format!("jobs/{ID}/chunks/3/2.mkv"));
    }
}

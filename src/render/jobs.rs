//! Jobs.

use job::{JobItem, JobState};
use pipeline::Listing;

use crate::table::{fields, printable, table};

/// How many digits of an id tell jobs apart in practice.
const SHORT_ID: usize = 12;

/// Lays out a list of jobs.
pub fn listing(listing: &Listing) -> String {
    let mut rows: Vec<_> = listing.jobs.iter().map(row).collect();
    rows.extend(listing.unreadable.iter().map(|item| {
        let note = format!("not understood: {}", printable(&item.error));
        [short(&item.id), "?".to_owned(), String::new(), String::new(), note]
    }));
    table(["JOB", "STATE", "ATTEMPTS", "CREATED", "SOURCE AND OUTCOME"], &rows)
}

fn row(job: &JobItem) -> [String; 5] {
    let outcome = match (&job.output, &job.error) {
        (Some(output), _) if job.state == JobState::Done => format!(" -> {}", location(&output.bucket, &output.key)),
        (_, Some(error)) => format!(": {}", printable(&error.to_string())),
        _ => String::new(),
    };
    let source = format!("{}{outcome}", printable(&job.source.key));
    [short(&job.id), job.state.to_string(), job.attempt.to_string(), seconds(&job.created), source]
}

/// Lays out one job.
pub fn details(job: &JobItem) -> String {
    let mut lines = vec![
        ("job", job.id.clone()),
        ("state", job.state.to_string()),
        ("source", location(&job.source.bucket, &job.source.key)),
        ("bytes", job.source.bytes.to_string()),
        ("recipe", job.recipe.identity()),
        ("attempts", job.attempt.to_string()),
        ("created", seconds(&job.created)),
    ];
    if let Some(finished) = &job.finished {
        lines.push(("finished", seconds(finished)));
    }
    if let Some(execution) = &job.execution {
        lines.push(("execution", execution.clone()));
    }
    if let Some(output) = &job.output {
        lines.push(("result", location(&output.bucket, &output.key)));
        lines.push(("picture", format!("{}x{}, {} frames", output.width, output.height, output.frames)));
        lines.push(("sha256", output.sha256.clone()));
    }
    if let Some(error) = &job.error {
        lines.push(("error", printable(&error.to_string())));
        if let Some(hint) = &error.hint {
            lines.push(("hint", printable(hint)));
        }
    }
    fields(&lines)
}

/// `s3://bucket/key`, safe for a terminal.
pub fn location(bucket: &str, key: &str) -> String {
    format!("s3://{bucket}/{}", printable(key))
}

/// `12.3 MB`
pub fn bytes(count: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    let mut tenths = count / 100;
    if tenths < 10 {
        return format!("{count} bytes");
    }
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < units.len() {
        tenths /= 1000;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, units[unit])
}

fn short(id: &str) -> String {
    id.chars().take(SHORT_ID).collect()
}

/// Leaves out the fractions of a second.
pub fn seconds(time: &str) -> String {
    time.parse::<jiff::Timestamp>()
        .ok()
        .and_then(|time| time.round(jiff::Unit::Second).ok())
        .map_or_else(|| printable(time), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_in_units_that_fit() {
        for (count, expected) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (123_456, "123.4 kB"),
            (999_999, "999.9 kB"),
            (1_000_000, "1.0 MB"),
            (5_000_000_000, "5.0 GB"),
            (5_000_000_000_000_000, "5000.0 TB"),
        ] {
            assert_eq!(bytes(count), expected);
        }
    }

    #[test]
    fn fractions_of_a_second_are_left_out() {
        assert_eq!(seconds("2026-01-02T03:04:05.4Z"), "2026-01-02T03:04:05Z");
        assert_eq!(seconds("yesterday"), "yesterday");
    }
}

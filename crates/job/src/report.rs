//! What a worker reports of a finished task.

use serde::{Deserialize, Serialize};

/// What a finished task produced: the output of Step Functions' `SendTaskSuccess`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskReport {
    /// The bucket that holds the output.
    pub bucket: String,
    /// The output's key.
    pub key: String,
    /// SHA-256 of the output's bytes, 64 hexadecimal digits.
    pub sha256: String,
    /// The output's size in bytes.
    pub bytes: u64,
    /// How many video frames it has.
    pub frames: u64,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Duration in seconds.
    pub duration_seconds: f64,
    /// How many streams of each kind it has.
    pub streams: StreamCounts,
    /// The name of the engine that made it.
    pub engine: String,
    /// How long the worker worked on it, in seconds.
    pub elapsed_seconds: f64,
}

/// How many streams of each kind a file has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamCounts {
    /// Moving pictures; cover art does not count.
    pub video: u32,
    /// Audio streams.
    pub audio: u32,
    /// Subtitle streams.
    pub subtitle: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_survives_the_wire() {
        let written = concat!(
            r#"{"bucket":"enhanced","key":"a_sr_2x/0123456789ab.mp4","sha256":"00","bytes":10,"frames":250,"#,
            r#""width":1280,"height":720,"duration_seconds":10.0,"streams":{"video":1,"audio":2,"subtitle":1},"#,
            r#""engine":"scale","elapsed_seconds":3.5}"#
        );
        let report: TaskReport = serde_json::from_str(written).unwrap();
        assert_eq!(serde_json::to_string(&report).unwrap(), written);
    }
}

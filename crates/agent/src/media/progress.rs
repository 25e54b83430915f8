//! Reads what FFmpeg writes under `-progress`.

/// How far FFmpeg is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Frames written to the first video stream.
    pub(super) frames: u64,
    /// Where the latest of all streams ends, in microseconds.
    pub(super) end_microseconds: i64,
    /// Bytes written.
    bytes: u64,
}

impl Progress {
    /// Takes one line, and tells whether there was progress.
    pub(super) fn take(&mut self, line: &str) -> bool {
        let before = *self;
        let Some((name, value)) = line.split_once('=') else { return false };
        let value = value.trim();
        match name {
            "frame" => raise(&mut self.frames, value),
            "total_size" => raise(&mut self.bytes, value),
            // `out_time_ms` says the same, in microseconds too.
            "out_time_us" => raise(&mut self.end_microseconds, value),
            _ => {}
        }
        *self != before
    }
}

/// Numbers only grow; `N/A` and the like are no numbers.
fn raise<T: std::str::FromStr + Ord>(number: &mut T, text: &str) {
    if let Ok(value) = text.parse::<T>()
        && value > *number
    {
        *number = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_grows_is_progress() {
        let mut progress = Progress::default();
        for (line, expected) in [
            ("frame=1", true),
            ("fps=0.00", false),
            ("total_size=N/A", false),
            ("out_time_us=-9223372036854775807", false),
            ("out_time_us=40000", true),
            ("frame=1", false),
            ("total_size=48", true),
            ("progress=continue", false),
            ("frame=12", true),
            ("garbage", false),
        ] {
            assert_eq!(progress.take(line), expected, "{line}");
        }
        assert_eq!(progress, Progress { frames: 12, end_microseconds: 40_000, bytes: 48 });
    }
}

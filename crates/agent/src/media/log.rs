//! Reads what FFmpeg writes to standard error under `-loglevel level+…`.

use job::{ErrorKind, Failure};

use crate::process::End;

/// FFmpeg's exit codes are the low bytes of negative error numbers: ENOSPC, EFBIG, ENOMEM.
const RESOURCE_CODES: [i32; 3] = [256 - 28, 256 - 27, 256 - 12];

const SIGKILL: i32 = 9;

/// What FFmpeg says when a file ends in the middle of what it declares. For some formats it is not an error to FFmpeg:
/// it says so, and exits with 0.
const TRUNCATED: [&str; 4] = ["File ended prematurely", "partial file", "Truncat", "truncated"];

/// Returns the lines that are errors, without the addresses that differ from run to run.
pub(super) fn errors(log: &str) -> Vec<String> {
    let grave = |line: &&str| ["[error]", "[fatal]", "[panic]"].iter().any(|level| line.contains(level));
    let mut errors: Vec<String> = log.lines().filter(grave).map(tidy).collect();
    errors.dedup();
    errors
}

/// Returns the first error that says that the file was cut off.
pub(super) fn truncation(log: &str) -> Option<String> {
    errors(log).into_iter().find(|line| TRUNCATED.iter().any(|words| line.contains(words)))
}

/// Says in one line what went wrong: the first errors, or else whatever was written last.
pub(super) fn summary(log: &str) -> String {
    let errors = errors(log);
    if errors.is_empty() {
        return log.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no message").to_owned();
    }
    errors.into_iter().take(3).collect::<Vec<_>>().join("; ")
}

/// Turns `[h264 @ 0x55d62f333540] [error] Invalid level prefix` into `h264: Invalid level prefix`.
fn tidy(line: &str) -> String {
    let mut rest = line.trim();
    let mut speaker = None;
    while let Some((bracket, after)) = rest.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
        if let Some((name, _)) = bracket.split_once(" @ ") {
            speaker = Some(name);
        } else if !["error", "fatal", "panic"].contains(&bracket) {
            break;
        }
        rest = after.trim_start();
    }
    match speaker {
        Some(speaker) => format!("{speaker}: {rest}"),
        None => rest.to_owned(),
    }
}

/// Tells whether a program ended because the machine ran out of something.
pub(super) fn out_of_resources(doing: &str, end: End, log: &str) -> Option<Failure> {
    let says = |words| log.contains(words);
    let (what, hint) = match end {
        End::Signal(SIGKILL) => {
            ("it was killed, most likely because memory ran out".to_owned(), "give the worker more memory")
        }
        End::Code(code) if RESOURCE_CODES.contains(&code) => (summary(log), "give the worker a larger disk, or memory"),
        _ if says("No space left on device") || says("File too large") => {
            (summary(log), "give the worker a larger disk")
        }
        _ if says("Cannot allocate memory") || says("out of memory") => (summary(log), "give the worker more memory"),
        _ => return None,
    };
    Some(Failure::new(ErrorKind::Resource, format!("{doing}: {what}")).with_hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "[matroska,webm @ 0x1] [warning] odd\n\
        [h264 @ 0x55d62f333540] [error] Invalid level prefix\n\
        [h264 @ 0x55d62f333540] [error] Invalid level prefix\n\
        [error] file:source: Invalid data\n";

    #[test]
    fn errors_are_tidy_and_stable() {
        assert_eq!(errors(LOG), ["h264: Invalid level prefix", "file:source: Invalid data"]);
        assert_eq!(summary(LOG), "h264: Invalid level prefix; file:source: Invalid data");
        assert_eq!(summary("[warning] a\nb\n\n"), "b");
        assert_eq!(summary(""), "no message");
    }

    #[test]
    fn a_file_that_was_cut_off_is_told_by_words() {
        assert_eq!(truncation(LOG), None);
        let log = "[matroska,webm @ 0x1] [error] File ended prematurely\n";
        assert_eq!(truncation(log).as_deref(), Some("matroska,webm: File ended prematurely"));
        assert_eq!(truncation("[info] Truncating packet\n"), None);
    }

    #[test]
    fn a_machine_s_limits_are_no_fault_of_the_video() {
        let kind = |end, log| out_of_resources("enhancing", end, log).map(|failure| failure.kind);
        assert_eq!(kind(End::Code(228), ""), Some(ErrorKind::Resource));
        assert_eq!(
            kind(End::Code(1), "[error] av_interleaved_write_frame(): No space left on device"),
            Some(ErrorKind::Resource)
        );
        assert_eq!(kind(End::Signal(9), ""), Some(ErrorKind::Resource));
        assert_eq!(kind(End::Signal(11), ""), None);
        assert_eq!(kind(End::Code(1), LOG), None);
    }
}

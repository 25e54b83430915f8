//! The table, and what it says of the bars.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::bail;

use super::Subject;
use super::measure::Measurement;

/// Writes the table, and below it what it was measured on.
pub fn markdown(subjects: &[Subject], medians: &[Measurement], command: &str, runs: u32) -> String {
    let mut text = String::from(
        "| what | command | CPU | wall | peak memory | CPU, times Baleen's |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for (subject, median) in subjects.iter().zip(medians) {
        let times =
            subject.peer_of.map_or_else(String::new, |peer| format!("{:.0}", median.cpu / medians[peer.own].cpu));
        let Subject { what, shown, .. } = subject;
        let (cpu, wall) = (time(median.cpu), time(median.wall));
        let _ = writeln!(text, "| {what} | `{shown}` | {cpu} | {wall} | {:.0} MiB | {times} |", median.peak);
    }
    let _ = writeln!(text, "\n`{command}`: whole processes, the median of {runs} runs in turn, on {}.", machine());
    text
}

/// Lists the bars that are not met.
pub fn missed(subjects: &[Subject], medians: &[Measurement], memory_bar: f64) -> Vec<String> {
    let mut missed = Vec::new();
    let is_compared = |own| subjects.iter().any(|subject| subject.peer_of.is_some_and(|peer| peer.own == own));
    for (position, (subject, median)) in subjects.iter().zip(medians).enumerate() {
        match subject.peer_of {
            Some(peer) => {
                let times = median.cpu / medians[peer.own].cpu;
                if let Some(bar) = peer.bar.filter(|bar| times < *bar) {
                    missed.push(format!("`{}` takes {times:.1} times our CPU, not {bar}", subject.shown));
                }
            }
            None if is_compared(position) && median.peak > memory_bar => {
                missed.push(format!("`{}` takes {:.0} MiB, more than {memory_bar}", subject.shown, median.peak));
            }
            None => {}
        }
    }
    missed
}

/// Puts the table between the two lines of a file that have the name of its place.
pub fn put(file: &Path, place: &str, table: &str) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file)?;
    let (begin, end) =
        (format!("<!-- {place}: written by `cargo xtask bench --write` -->\n"), format!("<!-- /{place} -->\n"));
    let Some((before, (_, after))) =
        text.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?)))
    else {
        bail!("{} has no place for the table: `{}` and `{}`", file.display(), begin.trim_end(), end.trim_end());
    };
    std::fs::write(file, format!("{before}{begin}{table}{end}{after}"))?;
    Ok(())
}

fn time(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.0} ms", seconds * 1_000.0) } else { format!("{seconds:.1} s") }
}

/// Names the machine, as far as Linux tells.
fn machine() -> String {
    let line = |file: &str, name: &str| {
        let text = std::fs::read_to_string(file).ok()?;
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let processor = line("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let kibibytes = line("/proc/meminfo", "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    let memory = kibibytes.map_or_else(String::new, |kibibytes| format!(", {} GiB", kibibytes.div_ceil(1024 * 1024)));
    format!("{processor}, {cores} cores{memory}")
}

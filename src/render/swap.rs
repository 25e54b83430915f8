//! What swapping says: on a terminal, both colours as bars that move; elsewhere, a line for each thing that happens.

use std::sync::{Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use toolkit::swap::{ColourStatus, Journal, Phase, SeenColour, SwapPlan, SwapSeen, SwapStatus};
use toolkit::{Event, Events};

use super::findings::plural;
use crate::printer::{BOLD, CYAN, DIM, GREEN, Printer, RED, YELLOW};
use crate::table::{fields, table};

/// How many characters a bar has.
const BAR: u32 = 40;

const BLUE_BAR: Style = AnsiColor::Blue.on_default();
const GREEN_BAR: Style = AnsiColor::Green.on_default();

/// Prints events as they come.
pub struct Narrator<'a> {
    printer: &'a Printer,
    others: super::deploy::Narrator<'a>,
    /// What was seen last.
    last: Mutex<Option<SwapSeen>>,
}

impl<'a> Narrator<'a> {
    pub fn new(printer: &'a Printer) -> Self {
        Self { printer, others: super::deploy::Narrator::new(printer), last: Mutex::new(None) }
    }
}

impl Events for Narrator<'_> {
    fn event(&self, event: Event) {
        match &event {
            Event::SwapSeen(seen) => {
                let has_changed = self.remember(seen);
                if self.printer.is_json() {
                    if has_changed {
                        self.printer.event(&event);
                    }
                } else {
                    self.printer.live(screen(seen));
                }
            }
            _ if self.printer.is_json() => self.printer.event(&event),
            Event::SwapPlanned(plan) => self::plan(self.printer, plan),
            Event::SwapContinued { old, new, phase, .. } => {
                self.printer.line(format_args!("{CYAN}goes on:{CYAN:#} the swap from {old} to {new}, {phase}"));
            }
            Event::SwapEntered { old, new, phase, step, steps, share, because, .. } => {
                self.printer.line(entry(*phase, old, new, [*step, *steps], *share, because.as_deref()));
            }
            _ => self.others.event(event),
        }
    }
}

impl Narrator<'_> {
    /// Says whether what is seen differs from what was seen before; that time passes is no difference.
    fn remember(&self, seen: &SwapSeen) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.as_ref().map(|last| SwapSeen { at: seen.at, seconds: seen.seconds, ..last.clone() });
        let has_changed = before.as_ref() != Some(seen);
        if has_changed && !self.printer.redraws() && !self.printer.is_json() {
            self.tell_change(last.as_ref(), seen);
        }
        *last = Some(seen.clone());
        has_changed
    }

    /// Tells in a line what a screen would show.
    fn tell_change(&self, last: Option<&SwapSeen>, seen: &SwapSeen) {
        let is_news = last.is_none_or(|last| last.verified != seen.verified || last.phase != seen.phase);
        if seen.phase == Phase::Shifting && seen.wanted > 0 && is_news {
            self.printer
                .line(format_args!("  {} of {} jobs verified on {}", seen.verified, seen.wanted, seen.new.colour));
        }
        let waited_for = |seen: &SwapSeen| match seen.phase {
            Phase::Draining => Some(seen.old.clone()),
            Phase::Emptying => Some(seen.new.clone()),
            _ => None,
        };
        let Some(colour) = waited_for(seen) else { return };
        let before = last.and_then(waited_for).map(|before| before.unfinished);
        if before != Some(colour.unfinished) {
            self.printer.line(format_args!("  {} left on {}", titles(colour.unfinished), colour.colour));
        }
    }
}

fn titles(count: u64) -> String {
    plural(usize::try_from(count).unwrap_or(usize::MAX), "title")
}

/// Says where a swap came.
fn entry(phase: Phase, old: &str, new: &str, [step, steps]: [usize; 2], share: u32, because: Option<&str>) -> String {
    let what = match phase {
        Phase::Warming => format!("{new} gets capacity"),
        Phase::Trying => format!("{new} enhances the sample clip"),
        Phase::Shifting => format!("{new} gets {share} % of new work (step {step} of {steps})"),
        Phase::Switching => format!("{new} becomes the live colour"),
        Phase::Draining => format!("{old} finishes its titles"),
        Phase::Lowering => format!("{old} gives its capacity back"),
        Phase::Swapped => format!("{new} does all the work"),
        Phase::Restoring => format!("{old} gets its capacity again"),
        Phase::Reverting => format!("all new work goes to {old}"),
        Phase::Emptying => format!("{new} finishes its titles"),
        Phase::Cooling => format!("{new} gives its capacity back"),
        Phase::Returned => format!("{old} does all the work, as before"),
    };
    let style = if phase.is_return() { YELLOW } else { GREEN };
    // Once is enough: the way back has one reason.
    let is_told = matches!(phase, Phase::Restoring | Phase::Reverting | Phase::Lowering);
    let because = because.filter(|_| is_told).map(|because| format!(", because {because}")).unwrap_or_default();
    format!("{style}{phase}:{style:#} {what}{because}")
}

/// Draws both colours.
fn screen(seen: &SwapSeen) -> Vec<String> {
    let mut lines = vec![String::new(), colour(&seen.old), colour(&seen.new), String::new()];
    if seen.phase == Phase::Shifting {
        let dots = usize::try_from(seen.wanted.min(20)).unwrap_or_default();
        let done = usize::try_from(seen.verified.min(seen.wanted).min(20)).unwrap_or_default();
        let verified = format!("{GREEN}{}{GREEN:#}{DIM}{}{DIM:#}", "●".repeat(done), "○".repeat(dots - done));
        let SwapSeen { verified: count, wanted, .. } = seen;
        lines.push(format!("  verified {verified} {count} of {wanted}   {}", time(seen)));
    }
    lines.push(way(seen));
    lines
}

fn time(seen: &SwapSeen) -> String {
    let clock = |seconds: u64| format!("{}:{:02}", seconds / 60, seconds % 60);
    if seen.least_seconds == 0 {
        return format!("time {}", clock(seen.seconds));
    }
    format!("time {} of {}", clock(seen.seconds), clock(seen.least_seconds))
}

fn colour(seen: &SeenColour) -> String {
    let style = if seen.colour == "blue" { BLUE_BAR } else { GREEN_BAR };
    let full = usize::try_from((seen.weight * BAR).div_ceil(100).min(BAR)).unwrap_or_default();
    let empty = usize::try_from(BAR).unwrap_or_default() - full;
    let live = if seen.is_live { "live" } else { "    " };
    let alarms = match seen.ringing.as_slice() {
        [] => format!("{DIM}alarms quiet{DIM:#}"),
        ringing => format!("{RED}{} rings{RED:#}", ringing.join(", ")),
    };
    format!(
        "  {style}{:<6}{}{style:#}{DIM}{}{DIM:#} {:>3} %  {BOLD}{live}{BOLD:#}  {:<10}  {alarms}",
        seen.colour,
        "█".repeat(full),
        "░".repeat(empty),
        seen.weight,
        titles(seen.unfinished),
    )
}

/// Shows where on its way a swap is.
fn way(seen: &SwapSeen) -> String {
    let is_here = |phase: &Phase| phase.is_return() == seen.phase.is_return();
    let phases = Phase::ALL.into_iter().filter(is_here).map(|phase| {
        let word = match phase {
            Phase::Shifting => format!("{phase} {}/{}", seen.step.min(seen.steps), seen.steps),
            _ => phase.to_string(),
        };
        if phase == seen.phase { format!("{BOLD}{word}{BOLD:#}") } else { format!("{DIM}{word}{DIM:#}") }
    });
    format!("  {}", phases.collect::<Vec<_>>().join(" › "))
}

/// Says what a swap is going to do.
pub fn plan(printer: &Printer, plan: &SwapPlan) {
    let SwapPlan { old, new, versions, warm, shares, drain_hours, alarms, remarks, under_way } = plan;
    printer.line(format_args!("{BOLD}{old} → {new}{BOLD:#} {DIM}version {} → {}{DIM:#}", versions.old, versions.new));
    if let Some(phase) = under_way {
        printer.line(format_args!("  {YELLOW}under way:{YELLOW:#} {phase}; it would go on from there"));
    }
    printer.line(format_args!("  {new} gets capacity for {warm} at least, and enhances the sample clip"));
    for share in shares {
        let jobs = plural(share.verified_jobs.try_into().unwrap_or(usize::MAX), "verified job");
        let minutes = plural(share.least_minutes.try_into().unwrap_or(usize::MAX), "minute");
        printer.line(format_args!("  {:>3} % of new work to {new}, for {minutes} at least, and {jobs}", share.percent));
    }
    let hours = plural((*drain_hours).try_into().unwrap_or(usize::MAX), "hour");
    printer.line(format_args!("  {old} finishes its titles, for {hours} at most, and gives its capacity back"));
    for alarm in alarms {
        let name = alarm.split_once(":alarm:").map_or(alarm.as_str(), |(_, name)| name);
        printer.line(format_args!("  {DIM}returns by itself when {name} rings{DIM:#}"));
    }
    for remark in remarks {
        printer.line(format_args!("  {YELLOW}note:{YELLOW:#} {remark}"));
    }
}

/// Shows how both colours stand.
pub fn status(status: &SwapStatus) -> String {
    let rows: Vec<_> = status.colours.iter().map(row).collect();
    let mut text =
        table(["COLOUR", "VERSION", "WEIGHT", "CAPACITY", "QUEUE", "HELD", "TITLES", "ALARMS", "STACK"], &rows);
    text.push('\n');
    text.push_str(&match &status.swap {
        None => fields(&[("swap", "there never was one".to_owned())]),
        Some(journal) => swap(journal),
    });
    text
}

fn row(colour: &ColourStatus) -> [String; 9] {
    let live = if colour.is_live { " (live)" } else { "" };
    let version =
        if colour.is_current { colour.version.clone() } else { format!("{} (not these sources)", colour.version) };
    let ringing: Vec<_> = colour.alarms.iter().filter(|alarm| alarm.rings).map(|alarm| alarm.name.as_str()).collect();
    let alarms = match (colour.alarms.len(), ringing.as_slice()) {
        (0, _) => "none".to_owned(),
        (count, []) => format!("{count} quiet"),
        (_, ringing) => format!("{} rings", ringing.join(", ")),
    };
    [
        format!("{}{live}", colour.colour),
        version,
        format!("{} %", colour.weight),
        colour.minimum.map_or_else(|| "-".to_owned(), |minimum| minimum.to_string()),
        colour.waiting.to_string(),
        colour.held.to_string(),
        colour.unfinished.to_string(),
        alarms,
        format!("{} {}", colour.stack, colour.status),
    ]
}

fn swap(journal: &Journal) -> String {
    let time = |seconds: u64| {
        let time = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        time.map_or_else(|| seconds.to_string(), |time| time.to_string())
    };
    let step = match journal.phase {
        Phase::Shifting => format!(", step {} of {}", journal.step + 1, journal.settings.steps.len()),
        _ => String::new(),
    };
    let mut rows = vec![
        ("swap", format!("{} → {}", journal.old, journal.new)),
        ("stands", format!("{}{step}", journal.phase)),
        ("since", time(journal.entered)),
        ("began", time(journal.began)),
    ];
    rows.extend(journal.because.clone().map(|because| ("because", because)));
    if !journal.phase.is_end() {
        rows.push(("next", "`baleen swap` goes on, `baleen swap --back` returns".to_owned()));
    }
    fields(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(phase: Phase) -> SwapSeen {
        let side = |colour: &str, weight, is_live| SeenColour {
            colour: colour.to_owned(),
            weight,
            is_live,
            minimum: Some(1),
            unfinished: 1,
            ringing: Vec::new(),
        };
        SwapSeen {
            at: 0,
            phase,
            step: 2,
            steps: 3,
            seconds: 94,
            least_seconds: 900,
            verified: 2,
            wanted: 3,
            old: side("blue", 50, true),
            new: side("green", 50, false),
        }
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn the_screen_shows_colours_jobs_time_and_the_way() {
        let mut half = seen(Phase::Shifting);
        half.new.ringing = vec!["TasksFail".to_owned()];
        let bar = |full: usize| format!("{}{}", "█".repeat(full), "░".repeat(40 - full));
        let expected = format!(
            "\n  blue  {bar}  50 %  live  1 title     alarms quiet\n  green {bar}  50 %        1 title     TasksFail rings\n\n  \
             verified ●●○ 2 of 3   time 1:34 of 15:00\n  \
             warming › trying › shifting 2/3 › switching › draining › lowering › swapped",
            bar = bar(20)
        );
        assert_eq!(plain(&screen(&half).join("\n")), expected);
        let back = plain(&screen(&seen(Phase::Emptying)).join("\n"));
        assert!(back.ends_with("restoring › reverting › emptying › cooling › returned"), "{back}");
    }

    #[test]
    fn a_way_back_says_why_once() {
        let line = |phase| plain(&entry(phase, "blue", "green", [1, 3], 10, Some("an alarm rings")));
        assert_eq!(line(Phase::Reverting), "reverting: all new work goes to blue, because an alarm rings");
        assert_eq!(line(Phase::Cooling), "cooling: green gives its capacity back");
        assert_eq!(line(Phase::Shifting), "shifting: green gets 10 % of new work (step 1 of 3)");
    }
}

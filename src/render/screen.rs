//! The stacks that are worked on, one line each, at the bottom of a terminal.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use toolkit::{Plan, Stop};

use super::plan::expected;
use crate::printer::{BOLD, CYAN, DIM, GREEN, Printer, RED, YELLOW};

/// How often the lines are drawn anew while nothing happens but time.
const TICK: Duration = Duration::from_millis(120);

/// The longest and the shortest bar.
const BAR: (usize, usize) = (28, 8);

/// What stands on the screen, and the thread that keeps its clock going.
pub struct Screen {
    state: Arc<Mutex<State>>,
    ticker: Option<JoinHandle<()>>,
}

/// What is known of the work.
struct State {
    printer: Printer,
    /// What all is done for, before there are stacks that are worked on.
    status: String,
    rows: BTreeMap<String, Row>,
    /// The estimates of the stacks, in seconds.
    estimates: BTreeMap<String, u64>,
    began: Option<Instant>,
    total: Totals,
    stop: Stop,
    is_over: bool,
}

#[derive(Default)]
struct Totals {
    all: usize,
    done: usize,
    failed: usize,
    estimate: u64,
}

/// A stack that is worked on.
struct Row {
    began: Instant,
    done: usize,
    total: usize,
    /// What happens now, beside how many resources are done.
    doing: String,
    /// The resources that are worked on, the one that was begun last at the end.
    busy: Vec<(String, String)>,
    /// Whether it is being rolled back.
    is_undone: bool,
}

impl Screen {
    pub fn new(printer: &Printer, stop: &Stop) -> Self {
        let state = State {
            printer: printer.clone(),
            status: String::new(),
            rows: BTreeMap::new(),
            estimates: BTreeMap::new(),
            began: None,
            total: Totals::default(),
            stop: stop.clone(),
            is_over: false,
        };
        let state = Arc::new(Mutex::new(state));
        let ticker = printer.redraws().then(|| {
            let state = Arc::clone(&state);
            std::thread::spawn(move || tick(&state))
        });
        Self { state, ticker }
    }

    fn with(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        state.draw();
    }

    /// Says what all is done for, while there are no stacks that are worked on.
    pub fn status(&self, text: impl Into<String>) {
        self.with(|state| state.status = text.into());
    }

    /// Takes the estimates of a plan.
    pub fn planned(&self, plan: &Plan) {
        self.with(|state| {
            state.status.clear();
            state.estimates = plan.steps.iter().map(|step| (step.stack.clone(), step.estimated_seconds)).collect();
            state.total = Totals { all: plan.steps.len(), estimate: expected(plan), ..Totals::default() };
        });
    }

    /// Takes a better estimate for a stack.
    pub fn estimate(&self, stack: &str, seconds: u64) {
        self.with(|state| {
            state.estimates.insert(stack.to_owned(), seconds);
        });
    }

    /// Adds a stack.
    pub fn begin(&self, stack: &str, total: usize) {
        self.with(|state| {
            let now = Instant::now();
            state.began.get_or_insert(now);
            state.status.clear();
            state.total.all = state.total.all.max(total);
            let row = Row {
                began: now,
                done: 0,
                total: 0,
                doing: "getting ready".to_owned(),
                busy: Vec::new(),
                is_undone: false,
            };
            state.rows.insert(stack.to_owned(), row);
        });
    }

    /// Says what happens to a stack.
    pub fn doing(&self, stack: &str, doing: impl Into<String>) {
        self.change(stack, |row| row.doing = doing.into());
    }

    /// Says how many of the resources of a stack are done.
    pub fn count(&self, stack: &str, done: usize, total: usize) {
        self.change(stack, |row| (row.done, row.total) = (done, total.max(row.total)));
    }

    /// Says what happens to a resource.
    pub fn resource(&self, stack: &str, logical_id: &str, status: &str) {
        self.change(stack, |row| {
            row.doing.clear();
            row.busy.retain(|(name, _)| name != logical_id);
            if status.ends_with("_IN_PROGRESS") {
                row.busy.push((logical_id.to_owned(), status.to_owned()));
            }
        });
    }

    /// Says that a stack is being rolled back.
    pub fn undone(&self, stack: &str) {
        self.change(stack, |row| row.is_undone = true);
    }

    fn change(&self, stack: &str, change: impl FnOnce(&mut Row)) {
        self.with(|state| {
            if let Some(row) = state.rows.get_mut(stack) {
                change(row);
            }
        });
    }

    /// Takes a stack away, and says how long it took.
    pub fn end(&self, stack: &str, failed: bool) -> Option<Duration> {
        let mut taken = None;
        self.with(|state| {
            taken = state.rows.remove(stack).map(|row| row.began.elapsed());
            if failed {
                state.total.failed += 1;
            } else {
                state.total.done += 1;
            }
        });
        taken
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.with(|state| {
            state.is_over = true;
            state.status.clear();
            state.rows.clear();
        });
        if let Some(ticker) = self.ticker.take() {
            // It draws nothing more, whatever became of it.
            let _ = ticker.join();
        }
    }
}

fn tick(state: &Mutex<State>) {
    loop {
        std::thread::sleep(TICK);
        let state = state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_over {
            return;
        }
        if !state.rows.is_empty() {
            state.draw();
        }
    }
}

impl State {
    fn draw(&self) {
        if !self.printer.redraws() {
            return;
        }
        let width = crate::printer::width();
        let mut lines: Vec<String> = Vec::new();
        if self.rows.is_empty() {
            lines.extend((!self.status.is_empty()).then(|| format!("{DIM}{}{DIM:#}", self.status)));
        } else {
            let name = self.rows.keys().map(|name| name.chars().count()).max().unwrap_or_default();
            let rows = self.rows.iter();
            lines.extend(rows.map(|(stack, row)| row.line(stack, name, self.estimates.get(stack).copied(), width)));
            lines.push(self.footer());
        }
        self.printer.live(lines);
    }

    fn footer(&self) -> String {
        let Totals { all, done, failed, estimate } = self.total;
        let waiting = all.saturating_sub(done + failed + self.rows.len());
        let elapsed = self.began.map(|began| began.elapsed()).unwrap_or_default();
        let mut parts = vec![format!("{done} of {all} done")];
        if waiting > 0 {
            parts.push(format!("{waiting} waiting"));
        }
        if failed > 0 {
            parts.push(format!("{RED}{failed} failed{RED:#}{DIM}"));
        }
        let time = if estimate > 0 {
            format!("{} / ~{}", clock(elapsed.as_secs()), clock(estimate))
        } else {
            clock(elapsed.as_secs())
        };
        parts.push(time);
        let hint = if self.stop.is_requested() {
            format!("{DIM:#}{YELLOW}stopping after these; Ctrl-C again leaves{YELLOW:#}{DIM}")
        } else {
            "Ctrl-C stops after these".to_owned()
        };
        parts.push(hint);
        format!("{DIM}  {}{DIM:#}", parts.join(" · "))
    }
}

impl Row {
    /// `  storage   ━━━━━━━━━━━━──────────   7/12  0:34 / ~1:10  Enhanced CREATE_IN_PROGRESS`
    fn line(&self, stack: &str, name: usize, estimate: Option<u64>, width: usize) -> String {
        let elapsed = self.began.elapsed();
        let bar = BAR.0.min((width / 4).max(BAR.1));
        let count = if self.total > 0 { format!("{}/{}", self.done, self.total) } else { String::new() };
        let time = match estimate.filter(|estimate| *estimate > 0) {
            Some(estimate) => format!("{} / ~{}", clock(elapsed.as_secs()), clock(estimate)),
            None => clock(elapsed.as_secs()),
        };
        let doing = match self.busy.last() {
            _ if !self.doing.is_empty() => self.doing.clone(),
            Some((logical_id, status)) if self.busy.len() > 1 => {
                format!("{logical_id} {status} and {} more", self.busy.len() - 1)
            }
            Some((logical_id, status)) => format!("{logical_id} {status}"),
            None => String::new(),
        };
        let (style, spinner) = (if self.is_undone { RED } else { CYAN }, spinner(elapsed));
        let bar = self.bar(bar, elapsed);
        format!(
            "{style}{spinner}{style:#} {BOLD}{stack:<name$}{BOLD:#} {bar} {count:>7}  {time:<13} {DIM}{doing}{DIM:#}"
        )
    }

    /// Draws how much is done: by resources, each that is worked on counting for half; where these are not known, as a
    /// point that moves.
    fn bar(&self, width: usize, elapsed: Duration) -> String {
        let style = if self.is_undone { RED } else { GREEN };
        if self.total == 0 {
            let at = usize::try_from(elapsed.as_millis() / 150).unwrap_or_default() % width;
            return format!("{DIM}{}{DIM:#}{CYAN}━{CYAN:#}{DIM}{}{DIM:#}", "─".repeat(at), "─".repeat(width - at - 1));
        }
        let halves = (2 * self.done + self.busy.len()).min(2 * self.total);
        let full = width * halves / (2 * self.total);
        format!("{style}{}{style:#}{DIM}{}{DIM:#}", "━".repeat(full), "─".repeat(width - full))
    }
}

fn spinner(elapsed: Duration) -> char {
    const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
    FRAMES[usize::try_from(elapsed.as_millis() / TICK.as_millis()).unwrap_or_default() % FRAMES.len()]
}

/// `1:05`
fn clock(seconds: u64) -> String {
    if seconds < 3600 {
        format!("{}:{:02}", seconds / 60, seconds % 60)
    } else {
        format!("{}:{:02}:{:02}", seconds / 3600, seconds % 3600 / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::printer::columns;

    #[test]
    fn a_line_shows_what_is_done_and_what_is_worked_on() {
        let busy = vec![("Sources".to_owned(), "CREATE_IN_PROGRESS".to_owned())];
        let row = Row { began: Instant::now(), done: 3, total: 8, doing: String::new(), busy, is_undone: false };
        let line = anstream::adapter::strip_str(&row.line("storage", 10, Some(70), 80)).to_string();
        assert!(line.contains(" storage    ━━━━━━━━───"), "{line}");
        assert!(line.ends_with("    3/8  0:00 / ~1:10  Sources CREATE_IN_PROGRESS"), "{line}");
        let bar = row.bar(20, Duration::ZERO);
        assert_eq!((columns(&bar), bar.matches('━').count()), (20, 8));
    }

    #[test]
    fn times_are_short() {
        assert_eq!([clock(5), clock(65), clock(3665)], ["0:05", "1:05", "1:01:05"]);
    }
}

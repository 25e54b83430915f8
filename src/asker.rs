//! Asks the person at the terminal.

use std::io::{BufRead, IsTerminal, Write, stdin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use toolkit::{Approver, Question, Stop};

use crate::error::{Error, Kind};
use crate::printer::Printer;
use crate::render;

/// How often it is looked whether somebody pressed Ctrl-C instead of answering.
const LOOK: Duration = Duration::from_millis(50);

/// Asks the person at the terminal.
pub struct Asker<'a> {
    approves_all: AtomicBool,
    printer: &'a Printer,
    can_ask: bool,
    /// The name that has to be typed to deploy or destroy, instead of a yes.
    name: Option<String>,
    stop: Stop,
}

impl<'a> Asker<'a> {
    pub fn new(yes: bool, printer: &'a Printer) -> Self {
        Self {
            approves_all: AtomicBool::new(yes),
            printer,
            can_ask: stdin().is_terminal() && !printer.is_json(),
            name: None,
            stop: Stop::default(),
        }
    }

    /// Wants this name to be typed before a deployment or a destruction.
    pub fn by_name(mut self, name: Option<String>) -> Self {
        self.name = name;
        self
    }

    /// Takes a request to stop for a no.
    pub fn until(mut self, stop: &Stop) -> Self {
        self.stop = stop.clone();
        self
    }

    /// Adds what to do where nobody could be asked.
    pub fn explain(&self, error: Error) -> Error {
        if error.kind == Kind::Declined && !self.can_ask {
            let confirm = self.name.as_ref().map(|name| format!(" --confirm {name}")).unwrap_or_default();
            return error.hint(format!("there is nobody to ask here: approve with `--yes{confirm}`"));
        }
        error
    }

    fn ask(&self, question: &str) -> bool {
        if self.approves_all.load(Ordering::Relaxed) {
            return true;
        }
        self.printer.status("");
        if !self.can_ask {
            return false;
        }
        loop {
            let Some(answer) = self.read(&format!("{question} [y]es, [N]o, [a]ll: ")) else { return false };
            match answer.to_lowercase().as_str() {
                "y" | "yes" => return true,
                "" | "n" | "no" => return false,
                "a" | "all" => {
                    self.approves_all.store(true, Ordering::Relaxed);
                    return true;
                }
                _ => {}
            }
        }
    }

    /// Asks for a name; anything else is a no.
    fn ask_for(&self, question: &str, name: &str) -> bool {
        if self.approves_all.load(Ordering::Relaxed) {
            return true;
        }
        self.printer.status("");
        let question = format!("{question} Type the environment's name to approve ({name}): ");
        self.can_ask && self.read(&question).is_some_and(|answer| answer == name)
    }

    /// Reads an answer; `None` if there is none.
    fn read(&self, question: &str) -> Option<String> {
        let mut err = anstream::stderr();
        // A question that cannot be shown is answered with no.
        write!(err, "{question}").and_then(|()| err.flush()).ok()?;
        let (send, answers) = channel();
        // A thread of its own: nothing else can be left in the middle of reading.
        std::thread::spawn(move || {
            let mut answer = String::new();
            let read = stdin().lock().read_line(&mut answer);
            // Whoever waited may be gone.
            let _ = send.send(read.ok().filter(|bytes| *bytes > 0).map(|_| answer));
        });
        let answer = self.wait(&answers);
        if answer.is_none() && !self.stop.is_requested() {
            // Ctrl-D: the cursor is still behind the question.
            let _ = writeln!(err);
        }
        answer.map(|answer| answer.trim().to_owned())
    }

    fn wait(&self, answers: &Receiver<Option<String>>) -> Option<String> {
        loop {
            match answers.recv_timeout(LOOK) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) if self.stop.is_requested() => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

impl Approver for Asker<'_> {
    fn approve(&self, question: Question<'_>) -> bool {
        match question {
            Question::Deploy(plan) => match &self.name {
                Some(name) => self.ask_for("Deploy these changes?", name),
                None => self.ask(&format!("Deploy these changes to environment `{}`?", plan.environment)),
            },
            Question::Rollback(plan) => {
                render::rollback::plan(self.printer, plan);
                self.ask(&format!("Roll all this of environment `{}` back?", plan.environment))
            }
            Question::Import(plan) => {
                render::import::plan(self.printer, plan);
                self.ask(&format!("Take this over into {}?", plan.stack_name))
            }
            Question::Destroy(plan) => {
                render::deploy::destroy_plan(self.printer, plan);
                match &self.name {
                    Some(name) => self.ask_for("Delete all this, for good?", name),
                    None => self.ask(&format!("Delete all this of environment `{}`, for good?", plan.environment)),
                }
            }
            Question::Swap(plan) => match &self.name {
                Some(name) => self.ask_for("Swap the colours like this?", name),
                None => self.ask(&format!("Swap from {} to {} like this?", plan.old, plan.new)),
            },
            Question::SwapBack { old, new } => self.ask(&format!("Return all work from {new} to {old}?")),
        }
    }
}

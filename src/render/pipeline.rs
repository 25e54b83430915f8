//! What submitting and following say.

use pipeline::{Event, Events};

use super::jobs::{bytes, location};
use crate::printer::{DIM, GREEN, Printer, RED, YELLOW};

/// Prints events as they come.
pub struct Narrator<'a>(pub &'a Printer);

impl Events for Narrator<'_> {
    fn event(&self, event: Event) {
        if self.0.is_json() {
            self.0.event(&event);
        } else {
            narrate(self.0, &event);
        }
    }
}

fn narrate(printer: &Printer, event: &Event) {
    match event {
        Event::Uploading { done, total } => {
            printer.status(&format!("uploading: {} of {}", bytes(*done), bytes(*total)));
        }
        Event::Uploaded { bucket, key, bytes: size, job } => {
            printer.status("");
            printer.line(format_args!("uploaded {} ({})", location(bucket, key), bytes(*size)));
            printer.line(format_args!("{DIM}job {job}{DIM:#}"));
            printer.status("waiting for the workflow");
        }
        Event::State { state, done, total, attempt, .. } => {
            let mut notes = Vec::new();
            if *total > 1 {
                notes.push(format!("{done} of {total} tasks"));
            }
            match attempt {
                0 if *state == job::JobState::Enhancing => notes.push("no worker has begun yet".to_owned()),
                0 | 1 => {}
                again => notes.push(format!("attempt {again}")),
            }
            let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
            let style = match state {
                job::JobState::Done => GREEN,
                job::JobState::Failed | job::JobState::Cancelled => RED,
                _ => DIM,
            };
            printer.status("");
            printer.line(format_args!("{style}{state}{style:#}{notes}"));
            if !state.is_final() {
                printer.status(&format!("{state} …"));
            }
        }
        Event::EarlierEnd { state, .. } => {
            let ended = if *state == job::JobState::Cancelled { "was cancelled" } else { "failed" };
            printer.line(format_args!("the same video was submitted before, and that job {ended}: trying again"));
        }
        Event::NoWorker { seconds, waiting, held } => printer.line(format_args!(
            "{YELLOW}no worker has begun for {seconds} s:{YELLOW:#} {waiting} waiting in the queue, {held} held by workers"
        )),
        Event::Unreachable { error } => {
            printer.line(format_args!("{YELLOW}no answer, trying again:{YELLOW:#} {error}"));
        }
        Event::Downloading { done } => printer.status(&format!("downloading: {}", bytes(*done))),
        Event::Downloaded { file, bytes: size } => {
            printer.status("");
            printer.line(format_args!("downloaded {} ({})", file.display(), bytes(*size)));
        }
    }
}

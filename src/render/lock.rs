//! What is said of an environment's lock.

use toolkit::Event;

use crate::printer::{Printer, YELLOW};

/// Prints an event of the lock.
pub fn narrate(printer: &Printer, event: &Event) {
    match event {
        Event::LockMet { holder, waits } => {
            let what = if *waits { "waiting for its end" } else { "looking whether it still runs" };
            printer.line(format_args!("{YELLOW}locked:{YELLOW:#} {holder}; {what}"));
        }
        Event::LockTaken { holder, how } => {
            printer.line(format_args!("{YELLOW}lock {how}:{YELLOW:#} it was held by {holder}"));
        }
        Event::NoLockTable { table } => printer.line(format_args!(
            "{YELLOW}no lock:{YELLOW:#} table {table} was deleted by hand, so nothing keeps others from deploying now"
        )),
        Event::LockLeft { error } => printer.line(format_args!(
            "{YELLOW}lock not given back:{YELLOW:#} {error}; it counts as abandoned in half a minute"
        )),
        _ => {}
    }
}

//! Says who wants the lock of an environment, and how.

use std::fs;

use stacks::outputs::LOCK_TABLE;
use toolkit::{Holder, LockOptions, LockTable};

use crate::cloud_access::patience;
use crate::session::Session;

/// What to do where someone else works on the environment.
#[derive(clap::Args)]
pub struct LockArgs {
    /// Waits for as long as someone else works on the environment
    #[arg(long, conflicts_with = "steal_lock")]
    wait_lock: bool,
    /// Takes the environment's lock away from whoever holds it
    #[arg(long)]
    steal_lock: bool,
}

/// Where the table of locks is.
pub fn table() -> LockTable {
    LockTable { stack: LOCK_TABLE.stack.to_owned(), output: LOCK_TABLE.name.to_owned() }
}

/// Says how a command locks the environment.
pub fn options(args: &LockArgs, session: &Session, run: &str, command: &str) -> LockOptions {
    LockOptions {
        table: table(),
        holder: Holder {
            run: run.to_owned(),
            name: format!("{}@{}", user(), host()),
            process: own_process().unwrap_or_else(|| std::process::id().to_string()),
            command: command.to_owned(),
            since: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        },
        wait: args.wait_lock,
        steal: args.steal_lock,
        is_alive,
        patience: patience(session),
    }
}

fn user() -> String {
    let named = ["GITHUB_ACTOR", "USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| "someone".to_owned())
}

fn host() -> String {
    let known = fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
    known.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).unwrap_or_else(|| "somewhere".to_owned())
}

/// Names this process so that no other one shares the name: not after the machine was started anew, not in another
/// container, and not one that was given the number of one that has ended. `None` where the system does not tell.
fn own_process() -> Option<String> {
    let id = std::process::id();
    Some(format!("{}/{id}/{}", place()?, started(id)?.1))
}

/// Names the run of the machine and the set of processes that this one belongs to.
fn place() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{}/{}", boot.trim(), namespace.display()))
}

/// Reads whether a process runs, and when it was started, in ticks since the machine was.
fn started(id: u32) -> Option<(bool, u64)> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The second field is the program's name, in brackets, and may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let runs = !matches!(*fields.first()?, "Z" | "X");
    Some((runs, fields.get(19)?.parse().ok()?))
}

/// Says whether whoever holds the lock runs; `None` where that cannot be told from here.
fn is_alive(holder: &Holder) -> Option<bool> {
    let (rest, start) = holder.process.rsplit_once('/')?;
    let (there, id) = rest.rsplit_once('/')?;
    if there != place()? {
        return None;
    }
    let (id, start): (u32, u64) = (id.parse().ok()?, start.parse().ok()?);
    Some(started(id).is_some_and(|(runs, since)| runs && since == start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(process: String) -> Holder {
        let text = String::new;
        Holder { run: text(), name: text(), process, command: text(), since: text() }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_of_this_machine_is_known_to_run_or_to_have_ended() {
        let own = own_process().expect("Linux tells");
        assert_eq!(is_alive(&holder(own.clone())), Some(true));
        // One that had this number before.
        assert_eq!(is_alive(&holder(format!("{own}0"))), Some(false));
        let elsewhere = own.replacen(|letter: char| letter.is_ascii_hexdigit(), "x", 1);
        assert_eq!(is_alive(&holder(elsewhere)), None);
        assert_eq!(is_alive(&holder("17".to_owned())), None);
    }
}

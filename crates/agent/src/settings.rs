//! What an agent is told when it starts.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use job::{Colour, Times};

use crate::Error;

/// Settings of an agent.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The URL of the task queue.
    pub queue: String,
    /// The name of the job table.
    pub table: String,
    /// The folder in which each agent has its own folder, named after it.
    pub work_folder: PathBuf,
    /// The colour whose tasks it does.
    pub colour: Colour,
    /// The agent's name: an instance id, say. No two agents of one work folder have the same.
    pub worker: String,
    /// How long a task stays invisible to others unless renewed.
    pub visibility: Duration,
    /// How often it is renewed: at most a third of that.
    pub renewal: Duration,
    /// After how long without progress a process or a transfer is given up.
    pub stall: Duration,
    /// How long a task rests that is released for want of disk, memory or service.
    pub pause: Duration,
    /// How often a task may be tried, as counted in the job table.
    pub attempts: u32,
    /// How long to wait for a task in one call: whole seconds, at most 20.
    pub poll: Duration,
    /// How many bytes of the work folder's file system stay free.
    pub disk_reserve_bytes: u64,
    /// FFmpeg.
    pub ffmpeg: PathBuf,
    /// `FFprobe`.
    pub ffprobe: PathBuf,
    /// A program and its first arguments that run the rest of their arguments as [`supervise`](crate::supervise) does.
    pub supervisor: Vec<OsString>,
    /// What starts and stops the instance.
    pub fleet: Fleet,
    /// How long a task must have been held before the instance is protected from scale-in.
    pub protect_after: Duration,
    /// Whose metrics are published; `None` for nobody's.
    pub deployment: Option<Deployment>,
    /// As long as this file was written within the last minute, no further task is taken.
    pub drain_file: Option<PathBuf>,
    /// Ends the agent after so many messages; for tests.
    pub max_tasks: Option<u64>,
}

/// What starts and stops the instance that an agent runs on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fleet {
    /// Nothing that would say so beforehand: a machine of one's own, or a single instance.
    #[default]
    None,
    /// Spot, which gives notice.
    Spot,
    /// An Auto Scaling group, which is told when the instance is busy and when it may go; by way of Spot or not.
    AutoScaling {
        /// The group's name.
        group: String,
    },
}

/// Whose metrics an agent publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The name of the application.
    pub app: String,
    /// The name of the environment.
    pub environment: String,
}

impl Settings {
    /// Makes settings with the defaults of [`Times`], and FFmpeg as the search path has it.
    pub fn new(
        queue: impl Into<String>,
        table: impl Into<String>,
        work_folder: impl Into<PathBuf>,
        colour: Colour,
        worker: impl Into<String>,
        supervisor: Vec<OsString>,
    ) -> Self {
        let times = Times::DEFAULT;
        Self {
            queue: queue.into(),
            table: table.into(),
            work_folder: work_folder.into(),
            colour,
            worker: worker.into(),
            visibility: Duration::from_secs(times.visibility_seconds.into()),
            renewal: Duration::from_secs(times.renewal_seconds.into()),
            stall: Duration::from_secs(times.stall_seconds.into()),
            pause: Duration::from_mins(1),
            attempts: times.attempts,
            poll: Duration::from_secs(20),
            disk_reserve_bytes: 1 << 30,
            ffmpeg: "ffmpeg".into(),
            ffprobe: "ffprobe".into(),
            supervisor,
            fleet: Fleet::None,
            protect_after: Duration::from_secs(15),
            deployment: None,
            drain_file: None,
            max_tasks: None,
        }
    }

    /// Checks ranges, and what belongs together.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let seconds = |duration: Duration| format!("{duration:?}");
        let name = |text: &str| {
            text.len() <= 128
                && text.starts_with(|first: char| first.is_ascii_alphanumeric())
                && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter))
        };
        let checks = [
            (
                self.visibility >= Duration::from_secs(15) && self.visibility <= Duration::from_hours(12),
                "visibility",
                seconds(self.visibility),
                "allowed: 15 s to 12 h",
            ),
            (
                !self.renewal.is_zero() && self.renewal * 3 <= self.visibility,
                "renewal",
                seconds(self.renewal),
                "allowed: more than 0, at most a third of the visibility",
            ),
            (
                self.poll <= Duration::from_secs(20) && self.poll.subsec_nanos() == 0,
                "poll",
                seconds(self.poll),
                "allowed: whole seconds, at most 20",
            ),
            (!self.stall.is_zero(), "stall", seconds(self.stall), "allowed: more than 0"),
            (self.attempts > 0, "attempts", self.attempts.to_string(), "allowed: 1 or more"),
            (
                name(&self.worker),
                "worker",
                format!("{:?}", self.worker),
                "allowed: up to 128 letters, digits, dots, dashes and underscores, a letter or digit first",
            ),
            (!self.supervisor.is_empty(), "supervisor", "empty".to_owned(), "allowed: a program, and arguments"),
        ];
        match checks.into_iter().find(|(holds, ..)| !holds) {
            Some((_, setting, value, allowed)) => Err(Error::Setting { setting, value, allowed }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings::new("queue", "table", "/work", Colour::Blue, "i-0123", vec!["supervisor".into()])
    }

    #[test]
    fn the_defaults_hold() {
        assert!(settings().check().is_ok());
    }

    #[test]
    fn what_does_not_hold_is_named_with_its_value() {
        let message = |change: fn(&mut Settings)| {
            let mut settings = settings();
            change(&mut settings);
            settings.check().unwrap_err().to_string()
        };
        assert_eq!(
            message(|settings| settings.renewal = Duration::from_secs(41)),
            "renewal is 41s; allowed: more than 0, at most a third of the visibility"
        );
        assert_eq!(
            message(|settings| settings.poll = Duration::from_millis(1500)),
            "poll is 1.5s; allowed: whole seconds, at most 20"
        );
        for worker in ["", "../other", ".hidden", "a/b", "a b"] {
            let settings = Settings { worker: worker.to_owned(), ..settings() };
            assert!(matches!(settings.check(), Err(Error::Setting { setting: "worker", .. })), "{worker}");
        }
    }
}

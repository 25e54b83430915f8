use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Checkout, repository};

/// How long something may take that happens by itself, before it is taken for never.
const PATIENCE: Duration = Duration::from_mins(5);

/// A checkout with a local cloud; stopped and forgotten at the end.
pub struct LocalCloud {
    checkout: Checkout,
}

impl LocalCloud {
    /// Makes a checkout whose workers give up a dead worker's task soon.
    pub fn new() -> Self {
        let installed = repository();
        assert!(
            local::is_installed(installed) && std::process::Command::new("ffmpeg").arg("-version").output().is_ok(),
            "the local cloud or FFmpeg is not installed; run: cargo xtask setup"
        );
        let checkout = Checkout::new();
        local::share_installation(checkout.path(), installed).expect("shared");
        checkout.edit("local", |text| {
            let quicker = text.replace("visibility_seconds = 30", "visibility_seconds = 15");
            let quicker = quicker.replace("renewal_seconds = 10", "renewal_seconds = 4");
            assert_ne!(quicker, text, "the settings that this makes quicker are there");
            quicker
        });
        Self { checkout }
    }

    /// Makes a local cloud, and deploys to it.
    pub fn deployed() -> Self {
        let cloud = Self::new();
        cloud.run(&["deploy", "--env", "local", "--yes"]).success();
        cloud
    }

    /// Returns the outputs of all stacks.
    pub fn outputs(&self) -> BTreeMap<String, String> {
        let stacks = self.json(&["outputs", "--env", "local"]);
        let outputs = stacks
            .as_array()
            .expect("a list")
            .iter()
            .flat_map(|stack| stack["outputs"].as_object().expect("an object"));
        outputs.map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned())).collect()
    }

    /// Returns an output of a stack; both fleets have some of the same name.
    pub fn output(&self, stack: &str, name: &str) -> String {
        let stacks = self.json(&["outputs", "--env", "local"]);
        let found = stacks.as_array().expect("a list").iter().find(|found| found["stack"] == stack);
        found.and_then(|found| found["outputs"][name].as_str()).expect("it is there").to_owned()
    }

    /// Lists the jobs.
    pub fn jobs(&self) -> Vec<Value> {
        let listing = self.json(&["jobs", "--env", "local"]);
        assert_eq!(listing["unreadable"], serde_json::json!([]));
        listing["jobs"].as_array().expect("a list").clone()
    }

    /// Returns the process id of the emulator.
    pub fn emulator(&self) -> u32 {
        pid(&self.json(&["local", "status"])["emulator"])
    }

    /// Lists the names of the workers.
    pub fn workers(&self) -> Vec<String> {
        let status = self.json(&["local", "status"]);
        let workers = status["workers"].as_array().expect("a list").iter();
        workers.map(|worker| worker["name"].as_str().expect("a text").to_owned()).collect()
    }

    /// Returns where the emulator listens.
    pub fn emulator_url(&self) -> String {
        let status = self.json(&["local", "status"]);
        status["emulator"]["endpoint_url"].as_str().unwrap_or_else(|| panic!("no URL in {status}")).to_owned()
    }

    /// Returns the process id of the worker.
    pub fn worker(&self) -> u32 {
        pid(&self.json(&["local", "status"])["workers"][0])
    }

    /// Waits until a job of this source is in such a state.
    pub fn wait_for_job(&self, key: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let jobs = self.jobs();
            if let Some(job) = jobs.iter().find(|job| job["source"]["key"] == key && is_so(job)) {
                return job.clone();
            }
            assert!(Instant::now() < deadline, "{jobs:#?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Lists the processes that work in this checkout's folder: FFmpeg, and what stands between it and its agent.
    pub fn processes(&self) -> Vec<String> {
        let folder = self.path().to_string_lossy().into_owned();
        let entries = std::fs::read_dir("/proc").expect("readable").filter_map(|entry| Some(entry.ok()?.path()));
        let is_here = |path: &PathBuf| {
            let place = std::fs::read_link(path.join("cwd")).unwrap_or_default();
            place.to_string_lossy().contains(&folder)
        };
        let command = |path: PathBuf| {
            let line = std::fs::read(path.join("cmdline")).ok()?;
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            line.contains("ffmpeg").then_some(line)
        };
        entries.filter(is_here).filter_map(command).collect()
    }
}

impl std::ops::Deref for LocalCloud {
    type Target = Checkout;

    fn deref(&self) -> &Checkout {
        &self.checkout
    }
}

impl Drop for LocalCloud {
    fn drop(&mut self) {
        self.checkout.run(&["local", "down", "--wipe"]);
    }
}

fn pid(value: &Value) -> u32 {
    value["pid"].as_u64().and_then(|pid| pid.try_into().ok()).unwrap_or_else(|| panic!("no process in {value}"))
}

/// Kills a process on the spot.
pub fn kill(pid: u32) {
    signal(pid, "-KILL");
}

/// Asks a process to end.
pub fn terminate(pid: u32) {
    signal(pid, "-TERM");
}

/// Halts a process until this is dropped.
pub struct Halted(u32);

impl Halted {
    pub fn new(pid: u32) -> Self {
        signal(pid, "-STOP");
        Self(pid)
    }
}

impl Drop for Halted {
    fn drop(&mut self) {
        signal(self.0, "-CONT");
    }
}

fn signal(pid: u32, name: &str) {
    let status = std::process::Command::new("kill").args([name, &pid.to_string()]).status().expect("kill runs");
    assert!(status.success());
}

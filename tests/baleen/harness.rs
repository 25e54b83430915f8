//! Runs the tool in a folder of its own, with nothing of the developer's environment.

use std::ffi::OsStr;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// How long a command may take before it is taken for hung. No test depends on how quick it is.
const PATIENCE: Duration = Duration::from_mins(5);

/// A folder that looks like a checkout: the environments of this one, and a local cloud of its own.
pub struct Checkout {
    folder: TempDir,
}

impl Checkout {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("baleen-").tempdir().expect("a temporary folder");
        let environments = folder.path().join("environments");
        std::fs::create_dir(&environments).expect("created");
        for entry in std::fs::read_dir(repository().join("environments")).expect("readable") {
            let path = entry.expect("readable").path();
            std::fs::copy(&path, environments.join(path.file_name().expect("a name"))).expect("copied");
        }
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Changes an environment's file.
    pub fn edit(&self, environment: &str, edit: impl FnOnce(String) -> String) {
        let path = self.path().join(format!("environments/{environment}.toml"));
        let text = edit(std::fs::read_to_string(&path).expect("readable"));
        std::fs::write(&path, text).expect("written");
    }

    /// Runs the tool to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.start(arguments).finish()
    }

    /// Runs the tool, which must succeed, and reads the JSON that it writes.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(output.code, Some(0), "{output}");
        serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{output}"))
    }

    /// Runs the tool on a machine that has only these programs, none of which works.
    pub fn run_with_programs(&self, programs: &[&str], arguments: &[&str]) -> Output {
        use std::os::unix::fs::PermissionsExt;
        let folder = self.path().join("bin");
        std::fs::create_dir(&folder).expect("created");
        for program in programs {
            let file = folder.join(program);
            std::fs::write(&file, "#!/bin/sh\nexit 1\n").expect("written");
            std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).expect("made executable");
        }
        self.start_on_path(folder.as_os_str(), arguments).finish()
    }

    /// Starts the tool.
    pub fn start(&self, arguments: &[&str]) -> Running {
        self.start_on_path(&std::env::var_os("PATH").unwrap_or_default(), arguments)
    }

    fn start_on_path(&self, path: &OsStr, arguments: &[&str]) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_baleen"));
        command.args(arguments).current_dir(self.path()).env_clear();
        command.env("PATH", path).env("HOME", self.path());
        // A proxy in the way of the loopback interface, and credentials of a real account: neither may matter.
        command.env("http_proxy", "http://127.0.0.1:9").env("AWS_ACCESS_KEY_ID", "real");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the tool starts");
        Running {
            command: arguments.join(" "),
            root: self.path().to_owned(),
            stdout: Pipe::drain(child.stdout.take().expect("piped")),
            stderr: Pipe::drain(child.stderr.take().expect("piped")),
            child: Leashed(child),
        }
    }
}

/// A run of the tool that has not ended.
pub struct Running {
    command: String,
    root: PathBuf,
    child: Leashed,
    stdout: Pipe,
    stderr: Pipe,
}

/// A process that does not outlive a test that fails.
struct Leashed(Child);

impl std::ops::Deref for Leashed {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl std::ops::DerefMut for Leashed {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Leashed {
    fn drop(&mut self) {
        // One that has ended is left alone.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Running {
    pub fn finish(mut self) -> Output {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("waited for") {
                break status;
            }
            if Instant::now() >= deadline {
                self.child.kill().expect("killed");
                let stderr = self.stderr.all();
                panic!("`baleen {}` does not end:\n{stderr}", self.command);
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        Output {
            command: self.command,
            root: self.root,
            stdout: self.stdout.all(),
            stderr: self.stderr.all(),
            code: status.code(),
        }
    }

    /// Returns the process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the tool has said something.
    #[track_caller]
    pub fn wait_until_it_says(&self, words: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.stderr.so_far().contains(words) {
            assert!(Instant::now() < deadline, "it never says {words:?}:\n{}", self.stderr.so_far());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Kills the tool on the spot, once it has said something, or has ended without saying it.
    pub fn kill_when_it_says(mut self, words: &str) {
        while !self.stderr.so_far().contains(words) && self.child.try_wait().expect("waited for").is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.child.kill().expect("killed");
        self.child.wait().expect("waited for");
    }
}

/// What comes out of a pipe.
struct Pipe {
    text: Arc<Mutex<Vec<u8>>>,
    reader: std::thread::JoinHandle<()>,
}

impl Pipe {
    fn drain(mut pipe: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&text);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                match pipe.read(&mut buffer).expect("readable") {
                    0 => return,
                    read => shared.lock().expect("not poisoned").extend_from_slice(&buffer[..read]),
                }
            }
        });
        Self { text, reader }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().expect("not poisoned")).into_owned()
    }

    fn all(self) -> String {
        self.reader.join().expect("read");
        String::from_utf8(std::mem::take(&mut self.text.lock().expect("not poisoned"))).expect("UTF-8")
    }
}

/// All that a user sees of a run.
pub struct Output {
    command: String,
    root: PathBuf,
    pub stdout: String,
    pub stderr: String,
    pub code: Option<i32>,
}

impl Output {
    /// Fails unless the tool succeeded.
    #[track_caller]
    pub fn success(self) -> Self {
        assert_eq!(self.code, Some(0), "{self}");
        self
    }
}

/// A transcript, with the checkout's folder as `[ROOT]`.
impl fmt::Display for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = self.root.display().to_string();
        writeln!(formatter, "$ baleen {}", self.command)?;
        formatter.write_str(&self.stdout.replace(&root, "[ROOT]"))?;
        if !self.stderr.is_empty() {
            writeln!(formatter, "[stderr]")?;
            formatter.write_str(&self.stderr.replace(&root, "[ROOT]"))?;
        }
        match self.code {
            Some(code) => writeln!(formatter, "[exit status {code}]"),
            None => writeln!(formatter, "[killed]"),
        }
    }
}

/// The checkout that these tests are in.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

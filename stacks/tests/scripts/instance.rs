//! What looks like an instance to a script.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use job::TaskReport;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::scripts::script;

/// Where the programs come from that are no stand-ins.
const STAND_INS: [(&str, &str); 7] = [
    ("aws", include_str!("stand-ins/aws.py")),
    ("curl", include_str!("stand-ins/curl.sh")),
    ("ffmpeg", include_str!("stand-ins/ffmpeg.sh")),
    ("gpgv", include_str!("stand-ins/gpgv.sh")),
    ("nvidia-smi", include_str!("stand-ins/nvidia-smi.sh")),
    ("systemctl", include_str!("stand-ins/systemctl.sh")),
    ("uname", include_str!("stand-ins/uname.sh")),
];

/// An instance that is none: a root folder, and programs that stand in for the real ones.
pub struct Instance {
    folder: TempDir,
}

/// A script that runs.
pub struct Running {
    child: Child,
}

/// A script that has ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    pub output: String,
    pub errors: String,
}

impl Ended {
    /// Reads what the script says of its result.
    pub fn report(&self) -> TaskReport {
        assert_eq!(self.code, Some(0), "{}", self.errors);
        assert_eq!(self.output.lines().count(), 1, "{}", self.output);
        serde_json::from_str(&self.output).unwrap()
    }

    /// Holds the script to having failed in a certain way, with nothing on standard output.
    #[track_caller]
    pub fn failed(&self, kind: &str, words: &str) {
        let kinds = ["input", "transient", "engine", "interrupted", "resource", "internal"];
        let code = 10 + i32::try_from(kinds.iter().position(|known| *known == kind).unwrap()).unwrap();
        assert_eq!(self.code, Some(code), "{}{}", self.output, self.errors);
        assert_eq!(self.output, "", "{}", self.errors);
        let told = format!("error: {kind}: ");
        let line = self.errors.lines().rev().find(|line| line.starts_with("error: ")).unwrap_or(&self.errors);
        assert!(line.starts_with(&told) && line.contains(words), "{}", self.errors);
    }
}

impl Running {
    /// Waits for the end.
    pub fn ended(mut self) -> Ended {
        let (mut output, mut errors) = (String::new(), String::new());
        // What a script says on one of them fits into the pipe while the other is read.
        self.child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        Ended { code: self.child.wait().unwrap().code(), output, errors }
    }

    /// Sends a signal to the script alone.
    pub fn signal(&self, name: &str) {
        kill(name, &self.child.id().to_string());
    }

    /// Sends a signal to the script and to all that it has started, as the SSM agent does.
    pub fn signal_group(&self, name: &str) {
        kill(name, &format!("-{}", self.child.id()));
    }
}

fn kill(name: &str, target: &str) {
    assert!(Command::new("kill").args(["-s", name, "--", target]).status().unwrap().success());
}

impl Instance {
    pub fn new() -> Self {
        let instance = Self { folder: tempfile::tempdir().unwrap() };
        for folder in ["bin", "root", "stand-in/web", "elsewhere"] {
            fs::create_dir_all(instance.path(folder)).unwrap();
        }
        for (name, text) in STAND_INS {
            write_program(&instance.path("bin").join(name), text);
        }
        instance
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces a program.
    pub fn program(&self, name: &str, text: &str) {
        write_program(&self.path("bin").join(name), text);
    }

    /// A path below the root folder of the instance.
    pub fn root(&self, name: &str) -> PathBuf {
        self.path("root").join(name)
    }

    /// A path in the folder of the stand-ins.
    pub fn stand_in(&self, name: &str) -> PathBuf {
        self.path("stand-in").join(name)
    }

    /// Starts a script in a folder where nothing may appear.
    pub fn start(&self, name: &str, variables: &BTreeMap<String, String>) -> Running {
        let file = self.path(&format!("{name}.sh"));
        fs::write(&file, script(name)).unwrap();
        let real = std::env::var("PATH").unwrap();
        let child = Command::new("bash")
            .arg(&file)
            .current_dir(self.path("elsewhere"))
            .env("PATH", format!("{}:{real}", self.path("bin").display()))
            .env_remove("LD_LIBRARY_PATH")
            .env("STAND_IN_PATH", real)
            .env("STAND_IN", self.path("stand-in"))
            .env("BALEEN_ROOT", self.path("root"))
            .env("AWS_SSM_REGION_NAME", "ap-northeast-2")
            // Whatever the seeds' way has left behind on the instance.
            .env("AWS_ACCESS_KEY_ID", "a static key")
            .env("AWS_SECRET_ACCESS_KEY", "its secret")
            .envs(variables)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Running { child }
    }

    /// Runs a script to its end, and holds it to leaving nothing behind.
    #[track_caller]
    pub fn run(&self, name: &str, variables: &BTreeMap<String, String>) -> Ended {
        let ended = self.start(name, variables).ended();
        self.assert_clean();
        ended
    }

    /// Holds the runs so far to having left nothing behind: no folder of theirs, and nothing where they were started.
    #[track_caller]
    pub fn assert_clean(&self) {
        assert_eq!(self.left_behind(), [] as [String; 0], "work folder");
        let elsewhere: Vec<_> = entries(&self.path("elsewhere")).collect();
        assert_eq!(elsewhere, [] as [String; 0], "the folder where scripts are started");
    }

    /// Names what runs have left in the work folder.
    pub fn left_behind(&self) -> Vec<String> {
        entries(&self.root("var/lib/baleen/commands")).filter(|name| name != ".lock").collect()
    }

    /// Puts an object into a bucket; returns its version.
    pub fn put(&self, bucket: &str, key: &str, body: &[u8], metadata: &Value) -> String {
        let mut objects = self.objects();
        let version = format!("v{}", objects.len());
        let path = self.stand_in(&format!("object-{}", objects.len()));
        fs::write(&path, body).unwrap();
        let etag = format!("etag{}", objects.len());
        objects.push(json!({
            "bucket": bucket, "key": key, "version": version, "etag": etag, "body": path, "metadata": metadata,
        }));
        fs::write(self.stand_in("objects.json"), serde_json::to_vec(&objects).unwrap()).unwrap();
        version
    }

    /// Every object there is.
    pub fn objects(&self) -> Vec<Value> {
        fs::read(self.stand_in("objects.json"))
            .map_or_else(|_| Vec::new(), |text| serde_json::from_slice(&text).unwrap())
    }

    /// The objects of a bucket.
    pub fn bucket(&self, bucket: &str) -> Vec<Value> {
        self.objects().into_iter().filter(|object| object["bucket"] == bucket).collect()
    }

    /// Every call of the AWS CLI, with its arguments.
    pub fn calls(&self) -> Vec<Vec<String>> {
        let text = fs::read_to_string(self.stand_in("calls.jsonl")).unwrap_or_default();
        let calls = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        calls
            .map(|call| {
                assert_eq!(call["keys"], json!([]), "the instance's role is all that there is");
                assert_eq!(call["leaked"], json!([]), "the engine's environment is the engine's alone");
                serde_json::from_value(call["arguments"].clone()).unwrap()
            })
            .collect()
    }

    /// The names of the operations that were called.
    pub fn operations(&self) -> Vec<String> {
        self.calls().into_iter().map(|arguments| arguments[1].clone()).collect()
    }

    /// The lines that a stand-in has written down.
    pub fn recorded(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.stand_in(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

/// Writes a program.
pub fn write_program(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn entries(folder: &Path) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap())
}

/// Waits until something is so, which it must be at last.
#[track_caller]
pub fn wait_until(is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_mins(2), "it never came to that");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Makes variables of names and values.
pub fn variables<'v>(pairs: impl IntoIterator<Item = (&'v str, &'v str)>) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The parameters with which `enhance-bluewhale` enhances `source` into `result`, and some more.
pub fn bluewhale<'v>(more: impl IntoIterator<Item = (&'v str, &'v str)>) -> BTreeMap<String, String> {
    let (source, result) = (base64url("source"), base64url("result"));
    let mut all = variables([
        ("SSM_SourceBucket", "sources"),
        ("SSM_SourceKey", &source),
        ("SSM_SourceVersion", ""),
        ("SSM_SourceEtag", ""),
        ("SSM_SourceBytes", ""),
        ("SSM_OutputBucket", "enhanced"),
        ("SSM_OutputKey", &result),
        ("SSM_Job", ""),
        ("SSM_Attempt", ""),
        ("SSM_Codec", "h264_nvenc"),
        ("SSM_Quality", "28"),
        ("SSM_Preset", "p5"),
        ("SSM_PixelFormat", "yuv420p"),
        ("SSM_Container", "mp4"),
        ("SSM_Model", "b"),
    ]);
    all.extend(variables(more));
    all
}

/// Writes a text as base64url, without padding.
pub fn base64url(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = (0..3).fold(0, |bits, index| bits << 8 | usize::from(chunk.get(index).copied().unwrap_or(0)));
        let digits = (0..=chunk.len()).map(|index| char::from(DIGITS[bits >> (18 - 6 * index) & 63]));
        encoded.extend(digits);
    }
    encoded
}

/// Makes a video with FFmpeg: by a command or several, with `;` between them and spaces between arguments. The last
/// argument is the name of the file.
pub fn video(commands: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("subtitles.srt"), "1\n00:00:00,000 --> 00:00:00,400\nhello\n").unwrap();
    for arguments in commands.split(';') {
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.current_dir(folder.path()).args(["-nostdin", "-loglevel", "error"]).args(arguments.split_whitespace());
        assert!(ffmpeg.status().unwrap().success(), "{arguments}");
    }
    fs::read(folder.path().join(commands.split_whitespace().last().unwrap())).unwrap()
}

/// A small video with two audio tracks and subtitles, in Matroska: ten frames of 64x48.
pub fn sample() -> Vec<u8> {
    video(
        "-f lavfi -i testsrc2=size=64x48:rate=25:duration=0.4 -f lavfi -i sine=duration=0.4 \
         -f lavfi -i sine=frequency=880:duration=0.4 -i subtitles.srt -map 0 -map 1 -map 2 -map 3 \
         -c:v libx264 -preset ultrafast -c:a aac -c:s subrip -bitexact sample.mkv",
    )
}

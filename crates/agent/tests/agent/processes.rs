//! Real processes: none survives its agent, none hangs, none is believed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use agent::{Error, Event};
use job::{Container, Recipe, Scale, TaskMessage};
use tokio::time::{sleep, timeout};

use crate::bench::{Bench, ENHANCED, output_of, recipe};
use crate::memory::Token;
use crate::samples;

/// Set for a test that plays the agent that another test kills: the folder in which it works.
const PLAYED_AGENT: &str = "BALEEN_TEST_PLAYED_AGENT";

/// The supervisor's name, as far as the system keeps it.
const SUPERVISOR: &str = "agent-superviso";

/// What FFmpeg is called here while it enhances, which takes minutes; while it decodes it is gone by itself soon.
const ENHANCING: &str = "ffmpeg, enhancing";

/// Processes that run in a folder, or below it: their id and name. Zombies have no folder.
fn processes_in(folder: &Path) -> Vec<(i32, String)> {
    let folder = folder.canonicalize().unwrap();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap() {
        let path = entry.unwrap().path();
        let Some(id) = path.file_name().and_then(|name| name.to_str()?.parse().ok()) else { continue };
        // Whoever ends meanwhile is not there.
        let Ok(cwd) = fs::read_link(path.join("cwd")) else { continue };
        let Ok(name) = fs::read_to_string(path.join("comm")) else { continue };
        let Ok(arguments) = fs::read(path.join("cmdline")) else { continue };
        let is_enhancing = name.trim() == "ffmpeg" && arguments.ends_with(b"\0file:output\0");
        let name = if is_enhancing { ENHANCING } else { name.trim() };
        // A folder that was removed reads as `… (deleted)`.
        if cwd.starts_with(&folder) && cwd != folder {
            found.push((id, name.to_owned()));
        }
    }
    found
}

/// How long a test waits for what should happen soon, before it calls it missing.
const MISSING: Duration = Duration::from_secs(30);

/// Waits until the processes in a folder are as they should be.
async fn until(folder: &Path, is_so: impl Fn(&[(i32, String)]) -> bool) -> Vec<(i32, String)> {
    let waiting = async {
        loop {
            let found = processes_in(folder);
            if is_so(&found) {
                return found;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    let found = timeout(MISSING, waiting).await;
    found.unwrap_or_else(|_| panic!("the processes are still {:?}", processes_in(folder)))
}

fn has(name: &str) -> impl Fn(&[(i32, String)]) -> bool {
    move |processes| processes.iter().any(|(_, found)| found == name)
}

/// A bench with work for minutes: whatever ends sooner was ended.
fn busy_bench() -> (Bench, TaskMessage) {
    let bench = Bench::new();
    let task = submit_long_work(&bench);
    (bench, task)
}

fn submit_long_work(bench: &Bench) -> TaskMessage {
    let long = "-f lavfi -i testsrc2=s=320x240:r=25:d=150 -c:v libx264 -preset ultrafast -pix_fmt yuv420p";
    let body = samples::make(bench.folder.path(), long, "long.mp4");
    let mut recipe = Recipe { scale: Scale::new(4).unwrap(), ..recipe(Container::Mkv) };
    recipe.encoding.preset = job::Preset::Veryslow;
    bench.submit("clip.mp4", body, recipe)
}

#[tokio::test]
async fn an_agent_that_is_asked_to_stop_takes_ffmpeg_with_it() {
    let (bench, task) = busy_bench();
    let accepted = |event: &Event| matches!(event, Event::SourceAccepted { .. });
    let shutdown = async {
        while bench.events.count(accepted) == 0 {
            sleep(Duration::from_millis(10)).await;
        }
        until(bench.folder.path(), has(ENHANCING)).await;
    };
    let summary = agent::run(bench.settings.clone(), bench.memory.cloud(), shutdown, &*bench.events).await.unwrap();
    assert_eq!(summary.released, 1);
    until(bench.folder.path(), <[_]>::is_empty).await;
    assert_eq!(bench.memory.tables.attempts(&task.job), 0, "the attempt does not count");
    assert_eq!(bench.memory.queues.visible_after(), Duration::ZERO, "others see it at once");
    assert_eq!(bench.token(&task), Token::Waiting);
    assert_eq!(bench.memory.objects.writes(ENHANCED), 0);
    bench.assert_clean();
}

/// Plays the agent that is killed below; on its own it does nothing.
#[tokio::test]
async fn played_agent() {
    let Some(folder) = std::env::var_os(PLAYED_AGENT) else { return };
    let mut bench = Bench::new();
    bench.settings.work_folder = PathBuf::from(folder);
    submit_long_work(&bench);
    bench.work().await;
}

fn play_agent(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::played_agent", "--nocapture"])
        .env(PLAYED_AGENT, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn nothing_survives_an_agent_that_is_killed() {
    let bench = Bench::new();
    let work = &bench.settings.work_folder;
    fs::create_dir_all(work).unwrap();
    // The supervisor is there before FFmpeg is: whatever the moment, both go.
    for moment in [SUPERVISOR, "ffprobe", "ffmpeg", ENHANCING] {
        let mut agent = play_agent(work);
        let found = until(work, has(moment)).await;
        agent.kill().unwrap();
        agent.wait().unwrap();
        assert!(!found.is_empty(), "there was something to survive");
        until(work, <[_]>::is_empty).await;
    }
    let own = work.join(&bench.settings.worker);
    assert_ne!(fs::read_dir(&own).unwrap().count(), 0, "a killed agent leaves its files");

    // The next agent of the same name removes them, and works.
    let body = samples::silent(bench.folder.path(), "silent.mp4");
    let task = bench.submit("clip.mp4", body, recipe(Container::Mp4));
    bench.work().await;
    assert_eq!(bench.report(&task).frames, 20);
    assert_eq!(bench.events.count(|event| matches!(event, Event::LeftoversRemoved { .. })), 1);
    bench.assert_clean();
}

#[tokio::test]
async fn a_supervisor_that_is_killed_takes_ffmpeg_with_it() {
    let (bench, task) = busy_bench();
    let accepted = |event: &Event| matches!(event, Event::SourceAccepted { .. });
    let killing = async {
        while bench.events.count(accepted) == 0 {
            sleep(Duration::from_millis(10)).await;
        }
        let found = until(bench.folder.path(), has(ENHANCING)).await;
        let (supervisor, _) = found.iter().find(|(_, name)| name == SUPERVISOR).unwrap();
        output_of("kill", &["-9", &supervisor.to_string()], bench.folder.path());
        until(bench.folder.path(), <[_]>::is_empty).await;
    };
    let (summary, ()) = tokio::join!(bench.work(), killing);
    assert_eq!(summary.released, 1);
    assert_eq!(bench.token(&task), Token::Waiting);
    bench.assert_clean();
}

#[tokio::test]
async fn what_a_program_starts_goes_with_the_agent_too() {
    let bench = Bench::new();
    let folder = bench.folder.path().join("inside");
    fs::create_dir(&folder).unwrap();
    // This test plays the agent: it holds the pipe.
    let mut supervisor = Command::new(env!("CARGO_BIN_EXE_agent-supervisor"))
        .args(["sh", "-c", "sleep 1000 & sleep 2000; true"])
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let found = until(bench.folder.path(), |found| found.iter().filter(|(_, name)| name == "sleep").count() == 2).await;
    assert!(found.len() >= 4, "{found:?}");
    drop(supervisor.stdin.take());
    until(bench.folder.path(), <[_]>::is_empty).await;
    supervisor.wait().unwrap();
}

#[test]
fn a_supervisor_passes_on_output_and_exit_code() {
    for (script, code) in [("exit 0", 0), ("exit 3", 3), ("exit 228", 228), ("kill -9 $$", 137)] {
        let output = Command::new(env!("CARGO_BIN_EXE_agent-supervisor"))
            .args(["sh", "-c", &format!("echo out; echo err >&2; cat; {script}")])
            .stdin(open_pipe().0)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{script}");
        assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
    }
}

/// A pipe whose writing end stays open for as long as this process lives.
fn open_pipe() -> (Stdio, ()) {
    let (reader, writer) = std::io::pipe().unwrap();
    std::mem::forget(writer);
    (reader.into(), ())
}

/// Puts a script in the place of FFmpeg, for the command that enhances only.
fn replace_enhancing(bench: &mut Bench, script: &str) {
    let path = bench.folder.path().join("ffmpeg");
    let text = format!(
        "#!/bin/bash\nif [[ \" $* \" != *' file:output '* || \" $* \" == *' -f null '* ]]; then exec ffmpeg \"$@\"; fi\n{script}\n"
    );
    // `$*` of the command that enhances ends with the output.
    let text = text.replace("*' file:output '*", "*' -y file:output '*");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    bench.settings.ffmpeg = path;
}

async fn with_engine(script: &str) -> (Bench, TaskMessage) {
    let mut bench = Bench::new();
    let body = samples::plain(bench.folder.path());
    let task = bench.submit("clip.mp4", body, recipe(Container::Mp4));
    replace_enhancing(&mut bench, script);
    bench.settings.stall = Duration::from_secs(3);
    bench.work().await;
    until(&bench.settings.work_folder, <[_]>::is_empty).await;
    assert_eq!(bench.memory.objects.writes(ENHANCED), 0, "nothing may be published");
    bench.assert_clean();
    (bench, task)
}

#[tokio::test]
async fn an_engine_without_progress_is_stopped() {
    for hang in ["sleep 1000 & sleep 1000; exit", "trap '' TERM INT; while :; do sleep 1; echo progress=continue; done"]
    {
        let (bench, task) = with_engine(hang).await;
        let failure = bench.failure(&task);
        assert_eq!(failure.kind, job::ErrorKind::Engine);
        assert_eq!(failure.message, "enhancing with scale: no progress for 3 s");
        assert_eq!(bench.events.count(|event| matches!(event, Event::Stalled { .. })), 1);
    }
}

#[tokio::test]
async fn an_engine_that_exits_with_success_is_not_believed() {
    for (script, reason) in [
        // Nothing, garbage, the source itself, too few frames, the wrong size, no sound.
        ("exit 0", "not a video that FFmpeg can open"),
        ("printf garbage > output", "not a video that FFmpeg can open"),
        ("cp source output", "size: 64x48 instead of 128x96"),
        (
            "exec ffmpeg -v error -i source -vf scale=128:96 -preset ultrafast -frames:v 19 -c:a copy -f mp4 output",
            "frames: 19 instead of 20",
        ),
        ("exec ffmpeg -v error -i source -vf scale=130:96 -preset ultrafast -c:a copy -f mp4 output", "size: 130x96"),
        (
            "exec ffmpeg -v error -i source -vf scale=128:96 -preset ultrafast -an -f mp4 output",
            "audio streams: none instead of aac",
        ),
        (
            "ffmpeg -v error -i source -vf scale=128:96 -preset ultrafast -c:a copy -f matroska output; truncate -s -500 output",
            "cut off",
        ),
    ] {
        let (bench, task) = with_engine(script).await;
        let failure = bench.failure(&task);
        assert_eq!(failure.kind, job::ErrorKind::Engine, "{script}: {failure}");
        assert!(failure.message.contains(reason), "{script}: {failure}");
    }
}

#[tokio::test]
async fn an_engine_that_fails_is_quoted() {
    let (bench, task) = with_engine("echo '[error] CUDA error 700' >&2; exit 1").await;
    assert_eq!(bench.failure(&task).message, "enhancing with scale: exit code 1: CUDA error 700");
    let (bench, task) = with_engine("kill -SEGV $$").await;
    assert_eq!(bench.failure(&task).message, "enhancing with scale: ended by signal 11: no message");
}

#[tokio::test]
async fn a_machine_that_runs_out_of_something_releases_the_task() {
    for script in ["rm -f output; ln -s /dev/full output; exec ffmpeg \"$@\"", "kill -KILL $$"] {
        let (bench, task) = with_engine(script).await;
        assert_eq!(bench.token(&task), Token::Waiting, "{script}: {:#?}", bench.events.all());
        assert!(bench.memory.queues.visible_after() > Duration::from_secs(50), "after a pause");
        let released = bench.events.count(
            |event| matches!(event, Event::TaskReleased { failure, .. } if failure.kind == job::ErrorKind::Resource),
        );
        assert_eq!(released, 1, "{script}");
    }
}

#[tokio::test]
async fn programs_that_are_missing_are_named_before_any_task_is_taken() {
    let mut bench = Bench::new();
    bench.settings.ffprobe = "/nowhere/ffprobe".into();
    let error = agent::run(bench.settings.clone(), bench.memory.cloud(), std::future::pending(), &*bench.events).await;
    let error = error.unwrap_err();
    assert!(matches!(error, Error::Program { .. }));
    let message = error.to_string();
    assert!(message.contains("/nowhere/ffprobe") && message.contains("install FFmpeg"), "{message}");

    let mut bench = Bench::new();
    bench.settings.supervisor = vec!["/nowhere/supervisor".into()];
    let error = agent::run(bench.settings.clone(), bench.memory.cloud(), std::future::pending(), &*bench.events).await;
    assert!(error.unwrap_err().to_string().contains("/nowhere/supervisor"));
}

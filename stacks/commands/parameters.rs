//! The parameters of commands, as `assets/commands/README.md` lists them. The scripts check each again: an older SSM agent
//! would hand on what the document refuses.

use documents::ssm::{CommandDocument, CommandParameter, text};
use job::Colour;

use crate::bootstrap::Bootstrap;

const BUCKET: &str = "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$";
const KEY: &str = "^[A-Za-z0-9_-]+={0,2}$";
const NAME: &str = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$";

fn bucket(description: &str) -> CommandParameter {
    text(description).allowed_pattern(BUCKET)
}

/// An object's key, as base64url of its UTF-8: not one byte of it changes on the way, and none can be taken for code.
fn key(description: &str) -> CommandParameter {
    text(description).allowed_pattern(KEY).max_chars(1368)
}

fn optional(description: &str, pattern: &str) -> CommandParameter {
    text(description).default_value("").allowed_pattern(pattern)
}

/// Adds what is enhanced, and where the result goes.
pub(super) fn place(document: CommandDocument) -> CommandDocument {
    document
        .parameter("SourceBucket", bucket("The bucket of the source"))
        .parameter("SourceKey", key("The key of the source, as base64url"))
        .parameter("SourceVersion", optional("The version of the source", "^[A-Za-z0-9._=/+-]{0,1024}$"))
        .parameter("SourceEtag", optional("The entity tag of the source, without its quotes", "^[A-Za-z0-9-]{0,128}$"))
        .parameter("SourceBytes", optional("The size of the source, in bytes", "^(0|[1-9][0-9]{0,15})?$"))
        .parameter("OutputBucket", bucket("The bucket of the result"))
        .parameter("OutputKey", key("The key of the result, as base64url"))
        .parameter("Job", optional("The job's id", "^([0-9a-f]{32})?$"))
        .parameter("Attempt", optional("Which attempt of the job it is", "^([1-9][0-9]{0,3})?$"))
}

/// Adds how the result is encoded, and what is taken where that is not said.
pub(super) fn encoding(document: CommandDocument, codec: &str, quality: &str, preset: &str) -> CommandDocument {
    let codecs = ["h264_nvenc", "hevc_nvenc", "libx264", "libx265"];
    let presets = "^(p[1-7]|ultrafast|superfast|veryfast|faster|fast|medium|slow|slower|veryslow)$";
    let best = "^([0-9]|[1-4][0-9]|5[01])$";
    document
        .parameter("Codec", text("The video encoder").allowed_values(codecs).default_value(codec))
        .parameter("Quality", text("Constant quality, 0 is best").allowed_pattern(best).default_value(quality))
        .parameter("Preset", text("The encoder's preset").allowed_pattern(presets).default_value(preset))
        .parameter("PixelFormat", one_of("The pixel format", ["yuv420p", "yuv420p10le"], "yuv420p"))
        .parameter("Container", one_of("The container", ["mp4", "mkv"], "mp4"))
}

fn one_of<const N: usize>(description: &str, values: [&str; N], default: &str) -> CommandParameter {
    text(description).allowed_values(values).default_value(default)
}

/// Adds Bluewhale's own.
pub(super) fn of_bluewhale(document: CommandDocument) -> CommandDocument {
    document
        .parameter("Model", one_of("Which model: a removes noise first and adds grain, b upscales", ["a", "b"], "a"))
}

/// Adds Walrus's own.
pub(super) fn of_walrus(document: CommandDocument) -> CommandDocument {
    let gamma = text("How strongly it generates, 0 to 1").allowed_pattern(r"^(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$");
    let prompts = ["null", "generate", "cctv", "face", "sports"];
    document.parameter("Gamma", gamma).parameter("Prompt", text("What it looks for").allowed_values(prompts))
}

/// Adds which version of the AWS CLI.
pub(super) fn version(document: CommandDocument) -> CommandDocument {
    let version = text("The version").allowed_pattern(r"^2\.[0-9]{1,3}\.[0-9]{1,3}$").default_value("2.36.42");
    document.parameter("Version", version)
}

/// Adds which agent: one of the environment's own bucket, and of no other.
pub(super) fn bundle(document: CommandDocument, bootstrap: &Bootstrap) -> CommandDocument {
    let artifacts = bootstrap.artifacts.name();
    let bucket = text("The bucket of the agent").allowed_values([artifacts.clone()]).default_value(artifacts);
    document
        .parameter("ArtifactBucket", bucket)
        .parameter("AgentKey", key("The key of the agent, as base64url"))
        .parameter("AgentSha256", text("The SHA-256 of the agent").allowed_pattern("^[0-9a-f]{64}$"))
}

/// Adds what the agent is told.
pub(super) fn agent(document: CommandDocument) -> CommandDocument {
    let name = |description: &str| text(description).allowed_pattern(NAME);
    let queue = text("The URL of the task queue").allowed_pattern("^https://[A-Za-z0-9./_-]{1,255}$");
    let colours = [Colour::Blue.as_str(), Colour::Green.as_str()];
    document
        .parameter("App", name("The first part of stack names"))
        .parameter("Environment", name("The environment"))
        .parameter("Colour", text("The colour").allowed_values(colours))
        .parameter("TaskQueue", queue)
        .parameter("JobTable", name("The name of the job table"))
}

/// Adds how long the task at hand is waited for.
pub(super) fn draining(document: CommandDocument) -> CommandDocument {
    let seconds = text("How long to wait for the task at hand, in seconds").allowed_pattern("^(0|[1-9][0-9]{0,5})$");
    document.parameter("DrainSeconds", seconds.default_value("900"))
}

/// Adds how much of each log is shown.
pub(super) fn lines(document: CommandDocument) -> CommandDocument {
    let lines = text("How many lines of each log").allowed_pattern("^[1-9][0-9]{0,2}$").default_value("50");
    document.parameter("Lines", lines)
}

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use job::{JobItem, JobState};
use pipeline::{Follow, Submitted, Upload};
use serde_json::json;

use crate::cli::Global;
use crate::cloud_access::{block_on, connect, entrance, explain, patience, target};
use crate::colours;
use crate::connect::Target;
use crate::error::{Error, Kind, Result};
use crate::local_cloud;
use crate::printer::Printer;
use crate::render;
use crate::session::Session;
use crate::table::printable;

const EXAMPLES: &str = "\
Examples:
  baleen submit clip.mp4 --env local --wait
  baleen submit clip.mp4 --env dev --key incoming/clip.mp4
  baleen submit clip.mp4 --env dev --output enhanced.mp4    wait, and fetch the result";

/// How long the workflow may take to register an upload: EventBridge delivers within seconds, rarely within minutes.
const APPEARS_WITHIN: Duration = Duration::from_secs(90);

/// Uploads a video, which becomes a job
///
/// One version of an object by one recipe is one job, however often its event comes. Where the bucket is versioned
/// (`storage.versioned`), each upload is a version of its own, so a job of its own; elsewhere, the same video under the
/// same key is the same job, and is not enhanced twice. With `--wait`, the exit code is 0 only once the job is done, and
/// 5 if it failed.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The video
    file: PathBuf,
    /// The key of the object; by default the file's name
    #[arg(long)]
    key: Option<String>,
    /// Follows the job to its end
    #[arg(long, short)]
    wait: bool,
    /// Follows the job to its end, and downloads the result into this file or folder
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,
}

pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    let session = Session::open(global)?;
    let assembly = session.assemble(printer)?;
    let suffixes = session.environment.jobs.suffixes.iter().map(ToString::to_string).collect();
    let upload = Upload { file: args.file.clone(), key: args.key.clone(), suffixes };
    upload.check(&session.environment.recipe)?;
    let destination = args.output.as_deref();
    let destination =
        destination.map(|path| pipeline::destination(path, &upload, &session.environment.recipe)).transpose()?;
    if session.is_local() {
        local_cloud::require_ffmpeg()?;
    }
    let target = target(&session, printer)?;
    let narrator = render::pipeline::Narrator(printer);
    let work = async {
        let cloud = connect(&session, &target).await?;
        let places = entrance(&session, &assembly, &cloud).await?;
        if let Target::Local { endpoint_url } = &target {
            colours::ensure_workers(&session, &assembly, &cloud, endpoint_url, &places, printer).await?;
        }
        let before = Timestamp::now();
        let recipe = &session.environment.recipe;
        let submitted = pipeline::submit(&cloud, &places.source_bucket, &upload, recipe, &narrator).await?;
        if !args.wait && destination.is_none() {
            return Ok((submitted, None));
        }
        let follow = Follow {
            job: submitted.job.clone(),
            key: submitted.source.key.clone(),
            submitted: Some(before),
            appears_within: APPEARS_WITHIN,
            patience: patience(&session).0,
        };
        let following = async { Ok(pipeline::follow(&cloud, &places, &follow, &narrator).await?) };
        let job = match &target {
            Target::Local { endpoint_url } => tokio::select! {
                job = following => job,
                failed = local_cloud::keep_workers(&session, endpoint_url, &places, printer) => Err(failed),
            },
            Target::Aws { .. } => following.await,
        }?;
        if let (Some(file), JobState::Done) = (&destination, job.state) {
            pipeline::download(&cloud, &job, file, &narrator).await?;
        }
        Ok((submitted, Some(job)))
    };
    let (submitted, job) = block_on(printer, work).map_err(|error| explain(&session, error))?;
    end(job.as_ref(), show(&submitted, job.as_ref(), printer))
}

/// Says how it all ended: as the job did, also where nobody reads what was shown of it.
fn end(job: Option<&JobItem>, shown: Result<()>) -> Result<()> {
    job.map_or(Ok(()), verdict).and(shown)
}

fn show(submitted: &Submitted, job: Option<&JobItem>, printer: &Printer) -> Result<()> {
    printer.status("");
    match job {
        _ if printer.is_json() => {
            printer.json(&json!({ "job": submitted.job, "source": submitted.source, "item": job }))
        }
        Some(job) => printer.data(&render::jobs::details(job)),
        None => printer.data(&format!("{}\n", submitted.job)),
    }
}

/// Makes an error of a job that did not end well.
fn verdict(job: &JobItem) -> Result<()> {
    if job.state == JobState::Done {
        return Ok(());
    }
    let ended = if job.state == JobState::Cancelled { "was cancelled" } else { "failed" };
    let ended = format!("job {} {ended}", job.id);
    let Some(failure) = &job.error else {
        return Err(Error::new(Kind::Job, ended));
    };
    let message = format!("{ended}: {}", printable(&failure.to_string()));
    let error = Error::new(Kind::Job, message);
    Err(failure.hint.iter().fold(error, |error, hint| error.hint(printable(hint))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(state: &str, error: &serde_json::Value) -> JobItem {
        let recipe = json!({"engine": "scale", "scale": 2, "encoding": {"codec": "libx264", "quality": 18,
            "preset": "fast", "pixel_format": "yuv420p", "container": "mp4"}});
        let job = json!({"id": "0a1b", "state": state, "attempt": 0, "executions": 1, "recipe": recipe, "error": error,
            "source": {"bucket": "sources", "key": "clip.mp4", "etag": "e", "bytes": 1},
            "created": "2026-01-01T00:00:00Z", "updated": "2026-01-01T00:00:00Z"});
        serde_json::from_value(job).expect("a job")
    }

    #[test]
    fn how_a_job_ended_counts_also_where_nobody_reads() {
        let reader_gone = || Err(Error::new(Kind::Silent, ""));
        let ends = |job: Option<&JobItem>, shown| end(job, shown).map_err(|error| (error.kind, error.message));
        let failed = job("failed", &json!({"kind": "input", "message": "no picture\u{1b}"}));
        let message = "job 0a1b failed: input: no picture\\u{1b}".to_owned();
        assert_eq!(ends(Some(&failed), reader_gone()), Err((Kind::Job, message.clone())));
        assert_eq!(ends(Some(&failed), Ok(())), Err((Kind::Job, message)));
        let cancelled = job("cancelled", &serde_json::Value::Null);
        assert_eq!(ends(Some(&cancelled), Ok(())), Err((Kind::Job, "job 0a1b was cancelled".to_owned())));
        let done = job("done", &serde_json::Value::Null);
        assert_eq!(ends(Some(&done), Ok(())), Ok(()));
        assert_eq!(ends(Some(&done), reader_gone()), Err((Kind::Silent, String::new())));
        assert_eq!(ends(None, Ok(())), Ok(()));
    }
}

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use job::{JobItem, JobState};
use pipeline::{Follow, Submitted, Upload};
use serde_json::json;

use crate::cli::Global;
use crate::cloud_access::{block_on, connect, explain, patience, places, target};
use crate::connect::Target;
use crate::error::{Error, Kind, Result};
use crate::local_cloud;
use crate::printer::Printer;
use crate::render;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  baleen submit clip.mp4 --env local --wait
  baleen submit clip.mp4 --env dev --key incoming/clip.mp4
  baleen submit clip.mp4 --env dev --output enhanced.mp4    wait, and fetch the result";

/// How long the workflow may take to register an upload: EventBridge delivers within seconds, rarely within minutes.
const APPEARS_WITHIN: Duration = Duration::from_secs(90);

/// Uploads a video, which becomes a job
///
/// The same video under the same key by the same recipe is the same job: it is not enhanced twice. With `--wait`, the
/// exit code is 0 only once the job is done, and 5 if it failed.
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
    upload.check()?;
    if session.is_local() {
        local_cloud::require_ffmpeg()?;
    }
    let target = target(&session, printer)?;
    let narrator = render::pipeline::Narrator(printer);
    let work = async {
        let cloud = connect(&session, &target).await?;
        let places = places(&session, &assembly, &cloud).await?;
        if let Target::Local { endpoint_url } = &target {
            local_cloud::ensure_workers(&session, endpoint_url, &places, printer)?;
        }
        let before = Timestamp::now();
        let recipe = &session.environment.recipe;
        let submitted = pipeline::submit(&cloud, &places.source_bucket, &upload, recipe, &narrator).await?;
        if !args.wait && args.output.is_none() {
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
        if let (Some(path), JobState::Done) = (&args.output, job.state) {
            pipeline::download(&cloud, &job, path, &narrator).await?;
        }
        Ok((submitted, Some(job)))
    };
    let (submitted, job) = block_on(printer, work).map_err(|error| explain(&session, error))?;
    show(&submitted, job.as_ref(), printer)?;
    job.map_or(Ok(()), |job| verdict(&job))
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
    let Some(failure) = &job.error else {
        return Err(Error::new(Kind::Job, format!("the job is {}", job.state)));
    };
    let message = format!("the job is {}: {}", job.state, crate::table::printable(&failure.to_string()));
    let error = Error::new(Kind::Job, message);
    Err(failure.hint.iter().fold(error, |error, hint| error.hint(crate::table::printable(hint))))
}

//! Has the engine enhance a title.

use std::io::ErrorKind as IoErrorKind;
use std::path::Path;
use std::time::{Duration, SystemTime};

use job::command::{EnhanceInput, enhance_arguments};
use job::{ErrorKind, Failure, Recipe};
use tokio::time::{Instant, sleep};

use super::progress::Progress;
use super::{OUTPUT_FILE, Tools, log};
use crate::process::{End, Invocation, run};
use crate::signs::Signs;

/// How often progress is told.
const TELLING: Duration = Duration::from_secs(5);

/// Enhances the source into [`OUTPUT_FILE`]. `told` hears how many frames are done, every few seconds.
pub(crate) async fn enhance(
    tools: Tools<'_>,
    recipe: &Recipe,
    input: &EnhanceInput,
    told: impl Fn(u64),
) -> Result<(), Failure> {
    let doing = format!("enhancing with {}", recipe.engine.name());
    let arguments = enhance_arguments(recipe, input, OUTPUT_FILE)
        .map_err(|error| Failure::new(ErrorKind::Internal, format!("{doing}: {error}")))?;
    let variables = job::engine::environment(&recipe.engine);
    let invocation = Invocation { variables, ..tools.invocation(&tools.settings.ffmpeg, &arguments) };

    let (signs, mut progress, mut last_told) = (Signs::new(), Progress::default(), Instant::now());
    let running = run(&invocation, &signs, tools.stall(), |line| {
        if progress.take(line) {
            signs.touch();
            if last_told.elapsed() >= TELLING {
                last_told = Instant::now();
                told(progress.frames);
            }
        }
    });
    let output = tools.folder.join(OUTPUT_FILE);
    let finished = tokio::select! {
        finished = running => finished,
        never = watch_file(&output, &signs) => match never {},
    };
    let finished = finished.map_err(|error| tools.failure(&doing, ErrorKind::Engine, &error))?;

    if let Some(failure) = log::out_of_resources(&doing, finished.end, &finished.errors) {
        return Err(failure);
    }
    let failed = |message: String| Err(Failure::new(ErrorKind::Engine, format!("{doing}: {message}")));
    match finished.end {
        End::Code(0) => Ok(()),
        End::Code(code) => failed(format!("exit code {code}: {}", log::summary(&finished.errors))),
        End::Signal(signal) => failed(format!("ended by signal {signal}: {}", log::summary(&finished.errors))),
    }
}

/// Takes a change of the file for progress: while FFmpeg moves a large file's index to its front, it says nothing.
async fn watch_file(path: &Path, signs: &Signs) -> std::convert::Infallible {
    let mut last: Option<(u64, SystemTime)> = None;
    loop {
        sleep(Duration::from_secs(1)).await;
        let now = match tokio::fs::metadata(path).await {
            Ok(metadata) => metadata.modified().ok().map(|modified| (metadata.len(), modified)),
            Err(error) if error.kind() == IoErrorKind::NotFound => None,
            Err(_) => last,
        };
        if now != last {
            signs.touch();
            last = now;
        }
    }
}

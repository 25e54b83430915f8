//! From an environment to a connection, and to what is deployed there.

use cloud::Cloud;
use job::Colour;
use pipeline::Places;
use stacks::outputs::{JOB_TABLE, Output, RECIPE, SOURCE_BUCKET, task_queue};
use template::Assembly;
use toolkit::{Patience, StackOutputs, Stop};

use crate::connect::{self, Target};
use crate::error::{Error, Kind, Result};
use crate::local_cloud;
use crate::printer::Printer;
use crate::session::Session;

/// Says which cloud an environment is in; starts the local one where it does not run.
pub fn target(session: &Session, printer: &Printer) -> Result<Target> {
    connect::require()?;
    if session.is_local() {
        let emulator = local_cloud::up(&session.root, printer)?;
        return Ok(Target::Local { endpoint_url: emulator.endpoint_url });
    }
    Ok(Target::Aws { profile: session.environment.profile.clone() })
}

/// Connects to the cloud of an environment, in its region.
pub async fn connect(session: &Session, target: &Target) -> Result<Cloud> {
    connect::connect(target, Some(session.environment.region.as_str())).await
}

/// Runs what talks to a cloud, until it ends or the user interrupts it: what can be run again, and then goes on.
pub fn block_on<T>(printer: &Printer, work: impl Future<Output = Result<T>>) -> Result<T> {
    let interrupted = || {
        Error::new(Kind::Interrupted, "interrupted")
            .hint("what the cloud has begun goes on by itself; run the same command again to follow it")
    };
    block_on_unless(printer, interrupted, work)
}

/// Runs what can be asked to stop: the first Ctrl-C does that, the second leaves what is under way to itself.
pub fn block_on_until_stopped<T>(printer: &Printer, stop: &Stop, work: impl Future<Output = Result<T>>) -> Result<T> {
    let (asked, told) = (stop.clone(), printer.clone());
    let left = || {
        Error::new(Kind::Interrupted, "left in the middle")
            .hint("what the cloud has begun goes on by itself; run the same command again to follow it")
    };
    let stopping = async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            asked.request();
            told.interrupted();
            told.note("stopping after what is under way; Ctrl-C again leaves that to itself");
        }
    };
    let runtime = runtime()?;
    let printer = printer.clone();
    runtime.spawn(async move {
        stopping.await;
        end_when_interrupted(printer, left).await;
    });
    runtime.block_on(work)
}

/// Runs what talks to a cloud, until it ends or the user interrupts it; `interrupted` says what that leaves behind.
pub fn block_on_unless<T>(
    printer: &Printer,
    interrupted: impl Fn() -> Error + Send + 'static,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let runtime = runtime()?;
    runtime.spawn(end_when_interrupted(printer.clone(), interrupted));
    runtime.block_on(work)
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    // A thread beside this one: the work may wait for an answer at the terminal, and must be interruptible there too.
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Error::new(Kind::Failed, format!("cannot start the runtime: {error}")))
}

/// Ends this program when the user presses Ctrl-C. All that is done here can be killed anywhere.
async fn end_when_interrupted(printer: Printer, interrupted: impl Fn() -> Error + Send) {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler, the system ends the program by itself.
        return;
    }
    let error = interrupted();
    printer.interrupted();
    printer.error(&error);
    #[expect(clippy::exit, reason = "the work may be blocked, and does not notice")]
    std::process::exit(error.kind.exit_code().into());
}

/// How long a cloud that does not answer is borne with: one on this machine either answers or is gone.
pub fn patience(session: &Session) -> Patience {
    if session.is_local() { Patience(std::time::Duration::from_secs(5)) } else { Patience::default() }
}

/// Tells this run from all others, in client tokens.
pub fn run_id() -> String {
    let now = jiff::Timestamp::now().as_millisecond();
    format!("baleen-{now}-{}", std::process::id())
}

/// Adds the environment to the commands that hints name, and what helps where the local cloud went away in the middle.
pub fn explain(session: &Session, mut error: Error) -> Error {
    for hint in &mut error.hints {
        *hint = with_environment(hint, session.environment.name.as_str());
    }
    if !session.is_local() || local_cloud::answers(&session.root) {
        return error;
    }
    let lost = Error::new(Kind::Failed, format!("the local cloud has gone: {}", error.message));
    let name = &session.environment.name;
    lost.hint(format!(
        "what was deployed there may be lost: deploy again (`baleen deploy --env {name}`), which starts it"
    ))
    .hint(format!("its last words are in {}", local_cloud::emulator_log(&session.root).display()))
}

/// Adds the environment to the commands, between backticks, that a library names without knowing it.
fn with_environment(hint: &str, name: &str) -> String {
    let pieces = hint.split('`').enumerate().map(|(number, piece)| {
        let is_command = number % 2 == 1 && piece.starts_with("baleen ");
        // There is one local cloud, whatever the environment.
        let wants_none = piece.contains("--env") || piece.starts_with("baleen local");
        if is_command && !wants_none { format!("{piece} --env {name}") } else { piece.to_owned() }
    });
    pieces.collect::<Vec<_>>().join("`")
}

/// Finds where the running system keeps things, from the outputs of its stacks.
pub async fn places(session: &Session, assembly: &Assembly, cloud: &Cloud) -> Result<Places> {
    let stacks = outputs(session, assembly, cloud, &PLACES).await?;
    read_places(session, &stacks)
}

/// Finds the same for an upload, and makes sure that there is a workflow for it, which enhances by the same recipe.
pub async fn entrance(session: &Session, assembly: &Assembly, cloud: &Cloud) -> Result<Places> {
    let wanted: Vec<_> = PLACES.into_iter().chain([RECIPE]).collect();
    let stacks = outputs(session, assembly, cloud, &wanted).await?;
    let places = read_places(session, &stacks)?;
    let deployed = output(session, &stacks, RECIPE)?;
    same_recipe(session, &deployed)?;
    Ok(places)
}

/// The outputs that say where things are.
const PLACES: [Output; 4] = [SOURCE_BUCKET, JOB_TABLE, task_queue(Colour::Blue), task_queue(Colour::Green)];

/// Reads the outputs of stacks.
pub async fn outputs(
    session: &Session,
    assembly: &Assembly,
    cloud: &Cloud,
    wanted: &[Output],
) -> Result<Vec<StackOutputs>> {
    let mut names: Vec<String> = wanted.iter().map(|output| output.stack.to_owned()).collect();
    names.dedup();
    Ok(toolkit::outputs(assembly, &names, cloud, patience(session)).await?)
}

fn read_places(session: &Session, stacks: &[StackOutputs]) -> Result<Places> {
    Ok(Places {
        source_bucket: output(session, stacks, SOURCE_BUCKET)?,
        job_table: output(session, stacks, JOB_TABLE)?,
        task_queues: Colour::ALL
            .into_iter()
            .map(|colour| Ok((colour, output(session, stacks, task_queue(colour))?)))
            .collect::<Result<_>>()?,
    })
}

/// Makes sure that the recipe of an environment's file is the deployed one: a job's id depends on it.
pub fn same_recipe(session: &Session, deployed: &str) -> Result<()> {
    let recipe = session.environment.recipe.identity();
    if recipe == deployed {
        return Ok(());
    }
    let name = &session.environment.name;
    let message =
        format!("the recipe of environment `{name}` is not the deployed one: {recipe}, deployed is {deployed}");
    Err(Error::new(Kind::Failed, message)
        .hint(format!("deploy it first (`baleen deploy --env {name}`), or take the change back")))
}

/// Finds an output among those that were read.
pub fn output(session: &Session, stacks: &[StackOutputs], output: Output) -> Result<String> {
    let stack = stacks.iter().find(|stack| stack.stack == output.stack);
    let value = stack.and_then(|stack| stack.outputs.get(output.name)).cloned();
    value.ok_or_else(|| {
        let name = &session.environment.name;
        let what = match stack.and_then(|stack| stack.status.as_ref()) {
            None => format!("stack `{}` does not exist", output.stack),
            Some(status) => format!("stack `{}` is in {status} and has no output `{}`", output.stack, output.name),
        };
        Error::new(Kind::Failed, format!("environment `{name}` is not deployed: {what}"))
            .hint(format!("deploy it first: `baleen deploy --env {name}`"))
    })
}

#[cfg(test)]
mod tests {
    use super::with_environment;

    #[test]
    fn hints_name_the_environment() {
        for (hint, expected) in [
            ("`baleen jobs` lists `them`", "`baleen jobs --env dev` lists `them`"),
            ("run `baleen destroy jobs`, then again", "run `baleen destroy jobs --env dev`, then again"),
            ("`baleen deploy --env prod`", "`baleen deploy --env prod`"),
            ("start it: `baleen local up`", "start it: `baleen local up`"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(with_environment(hint, "dev"), expected);
        }
    }
}

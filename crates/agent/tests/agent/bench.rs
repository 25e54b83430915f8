//! An agent on a bench: the cloud in memory, real FFmpeg, and everything that it says.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use agent::{Event, Settings, Summary};
use cloud::Cloud;
use cloud::objects::PutTarget;
use cloud::tables::Item;
use job::{
    Codec, Colour, Container, Encoding, Engine, ErrorKind, Failure, ObjectLocation, PixelFormat, Preset, Recipe, Scale,
    Source, TASK_MESSAGE_VERSION, TaskKind, TaskMessage, TaskReport, TaskToken,
};
use tempfile::TempDir;

use crate::memory::{Memory, Token};

/// Everything around one agent.
pub struct Bench {
    pub memory: Memory,
    pub settings: Settings,
    pub events: Arc<Log>,
    /// Holds the work folder, and whatever a test makes.
    pub folder: TempDir,
}

/// Remembers events.
#[derive(Default)]
pub struct Log(Mutex<Vec<Event>>);

impl Log {
    pub fn all(&self) -> Vec<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn count(&self, is_meant: impl Fn(&Event) -> bool) -> usize {
        self.all().iter().filter(|event| is_meant(event)).count()
    }
}

impl agent::Events for Log {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }
}

/// The output bucket.
pub const ENHANCED: &str = "enhanced";

/// The bucket of the sources.
pub const SOURCES: &str = "sources";

/// A fast recipe.
pub fn recipe(container: Container) -> Recipe {
    Recipe {
        engine: Engine::Scale,
        scale: Scale::new(2).unwrap(),
        encoding: Encoding {
            codec: Codec::Libx264,
            quality: 20,
            preset: Preset::Ultrafast,
            pixel_format: PixelFormat::Yuv420p,
            container,
        },
    }
}

impl Bench {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let supervisor = vec![env!("CARGO_BIN_EXE_agent-supervisor").into()];
        let work_folder = folder.path().join("work");
        let settings = Settings {
            poll: Duration::from_secs(1),
            disk_reserve_bytes: 1024,
            pause: Duration::from_mins(1),
            max_tasks: Some(1),
            ..Settings::new("queue", "jobs", work_folder, Colour::Blue, "worker-1", supervisor)
        };
        Self { memory: Memory::default(), settings, events: Arc::default(), folder }
    }

    /// Uploads a source, registers its job and queues its task, as the workflow does.
    pub fn submit(&self, key: &str, body: Vec<u8>, recipe: Recipe) -> TaskMessage {
        let bytes = body.len() as u64;
        let written = self.memory.objects.store(&PutTarget::new(SOURCES, key), body).unwrap();
        let source = Source {
            bucket: SOURCES.to_owned(),
            key: key.to_owned(),
            version: written.version,
            etag: written.etag,
            bytes,
        };
        let job = source.job_id(&recipe.identity());
        let container = recipe.encoding.container.as_str();
        let task = TaskMessage {
            version: TASK_MESSAGE_VERSION,
            task: TaskKind::Enhance,
            attempt: 1,
            token: TaskToken::new(format!("token of {job}")),
            chunk: None,
            output: ObjectLocation {
                bucket: ENHANCED.to_owned(),
                key: job::keys::enhanced_key(key, recipe.scale, &job, container),
            },
            source,
            recipe,
            job,
        };
        self.memory.tables.insert(&task.job, Item::new());
        self.memory.workflows.wait(task.token.as_str());
        self.memory.queues.push(serde_json::to_string(&task).unwrap());
        task
    }

    /// Runs the agent until it has dealt with as many messages as its settings say.
    pub async fn work(&self) -> Summary {
        self.work_on(self.memory.cloud()).await
    }

    /// The same, with something in front of the cloud.
    pub async fn work_on(&self, cloud: Cloud) -> Summary {
        agent::run(self.settings.clone(), cloud, std::future::pending(), &*self.events).await.unwrap()
    }

    pub fn token(&self, task: &TaskMessage) -> Token {
        self.memory.workflows.token(task.token.as_str())
    }

    /// Returns the report of a task that the workflow knows to have succeeded.
    pub fn report(&self, task: &TaskMessage) -> TaskReport {
        match self.token(task) {
            Token::Succeeded { output } => serde_json::from_str(&output).unwrap(),
            other => panic!("{other:?}\n{:#?}", self.events.all()),
        }
    }

    /// Returns the failure that the workflow was told.
    pub fn failure(&self, task: &TaskMessage) -> Failure {
        match self.token(task) {
            Token::Failed { error, cause } => {
                let failure = Failure::from_cause(&error, &cause);
                assert_eq!(error, failure.kind.as_str());
                failure
            }
            other => panic!("{other:?}\n{:#?}", self.events.all()),
        }
    }

    /// Asserts that a task failed through its input, that nothing was published, and that nothing is left behind.
    pub fn assert_input_failure(&self, task: &TaskMessage) -> Failure {
        let failure = self.failure(task);
        assert_eq!(failure.kind, ErrorKind::Input, "{failure}");
        assert_eq!(self.memory.objects.writes(ENHANCED), 0, "nothing may be published");
        assert_eq!(self.memory.queues.len(), 0, "the message is deleted");
        self.assert_clean();
        failure
    }

    /// Asserts that no file is left of any attempt.
    pub fn assert_clean(&self) {
        let own = self.settings.work_folder.join(&self.settings.worker);
        let left: Vec<_> = std::fs::read_dir(own).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(left.is_empty(), "{left:?}");
    }

    /// Writes the published result of a task to a file, for `FFprobe`.
    pub fn result_file(&self, task: &TaskMessage) -> std::path::PathBuf {
        let object = self.memory.objects.find(ENHANCED, &task.output.key).expect("the result is published");
        let path = self.folder.path().join("result");
        std::fs::write(&path, object.body).unwrap();
        path
    }
}

/// Runs a program and returns what it writes.
pub fn output_of(program: &str, arguments: &[&str], folder: &Path) -> String {
    let output = std::process::Command::new(program).args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

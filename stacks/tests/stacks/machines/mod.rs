//! Runs the workflow on the emulator: its definition as it is deployed, with tables, queues, topics and parameters that
//! are really there. What the emulator lacks, such as commands on instances, the test itself answers for.

mod agents;
mod backlog;
mod commands;
mod emulator;
mod packaging;
mod shapes;
mod system;

use job::TaskMessage;
use serde_json::{Value, json};

use self::emulator::{Queue, until};

/// What a worker reports of a title, and a command prints.
fn report(job: &str) -> Value {
    json!({
        "bucket": "enhanced", "key": format!("clip_sr_2x/{}.mp4", &job[..12]), "sha256": "00", "bytes": 10, "frames": 250,
        "width": 1280, "height": 720, "duration_seconds": 10.0, "streams": { "video": 1, "audio": 2, "subtitle": 1 },
        "engine": "bluewhale", "elapsed_seconds": 3
    })
}

/// Takes the next task off a queue.
fn task(queue: &Queue<'_>) -> TaskMessage {
    let body = until("a task comes", || queue.take());
    TaskMessage::parse(&body.to_string()).unwrap()
}

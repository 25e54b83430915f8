//! What the workflows in `.github` call, run for real: against a server that stands in for GitHub's API.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::harness::{Checkout, repository};

/// A comment on the pull request.
#[derive(Clone, Debug, PartialEq)]
struct Comment {
    id: u64,
    body: String,
    /// Whether the token that the tests use may change it.
    own: bool,
}

/// What GitHub knows.
#[derive(Clone, Debug, Default)]
struct State {
    comments: Vec<Comment>,
    /// Whether the token only reads, as those of forks do.
    read_only: bool,
    /// Whether GitHub has a bad day.
    broken: bool,
    /// Method and path of every request.
    requests: Vec<String>,
}

/// A server that knows as much of GitHub's API as a comment takes.
struct GitHub {
    url: String,
    state: Arc<Mutex<State>>,
}

impl GitHub {
    fn with(state: State) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                serve(stream.expect("a connection"), &mut shared.lock().expect("not poisoned"));
            }
        });
        Self { url, state }
    }

    fn state(&self) -> State {
        self.state.lock().expect("not poisoned").clone()
    }

    /// Has the script write a comment.
    fn comment(&self, text: &str) -> Output {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("comment.md");
        std::fs::write(&file, text).expect("written");
        let mut script = script("comment.py");
        script.arg(&file).env("GITHUB_API_URL", &self.url).env("GITHUB_REPOSITORY", "example/baleen");
        script.env("GITHUB_TOKEN", "secret").env("PULL_REQUEST", "7").output().expect("Python runs")
    }
}

fn script(name: &str) -> Command {
    let mut command = Command::new("python3");
    // Without a proxy that the machine may have, and without the compiled copies that Python leaves.
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).arg("-B");
    command.arg(repository().join(".github/scripts").join(name));
    command
}

fn serve(stream: TcpStream, state: &mut State) {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("readable");
        if line.trim_end().is_empty() {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    let header = |name: &str| {
        let of = |line: &String| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.to_owned())
        };
        lines.iter().find_map(of)
    };
    let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("readable");
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let authorized = header("authorization").is_some_and(|value| value == "Bearer secret");
    let request = lines.first().map(|line| line.trim_end_matches(" HTTP/1.1").to_owned()).unwrap_or_default();
    let (status, answer) = if authorized { state.answer(&request, &body) } else { (401, json!({})) };
    state.requests.push(request);
    let answer = answer.to_string();
    let length = answer.len();
    write!(reader.get_mut(), "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{answer}")
        .expect("written");
}

impl State {
    fn answer(&mut self, request: &str, body: &Value) -> (u16, Value) {
        const ISSUES: &str = "/repos/example/baleen/issues";
        if self.broken {
            return (500, json!({ "message": "a bad day" }));
        }
        let refused = (403, json!({ "message": "Resource not accessible by integration" }));
        let (method, path) = request.split_once(' ').expect("a request");
        let text = body["body"].as_str().map(str::to_owned);
        let path = path.strip_prefix(ISSUES).expect("an issue");
        match (method, path, text) {
            ("GET", path, None) => {
                let page: usize = path.rsplit_once("page=").expect("a page").1.parse().expect("a number");
                assert_eq!(path, format!("/7/comments?per_page=100&page={page}"));
                let shown = self.comments.iter().skip(100 * (page - 1)).take(100);
                (200, shown.map(|comment| json!({ "id": comment.id, "body": comment.body })).collect())
            }
            ("POST", "/7/comments", Some(body)) if !self.read_only => {
                let id = 1 + self.comments.iter().map(|comment| comment.id).max().unwrap_or_default();
                self.comments.push(Comment { id, body, own: true });
                (201, json!({ "id": id }))
            }
            ("PATCH", path, Some(body)) if !self.read_only => {
                let id: u64 = path.strip_prefix("/comments/").expect("a comment").parse().expect("a number");
                match self.comments.iter_mut().find(|comment| comment.id == id && comment.own) {
                    Some(comment) => {
                        comment.body = body;
                        (200, json!({ "id": id }))
                    }
                    None => refused,
                }
            }
            _ => refused,
        }
    }
}

fn others(count: u64) -> Vec<Comment> {
    (1..=count).map(|id| Comment { id, body: format!("remark {id}"), own: false }).collect()
}

fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    format!("{out}{err}[exit status {}]", output.status.code().unwrap_or(-1))
}

const DEV: &str = "<!-- baleen diff: dev -->\n";

#[test]
fn a_comment_is_written_once_and_then_updated_in_place() {
    // So many that the comment is not on the first page.
    let github = GitHub::with(State { comments: others(150), ..State::default() });
    assert_eq!(said(&github.comment(&format!("{DEV}first"))), "comment 151 is written\n[exit status 0]");
    assert_eq!(said(&github.comment("<!-- baleen diff: prod -->\nother")), "comment 152 is written\n[exit status 0]");
    // Whatever a template holds arrives as it is.
    let text = format!("{DEV}second: \"$(id)\" `id` '' \\n ${{HOME}} é 🐋\r\n</details>\n");
    assert_eq!(said(&github.comment(&text)), "comment 151 is updated\n[exit status 0]");
    let comments = github.state().comments;
    assert_eq!(comments.len(), 152);
    assert_eq!(comments[..150], others(150));
    assert_eq!(comments[150].body, text.replace("\r\n", "\n"));
    assert_eq!(comments[151].body, "<!-- baleen diff: prod -->\nother");
}

#[test]
fn a_comment_that_is_somebody_elses_stays_theirs() {
    let theirs = Comment { id: 1, body: format!("{DEV}look here"), own: false };
    let github = GitHub::with(State { comments: vec![theirs.clone()], ..State::default() });
    assert_eq!(said(&github.comment(&format!("{DEV}first"))), "comment 2 is written\n[exit status 0]");
    assert_eq!(said(&github.comment(&format!("{DEV}second"))), "comment 2 is updated\n[exit status 0]");
    let comments = github.state().comments;
    assert_eq!(comments, [theirs, Comment { id: 2, body: format!("{DEV}second"), own: true }]);
}

#[test]
fn what_cannot_be_written_is_said() {
    let fork = GitHub::with(State { read_only: true, ..State::default() });
    assert_eq!(
        said(&fork.comment(&format!("{DEV}first"))),
        "::warning::the token may not comment; the diff is in the summary of this run\n[exit status 0]"
    );
    let broken = GitHub::with(State { broken: true, ..State::default() });
    let output = said(&broken.comment(&format!("{DEV}first")));
    assert!(
        output.starts_with("error: GET http://") && output.ends_with("status 500, a bad day\n[exit status 1]"),
        "{output}"
    );
    let github = GitHub::with(State::default());
    let output = said(&github.comment("no marker\n"));
    assert!(
        output.contains("does not begin with a comment of HTML") && output.ends_with("[exit status 1]"),
        "{output}"
    );
    assert!(github.state().requests.is_empty());
}

/// Writes two templates, of which the second lets a bucket go.
fn templates(folder: &Path) -> [String; 2] {
    let bucket = json!({ "Type": "AWS::S3::Bucket" });
    let templates = [json!({ "Kept": bucket, "Gone": bucket }), json!({ "Kept": bucket })];
    let mut number = 0;
    templates.map(|resources| {
        number += 1;
        let file = folder.join(format!("{number}.json"));
        std::fs::write(&file, json!({ "Resources": resources }).to_string()).expect("written");
        file.to_string_lossy().into_owned()
    })
}

#[test]
fn what_gates_find_becomes_outputs_of_a_step() {
    let folder = tempfile::tempdir().expect("a folder");
    let [old, new] = templates(folder.path());
    let file = folder.path().join("comment.md");
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut script = script("diff.py");
        script.arg(env!("CARGO_BIN_EXE_baleen")).args(arguments).env("FILE", &file).envs(variables.iter().copied());
        script.output().expect("Python runs")
    };
    let differing = [("OLD", old.as_str()), ("NEW", new.as_str())];
    let output = run(&[], &differing);
    let outputs = String::from_utf8(output.stdout).expect("text");
    let names: Vec<_> = outputs.lines().map(|line| line.split_once('=').expect("an output").0).collect();
    assert_eq!(names, ["file", "changes", "destructive", "broadening", "data_loss"]);
    assert!(outputs.contains("\ndestructive=1\nbroadening=0\n"), "{outputs}");
    assert!(std::fs::read_to_string(&file).expect("a comment").starts_with("<!-- baleen diff: "));

    let gates = |fail_on: &str| run(&["--gates"], &[&differing[..], &[("FAIL_ON", fail_on)]].concat()).status.code();
    assert_eq!(["destructive", "any", "broadening", "none"].map(gates), [Some(3), Some(3), Some(0), Some(0)]);
    assert_eq!(gates("destruction"), Some(1));
    assert_eq!(run(&[], &[("OLD", &old), ("NEW", &old)]).status.code(), Some(0), "nothing differs");
    assert_eq!(run(&[], &[("OLD", &old), ("NEW", "missing.json")]).status.code(), Some(1));
    assert_eq!(run(&[], &[]).status.code(), Some(1), "nothing to compare");
}

/// The gates that the review has checks for are those that there are.
#[test]
fn every_gate_is_a_check() {
    let review =
        std::fs::read_to_string(repository().join(".github/workflows/review-environment.yml")).expect("readable");
    assert!(review.contains("gate: [destructive, broadening, data_loss]"));
    for gate in ["destructive", "broadening", "data_loss"] {
        assert!(review.contains(&format!("{gate}: ${{{{ steps.diff.outputs.{gate} }}}}")), "{gate}");
    }
}

#[test]
fn the_pipeline_finds_its_way_by_the_environments_file() {
    let checkout = Checkout::new();
    let target = |environment: &str| {
        let mut script = script("target.py");
        said(
            &script
                .arg(env!("CARGO_BIN_EXE_baleen"))
                .arg(environment)
                .current_dir(checkout.path())
                .output()
                .expect("runs"),
        )
    };
    insta::assert_snapshot!(target("dev"), @"
    region=ap-northeast-2
    deployer=arn:aws:iam::111122223333:role/baleen-dev-deployer
    execution=arn:aws:iam::111122223333:role/baleen-dev-execution
    stacks=bootstrap network identity storage notifications commands packaging delivery fleet-blue fleet-green router jobs observability
    [exit status 0]
    ");
    insta::assert_snapshot!(target("local"), @"
    error: environment local has no stack deployer; give it a section [deployer], and deploy that first
    [exit status 1]
    ");
}

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use diff::Template;
use diff::gates::{RolePermissions, Sentence, roles};
use serde_json::json;
use stacks::outputs::{self, Output};
use template::Assembly;
use toolkit::{Artifacts, Need, NeedTarget, Part, Permissions, permissions};
use tree::Origin;

use crate::cli::Global;
use crate::error::{Error, Kind, Result};
use crate::lock;
use crate::printer::{BOLD, DIM, Printer};
use crate::render::findings::plural;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  baleen permissions --env prod                        the least IAM policy with which prod can be deployed
  baleen permissions --env prod --out policies         policies/deploy-1.json and so on, each within IAM's quota
  baleen permissions --env prod --json | jq .actions   which resource types need which action
  baleen permissions --env prod --for-role             what each role of the stacks may do, in plain words
  baleen permissions --env prod --for-role WorkerRole  one of them";

/// Finds the least IAM policy that deploys an environment, or says what its roles may do
///
/// The actions are those that the provider schemas say CloudFormation calls for the resources of the environment, without
/// those for features that they do not use, on the names that the templates give; and those that this program calls itself:
/// on stacks, artifacts, the lock, and for `swap`, `drift`, `doctor`. A policy that is longer than IAM's quota is split.
/// Optional is `sts:DecodeAuthorizationMessage`; left out is what empties buckets (`destroy --empty-buckets`).
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Writes one file per policy into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "for_role")]
    out: Option<PathBuf>,
    /// Says what a role may do: by its logical id or `stack/logical id`; all of them without a name
    #[arg(long, value_name = "ROLE", num_args = 0..=1, default_missing_value = "")]
    for_role: Option<String>,
}

pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    let assembly = Session::open(global)?.assemble(printer)?;
    match &args.for_role {
        Some(name) => for_role(name, &assembly, printer),
        None => for_deploying(args, &permissions(&assembly, &needs()), printer),
    }
}

/// What the commands call themselves.
fn needs() -> Vec<Need> {
    let bucket = outputs::ARTIFACT_BUCKET;
    let artifacts = Artifacts { stack: bucket.stack.to_owned(), output: bucket.name.to_owned() };
    let of = |Output { stack, name }: Output, part| NeedTarget::Output {
        stack: stack.to_owned(),
        output: name.to_owned(),
        part,
    };
    let purpose = "the sample clip and the jobs of a swap";
    let need = |actions, target| Need { purpose, actions, target };
    let mut needs = toolkit::needs(&artifacts, &lock::table());
    needs.extend([
        need(&["s3:GetObject", "s3:PutObject"], of(outputs::SOURCE_BUCKET, Part::Contents)),
        // Otherwise nobody is told that the clip is not there yet.
        need(&["s3:ListBucket"], of(outputs::SOURCE_BUCKET, Part::Itself)),
        need(&["s3:GetObject"], of(outputs::ENHANCED_BUCKET, Part::Contents)),
        need(&["dynamodb:GetItem", "dynamodb:Scan"], of(outputs::JOB_TABLE, Part::Itself)),
        need(&["states:StartExecution"], of(outputs::STATE_MACHINE, Part::Itself)),
        need(&["states:DescribeExecution"], of(outputs::STATE_MACHINE, Part::Contents)),
        need(&["kms:Decrypt", "kms:GenerateDataKey"], NeedTarget::Keys),
    ]);
    needs
}

fn for_deploying(args: &Args, found: &Permissions, printer: &Printer) -> Result<()> {
    if let Some(folder) = &args.out {
        return write(folder, found, printer);
    }
    if printer.is_json() {
        return printer.json(found);
    }
    let count = plural(found.actions.len(), "action");
    match found.policies.as_slice() {
        [policy] => {
            printer.line(count);
            printer.json(policy)
        }
        policies => {
            printer.line(format!("{count} in {} policies, because IAM takes 6,144 characters each", policies.len()));
            printer.json(&policies)
        }
    }
}

fn write(folder: &Path, found: &Permissions, printer: &Printer) -> Result<()> {
    let failed = |path: &Path, error: &dyn std::fmt::Display| {
        Error::new(Kind::Failed, format!("cannot write {}: {error}", path.display()))
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    let mut files = Vec::new();
    for (index, policy) in found.policies.iter().enumerate() {
        let path = folder.join(format!("deploy-{}.json", index + 1));
        let text = serde_json::to_string_pretty(policy).map_err(|error| failed(&path, &error))?;
        std::fs::write(&path, text + "\n").map_err(|error| failed(&path, &error))?;
        files.push(path.display().to_string());
    }
    if printer.is_json() {
        return printer.json(&json!({ "files": files }));
    }
    printer.data(&(files.join("\n") + "\n"))
}

fn for_role(name: &str, assembly: &Assembly, printer: &Printer) -> Result<()> {
    let templates: Vec<_> =
        assembly.stacks.iter().map(|stack| Template { name: &stack.name, tree: &stack.template }).collect();
    let all = roles(&templates);
    let full = |role: &RolePermissions| format!("{}/{}", role.stack, role.logical_id);
    let is_meant = |role: &&RolePermissions| name.is_empty() || role.logical_id == name || full(role) == name;
    let meant: Vec<_> = all.iter().filter(is_meant).collect();
    if meant.is_empty() {
        let known: Vec<_> = all.iter().map(full).collect();
        return Err(Error::usage(format!("there is no role `{name}`")).hint(format!("roles: {}", known.join(", "))));
    }
    if printer.is_json() {
        return printer.json(&json!({ "roles": meant }));
    }
    let mut text = String::new();
    for role in meant {
        describe(role, &mut text);
    }
    printer.data(&text)
}

fn describe(role: &RolePermissions, text: &mut String) {
    let _ = writeln!(text, "{BOLD}{}/{}{BOLD:#}", role.stack, role.logical_id);
    if let Some(boundary) = &role.boundary {
        let _ = writeln!(text, "  bounded by {boundary}");
    }
    for sentence in role.trusted.iter().chain(&role.permissions) {
        let _ = writeln!(text, "  {}  {DIM}{}{DIM:#}", sentence.text, place(sentence));
    }
    text.push('\n');
}

fn place(sentence: &Sentence) -> String {
    match sentence.origin {
        Origin::Unknown => format!("{}/{}", sentence.stack, sentence.resource),
        origin => origin.to_string(),
    }
}

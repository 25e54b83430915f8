//! A policy stands where its kind is wanted: that of a resource says who, that of an identity does not, and trust is
//! of roles alone.

use documents::iam as policy;
use resources::{iam, kind, kms, sqs};
use template::{Assume, Id, Name, Value};

fn main() {
    let read = || policy::allow(["s3:GetObject"]).on_any();
    let anyone_reads = || read().principal(policy::anyone());
    let trust = || policy::trust(policy::service("ec2.amazonaws.com"));
    let queue: Value<Id<kind::sqs::Queue>> = "https://…".assume();
    let role: Value<Name<kind::iam::Role>> = "worker".assume();

    let _ = iam::Policy::new("read", anyone_reads()); //~ E0277
    let _ = iam::Policy::new("read", (read(), anyone_reads())); //~ E0277
    let _ = iam::Policy::new("read", trust()); //~ E0277
    let _ = iam::Policy::new("read", policy::allow(["s3:GetObject"])); //~ E0277
    let _ = iam::ManagedPolicy::new(anyone_reads()); //~ E0277
    let _ = iam::RolePolicy::new("read", role).policy_document(anyone_reads()); //~ E0277
    let _ = sqs::QueuePolicy::new([queue], read()); //~ E0277
    let _ = kms::Key::new().key_policy([read()]); //~ E0277
    let _ = kms::Key::new().key_policy(trust()); //~ E0277
    let _ = iam::Role::new(read()); //~ E0277
    let _ = iam::Role::new(anyone_reads()); //~ E0277
    let _ = iam::Role::new([trust()]).policies([iam::role::Policy::new("read", trust())]); //~ E0277
}

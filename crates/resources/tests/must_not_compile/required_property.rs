//! A required property cannot be forgotten.

use resources::{iam, s3, stepfunctions};

fn main() {
    let _ = s3::Rule::new(); //~ E0061
    let _ = stepfunctions::StateMachine::new(); //~ E0061
    let _ = iam::Role::new(); //~ E0061
}

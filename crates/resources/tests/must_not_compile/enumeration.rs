//! An enumeration takes its own values, and nothing else by accident.

use resources::s3;

fn main() {
    let _ = s3::Rule::new("Enabled"); //~ E0277
    let _ = s3::Rule::new(s3::RuleStatus::Enable); //~ E0599
    let _ = s3::Bucket::new().access_control(s3::RuleStatus::Enabled); //~ E0277
    let _ = s3::Bucket::new().bucket_name(7); //~ E0277
    let _ = s3::Bucket::new().bucket_name(["a", "b"]); //~ E0277
}

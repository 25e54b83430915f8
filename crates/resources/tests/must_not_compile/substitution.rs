//! `sub!` takes as many strings as it has holes, and no list.

use resources::s3;
use template::{Stack, get_azs, sub};

fn stack(stack: &mut Stack) {
    let bucket = stack.add("Bucket", s3::Bucket::new());
    let _ = sub!("{}/*"); //~ E0080
    let _ = sub!("{}/*", bucket.arn(), bucket.name()); //~ E0080
    let _ = sub!("{bucket}/*"); //~ E0080
    let _ = sub!("{}", get_azs()); //~ E0277
}

fn main() {
    let _ = stack;
}

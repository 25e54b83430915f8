//! A stack cannot use what a later one declares: there are no cycles.

use resources::s3;
use template::{App, Settings, Stack};

fn storage(stack: &mut Stack, other: &s3::BucketRef) -> s3::BucketRef {
    stack.add("Sources", s3::Bucket::new().bucket_name(other.name()))
}

fn app(settings: Settings) {
    let mut app = App::new(settings);
    let _ = app.stack("storage", |stack| storage(stack, &fleet)); //~ E0425
    let fleet = app.stack("fleet", |stack| stack.add("Work", s3::Bucket::new()));
    let _ = fleet;
}

fn main() {
    let _ = app;
}

//! Measures what the first look at a type costs: `cargo run --release -p schemas --example look`.

use std::time::{Duration, Instant};

fn main() {
    let mut first_looks: Vec<Duration> = schemas::type_names()
        // One type of each service or so, so that few of them share a block.
        .step_by(16)
        .map(|name| {
            let start = Instant::now();
            let found = schemas::schema(name).is_some();
            assert!(found, "`{name}` cannot be read");
            start.elapsed()
        })
        .collect();
    first_looks.sort();
    let total: Duration = first_looks.iter().sum();
    let count = first_looks.len();
    let report = format!(
        "{count} types: median {:?}, slowest {:?}, all {total:?}",
        first_looks[count / 2],
        first_looks[count - 1]
    );
    #[expect(clippy::print_stdout, reason = "an example that is run by hand")]
    {
        println!("{report}");
    }
}

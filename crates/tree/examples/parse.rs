//! Measures how long templates take to be read: `cargo run --release -p tree --example parse -- FILE…`

#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]
#![expect(clippy::disallowed_types, reason = "the crate is pure, its measurement is not")]

fn main() -> std::io::Result<()> {
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path)?;
        let started = std::time::Instant::now();
        let outcome = tree::decode(&bytes).and_then(tree::read);
        let took = started.elapsed();
        match outcome {
            Ok(document) => println!("{path}: {} bytes, {} remarks, {took:?}", bytes.len(), document.remarks.len()),
            Err(error) => println!("{path}:{error} ({took:?})"),
        }
    }
    Ok(())
}

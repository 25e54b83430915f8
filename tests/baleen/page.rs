//! The page of a diff, in a real browser.

use std::path::Path;
use std::process::Command;

use crate::harness::{Checkout, repository};

/// The names under which Chromium is installed.
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Runs the browser without a window, and returns what it writes.
fn browse(home: &Path, arguments: &[&str]) -> String {
    let settings = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1280,1400"];
    for browser in BROWSERS {
        let output = Command::new(browser).args(settings).args(arguments).env("HOME", home).output();
        match output {
            Ok(output) if output.status.success() => return String::from_utf8_lossy(&output.stdout).into_owned(),
            Ok(output) => panic!("{browser}: {}", String::from_utf8_lossy(&output.stderr)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => panic!("{browser}: {error}"),
        }
    }
    panic!("there is no Chromium; `cargo xtask setup` installs it");
}

/// Compares the snapshots of prod with a version in which a bucket is renamed and a queue is new.
fn page(checkout: &Checkout) -> String {
    let before = repository().join("snapshots/prod");
    let after = checkout.path().join("after");
    std::fs::create_dir(&after).expect("created");
    for entry in std::fs::read_dir(&before).expect("readable") {
        let path = entry.expect("readable").path();
        let name = path.file_name().expect("a name");
        let text = std::fs::read_to_string(&path).expect("readable");
        let text = if name == "storage.json" {
            let new = r#"  "Resources": {
    "Previews": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "<b>previews</b>"}},"#;
            text.replacen("  \"Resources\": {", new, 1).replace("RetainExceptOnCreate", "Delete")
        } else {
            text
        };
        std::fs::write(after.join(name), text).expect("written");
    }
    let before = before.to_str().expect("UTF-8");
    let output =
        checkout.run(&["diff", before, "after", "--format", "html", "--out", "diff.html", "--fail-on", "none"]);
    assert_eq!(output.code, Some(2), "{output}");
    format!("file://{}", checkout.path().join("diff.html").display())
}

#[test]
fn the_page_filters_and_can_be_looked_at() {
    let checkout = Checkout::new();
    let page = page(&checkout);
    let all = browse(checkout.path(), &["--dump-dom", &page]);
    assert!(all.contains("<td class=\"text added\">&lt;b&gt;previews&lt;/b&gt;</td>"), "values are text");
    let shown =
        |dom: &str| dom.split("role=\"status\">").nth(1).and_then(|rest| rest.split('<').next()).map(str::to_owned);
    let count = all.matches("class=\"resource\"").count();
    assert!(count > 1, "{count}");
    assert_eq!(shown(&all), Some(format!("{count} of {count}")));
    let filtered = browse(checkout.path(), &["--dump-dom", &format!("{page}?search=previews")]);
    assert_eq!(shown(&filtered), Some(format!("1 of {count}")), "the script ran");

    let picture = checkout.path().join("diff.png");
    browse(checkout.path(), &[&format!("--screenshot={}", picture.display()), &page]);
    let bytes = std::fs::read(&picture).expect("a picture");
    let size = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    assert_eq!((bytes.get(..8), size(16), size(20)), (Some(b"\x89PNG\r\n\x1a\n".as_slice()), 1280, 1400));
    // A blank page of this size compresses to a few kilobytes.
    assert!(bytes.len() > 40_000, "{} bytes", bytes.len());
}

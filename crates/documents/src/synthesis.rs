//! What tests need: a document as synthesis writes it.

use std::panic::Location;

use serde_json::Value as JsonValue;
use template::{App, IntoValue, Raw, References, Settings, Stack};
use tree::Origin;

/// Synthesizes one document in a stack to which it may add what it refers to.
#[track_caller]
pub fn json<T, D: IntoValue<T>>(document: impl FnOnce(&mut Stack) -> D) -> JsonValue {
    synthesize(document).expect("the document is right")
}

/// Synthesizes one document that is wrong: the findings, each with the path inside the document.
#[track_caller]
pub fn mistakes<T, D: IntoValue<T>>(document: impl FnOnce(&mut Stack) -> D) -> Vec<String> {
    synthesize(document).expect_err("the document is wrong")
}

#[track_caller]
fn synthesize<T, D: IntoValue<T>>(document: impl FnOnce(&mut Stack) -> D) -> Result<JsonValue, Vec<String>> {
    let caller = Location::caller();
    let mut app = App::new(Settings {
        name: "test".into(),
        environment: "test".into(),
        account: "111122223333".into(),
        region: "ap-northeast-2".into(),
        tags: vec![],
        references: References::Weak,
        termination_protection: false,
    });
    app.stack("documents", |stack| {
        let document = document(stack).into_value();
        stack.add("Holder", Raw::new("Test::Document::Holder").value("Document", document));
    });
    match app.synth() {
        Ok(assembly) => {
            let document = assembly.stacks[0].template.find(["Resources", "Holder", "Properties", "Document"]);
            Ok(document.expect("the document is there").to_json())
        }
        Err(findings) => Err(findings
            .into_iter()
            .map(|finding| {
                assert_eq!(finding.rule, "synth/invalid-document");
                let author = Origin::Code(caller).file();
                assert_eq!(finding.origin.file(), author, "the origin is a line of the author: {}", finding.message);
                let path = finding.path.to_string().replace("Resources/Holder/Properties/Document", "");
                let path = path.trim_start_matches('/');
                format!("{path}: {}; {}", finding.message, finding.hint.unwrap_or_default())
            })
            .collect()),
    }
}

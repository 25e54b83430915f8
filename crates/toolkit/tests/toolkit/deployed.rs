//! What is deployed, to be compared with.

use toolkit::{Patience, deployed_templates};

use crate::fake::Fake;
use crate::system::{Variant, assembly, deploy};

#[tokio::test(start_paused = true)]
async fn each_deployed_stack_has_its_template_and_no_other_one_has() {
    let fake = Fake::default();
    let old = assembly(&Variant::default());
    let none = deployed_templates(&old, &fake.cloud(), Patience::default()).await.expect("an answer");
    assert_eq!(none, [], "nothing is deployed");

    let selected = ["storage"];
    deploy(&old, &selected, &fake.cloud()).await.0.expect("deployed");
    let new = assembly(&Variant { keep_days: 30, ..Variant::default() });
    let found = deployed_templates(&new, &fake.cloud(), Patience::default()).await.expect("an answer");
    let storage = found.iter().find(|deployed| deployed.stack == "storage").expect("it is deployed");
    let was = old.stack("storage").expect("it is there").template.to_json();
    let deployed: serde_json::Value = serde_json::from_str(&storage.template).expect("JSON");
    assert_eq!(deployed, was, "the template is the deployed one, not the new one");
    assert!(found.iter().all(|deployed| deployed.stack != "jobs"), "it was never deployed");
}

#[tokio::test(start_paused = true)]
async fn another_account_is_refused() {
    let fake = Fake::default();
    let foreign = assembly(&Variant { account: Some("999999999999"), ..Variant::default() });
    let error = deployed_templates(&foreign, &fake.cloud(), Patience::default()).await.expect_err("refused");
    assert!(matches!(error, toolkit::Error::WrongAccount { .. }), "{error}");
}

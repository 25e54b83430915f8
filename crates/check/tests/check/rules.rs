//! Every rule finds its own bad example, and nothing in its good one.

use check::{Surroundings, Template, check_within, rules, syntax};

/// Checks an example as the command line checks a file.
fn findings(template: &str) -> Vec<String> {
    let findings = match tree::read(template) {
        Ok(document) => {
            let surroundings =
                Surroundings { remarks: vec![("example", &document.remarks)], ..Surroundings::default() };
            check_within(&[Template { name: "example", tree: &document.tree }], &surroundings)
        }
        Err(error) => vec![syntax("example", &error)],
    };
    findings.iter().map(ToString::to_string).collect()
}

/// Leaves out what security wants, of which an example shows one thing at a time.
fn findings_for(rule: &str, template: &str) -> Vec<String> {
    let is_about = |finding: &String| finding.contains(&format!("[{rule}]: ")) || !finding.contains("[security/");
    findings(template).into_iter().filter(is_about).collect()
}

#[test]
fn every_rule_finds_its_bad_example_and_no_other_rule_does() {
    for rule in rules() {
        let found = findings_for(rule.id, rule.bad);
        let own = format!("{}[{}]: ", rule.severity, rule.id);
        assert!(!found.is_empty(), "{}", rule.id);
        assert!(found.iter().all(|finding| finding.starts_with(&own)), "{}: {found:#?}", rule.id);
    }
}

#[test]
fn no_rule_finds_anything_in_a_good_example() {
    for rule in rules() {
        assert_eq!(findings_for(rule.id, rule.good), super::NOTHING, "{}", rule.id);
    }
}

#[test]
fn rules_are_in_order_and_told_in_one_sentence_each() {
    let ids: Vec<&str> = rules().iter().map(|rule| rule.id).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(ids, sorted);
    for rule in rules() {
        for text in [rule.statement, rule.why] {
            assert!(!text.is_empty() && !text.ends_with('.'), "{}: {text}", rule.id);
        }
    }
}

//! What is watched.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{environment, environments, of_type, resource, resources};

#[test]
fn every_alarm_tells_when_it_rings_and_when_all_is_well_again() {
    // Those that scale a fleet tell the fleet.
    let scale = ["InstancesMissing", "InstancesIdle", "Work", "NoWork"];
    for environment in environments() {
        for (id, alarm) in of_type(&environment, "AWS::CloudWatch::Alarm") {
            if scale.contains(&id.as_str()) {
                continue;
            }
            // Every alarm begins without data: people would be told of each at the first deployment.
            assert!(alarm["Properties"].get("InsufficientDataActions").is_none(), "{}: {id}", environment.name);
            for actions in ["AlarmActions", "OKActions"] {
                let told = alarm["Properties"][actions].as_array().map_or(0, Vec::len);
                assert_eq!(told, 1, "{}: {id} {actions}", environment.name);
            }
            assert!(alarm["Properties"]["AlarmDescription"].is_string(), "{id}");
        }
    }
}

#[test]
fn a_colour_is_ill_by_its_own_alarms_only() {
    for (colour, other) in [("Blue", "Green"), ("Green", "Blue")] {
        let ill = resource(&environment("prod"), "observability", &format!("{colour}IsIll"));
        let rule = ill["Properties"]["AlarmRule"].to_string();
        assert!(rule.contains(&format!("{colour}TasksFail.Arn")) && !rule.contains(other), "{rule}");
        assert!(rule.contains(&format!("Fleet{colour}DeadLetterArrivedArn")), "{rule}");
        // Much to do is nothing bad.
        assert!(!rule.contains("Busy") && !rule.contains("PileUp"), "{rule}");
    }
}

#[test]
fn the_dashboard_shows_every_alarm_that_tells_people() {
    let environment = environment("prod");
    let body = dashboard_body();
    for (stack, id, resource) in resources(&environment) {
        if resource["Type"] != "AWS::CloudWatch::Alarm" || resource["Properties"].get("OKActions").is_none() {
            continue;
        }
        let words: String = stack.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        let shown = [format!("${{{id}.Arn}}"), format!("${{{words}{id}Arn}}")];
        assert!(shown.iter().any(|reference| body.contains(reference)), "{stack} {id}");
    }
}

#[test]
fn the_dashboard_answers_its_questions_within_its_width() {
    let body: Value = serde_json::from_str(&dashboard_body()).unwrap();
    let mut titles = Vec::new();
    let mut places = BTreeSet::new();
    for widget in body["widgets"].as_array().unwrap() {
        let [x, y, width] = ["x", "y", "width"].map(|name| widget[name].as_u64().unwrap());
        assert!(width > 0 && x + width <= 24, "{widget}");
        assert!(places.insert((x, y)), "{widget}");
        titles.extend(widget["properties"]["markdown"].as_str().map(str::to_owned));
    }
    assert_eq!(titles, ["# Is it healthy?", "# Does it keep up?", "# What does it cost?"]);
}

#[test]
fn what_is_spent_is_told_where_there_is_a_budget() {
    let budget = resource(&environment("prod"), "observability", "Budget");
    let data = &budget["Properties"]["Budget"];
    assert_eq!(data["BudgetLimit"]["Amount"], 20_000);
    assert_eq!(data["CostFilters"]["TagKeyValue"][0], "user:environment$prod");
    let dev = resources(&environment("dev"));
    assert!(dev.iter().all(|(_, _, resource)| resource["Type"] != "AWS::Budgets::Budget"));
    assert!(dev.iter().any(|(_, id, _)| id == "Dashboard"));
}

/// The body of the dashboard, its holes left as they are.
fn dashboard_body() -> String {
    let dashboard = resource(&environment("prod"), "observability", "Dashboard");
    let body = &dashboard["Properties"]["DashboardBody"]["Fn::Sub"];
    body.get(0).unwrap_or(body).as_str().unwrap().to_owned()
}

//! Alarms: whether they can ever be evaluated, and mean what they say.

use std::collections::BTreeSet;

use tree::Finding;

use super::alarm_rules::{COMPOSITE, EXPRESSION, METRICS, PERIOD, STATISTIC};
use super::{Shared, metrics};
use crate::look::{Part, Resource, View};
use crate::words::{all_of, did_you_mean, quoted, similar};

/// How long all periods of an evaluation may take together, in seconds: a day, or a week for periods of an hour and more.
const DAY: i64 = 86_400;
/// An hour, in seconds.
const HOUR: i64 = 3600;

/// Checks an alarm about metrics.
pub(super) fn check(alarm: &Resource<'_>, findings: &mut Vec<Finding>) {
    let periods = alarm.at("EvaluationPeriods");
    period(alarm.at("Period"), alarm.at("Namespace"), periods, findings);
    statistic(alarm, findings);
    let points = alarm.at("DatapointsToAlarm");
    if let (Some(wanted), Some(all)) = (points.integer(), periods.integer())
        && wanted > all
    {
        let message = format!("`DatapointsToAlarm` is {wanted}, but only {all} periods are evaluated");
        findings.push(points.finding(&PERIOD, message));
    }
    let names: Vec<View<'_>> = alarm.properties.select("Dimensions/*/Name");
    metrics::check(alarm.at("Namespace"), alarm.at("MetricName"), &names, findings);
    let metrics = alarm.at("Metrics");
    if !metrics.is_absent() {
        for key in ["ExtendedStatistic", "MetricName", "Namespace", "Period", "Statistic"] {
            let beside = alarm.at(key);
            if !beside.is_absent() {
                let message = format!("`{key}` stands beside `Metrics`, which say that themselves");
                findings.push(beside.finding(&METRICS, message).hint("keep one of the two"));
            }
        }
        queries(metrics, alarm.at("ThresholdMetricId"), periods, findings);
    }
}

fn period(view: View<'_>, namespace: View<'_>, periods: View<'_>, findings: &mut Vec<Finding>) {
    let Some(seconds) = view.integer() else { return };
    let is_of_aws = namespace.text().is_some_and(|text| text.starts_with("AWS/"));
    let is_short = [10, 20, 30].contains(&seconds);
    if seconds <= 0 || !(is_short || seconds % 60 == 0) {
        let message = format!("`Period` is {seconds}, but must be 10, 20, 30 or a multiple of 60");
        findings.push(view.finding(&PERIOD, message));
    } else if is_short && is_of_aws {
        let message = format!("`Period` is {seconds}, but metrics of AWS have one value a minute at most");
        findings.push(view.finding(&PERIOD, message).hint("write 60 or more"));
    } else if let Some(number) = periods.integer() {
        let most = if seconds >= HOUR { 7 * DAY } else { DAY };
        if number.saturating_mul(seconds) > most {
            let message =
                format!("{number} periods of {seconds} s are more than {most} s, the most that an alarm looks at");
            findings.push(periods.finding(&PERIOD, message));
        }
    }
}

fn statistic(alarm: &Resource<'_>, findings: &mut Vec<Finding>) {
    let (plain, extended) = (alarm.at("Statistic"), alarm.at("ExtendedStatistic"));
    let has_metric = !alarm.at("MetricName").is_absent() && alarm.properties.is_closed();
    if has_metric && plain.is_absent() && extended.is_absent() {
        let message = "the alarm has neither `Statistic` nor `ExtendedStatistic`";
        findings.push(alarm.finding(&STATISTIC, message).hint("such as `\"Statistic\": \"Maximum\"`"));
    }
    if has_metric && alarm.at("Period").is_absent() {
        findings.push(alarm.finding(&PERIOD, "the alarm has no `Period`").hint("such as `\"Period\": 60`"));
    }
    if let Some(text) = extended.text().filter(|text| !is_statistic(text)) {
        let message = format!("there is no statistic {}", quoted(&text));
        findings.push(extended.finding(&STATISTIC, message).hint("such as `p99`, `tm90`, `IQM` or `PR(:1000)`"));
    }
    let low = alarm.at("EvaluateLowSampleCountPercentile");
    if let Some(text) = low.text().filter(|text| !["evaluate", "ignore"].contains(&text.as_ref())) {
        let message =
            format!("`EvaluateLowSampleCountPercentile` is {}, but must be `evaluate` or `ignore`", quoted(&text));
        findings.push(low.finding(&STATISTIC, message));
    } else if !low.is_absent() && !plain.is_absent() {
        let message = "`EvaluateLowSampleCountPercentile` is about percentiles, but the statistic is none";
        findings.push(low.finding(&STATISTIC, message).hint("leave it out"));
    }
    let missing = alarm.at("TreatMissingData");
    let words = ["breaching", "ignore", "missing", "notBreaching"];
    if let Some(text) = missing.text().filter(|text| !words.contains(&text.as_ref())) {
        let mut finding = missing.finding(
            &STATISTIC,
            format!("`TreatMissingData` is {}, but must be one of {}", quoted(&text), all_of(words)),
        );
        finding.hint = did_you_mean(&text, words);
        findings.push(finding);
    }
}

/// Tells whether there is such a statistic beside the five plain ones.
fn is_statistic(text: &str) -> bool {
    let plain = ["Average", "IQM", "Maximum", "Minimum", "SampleCount", "Sum"];
    let is_number = |rest: &str| rest.parse::<f64>().is_ok_and(|number| (0.0..=100.0).contains(&number));
    plain.contains(&text)
        || ["p", "tm", "tc", "ts", "wm"].iter().any(|prefix| text.strip_prefix(prefix).is_some_and(is_number))
        || ["TM", "TC", "TS", "WM", "PR"].iter().any(|prefix| {
            text.strip_prefix(prefix)
                .is_some_and(|rest| rest.starts_with('(') && rest.ends_with(')') && rest.contains(':'))
        })
}

/// Checks queries of metrics, as alarms have them.
fn queries(list: View<'_>, threshold: View<'_>, periods: View<'_>, findings: &mut Vec<Finding>) {
    let mut ids = BTreeSet::new();
    let mut given = 0;
    let mut is_certain = list.is_closed();
    for query in list.items() {
        let id = query.get("Id");
        if let Some(text) = id.text() {
            let fits = text.starts_with(|first: char| first.is_ascii_lowercase())
                && text.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
            if !fits {
                let message = format!(
                    "the id is {}, but must begin with a small letter, and have letters, digits and `_`",
                    quoted(&text)
                );
                findings.push(id.finding(&METRICS, message));
            }
            if !ids.insert(text.to_string()) {
                findings.push(id.finding(&METRICS, format!("two queries have the id {}", quoted(&text))));
            }
        } else {
            is_certain = false;
        }
        let flag = query.get("ReturnData");
        is_certain &= flag.is_absent() || flag.flag().is_some();
        given += usize::from(flag.is_absent() || flag.flag() == Some(true));
        let own = query.get("MetricStat");
        period(own.get("Period"), own.at("Metric/Namespace"), periods, findings);
        let metric = own.get("Metric");
        let dimensions = metric.select("Dimensions/*/Name");
        metrics::check(metric.get("Namespace"), metric.get("MetricName"), &dimensions, findings);
        let statistic = own.get("Stat");
        if let Some(text) = statistic.text().filter(|text| !is_statistic(text)) {
            findings.push(statistic.finding(&STATISTIC, format!("there is no statistic {}", quoted(&text))));
        }
    }
    // With a band of anomalies both the metric and the band are given.
    if is_certain && threshold.is_absent() && given != 1 {
        let message = format!("{given} queries give data to the alarm, but exactly one must");
        findings.push(list.finding(&METRICS, message).hint("write `\"ReturnData\": false` in the others"));
    }
    if !is_certain {
        return;
    }
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    for query in list.items() {
        let expression = query.get("Expression");
        for name in expression.text().iter().flat_map(|text| identifiers(text)).filter(|name| !names.contains(name)) {
            let mut finding =
                expression.finding(&EXPRESSION, format!("there is no query with the id {}", quoted(name)));
            finding.hint = did_you_mean(name, names.iter().copied());
            findings.push(finding);
        }
    }
    if let Some(text) = threshold.text().filter(|text| !names.contains(&text.as_ref())) {
        findings.push(threshold.finding(&EXPRESSION, format!("there is no query with the id {}", quoted(&text))));
    }
}

/// Lists the ids in an expression of metric math: what begins with a small letter, outside of quotes.
pub(super) fn identifiers(text: &str) -> Vec<&str> {
    if text.trim_start().starts_with("SELECT") {
        return Vec::new();
    }
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let outside = text.split(['"', '\'']).step_by(2);
    outside
        .flat_map(|piece| piece.split(move |character| !is_word(character)))
        .filter(|word| word.starts_with(|first: char| first.is_ascii_lowercase()))
        .collect()
}

/// Checks an alarm about other alarms.
pub(super) fn composite(shared: &Shared<'_>, alarm: &Resource<'_>, findings: &mut Vec<Finding>) {
    let rule = alarm.at("AlarmRule");
    let parts = rule.parts();
    let mut text = String::new();
    for part in &parts {
        match part {
            Part::Text(part) => text.push_str(part),
            Part::Hole(_) => text.push('\u{E000}'),
        }
    }
    let is_whole_hole = text == "\u{E000}";
    if rule.is_absent() || is_whole_hole {
        return;
    }
    let opened = text.matches('(').count();
    let closed = text.matches(')').count();
    if opened != closed {
        let message = format!("the rule opens {opened} parentheses, but closes {closed}");
        findings.push(rule.finding(&COMPOSITE, message));
        return;
    }
    let words = ["ALARM", "AND", "FALSE", "INSUFFICIENT_DATA", "NOT", "OK", "TRUE"];
    let mut rest = text.as_str();
    let names: Vec<String> = [
        alarm_names(shared, alarm, "AWS::CloudWatch::Alarm"),
        alarm_names(shared, alarm, "AWS::CloudWatch::CompositeAlarm"),
    ]
    .concat();
    while let Some(open) = rest.find('(') {
        let word =
            rest[..open].rsplit(|character: char| !(character.is_ascii_alphanumeric() || character == '_')).next();
        let word = word.unwrap_or_default();
        if !word.is_empty() && !words.contains(&word) && word != "OR" {
            let mut finding = rule.finding(&COMPOSITE, format!("there is no function {}", quoted(word)));
            finding.hint = did_you_mean(word, words);
            findings.push(finding);
        }
        rest = &rest[open + 1..];
        if ["ALARM", "INSUFFICIENT_DATA", "OK"].contains(&word)
            && let Some((name, _)) = rest.split_once(')')
        {
            let name = name.trim().trim_matches('"');
            let is_plain = !name.contains('\u{E000}') && !name.starts_with("arn:");
            // An alarm of that name may be elsewhere; one that is called nearly so here was meant.
            if is_plain
                && !names.iter().any(|own| own == name)
                && let Some(meant) = similar(name, names.iter().map(String::as_str))
            {
                let message = format!("the rule is about {}, but the alarm is called {}", quoted(name), quoted(meant));
                findings.push(rule.finding(&COMPOSITE, message));
            }
        }
    }
}

fn alarm_names(shared: &Shared<'_>, alarm: &Resource<'_>, type_name: &str) -> Vec<String> {
    let all = shared.of_type(alarm, type_name);
    all.filter_map(|one| one.at("AlarmName").text().map(std::borrow::Cow::into_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_begin_with_a_small_letter() {
        assert_eq!(identifiers("IF(FILL(started, 0) > 1e3, 100 * m1 / m_2, 0)"), ["started", "m1", "m_2"]);
        assert_eq!(identifiers("SEARCH('{AWS/SQS,QueueName} name', 'Sum', 300)"), Vec::<&str>::new());
    }

    #[test]
    fn statistics_are_percentiles_and_trimmed_means() {
        for text in ["p99", "p99.9", "tm90", "TM(10%:90%)", "PR(:1000)", "IQM", "Sum"] {
            assert!(is_statistic(text), "{text}");
        }
        for text in ["p101", "q90", "average", "TM90)"] {
            assert!(!is_statistic(text), "{text}");
        }
    }
}

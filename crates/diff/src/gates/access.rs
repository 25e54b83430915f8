//! What somebody may do now and might not before: policies of identities and of resources.

use super::finding::Finding;
use super::guarded::{self, Guarded};
use super::identities::{self, Identity};
use super::permissions::describe::{About, Words};
use super::permissions::statement::Statement;
use super::permissions::text::{Holes, Names};
use super::permissions::widen::{Catalogue, Kind, Widening, widenings};
use super::runners;
use super::side::{Id, Place, Side};
use super::strangers;

/// Lists all that is allowed now and was not before.
pub(crate) fn broadened(old: &Side<'_>, new: &Side<'_>, catalogue: &Catalogue<'_>) -> Vec<Finding> {
    let holes = Holes::default();
    let (mut old_names, mut new_names) = (Names::new(), Names::new());
    let identities_before = identities::collect(old, &holes, &mut old_names);
    let identities_now = identities::collect(new, &holes, &mut new_names);
    let guarded_before = guarded::collect(old, &holes, &mut old_names);
    let guarded_now = guarded::collect(new, &holes, &mut new_names);
    let reassigned = runners::reassigned((old, &mut old_names), (new, &mut new_names), &holes);
    // What is gone is called what it was called.
    let mut names = old_names;
    names.extend(new_names);
    let words = Words { holes: &holes, names: &names };
    let mut findings = Vec::new();
    for (key, now) in identities_now.iter().filter(|(_, now)| !now.by_others) {
        identity(&words, identities_before.get(key), now, catalogue, &mut findings);
    }
    for runner in &reassigned {
        findings.extend(runners::finding(&words, runner, (&identities_before, &identities_now), catalogue));
    }
    for (key, now) in &guarded_now {
        resource(&words, guarded_before.get(key), now, catalogue, &mut findings);
    }
    // A policy that is gone may have forbidden something.
    for (key, before) in guarded_before.iter().filter(|(key, _)| !guarded_now.contains_key(*key)) {
        let (stack, logical) = key.rsplit_once('/').unwrap_or(("", key));
        let is_there = new.same(&Id { stack: stack.to_owned(), logical: logical.to_owned() }).is_some();
        if is_there || !before.declared {
            let now =
                Guarded { statements: Vec::new(), name: before.name.clone(), place: before.place.clone(), ..*before };
            resource(&words, Some(before), &now, catalogue, &mut findings);
        }
    }
    findings
}

fn identity(
    words: &Words<'_>,
    before: Option<&Identity>,
    now: &Identity,
    catalogue: &Catalogue<'_>,
    findings: &mut Vec<Finding>,
) {
    let old: &[Statement] = before.map(|before| before.statements.as_slice()).unwrap_or_default();
    let name = match before {
        Some(_) => now.name.clone(),
        None => now.name.replacen("the ", "the new ", 1),
    };
    for widening in widenings(old, &now.statements, true, catalogue) {
        let kind = match widening.kind {
            Kind::Granted => "iam-allowed",
            Kind::Permitted => "iam-deny-lifted",
            Kind::Unclear => "iam-unclear",
        };
        findings.extend(finding(words, kind, About::Identity(&name), &widening, (old, &now.statements)));
    }
    if let Some(was) = before.and_then(|before| before.boundary.as_ref()) {
        boundary(words, &name, was, now, findings);
    }
}

fn boundary(words: &Words<'_>, name: &str, was: &identities::Boundary, now: &Identity, findings: &mut Vec<Finding>) {
    let show = |policy: &str| match words.names.get(policy) {
        Some(id) => id.logical.clone(),
        None => words.holes.show(policy),
    };
    let before = show(&was.policy);
    match &now.boundary {
        None => findings.push(Finding {
            was: Some(before.clone()),
            ..Finding::new(
                "iam-boundary-removed",
                was.place.clone(),
                format!("{name} is no longer bounded; before, it could do nothing that {before} does not allow"),
            )
        }),
        Some(own) if own.policy != was.policy => {
            let after = show(&own.policy);
            let message =
                format!("{name} is bounded by another policy, which may allow more: {after}; before {before}");
            findings.push(Finding {
                was: Some(before),
                now: Some(after),
                ..Finding::new("iam-boundary-changed", own.place.clone(), message)
            });
        }
        Some(_) => {}
    }
}

fn resource(
    words: &Words<'_>,
    before: Option<&Guarded>,
    now: &Guarded,
    catalogue: &Catalogue<'_>,
    findings: &mut Vec<Finding>,
) {
    let own: Vec<Statement>;
    let (old, new) = match before {
        Some(before) => (before.statements.as_slice(), now.statements.as_slice()),
        None if !now.declared => (&[][..], now.statements.as_slice()),
        // Nothing was less open before than what is new, unless it is open to strangers from the start.
        None => {
            own = now.statements.iter().filter_map(|statement| strangers::only(words, now, statement)).collect();
            (&[][..], own.as_slice())
        }
    };
    let name = match before {
        None if now.trust => now.name.replacen("the ", "the new ", 1),
        _ => now.name.clone(),
    };
    let about = if now.trust { About::Trust(&name) } else { About::Resource(&name) };
    for widening in widenings(old, new, now.elsewhere, catalogue) {
        let kind = match (widening.kind, now.trust) {
            (Kind::Granted, false) => "policy-allowed",
            (Kind::Granted, true) => "trust-allowed",
            (Kind::Permitted, _) => "policy-deny-lifted",
            (Kind::Unclear, _) => "policy-unclear",
        };
        findings.extend(finding(words, kind, about, &widening, (old, new)));
    }
}

fn finding(
    words: &Words<'_>,
    kind: &'static str,
    about: About<'_>,
    widening: &Widening,
    (old, new): (&[Statement], &[Statement]),
) -> Option<Finding> {
    let (About::Identity(name) | About::Resource(name) | About::Trust(name)) = about;
    let side = if widening.kind == Kind::Permitted { old } else { new };
    let statement = side.get(widening.statement).or(new.first()).or(old.first())?;
    let place: Place = statement.place.clone();
    if widening.kind == Kind::Unclear {
        let message =
            format!("{name} has more policy statements than can be compared here; it may allow more than before");
        return Some(Finding::new(kind, place, message));
    }
    let sentence = words.sentence(about, widening, statement, old);
    let now = (widening.kind != Kind::Permitted).then_some(sentence.now);
    Some(Finding { was: Some(sentence.was), now, ..Finding::new(kind, place, sentence.message) })
}

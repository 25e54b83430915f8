use std::marker::PhantomData;

use template::{
    Expression, IdentityPolicy, IntoValue, List, PolicyDocument, PolicyStatement, ResourcePolicy, TrustPolicy, Value,
};
use tree::Origin;

use super::condition::Condition;
use super::principal::Principal;

/// Actions that are allowed or denied. A statement it becomes with what it is about: [`Grant::on`].
#[derive(Clone, Debug)]
#[must_use = "actions alone are no statement: say on which resources"]
pub struct Grant {
    effect: &'static str,
    element: &'static str,
    actions: Expression,
    origin: Origin,
}

/// One statement of a policy document; alone it stands for a whole document.
#[derive(Clone, Debug)]
pub struct Statement<Of = IdentityPolicy> {
    sid: Option<String>,
    effect: &'static str,
    principal: Option<Principal>,
    /// `Action` or `NotAction`, and which.
    actions: (&'static str, Expression),
    /// `Resource` or `NotResource`, and which.
    resources: Option<(&'static str, Expression)>,
    conditions: Vec<Condition>,
    origin: Origin,
    of: PhantomData<fn() -> Of>,
}

/// Allows actions, such as `s3:GetObject`; `*` and `?` may stand in the part after the colon.
///
/// ```
/// # use documents::iam;
/// # use template::sub;
/// # let bucket: template::Value<String> = template::Assume::assume("arn:aws:s3:::sources");
/// let read = iam::allow(["s3:GetObject", "s3:GetObjectVersion"]).on([sub!("{}/*", bucket)]).sid("ReadSources");
/// ```
#[track_caller]
pub fn allow(actions: impl IntoValue<List<String>>) -> Grant {
    Grant::new("Allow", "Action", actions.into_value())
}

/// Denies actions, whatever else allows them.
#[track_caller]
pub fn deny(actions: impl IntoValue<List<String>>) -> Grant {
    Grant::new("Deny", "Action", actions.into_value())
}

/// Allows every action but these: `NotAction`. New actions of AWS are allowed as they come.
#[track_caller]
pub fn allow_all_but(actions: impl IntoValue<List<String>>) -> Grant {
    Grant::new("Allow", "NotAction", actions.into_value())
}

/// Denies every action but these: `NotAction`.
///
/// ```
/// # use documents::iam;
/// let elsewhere = iam::string_not_equals("aws:RequestedRegion", ["ap-northeast-2"]);
/// let stay_here = iam::deny_all_but(["iam:*", "sts:*"]).on_any().when(elsewhere);
/// ```
#[track_caller]
pub fn deny_all_but(actions: impl IntoValue<List<String>>) -> Grant {
    Grant::new("Deny", "NotAction", actions.into_value())
}

/// Lets a principal take the role: `sts:AssumeRole`. For a role's `AssumeRolePolicyDocument`.
///
/// ```
/// # use documents::iam;
/// # use template::aws;
/// let by_our_rules = iam::trust(iam::service("events.amazonaws.com"))
///     .when(iam::string_equals("aws:SourceAccount", [aws::account_id()]));
/// ```
#[track_caller]
pub fn trust(principal: Principal) -> Statement<TrustPolicy> {
    Statement::trusting(principal, "sts:AssumeRole")
}

/// Lets those take the role whom an OIDC provider vouches for: `sts:AssumeRoleWithWebIdentity`.
///
/// Say by a condition whom: without one, everybody whom the provider knows may.
///
/// ```
/// # use documents::iam;
/// # let provider = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
/// let from_main = iam::trust_web_identity(iam::federated(provider)).when(iam::string_equals(
///     "token.actions.githubusercontent.com:sub",
///     ["repo:studio/pipeline:ref:refs/heads/main"],
/// ));
/// ```
#[track_caller]
pub fn trust_web_identity(provider: Principal) -> Statement<TrustPolicy> {
    Statement::trusting(provider, "sts:AssumeRoleWithWebIdentity")
}

impl Grant {
    #[track_caller]
    fn new(effect: &'static str, element: &'static str, actions: Value<List<String>>) -> Self {
        Self { effect, element, actions: actions.into_expression(), origin: Origin::caller() }
    }

    /// Says on which resources, by their ARNs; `*` and `?` may stand in each part.
    ///
    /// Values of different Rust types go into a tuple: `.on((bucket.arn(), sub!("{}/*", bucket.arn())))`.
    pub fn on(self, resources: impl IntoValue<List<String>>) -> Statement {
        self.with("Resource", resources.into_value().into_expression())
    }

    /// Says on any resource: `*`. For actions that know no resources, and in policies of a resource that are about it.
    ///
    /// ```
    /// # use documents::iam;
    /// let describe = iam::allow(["ec2:DescribeInstances"]).on_any();
    /// ```
    pub fn on_any(self) -> Statement {
        self.with("Resource", Expression::string("*"))
    }

    /// Says on every resource but these: `NotResource`.
    pub fn on_all_but(self, resources: impl IntoValue<List<String>>) -> Statement {
        self.with("NotResource", resources.into_value().into_expression())
    }

    fn with(self, element: &'static str, resources: Expression) -> Statement {
        Statement {
            sid: None,
            effect: self.effect,
            principal: None,
            actions: (self.element, self.actions),
            resources: Some((element, resources)),
            conditions: Vec::new(),
            origin: self.origin,
            of: PhantomData,
        }
    }
}

impl Statement {
    /// Says whom it is about, which makes it a statement for the policy of a resource.
    ///
    /// ```
    /// # use documents::iam;
    /// # let queue: template::Value<String> = template::Assume::assume("arn:aws:sqs:ap-northeast-2:111122223333:q");
    /// let send = iam::allow(["sqs:SendMessage"]).on([queue]).principal(iam::service("events.amazonaws.com"));
    /// ```
    pub fn principal(self, principal: Principal) -> Statement<ResourcePolicy> {
        let Self { sid, effect, actions, resources, conditions, origin, .. } = self;
        Statement { sid, effect, principal: Some(principal), actions, resources, conditions, origin, of: PhantomData }
    }
}

impl Statement<TrustPolicy> {
    #[track_caller]
    fn trusting(principal: Principal, action: &'static str) -> Self {
        Self {
            sid: None,
            effect: "Allow",
            principal: Some(principal),
            actions: ("Action", Expression::string(action)),
            resources: None,
            conditions: Vec::new(),
            origin: Origin::caller(),
            of: PhantomData,
        }
    }
}

impl<Of> Statement<Of> {
    /// Gives the statement an id, unique in its policy: letters and digits.
    pub fn sid(mut self, id: impl Into<String>) -> Self {
        self.sid = Some(id.into());
        self
    }

    /// Restricts the statement; where there are several conditions, all must hold.
    pub fn when(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }
}

impl<Of> From<Statement<Of>> for Expression {
    fn from(statement: Statement<Of>) -> Self {
        let sid = statement.sid.map_or_else(Self::absent, Self::string);
        let principal = statement.principal.map_or_else(Self::absent, Self::from);
        let mut entries =
            vec![("Sid", sid), ("Effect", Self::string(statement.effect)), ("Principal", principal), statement.actions];
        entries.extend(statement.resources);
        entries.push(("Condition", conditions(statement.conditions)));
        Self::map(entries).at(statement.origin)
    }
}

/// A statement stands for one of its own kind, or for one of any kind; alone it is a whole document.
macro_rules! statements {
    ($($of:ty => $($kind:ty),+;)+) => { $($(
        impl IntoValue<PolicyStatement<$kind>> for Statement<$of> {
            fn into_value(self) -> Value<PolicyStatement<$kind>> {
                Value::from_expression(self.into())
            }
        }

        impl IntoValue<$kind> for Statement<$of> {
            fn into_value(self) -> Value<$kind> {
                [self].into_value()
            }
        }
    )+)+ };
}

statements! {
    IdentityPolicy => IdentityPolicy, PolicyDocument;
    ResourcePolicy => ResourcePolicy, PolicyDocument;
    TrustPolicy => TrustPolicy, PolicyDocument;
}

/// Groups conditions by operator, as IAM writes them.
fn conditions(conditions: Vec<Condition>) -> Expression {
    let mut operators: Vec<(String, Vec<(String, Expression)>)> = Vec::new();
    for condition in conditions {
        let operator = condition.operator();
        let Condition { key, values, origin, .. } = condition;
        let index = operators.iter().position(|(known, _)| *known == operator).unwrap_or_else(|| {
            operators.push((operator.clone(), Vec::new()));
            operators.len() - 1
        });
        let keys = &mut operators[index].1;
        // Keys of conditions are compared without regard to case.
        let is_set = keys.iter().any(|(known, _)| known.eq_ignore_ascii_case(&key));
        let values = if is_set {
            let message = format!("condition `{operator}` on `{key}` stands twice in one statement");
            Expression::invalid(message, "give all values to one condition: one of them must match")
        } else {
            values
        };
        keys.push((key, values.at(origin)));
    }
    if operators.is_empty() {
        return Expression::absent();
    }
    Expression::map(operators.into_iter().map(|(operator, keys)| (operator, Expression::map(keys))))
}

use template::{Expression, IntoValue, Value, aws as pseudo, sub};

/// Who a statement is about.
#[derive(Clone, Debug)]
pub struct Principal {
    anyone: bool,
    /// By kind, in the order in which they were named.
    kinds: Vec<(&'static str, Vec<Expression>)>,
}

/// Names a service, such as `ec2.amazonaws.com`.
pub fn service(name: impl IntoValue<String>) -> Principal {
    Principal::one("Service", name.into_value())
}

/// Names an account by its 12 digits: its root, which lets the account's own IAM policies decide.
pub fn account(id: impl IntoValue<String>) -> Principal {
    aws(sub!("arn:{}:iam::{}:root", pseudo::partition(), id))
}

/// Names a role, a user or a session by its ARN.
pub fn aws(arn: impl IntoValue<String>) -> Principal {
    Principal::one("AWS", arn.into_value())
}

/// Names an identity provider: the ARN of an OIDC or SAML provider, or a domain such as `www.amazon.com`.
pub fn federated(provider: impl IntoValue<String>) -> Principal {
    Principal::one("Federated", provider.into_value())
}

/// Names everyone, even without credentials: `*`. Restrict what it allows by conditions.
pub fn anyone() -> Principal {
    Principal { anyone: true, kinds: Vec::new() }
}

impl Principal {
    fn one(kind: &'static str, name: Value<String>) -> Self {
        Self { anyone: false, kinds: vec![(kind, vec![name.into_expression()])] }
    }

    /// Names another one as well.
    ///
    /// ```
    /// # use documents::iam;
    /// let either = iam::service("ec2.amazonaws.com").and(iam::service("ssm.amazonaws.com"));
    /// ```
    pub fn and(mut self, other: Self) -> Self {
        self.anyone |= other.anyone;
        for (kind, names) in other.kinds {
            match self.kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, known)) => known.extend(names),
                None => self.kinds.push((kind, names)),
            }
        }
        self
    }
}

impl From<Principal> for Expression {
    fn from(principal: Principal) -> Self {
        if principal.anyone {
            return Self::string("*");
        }
        Self::map(principal.kinds.into_iter().map(|(kind, mut names)| {
            let names = if names.len() == 1 { names.remove(0) } else { Self::list(names) };
            (kind, names)
        }))
    }
}

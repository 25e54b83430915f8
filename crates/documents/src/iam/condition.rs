use template::{Expression, IntoValue, List, Value};
use tree::Origin;

/// A condition of a statement: an operator, the key that it looks at, and the values that it accepts.
///
/// See "IAM JSON policy elements: Condition operators" in the IAM user guide.
#[derive(Clone, Debug)]
pub struct Condition {
    set: &'static str,
    operator: &'static str,
    if_exists: bool,
    pub(super) key: String,
    pub(super) values: Expression,
    pub(super) origin: Origin,
}

impl Condition {
    #[track_caller]
    fn new(operator: &'static str, key: impl Into<String>, values: Expression) -> Self {
        Self { set: "", operator, if_exists: false, key: key.into(), values, origin: Origin::caller() }
    }

    /// Holds also where the request has no such key: `…IfExists`.
    pub fn if_exists(mut self) -> Self {
        self.if_exists = true;
        self
    }

    /// Holds where any of the key's values does, for keys that have several: `ForAnyValue:…`.
    ///
    /// ```
    /// # use documents::iam;
    /// let ours = iam::string_like("aws:PrincipalOrgPaths", ["o-a1b2c3d4e5/*"]).for_any_value();
    /// ```
    pub fn for_any_value(mut self) -> Self {
        self.set = "ForAnyValue:";
        self
    }

    /// Holds where all of the key's values do, for keys that have several: `ForAllValues:…`.
    ///
    /// It holds also where the key is missing: where that must not be, add [`null`]`(key, false)`.
    pub fn for_all_values(mut self) -> Self {
        self.set = "ForAllValues:";
        self
    }

    pub(super) fn operator(&self) -> String {
        format!("{}{}{}", self.set, self.operator, if self.if_exists { "IfExists" } else { "" })
    }
}

/// Operators that compare text, times, addresses and ARNs: one of the values must match.
macro_rules! text_operators {
    ($($(#[$documentation:meta])+ $name:ident = $operator:literal;)+) => { $(
        $(#[$documentation])+
        #[track_caller]
        pub fn $name(key: impl Into<String>, values: impl IntoValue<List<String>>) -> Condition {
            Condition::new($operator, key, values.into_value().into_expression())
        }
    )+ };
}

text_operators! {
    /// Holds where the key is one of these texts: `StringEquals`.
    ///
    /// ```
    /// # use documents::iam;
    /// # use template::aws;
    /// let here = iam::string_equals("aws:SourceAccount", [aws::account_id()]);
    /// ```
    string_equals = "StringEquals";
    /// Holds where the key is none of these texts: `StringNotEquals`.
    string_not_equals = "StringNotEquals";
    /// Holds where the key is one of these texts, in capitals or not: `StringEqualsIgnoreCase`.
    string_equals_ignore_case = "StringEqualsIgnoreCase";
    /// Holds where the key is none of these texts, in capitals or not: `StringNotEqualsIgnoreCase`.
    string_not_equals_ignore_case = "StringNotEqualsIgnoreCase";
    /// Holds where the key matches one of these patterns with `*` and `?`: `StringLike`.
    string_like = "StringLike";
    /// Holds where the key matches none of these patterns with `*` and `?`: `StringNotLike`.
    string_not_like = "StringNotLike";
    /// Holds where the key is one of these ARNs; `*` and `?` may stand in each part: `ArnEquals`.
    arn_equals = "ArnEquals";
    /// Holds where the key matches one of these ARNs with `*` and `?` in each part: `ArnLike`.
    ///
    /// ```
    /// # use documents::iam;
    /// # use template::{aws, sub};
    /// let from_a_rule = iam::arn_like("aws:SourceArn", [sub!("arn:aws:events:*:{}:rule/*", aws::account_id())]);
    /// ```
    arn_like = "ArnLike";
    /// Holds where the key is none of these ARNs: `ArnNotEquals`.
    arn_not_equals = "ArnNotEquals";
    /// Holds where the key matches none of these ARNs: `ArnNotLike`.
    arn_not_like = "ArnNotLike";
    /// Holds where the key is in one of these blocks of addresses: `IpAddress`.
    ip_address = "IpAddress";
    /// Holds where the key is in none of these blocks of addresses: `NotIpAddress`.
    not_ip_address = "NotIpAddress";
    /// Holds where the key is one of these times (ISO 8601): `DateEquals`.
    date_equals = "DateEquals";
    /// Holds where the key is none of these times (ISO 8601): `DateNotEquals`.
    date_not_equals = "DateNotEquals";
    /// Holds where the key is before one of these times (ISO 8601): `DateLessThan`.
    date_less_than = "DateLessThan";
    /// Holds where the key is one of these times (ISO 8601) or before: `DateLessThanEquals`.
    date_less_than_equals = "DateLessThanEquals";
    /// Holds where the key is after one of these times (ISO 8601): `DateGreaterThan`.
    date_greater_than = "DateGreaterThan";
    /// Holds where the key is one of these times (ISO 8601) or after: `DateGreaterThanEquals`.
    date_greater_than_equals = "DateGreaterThanEquals";
}

/// Operators that compare numbers.
macro_rules! number_operators {
    ($($(#[$documentation:meta])+ $name:ident = $operator:literal;)+) => { $(
        $(#[$documentation])+
        #[track_caller]
        pub fn $name(key: impl Into<String>, number: impl IntoValue<f64>) -> Condition {
            let number: Value<f64> = number.into_value();
            Condition::new($operator, key, number.into_expression())
        }
    )+ };
}

number_operators! {
    /// Holds where the key is this number: `NumericEquals`.
    numeric_equals = "NumericEquals";
    /// Holds where the key is not this number: `NumericNotEquals`.
    numeric_not_equals = "NumericNotEquals";
    /// Holds where the key is less than this number: `NumericLessThan`.
    ///
    /// ```
    /// # use documents::iam;
    /// let old_tls = iam::numeric_less_than("s3:TlsVersion", 1.2);
    /// ```
    numeric_less_than = "NumericLessThan";
    /// Holds where the key is this number or less: `NumericLessThanEquals`.
    numeric_less_than_equals = "NumericLessThanEquals";
    /// Holds where the key is greater than this number: `NumericGreaterThan`.
    numeric_greater_than = "NumericGreaterThan";
    /// Holds where the key is this number or greater: `NumericGreaterThanEquals`.
    numeric_greater_than_equals = "NumericGreaterThanEquals";
}

/// Holds where the key is true or false: `Bool`.
///
/// ```
/// # use documents::iam;
/// let without_tls = iam::bool("aws:SecureTransport", false);
/// ```
#[track_caller]
pub fn bool(key: impl Into<String>, flag: bool) -> Condition {
    Condition::new("Bool", key, Expression::string(flag.to_string()))
}

/// Holds where the request has no such key (`true`), or has one (`false`): `Null`.
#[track_caller]
pub fn null(key: impl Into<String>, is_missing: bool) -> Condition {
    Condition::new("Null", key, Expression::string(is_missing.to_string()))
}

//! IAM policy documents, version 2012-10-17.
//!
//! ```
//! # use documents::iam;
//! # use template::{Arn, Assume, IntoValue, PolicyDocument, Value, aws, sub};
//! # let sources: Value<Arn<()>> = "arn:aws:s3:::sources".assume();
//! # fn slot(document: impl IntoValue<PolicyDocument>) {}
//! // What an identity may do.
//! slot(iam::allow(["s3:GetObject"]).on([sub!("{}/*", &sources)]));
//!
//! // What a bucket allows: several statements are an array, a `Vec` or a tuple.
//! slot([iam::deny(["s3:*"])
//!     .on((&sources, sub!("{}/*", &sources)))
//!     .principal(iam::anyone())
//!     .when(iam::bool("aws:SecureTransport", false))]);
//!
//! // Who may take a role.
//! slot(iam::trust(iam::service("states.amazonaws.com"))
//!     .when(iam::string_equals("aws:SourceAccount", [aws::account_id()])));
//! ```
//!
//! Actions alone are no statement, so nothing is ever allowed without saying on what:
//!
//! ```compile_fail
//! # use documents::iam;
//! # use template::{IntoValue, PolicyDocument};
//! # fn slot(document: impl IntoValue<PolicyDocument>) {}
//! slot(iam::allow(["s3:GetObject"]));
//! ```
//!
//! Where a slot says of which kind its policy is, nothing else stands there: who may do something with a resource is
//! always named.
//!
//! ```compile_fail
//! # use documents::iam;
//! # use template::{IntoValue, ResourcePolicy};
//! # fn slot(document: impl IntoValue<ResourcePolicy>) {}
//! slot([iam::allow(["sqs:SendMessage"]).on_any()]);
//! ```
//!
//! The names here differ from those of the resources of `AWS::IAM`, so that one module may re-export both.

mod condition;
mod principal;
mod statement;
#[cfg(test)]
mod tests;

pub use condition::{
    Condition, arn_equals, arn_like, arn_not_equals, arn_not_like, bool, date_equals, date_greater_than,
    date_greater_than_equals, date_less_than, date_less_than_equals, date_not_equals, ip_address, not_ip_address, null,
    numeric_equals, numeric_greater_than, numeric_greater_than_equals, numeric_less_than, numeric_less_than_equals,
    numeric_not_equals, string_equals, string_equals_ignore_case, string_like, string_not_equals,
    string_not_equals_ignore_case, string_not_like,
};
pub use principal::{Principal, account, anyone, aws, federated, service};
pub use statement::{Grant, Statement, allow, allow_all_but, deny, deny_all_but, trust, trust_web_identity};

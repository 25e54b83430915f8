//! The DSL in which a system is described, and its synthesis to CloudFormation templates.
//!
//! - [`App`] has [`Stack`]s; a stack is declared by one function and returns what later stacks may use.
//! - [`Stack::add`] takes a resource (the crate `resources` has the types) and returns its typed reference.
//! - [`Value<T>`] is a `T` that is known now or at deployment; [`IntoValue`] says what may stand in a slot.
//! - [`App::synth`] gives an [`Assembly`], or every error at once with the author's file and line.
//!
//! Pure: no I/O, no clock, no randomness, no environment variables. The same app always gives the same bytes.
//!
//! ```
//! use template::{App, Declare, DeletionPolicy, Raw, References, Settings, sub};
//!
//! let mut app = App::new(Settings {
//!     name: "baleen".into(),
//!     environment: "dev".into(),
//!     account: "111122223333".into(),
//!     region: "ap-northeast-2".into(),
//!     tags: vec![],
//!     references: References::Weak,
//!     termination_protection: false,
//! });
//! let sources = app.stack("storage", |stack| {
//!     stack.add("Sources", Raw::new("AWS::S3::Bucket").on_removal(DeletionPolicy::Retain))
//! });
//! app.stack("fleet", |stack| {
//!     stack.output("Where", sub!("{}/*", sources.attribute::<String>("Arn")));
//! });
//! let assembly = app.synth().expect("nothing is wrong");
//! assert_eq!(assembly.stacks[1].parameters[0].output, "SourcesArn");
//! ```

mod app;
mod assembly;
mod condition;
mod document;
mod expression;
mod intrinsics;
mod lower;
mod mapping;
mod parameter;
mod policy;
mod properties;
mod reference;
mod resource;
mod stack;
pub mod sub;
mod synth;
mod value;
mod way;

pub use app::{App, DeclaredResource, References, Settings};
pub use assembly::{Assembly, Formerly, StackTemplate, WeakReference};
pub use condition::{Condition, Test, and, equals, not, or};
pub use document::{IdentityPolicy, PolicyKind, PolicyStatement, ResourcePolicy, TrustPolicy};
pub use expression::Expression;
pub use intrinsics::{aws, base64, cidr, dynamic, get_azs, join, select, split};
pub use mapping::Mapping;
pub use parameter::Parameter;
pub use policy::{CreationPolicy, RollingUpdate, UpdatePolicy};
pub use properties::Properties;
pub use reference::Handle;
pub use resource::{Declaration, Declare, DeletionPolicy, Raw, Resource, TagProperty, TagShape};
pub use stack::Stack;
pub use value::{Arn, Assume, Id, If, IntoValue, Is, Json, List, Literal, Map, Name, NoValue, PolicyDocument, Value};

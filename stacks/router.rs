//! Says which colour gets how much of the new work.
//!
//! Weights are what changes while the system runs, so they are parameters of the stack: a deployment leaves them as they
//! are. The workflow reads them anew for each job.

use documents::iam as policy;
use job::Colour;
use resources::ssm::{self, ParameterType};
use template::{Parameter, Stack, aws, sub};

use crate::environment::Environment;
use crate::identity::{self, Identity};

/// The parameter of the stack that says which colour is live.
pub const LIVE_COLOUR: &str = "LiveColour";

/// The parameter of the stack that says what set the weights last. Whatever sets them says something new here: so it always
/// is a change, which CloudFormation carries out and records, also where the weights are what they should be already.
pub const SET_BY: &str = "SetBy";

/// What later stacks use of it.
#[derive(Debug)]
pub struct Router {
    /// Holds the weights as JSON: `{"blue":100,"green":0,"live":"blue","set_by":"nobody"}`.
    pub weights: ssm::ParameterRef,
}

/// Declares the stack. Blue is live after the first deployment.
pub fn stack(stack: &mut Stack, _environment: &Environment, identity: &Identity) -> Router {
    stack.description("Which colour gets how much of the new work");
    let blue = weight(stack, Colour::Blue, 100);
    let green = weight(stack, Colour::Green, 0);
    let live = Parameter::string()
        .description("The colour that gets all new work where both weights are 0, and that a deployment leaves alone")
        .allowed_values([Colour::Blue.as_str(), Colour::Green.as_str()])
        .default(Colour::Blue);
    let live = stack.parameter(LIVE_COLOUR, live);

    let set_by = Parameter::string()
        .description("What set the weights last: a swap and its step")
        .allowed_pattern("[A-Za-z0-9._:/-]{1,100}")
        .default("nobody");
    let set_by = stack.parameter(SET_BY, set_by);

    let value = sub!(r#"{{"blue":{},"green":{},"live":"{}","set_by":"{}"}}"#, blue, green, live, set_by);
    let weights =
        ssm::Parameter::new(ParameterType::String, value).description("How new work is shared between colours");
    let weights = stack.add("Weights", weights);

    let (partition, region, account) = (aws::partition(), aws::region(), aws::account_id());
    let arn = sub!("arn:{}:ssm:{}:{}:parameter/{}", partition, region, account, weights.name());
    identity::let_workflow(stack, identity, "WorkflowReadsWeights", policy::allow(["ssm:GetParameter"]).on([arn]));
    Router { weights }
}

/// Names the parameter of the stack that holds the weight of a colour.
pub const fn weight_parameter(colour: Colour) -> &'static str {
    match colour {
        Colour::Blue => "BlueWeight",
        Colour::Green => "GreenWeight",
    }
}

fn weight(stack: &mut Stack, colour: Colour, first: u32) -> template::Value<i64> {
    let parameter = Parameter::integer()
        .description(&format!("The share of new work that {colour} gets, in proportion to the other colour's"))
        .min_value(0)
        .max_value(100)
        .default(first);
    stack.parameter(weight_parameter(colour), parameter)
}

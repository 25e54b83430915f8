use baleen_agent::{Args, Output};

use crate::connect::{self, Target};
use crate::error::Result;
use crate::printer::Printer;

/// Runs the agent, as the program on instances does; the local cloud's workers are this.
pub fn run(args: Args, printer: &Printer) -> Result<()> {
    baleen_agent::run(args, Output { json: printer.is_json() }, async |endpoint_url, region: Option<String>| {
        let target = match endpoint_url {
            Some(endpoint_url) => Target::Local { endpoint_url },
            None => Target::Aws { profile: None },
        };
        connect::connect(&target, region.as_deref()).await
    })
}

//! What code of Node.js sends by the third version of AWS's SDK: `new SendMessageCommand(…)`.

use std::collections::BTreeMap;

use super::Call;
use super::tokens::Token::{Sign, Text, Word};
use super::tokens::{JAVASCRIPT, Placed, tokens};

/// How many names are looked through that a package is asked for.
const NAMES: usize = 200;

/// Lists the commands that are made, with the service of the package from which they come.
pub(super) fn calls(code: &str) -> Vec<Call<'_>> {
    let tokens = tokens(code, &JAVASCRIPT);
    let mut packages: BTreeMap<&str, &str> = BTreeMap::new();
    for (at, (token, _)) in tokens.iter().enumerate() {
        let Text(package) = token else { continue };
        let service = package
            .strip_prefix("@aws-sdk/client-")
            .or_else(|| package.strip_prefix("@aws-sdk/").filter(|name| *name == DOCUMENTS));
        let Some(service) = service else { continue };
        for name in imported(&tokens[..at]) {
            packages.insert(name, service);
        }
    }
    let made = tokens.windows(3).filter_map(|window| match window {
        [(Word("new"), _), (Word(name), line), (Sign('('), _)] => {
            let method = name.strip_suffix("Command")?;
            Some(Call { service: packages.get(name)?, kind: None, method, line: *line })
        }
        _ => None,
    });
    made.collect()
}

/// The package whose commands on tables take plain values, and have shorter names.
pub(super) const DOCUMENTS: &str = "lib-dynamodb";

/// Lists the names in `import { … } from` or `const { … } = require(` before the name of a package.
fn imported<'c>(before: &[Placed<'c>]) -> Vec<&'c str> {
    let ([names @ .., (Word("from"), _)] | [names @ .., (Sign('='), _), (Word("require"), _), (Sign('('), _)]) = before
    else {
        return Vec::new();
    };
    let [names @ .., (Sign('}'), _)] = names else { return Vec::new() };
    let inside = names.iter().rev().take(NAMES).map(|(token, _)| *token).take_while(|token| *token != Sign('{'));
    // What is called otherwise here is let pass: its old name is never made.
    inside.filter_map(|token| if let Word(name) = token { Some(name) } else { None }).collect()
}

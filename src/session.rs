//! What most commands begin with: the folder, the environment, the checked templates.

use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use stacks::Environment;
use stacks::environment::Kind;
use template::Assembly;

use crate::cli::Global;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::printer::Printer;
use crate::render;

/// The folder of the environments' files.
const ENVIRONMENTS: &str = "environments";

/// An environment, and where it was found.
pub struct Session {
    /// The folder that holds `environments/` and the state of the local cloud.
    pub root: PathBuf,
    pub environment: Environment,
}

impl Session {
    /// Reads the environment that the command line names.
    pub fn open(global: &Global) -> Result<Self> {
        let root = root(global)?;
        let Some(name) = &global.env else { return Err(no_environment(&root)?) };
        Self::open_named(root, name)
    }

    /// Reads an environment.
    pub fn open_named(root: PathBuf, name: &str) -> Result<Self> {
        let environment = Environment::load(&folder(&root), name)?;
        Ok(Self { root, environment })
    }

    pub fn is_local(&self) -> bool {
        self.environment.kind == Kind::Local
    }

    /// Synthesizes and checks the templates; what is worth saying about them is said.
    pub fn assemble(&self, printer: &Printer) -> Result<Assembly> {
        let name = &self.environment.name;
        // The process ends soon: to free the app node by node would be a twentieth of the whole run.
        let app = ManuallyDrop::new(stacks::app(&self.environment));
        match toolkit::assemble(&app) {
            Ok(checked) => {
                for remark in &checked.remarks {
                    render::findings::print(printer, remark);
                }
                Ok(checked.assembly)
            }
            Err(findings) => {
                let message =
                    format!("{} in the templates of environment `{name}`", render::findings::counts(&findings));
                Err(Error::findings(message, findings))
            }
        }
    }
}

/// Returns the folder of the environments' files, as short as it can be said: findings name it.
pub fn folder(root: &Path) -> PathBuf {
    let folder = root.join(ENVIRONMENTS);
    let here = std::env::current_dir().ok();
    here.and_then(|here| folder.strip_prefix(here).ok().map(Path::to_owned)).unwrap_or(folder)
}

/// Finds the folder that holds `environments/`: the one given, or the nearest one from here upwards.
pub fn root(global: &Global) -> Result<PathBuf> {
    if let Some(root) = &global.root {
        return std::path::absolute(root)
            .map_err(|error| Error::usage(format!("cannot use {}: {error}", root.display())));
    }
    let here = std::env::current_dir()
        .map_err(|error| Error::new(ErrorKind::Failed, format!("cannot tell the current folder: {error}")))?;
    let found = here.ancestors().find(|folder| folder.join(ENVIRONMENTS).is_dir()).map(Path::to_owned);
    found.ok_or_else(|| {
        Error::usage(format!("there is no folder `{ENVIRONMENTS}` in {} or above", here.display()))
            .hint("run it inside of a checkout")
    })
}

fn no_environment(root: &Path) -> Result<Error> {
    let names = stacks::environment::names(&folder(root))?;
    Ok(Error::usage("no environment is given").hint(format!("add `--env NAME`; there are {}", names.join(", "))))
}

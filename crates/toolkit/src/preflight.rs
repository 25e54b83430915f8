use std::time::Duration;

use cloud::ErrorKind;
use template::Assembly;

use crate::call::Context;
use crate::{Error, Event, Patience};

/// How long the first call is tried again: nothing has been begun that could be lost sight of.
const FIRST_PATIENCE: Duration = Duration::from_secs(5);

/// Makes sure that the credentials are of the account that the environment names, and the connection to its region.
pub(crate) async fn verify(context: &Context<'_>, assembly: &Assembly) -> Result<(), Error> {
    if context.cloud.region != assembly.region {
        return Err(Error::WrongRegion {
            environment: assembly.environment.clone(),
            expected: assembly.region.clone(),
            actual: context.cloud.region.clone(),
        });
    }
    let first = Context { patience: Patience(context.patience.0.min(FIRST_PATIENCE)), ..*context };
    let caller =
        first.call(async || context.cloud.identity.caller().await).await.map_err(|error| match error.kind {
            ErrorKind::Unreachable | ErrorKind::Timeout | ErrorKind::Unavailable => {
                Error::OutOfReach { environment: assembly.environment.clone(), source: error }
            }
            _ => error.into(),
        })?;
    if caller.account != assembly.account {
        return Err(Error::WrongAccount {
            environment: assembly.environment.clone(),
            expected: assembly.account.clone(),
            actual: caller.account,
            caller: caller.arn,
        });
    }
    context.tell(Event::AccountVerified {
        account: caller.account,
        region: assembly.region.clone(),
        caller: caller.arn,
    });
    Ok(())
}

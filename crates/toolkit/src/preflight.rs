use template::Assembly;

use crate::call::Context;
use crate::{Error, Event};

/// Makes sure that the credentials are of the account that the environment names, and the connection to its region.
pub(crate) async fn verify(context: &Context<'_>, assembly: &Assembly) -> Result<(), Error> {
    if context.cloud.region != assembly.region {
        return Err(Error::WrongRegion {
            environment: assembly.environment.clone(),
            expected: assembly.region.clone(),
            actual: context.cloud.region.clone(),
        });
    }
    let caller = context.call(async || context.cloud.identity.caller().await).await?;
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

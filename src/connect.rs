//! Connects to a cloud: the only file that knows whether the AWS SDK is linked.

use cloud::Cloud;

use crate::error::Result;

/// Which cloud to talk to.
#[derive(Clone, Debug)]
pub enum Target {
    /// AWS, with the credentials that the AWS CLI would use.
    Aws {
        /// The profile, where one is chosen.
        #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "nobody can connect"))]
        profile: Option<String>,
    },
    /// The emulator on this machine.
    Local {
        /// Where it listens.
        endpoint_url: String,
    },
}

/// Makes sure that this program can talk to a cloud at all, before anything is started for it.
#[cfg(feature = "aws")]
#[expect(clippy::unnecessary_wraps, reason = "without the SDK, it is an error")]
pub fn require() -> Result<()> {
    Ok(())
}

/// Connects; nothing is sent yet.
#[cfg(feature = "aws")]
pub async fn connect(target: &Target, region: Option<&str>) -> Result<Cloud> {
    let settings = aws::Settings {
        region: region.map(str::to_owned),
        target: match target.clone() {
            Target::Aws { profile } => aws::Target::Aws { profile },
            Target::Local { endpoint_url } => aws::Target::Local { endpoint_url },
        },
        application: Some(concat!("baleen-", env!("CARGO_PKG_VERSION")).to_owned()),
    };
    Ok(aws::connect(&settings).await?)
}

/// Says that this program cannot talk to a cloud.
#[cfg(not(feature = "aws"))]
pub fn require() -> Result<()> {
    Err(not_linked())
}

/// Says that this program cannot talk to a cloud.
#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "with the SDK, it waits")]
pub async fn connect(_target: &Target, _region: Option<&str>) -> Result<Cloud> {
    Err(not_linked())
}

#[cfg(not(feature = "aws"))]
fn not_linked() -> crate::error::Error {
    let message = "this program was built without the AWS SDK, so it cannot talk to a cloud";
    crate::error::Error::new(crate::error::Kind::Failed, message)
        .hint("build it with the SDK: `cargo build`, without `--no-default-features`")
}

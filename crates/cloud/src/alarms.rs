//! Amazon CloudWatch: alarms.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::Result;
use crate::string_enum::string_enum;

/// Says how alarms stand (Amazon CloudWatch).
#[async_trait]
pub trait Alarms: Send + Sync {
    /// Describes alarms by their names, those on metrics and composite ones alike (`cloudwatch:DescribeAlarms`).
    ///
    /// An alarm that does not exist is not among them; their order is the service's.
    async fn describe(&self, names: &[String]) -> Result<Vec<AlarmDescription>>;
}

string_enum! {
    /// What an alarm says.
    pub enum AlarmState {
        /// All is well.
        Ok = "OK",
        /// The threshold is passed, or the rule of a composite alarm is true.
        Alarm = "ALARM",
        /// The alarm is new, or there are not enough data to tell.
        InsufficientData = "INSUFFICIENT_DATA",
    }
}

/// How an alarm stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmDescription {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// What it says.
    pub state: AlarmState,
    /// Why, in the service's words.
    pub reason: String,
    /// Since when it says so.
    pub changed: Option<Timestamp>,
}

//! How colours are swapped.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Environment;
use super::rules::{Problem, within};

/// How new work is moved from one colour to the other, and when that goes back by itself. A swap keeps the settings that
/// it began with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Swap {
    /// The shares of new work that the new colour gets, one after the other, in percent; the last one is 100.
    #[schemars(length(min = 1, max = 10))]
    pub steps: Vec<u32>,
    /// How long each step but the last lasts at least, in minutes. CloudFormation watches the new colour's alarms meanwhile.
    #[schemars(range(max = 180))]
    pub step_minutes: u32,
    /// How long the last step lasts at least, in minutes: an alarm meanwhile returns all work to the old colour.
    #[schemars(range(max = 180))]
    pub bake_minutes: u32,
    /// How many jobs the new colour must have finished, each with a verified result, before a step ends. Titles that take an
    /// hour make steps that take hours.
    #[schemars(range(max = 10_000))]
    pub verified_jobs: u32,
    /// How long the job that tries out the new colour may take, in minutes; an instance may have to start for it.
    #[schemars(range(min = 1, max = 1440))]
    pub smoke_minutes: u32,
    /// How long the old colour is waited for to finish its titles, in hours, before its capacity goes all the same.
    #[schemars(range(min = 1, max = 336))]
    pub drain_hours: u32,
    /// How many instances the new colour has at least before it gets work.
    #[schemars(range(min = 1, max = 1000))]
    pub warm_instances: u32,
}

impl Swap {
    /// Collects what is wrong with the section.
    pub(super) fn problems(&self, problems: &mut Vec<Problem>, environment: &Environment) {
        within(problems, "swap.step_minutes", self.step_minutes, 0..=180);
        within(problems, "swap.bake_minutes", self.bake_minutes, 0..=180);
        within(problems, "swap.verified_jobs", self.verified_jobs, 0..=10_000);
        within(problems, "swap.smoke_minutes", self.smoke_minutes, 1..=1440);
        within(problems, "swap.drain_hours", self.drain_hours, 1..=336);
        within(problems, "swap.warm_instances", self.warm_instances, 1..=1000);
        self.steps_rise(problems);
        let title = environment.times.title_timeout_seconds;
        if u64::from(self.drain_hours) * 3600 < u64::from(title) {
            let message = format!(
                "swap.drain_hours is {}, but a title may take times.title_timeout_seconds, {title}",
                self.drain_hours
            );
            let hint = "titles finish on the colour that began them".to_owned();
            let keys = vec!["swap.drain_hours", "swap", "times.title_timeout_seconds"];
            problems.push(Problem { keys, message, hint: Some(hint) });
        }
        if let Some(instances) = &environment.fleet.instances
            && self.warm_instances > instances.maximum
        {
            let message = format!(
                "swap.warm_instances is {}, but must be at most fleet.instances.maximum, {}",
                self.warm_instances, instances.maximum
            );
            let keys = vec!["swap.warm_instances", "fleet.instances.maximum"];
            problems.push(Problem { keys, message, hint: None });
        }
    }

    fn steps_rise(&self, problems: &mut Vec<Problem>) {
        let rises = self.steps.windows(2).all(|pair| pair[0] < pair[1]);
        let begins = self.steps.first().is_some_and(|first| *first > 0);
        let ends = self.steps.last() == Some(&100);
        if !(rises && begins && ends && self.steps.len() <= 10) {
            let steps: Vec<_> = self.steps.iter().map(ToString::to_string).collect();
            let message = format!(
                "swap.steps is [{}]; allowed: one to ten shares above 0 that rise, the last one 100",
                steps.join(", ")
            );
            problems.push(Problem { keys: vec!["swap.steps"], message, hint: None });
        }
    }
}

impl Default for Swap {
    fn default() -> Self {
        Self {
            steps: vec![10, 50, 100],
            step_minutes: 15,
            bake_minutes: 60,
            verified_jobs: 3,
            smoke_minutes: 30,
            drain_hours: 24,
            warm_instances: 1,
        }
    }
}

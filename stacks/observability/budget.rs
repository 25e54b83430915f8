//! What the environment may cost.

use documents::object;
use resources::budgets::{Budget, BudgetData, Notification, NotificationWithSubscribers, Spend, Subscriber};
use template::Stack;

use crate::environment::Environment;
use crate::notifications::Notifications;

/// From which share of the budget on people are told of what was spent, in percent.
const SPENT_PERCENT: u32 = 80;
/// From which share on they are told of what will have been spent by the end of the month.
const FORECAST_PERCENT: u32 = 100;

/// Adds the budget. What belongs to the environment is found by its tag.
pub(super) fn add(stack: &mut Stack, environment: &Environment, dollars: u32, notifications: &Notifications) {
    let tag = format!("user:environment${}", environment.name);
    let data = BudgetData::new("COST", "MONTHLY")
        .budget_name(format!("{}-{}", environment.app, environment.name))
        .budget_limit(Spend::new(dollars, "USD"))
        .cost_filters(object! { "TagKeyValue": [tag] });
    let told = |kind: &str, percent: u32| {
        let notification = Notification::new(kind, "GREATER_THAN", percent).threshold_type("PERCENTAGE");
        NotificationWithSubscribers::new(notification, [Subscriber::new("SNS", notifications.alarms.arn())])
    };
    let told = [told("ACTUAL", SPENT_PERCENT), told("FORECASTED", FORECAST_PERCENT)];
    stack.add("Budget", Budget::new(data).notifications_with_subscribers(told));
}

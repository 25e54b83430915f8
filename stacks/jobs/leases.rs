//! Leases of instances: items of the job table that say who has an instance, so that each has one title at a time.
//!
//! Whoever has a lease renews it at each look at its command. One that is not renewed runs out: then its owner is gone.

use documents::object;
use documents::states::{Catcher, Jsonata, Task, aws_sdk, catch, catch_all, dynamodb, errors, jsonata};

use job::item::LEASE_PREFIX;

use super::Machines;
use super::record::{now, patiently, patiently_unless, this_execution};

/// How many looks a lease outlives.
const LOOKS: u32 = 4;
/// How long the table keeps a lease that ran out, in seconds.
const KEPT_SECONDS: u32 = 24 * 3600;

impl Machines<'_> {
    /// Finds out which of the instances `$candidates` are free: `$free`, in an order left to chance.
    pub(super) fn find_leases() -> Task {
        let keys =
            format!("[$map($candidates, function($candidate) {{ {{'id': {{'S': '{LEASE_PREFIX}' & $candidate}}}} }})]");
        let free = format!(
            "($leases := $lookup($states.result.Responses, $table); \
             $taken := [$leases[$number(until.N) > $millis() / 1000].$substringAfter(id.S, '{LEASE_PREFIX}')]; \
             [$shuffle($candidates[$not($ in $taken)])])"
        );
        // The name of the table is a key here, which no reference can be.
        aws_sdk("dynamodb", "batchGetItem")
            .arguments(jsonata(format!("{{'RequestItems': {{$table: {{'Keys': {keys}, 'ConsistentRead': true}}}}}}")))
            .assign("free", jsonata(free))
            .retry([patiently()])
    }

    /// Takes the first of the instances `$free`, unless someone was faster: then the next one.
    pub(super) fn take_instance(&self, broken: Catcher) -> Task {
        let item = object! {
            "id": { "S": jsonata(format!("'{LEASE_PREFIX}' & $free[0]")) },
            "holder": { "S": jsonata("$holder") },
            "execution": { "S": this_execution() },
            "job": { "S": jsonata("$id") },
            "until": { "N": self.end_of_lease(0) },
            "updated": { "S": now() },
            "expires_at": { "N": self.end_of_lease(KEPT_SECONDS) },
        };
        let rest = "[$filter($free, function($one, $place) { $place > 0 })]";
        dynamodb::put_item(self.storage.jobs.name(), item)
            .argument("ConditionExpression", "attribute_not_exists(id) OR holder = :holder OR #until < :now")
            .argument("ExpressionAttributeNames", object! { "#until": "until" })
            .argument(
                "ExpressionAttributeValues",
                object! {
                    ":holder": { "S": jsonata("$holder") },
                    ":now": { "N": jsonata("$string($floor($millis() / 1000))") },
                },
            )
            .assign("instance", jsonata("$free[0]"))
            .retry(patiently_unless([errors::CONDITIONAL_CHECK_FAILED]))
            .catch([catch([errors::CONDITIONAL_CHECK_FAILED], "IsOneFree").assign("free", jsonata(rest)), broken])
    }

    pub(super) fn renew_lease(&self) -> Task {
        dynamodb::update_item(
            self.storage.jobs.name(),
            object! { "id": { "S": jsonata(format!("'{LEASE_PREFIX}' & $instance")) } },
            "SET #until = :until, expires_at = :expires_at, updated = :now",
        )
        .argument("ConditionExpression", "holder = :holder")
        .argument("ExpressionAttributeNames", object! { "#until": "until" })
        .argument(
            "ExpressionAttributeValues",
            object! {
                ":holder": { "S": jsonata("$holder") },
                ":until": { "N": self.end_of_lease(0) },
                ":expires_at": { "N": self.end_of_lease(KEPT_SECONDS) },
                ":now": { "S": now() },
            },
        )
        .retry(patiently_unless([errors::CONDITIONAL_CHECK_FAILED]))
    }

    /// Gives the instance `$instance` back, if it is the holder's.
    pub(super) fn give_lease_back(&self, next: &str) -> Task {
        dynamodb::delete_item(
            self.storage.jobs.name(),
            object! { "id": { "S": jsonata(format!("'{LEASE_PREFIX}' & $instance")) } },
        )
        .argument("ConditionExpression", "holder = :holder")
        .argument("ExpressionAttributeValues", object! { ":holder": { "S": jsonata("$holder") } })
        .retry(patiently_unless([errors::CONDITIONAL_CHECK_FAILED]))
        .catch([catch_all(next)])
        .next(next)
    }

    fn end_of_lease(&self, more_seconds: u32) -> Jsonata {
        let seconds = LOOKS * self.longest_pause_seconds() + more_seconds;
        jsonata(format!("$string($floor($millis() / 1000) + {seconds})"))
    }
}

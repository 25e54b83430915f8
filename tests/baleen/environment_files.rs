//! What is said about a wrong environment's file.

use crate::harness::Checkout;

/// What `check` says of `dev.toml` once it has been edited.
fn said(edit: impl FnOnce(String) -> String) -> String {
    let checkout = Checkout::new();
    checkout.edit("dev", edit);
    checkout.run(&["check", "--env", "dev"]).to_string()
}

#[test]
fn an_unknown_setting_is_named_with_its_line_and_a_suggestion() {
    insta::assert_snapshot!(said(|text| text.replace("sources_expiry_days", "source_expiry_days")), @"
    $ baleen check --env dev
    [stderr]
    error: unknown field `source_expiry_days`, expected one of `versioned`, `sources_expiry_days`, `enhanced_expiry_days`, `delivery_expiry_days`, `log_expiry_days`, `noncurrent_expiry_days`, `incomplete_upload_expiry_days`
      --> environments/dev.toml:16:1
      rule: environment/value
      hint: did you mean `sources_expiry_days`?
    [exit status 2]
    ");
}

#[test]
fn a_value_of_the_wrong_type_is_named() {
    insta::assert_snapshot!(said(|text| text.replace("maximum = 4", "maximum = \"four\"")), @r#"
    $ baleen check --env dev
    [stderr]
    error: invalid type: string "four", expected a whole number that is not negative
      --> environments/dev.toml:47:11
      rule: environment/value
    [exit status 2]
    "#);
}

#[test]
fn an_account_is_twelve_digits() {
    insta::assert_snapshot!(said(|text| text.replace("111122223333", "1111")), @"
    $ baleen check --env dev
    [stderr]
    error: `1111` is not an account id of 12 digits, such as `111122223333`
      --> environments/dev.toml:5:11
      rule: environment/value
    [exit status 2]
    ");
}

#[test]
fn values_that_do_not_go_together_are_named() {
    insta::assert_snapshot!(said(|text| text.replace("\n[recipe]\n", "\n[times]\nrenewal_seconds = 100\n\n[recipe]\n")), @"
    $ baleen check --env dev
    [stderr]
    error: times.renewal_seconds is 100, but must be at most a third of times.visibility_seconds, 120
      --> environments/dev.toml:23:1
      rule: environment/relation
      hint: a lease must survive two renewals that fail
    [exit status 2]
    ");
}

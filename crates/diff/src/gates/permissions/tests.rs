#![expect(clippy::needless_pass_by_value, reason = "`json!(…)` reads better than `&json!(…)`")]

use super::statement::{Statement, read};
use super::text::{Holes, Reader};
use super::widen::{Kind, Widening, widenings};
use crate::gates::side::{Renames, Side};
use crate::{Path, Template};
use serde_json::{Value, json};
use std::rc::Rc;
use tree::{Origin, Tree};

const RESOURCES: &str = r#"{
    "Sources": {"Type": "AWS::S3::Bucket"},
    "Named": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "named"}},
    "Tasks": {"Type": "AWS::SQS::Queue"},
    "Worker": {"Type": "AWS::IAM::Role"}
}"#;

fn catalogue(service: &str) -> Rc<[(String, String)]> {
    let names: &[&str] = match service {
        "s3" => &["GetObject", "GetObjectVersion", "GetBucketAcl", "PutObject", "DeleteObject", "ListBucket"],
        "ssm" => &["SendCommand", "GetParameter", "GetParameters"],
        "iam" => &["PassRole", "CreateUser"],
        _ => &[],
    };
    names.iter().map(|name| (format!("{service}:{name}").to_ascii_lowercase(), format!("{service}:{name}"))).collect()
}

fn statements(policy: &Value, holes: &Holes) -> Vec<Statement> {
    let mut template = json!({ "Resources": serde_json::from_str::<Value>(RESOURCES).unwrap() });
    template["Resources"]["P"] = json!({ "Type": "AWS::IAM::Policy" });
    let tree = Tree::from_json(template, Origin::Unknown);
    let side = Side::new(&[Template { name: "stack", tree: &tree }], &Renames::default());
    let mut names = super::text::Names::new();
    let mut reader = Reader::new(&side, holes, &mut names);
    let policy = Tree::from_json(json!({ "Statement": policy }), Origin::Unknown);
    read(&mut reader, side.resource("stack", "P").unwrap(), &Path::root(), &policy)
}

fn compare(old: &Value, new: &Value) -> Vec<Widening> {
    let holes = Holes::default();
    let (old, new) = (statements(old, &holes), statements(new, &holes));
    widenings(&old, &new, false, &catalogue)
}

/// The same, with services of which no action is known.
pub(super) fn compare_unlisted(old: &Value, new: &Value, elsewhere: bool) -> Vec<Widening> {
    let holes = Holes::default();
    let (old, new) = (statements(old, &holes), statements(new, &holes));
    widenings(&old, &new, elsewhere, &|_| Rc::default())
}

/// A policy that allows less than another one: the way there is no broadening, and the way back is.
#[track_caller]
fn narrows(wide: &Value, narrow: &Value) {
    let wider = compare(wide, narrow);
    assert!(wider.is_empty(), "a narrowing is called a broadening: {wider:?}");
    assert!(!compare(narrow, wide).is_empty(), "a broadening is missed");
}

#[track_caller]
fn same(left: &Value, right: &Value) {
    let forth = compare(left, right);
    assert!(forth.is_empty(), "{forth:?}");
    let back = compare(right, left);
    assert!(back.is_empty(), "{back:?}");
}

fn allow(actions: Value, resources: Value) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": resources})
}

fn deny(actions: Value, resources: Value) -> Value {
    json!({"Effect": "Deny", "Action": actions, "Resource": resources})
}

fn when(mut statement: Value, condition: Value) -> Value {
    statement["Condition"] = condition;
    statement
}

#[test]
fn fewer_actions_are_a_narrowing() {
    let all = json!("*");
    narrows(&json!([allow(json!("ssm:*"), all.clone())]), &json!([allow(json!("ssm:SendCommand"), all.clone())]));
    narrows(&json!([allow(json!("*"), all.clone())]), &json!([allow(json!("ssm:*"), all.clone())]));
    narrows(&json!([allow(json!("s3:Get*"), all.clone())]), &json!([allow(json!("s3:GetObject*"), all.clone())]));
    narrows(
        &json!([allow(json!("zzz:*"), all.clone())]),
        &json!([allow(json!(["zzz:Do*", "zzz:Other"]), all.clone())]),
    );
    narrows(
        &json!([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]),
        &json!([{"Effect": "Allow", "NotAction": ["iam:*", "s3:*"], "Resource": "*"}]),
    );
    narrows(&json!([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]), &json!([allow(json!("s3:*"), all)]));
}

#[test]
fn fewer_resources_are_a_narrowing() {
    let get = json!("s3:GetObject");
    let narrow = |wide: Value, narrow: Value| {
        narrows(&json!([allow(get.clone(), wide)]), &json!([allow(get.clone(), narrow)]));
    };
    narrow(json!("*"), json!({"Fn::GetAtt": ["Sources", "Arn"]}));
    narrow(json!("arn:aws:s3:::*"), json!({"Fn::Sub": "${Sources.Arn}/*"}));
    narrow(json!({"Fn::Sub": "${Sources.Arn}/*"}), json!({"Fn::Sub": "${Sources.Arn}/incoming/*"}));
    narrow(json!("arn:aws:s3:::*/*"), json!("arn:aws:s3:::named/${aws:username}/*"));
    narrows(
        &json!([{"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::a"}]),
        &json!([{"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::a*"}]),
    );
}

#[test]
fn spelling_and_order_make_no_difference() {
    let all = json!("*");
    same(
        &json!([allow(json!(["s3:GetObject", "s3:PutObject"]), all.clone())]),
        &json!([allow(json!("S3:putobject"), all.clone()), allow(json!("s3:getObject"), all.clone())]),
    );
    let on = |resource: Value| json!([allow(json!("s3:GetObject"), resource)]);
    same(&on(json!({"Fn::GetAtt": ["Sources", "Arn"]})), &on(json!({"Fn::Sub": "arn:aws:s3:::${Sources}"})));
    same(
        &on(json!({"Fn::GetAtt": "Sources.Arn"})),
        &on(json!({"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::", {"Ref": "Sources"}]]})),
    );
    same(&on(json!({"Fn::GetAtt": "Named.Arn"})), &on(json!("arn:aws:s3:::named")));
    same(
        &on(json!({"Fn::GetAtt": "Tasks.Arn"})),
        &on(json!({"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Tasks.QueueName}"})),
    );
    same(&on(json!({"Fn::Sub": "x/${!aws:username}"})), &on(json!("x/${aws:username}")));
}

#[test]
fn a_wildcard_is_what_it_stands_for() {
    same(
        &json!([allow(json!("ssm:GetParam*"), json!("*"))]),
        &json!([allow(json!(["ssm:GetParameter", "ssm:GetParameters"]), json!("*"))]),
    );
    same(
        &json!([allow(json!(["s3:Get*", "s3:GetObject"]), json!(["*", "arn:aws:s3:::x"]))]),
        &json!([allow(json!("s3:Get*"), json!("*"))]),
    );
}

#[test]
fn denies_narrow_and_their_removal_broadens() {
    let all = allow(json!("s3:*"), json!("*"));
    narrows(&json!([all]), &json!([all, deny(json!("s3:DeleteObject"), json!("*"))]));
    narrows(
        &json!([all, deny(json!("s3:DeleteObject"), json!("arn:aws:s3:::x/*"))]),
        &json!([all, deny(json!("s3:Delete*"), json!("arn:aws:s3:::*"))]),
    );
    narrows(
        &json!([all, when(deny(json!("s3:*"), json!("*")), json!({"Bool": {"aws:MultiFactorAuthPresent": "false"}}))]),
        &json!([
            all,
            when(deny(json!("s3:*"), json!("*")), json!({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}))
        ]),
    );
    // What no statement allows does not become possible when it is no longer forbidden.
    let other = allow(json!("ssm:*"), json!("*"));
    same(&json!([other, deny(json!("s3:*"), json!("*"))]), &json!([other]));
}

#[test]
fn conditions_narrow_and_their_loss_broadens() {
    let get = || allow(json!("s3:GetObject"), json!("*"));
    let narrow = |wide: Value, narrow: Value| narrows(&json!([when(get(), wide)]), &json!([when(get(), narrow)]));
    narrow(json!({}), json!({"StringEquals": {"aws:SourceVpce": "vpce-1"}}));
    narrow(
        json!({"StringEquals": {"aws:SourceVpce": ["vpce-1", "vpce-2"]}}),
        json!({"StringEquals": {"aws:sourcevpce": "vpce-1"}}),
    );
    narrow(json!({"StringLike": {"s3:prefix": "a*"}}), json!({"StringEquals": {"s3:prefix": "ab"}}));
    narrow(
        json!({"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}),
        json!({"StringEquals": {"aws:SourceVpce": "vpce-1"}}),
    );
    narrow(json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), json!({"IpAddress": {"aws:SourceIp": "10.1.0.0/16"}}));
    narrow(
        json!({"NotIpAddress": {"aws:SourceIp": "10.1.0.0/16"}}),
        json!({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
    );
    narrow(
        json!({"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}),
        json!({"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}),
    );
    narrow(json!({"NumericLessThan": {"s3:max-keys": "100"}}), json!({"NumericLessThanEquals": {"s3:max-keys": "10"}}));
    narrow(
        json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}),
        json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}}),
    );
    narrow(
        json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}}),
        json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}, "Null": {"aws:TagKeys": "false"}}),
    );
    narrow(
        json!({"ForAnyValue:StringLike": {"aws:TagKeys": "*"}}),
        json!({"ForAnyValue:StringLike": {"aws:TagKeys": "team-*"}}),
    );
    narrow(
        json!({"StringEquals": {"aws:SourceAccount": "111111111111"}}),
        json!({"ArnLike": {"aws:SourceArn": "arn:aws:sns:eu-west-1:111111111111:t"},
            "StringEquals": {"aws:SourceAccount": "111111111111"}}),
    );
    same(
        &json!([when(get(), json!({"Bool": {"aws:SecureTransport": "true"}}))]),
        &json!([when(get(), json!({"BoolIfExists": {"aws:SecureTransport": true}}))]),
    );
}

#[test]
fn the_account_of_a_source_follows_from_its_arn() {
    let get = || allow(json!("s3:GetObject"), json!("*"));
    let account = json!([when(get(), json!({"StringEquals": {"aws:SourceAccount": "111111111111"}}))]);
    let arn = json!([when(get(), json!({"ArnLike": {"aws:SourceArn": "arn:aws:sns:eu-west-1:111111111111:t"}}))]);
    assert_eq!(compare(&account, &arn), []);
    assert!(!compare(&arn, &account).is_empty());
}

#[test]
fn what_is_not_understood_may_broaden() {
    let get = || allow(json!("s3:GetObject"), json!("*"));
    let with = |operator: &str| json!([when(get(), json!({operator: {"aws:Something": "x"}}))]);
    assert_eq!(compare(&with("GeoWithin"), &with("GeoWithin")), []);
    let changed = compare(&with("GeoWithin"), &with("GeoOutside"));
    assert!(changed.len() == 1 && !changed[0].certain, "{changed:?}");
    narrows(&json!([get()]), &with("GeoWithin"));
}

#[test]
fn principals_are_whom_they_stand_for() {
    let by = |principal: Value| {
        let mut statement = allow(json!("sts:AssumeRole"), json!("*"));
        statement["Principal"] = principal;
        json!([statement])
    };
    let role = json!({"AWS": "arn:aws:iam::111111111111:role/r"});
    narrows(&by(json!("*")), &by(json!({"AWS": "111111111111"})));
    narrows(&by(json!({"AWS": "arn:aws:iam::111111111111:root"})), &by(role.clone()));
    narrows(
        &by(json!({"Service": ["a.amazonaws.com", "b.amazonaws.com"]})),
        &by(json!({"Service": "a.amazonaws.com"})),
    );
    same(&by(json!({"AWS": "111111111111"})), &by(json!({"AWS": "arn:aws:iam::111111111111:root"})));
    same(&by(json!({"AWS": "*"})), &by(json!("*")));
    assert!(
        !compare(&by(json!({"Service": "a.amazonaws.com"})), &by(json!({"Service": "b.amazonaws.com"}))).is_empty()
    );
    narrows(
        &by(json!({"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}})),
        &by(json!({"AWS": {"Fn::GetAtt": ["Worker", "Arn"]}})),
    );
}

#[test]
fn template_conditions_are_followed() {
    let branch = |then: Value, otherwise: Value| json!([{"Fn::If": ["IsProd", then, otherwise]}]);
    let wide = || allow(json!("s3:*"), json!("*"));
    let narrow = || allow(json!("s3:GetObject"), json!("*"));
    same(&branch(wide(), narrow()), &branch(wide(), narrow()));
    narrows(&json!([wide()]), &branch(wide(), narrow()));
    narrows(&branch(wide(), narrow()), &json!([narrow()]));
    narrows(&branch(wide(), narrow()), &branch(wide(), json!({"Ref": "AWS::NoValue"})));
    same(
        &json!([allow(json!("s3:GetObject"), json!({"Fn::If": ["IsProd", "a", "b"]}))]),
        &branch(allow(json!("s3:GetObject"), json!("a")), allow(json!("s3:GetObject"), json!("b"))),
    );
}

#[test]
fn what_was_possible_before_is_told() {
    let old = json!([allow(json!("s3:GetObject"), json!({"Fn::Sub": "${Sources.Arn}/*"}))]);
    let new = json!([allow(json!(["s3:GetObject", "s3:DeleteObject"]), json!({"Fn::Sub": "${Sources.Arn}/*"}))]);
    let found = compare(&old, &new);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind, Kind::Granted);
    assert_eq!(found[0].grants[0].actions, ["s3:DeleteObject"]);
    assert_eq!(found[0].grants[0].before, super::widen::Before::Only(0));
}

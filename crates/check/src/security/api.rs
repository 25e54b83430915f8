//! APIs, and who signs in to them.

use tree::{Finding, Severity};

use super::edge::stage;
use super::logs::{ACCESS_LOGS, TRACING};
use super::others::Others;
use crate::look::{Resource, Scope, View};
use crate::rule::Rule;

/// Checks APIs, user pools and what belongs to them.
pub(super) fn check<'a>(
    resource: &Resource<'_>,
    others: &Others<'_>,
    scope: &'a Scope<'a>,
    findings: &mut Vec<Finding>,
) {
    match resource.type_name {
        "AWS::ApiGateway::Stage" => {
            logs(resource.at("AccessLogSetting"), findings);
            calls(resource, findings);
            stage(resource, others, findings);
            let tracing = resource.at("TracingEnabled");
            if super::is_off(tracing) {
                let message = "X-Ray tracing is off (`TracingEnabled` is not `true`)";
                findings.push(tracing.finding(&TRACING, message).hint("set `TracingEnabled: true`"));
            }
        }
        "AWS::ApiGatewayV2::Stage" => logs(resource.at("AccessLogSettings"), findings),
        "AWS::ApiGateway::Method" => {
            let kind = resource.at("AuthorizationType");
            let has_key = resource.at("ApiKeyRequired").flag() == Some(true);
            let is_preflight = resource.at("HttpMethod").is("OPTIONS");
            if (kind.is_absent() || kind.is("NONE")) && !has_key && !is_preflight {
                findings.push(open(kind));
            }
        }
        "AWS::ApiGatewayV2::Route" => {
            let kind = resource.at("AuthorizationType");
            if kind.is_absent() || kind.is("NONE") {
                findings.push(open(kind));
            }
        }
        "AWS::ApiGateway::RestApi" => validation(resource, scope, findings),
        "AWS::Cognito::UserPool" => pool(resource, findings),
        _ => {}
    }
}

fn open(kind: View<'_>) -> Finding {
    let message = format!("no authorization ({}): anyone may send requests", super::state(kind));
    kind.finding(&AUTHORIZATION, message).hint("set `AuthorizationType` to `AWS_IAM`, or to an authorizer's kind")
}

fn logs(setting: View<'_>, findings: &mut Vec<Finding>) {
    if setting.is_absent() {
        let hint = format!("set `{}`", setting.name());
        let message =
            format!("access logging is off ({}): nobody can tell who sent which request", super::state(setting));
        findings.push(setting.finding(&ACCESS_LOGS, message).hint(hint));
    }
}

/// Checks that what goes wrong in an API is logged, for every method.
fn calls(stage: &Resource<'_>, findings: &mut Vec<Finding>) {
    let settings = stage.at("MethodSettings");
    let is_for_all = |setting: &View<'_>| setting.get("HttpMethod").is("*") && setting.get("ResourcePath").is("/*");
    let is_logged = |setting: &View<'_>| ["ERROR", "INFO"].iter().any(|level| setting.get("LoggingLevel").is(level));
    let is_open = settings.is_unknown() || settings.items().any(|setting| setting.get("LoggingLevel").is_unknown());
    if !is_open && !settings.items().any(|setting| is_for_all(&setting) && is_logged(&setting)) {
        let hint = "add a `MethodSettings` of all methods (`*`, `/*`) with `LoggingLevel: ERROR`";
        let message = "execution logging is off (no `MethodSettings` of all methods with `LoggingLevel` `ERROR` or \
             `INFO`): errors are not recorded";
        findings.push(settings.finding(&API_LOGS, message).hint(hint));
    }
}

/// Checks that an API has somebody who validates requests.
fn validation<'a>(api: &Resource<'_>, scope: &'a Scope<'a>, findings: &mut Vec<Finding>) {
    // A definition in OpenAPI has its own.
    if !api.at("Body").is_absent() || !api.at("BodyS3Location").is_absent() {
        return;
    }
    let validates = scope.resources().any(|validator| {
        let is_validator = validator.type_name == "AWS::ApiGateway::RequestValidator";
        is_validator && validator.at("RestApiId").target().is_none_or(|target| target.is_same(api))
    });
    if !validates {
        let message = "request validation is off (no `AWS::ApiGateway::RequestValidator` of this API): malformed \
             requests reach the backend";
        findings.push(api.finding(&VALIDATION, message).hint("add an `AWS::ApiGateway::RequestValidator`"));
    }
}

fn pool(pool: &Resource<'_>, findings: &mut Vec<Finding>) {
    let mfa = pool.at("MfaConfiguration");
    if mfa.is_absent() || mfa.is("OFF") || mfa.is("OPTIONAL") {
        let message = format!(
            "multi-factor authentication is not required ({}): a password is enough to sign in",
            super::state(mfa)
        );
        findings.push(mfa.finding(&MFA, message).hint("set `MfaConfiguration: ON` with `EnabledMfas`"));
    }
    let policy = pool.at("Policies/PasswordPolicy");
    let is_short = |least: i64| policy.get("MinimumLength").integer().is_none_or(|length| length < least);
    let wanted = ["RequireLowercase", "RequireUppercase", "RequireNumbers", "RequireSymbols"];
    let is_plain = wanted.iter().any(|kind| super::is_off(policy.get(kind)));
    if !policy.is_unknown() && (policy.is_absent() || is_short(8) || (is_plain && is_short(14))) {
        let message = "the password policy asks neither for 14 characters nor for 8 with small and capital letters, \
             digits and symbols";
        let hint =
            "ask for eight characters with small and capital letters, digits and symbols, or for fourteen of any";
        findings.push(policy.finding(&PASSWORDS, message).hint(hint));
    }
    let protection = pool.at("DeletionProtection");
    if protection.is_absent() || protection.is("INACTIVE") {
        let message = format!(
            "deletion protection is off ({}): the user pool and all its users can be deleted by mistake",
            super::state(protection)
        );
        let hint = "set `DeletionProtection: ACTIVE`";
        findings.push(protection.finding(&super::data::DELETION_PROTECTION, message).hint(hint));
    }
}

pub(crate) static AUTHORIZATION: Rule = Rule {
    id: "security/api-authorization",
    severity: Severity::Warning,
    statement: "methods and routes of an API have authorization",
    why: "addresses of APIs are guessed and published; without authorization anyone uses what is behind them",
    page: "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-to-api.html",
    bad: r#"{"Resources": {"List": {"Type": "AWS::ApiGateway::Method", "Properties": {"RestApiId": "a1b2c3d4e5",
        "ResourceId": "a1b2c3", "HttpMethod": "GET", "AuthorizationType": "NONE"}}}}"#,
    good: r#"{"Resources": {"List": {"Type": "AWS::ApiGateway::Method", "Properties": {"RestApiId": "a1b2c3d4e5",
        "ResourceId": "a1b2c3", "HttpMethod": "GET", "AuthorizationType": "AWS_IAM"}}}}"#,
};

pub(crate) static API_LOGS: Rule = Rule {
    id: "security/api-errors",
    severity: Severity::Info,
    statement: "errors of an API's methods are logged",
    why: "attempts show as errors first",
    page: "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html",
    bad: r#"{"Resources": {"Live": {"Type": "AWS::ApiGateway::Stage", "Properties": {"RestApiId": "a1b2c3d4e5",
        "DeploymentId": "a1b2c3", "StageName": "live"}}}}"#,
    good: r#"{"Resources": {"Live": {"Type": "AWS::ApiGateway::Stage", "Properties": {"RestApiId": "a1b2c3d4e5",
        "DeploymentId": "a1b2c3", "StageName": "live",
        "MethodSettings": [{"HttpMethod": "*", "ResourcePath": "/*", "LoggingLevel": "ERROR"}]}}}}"#,
};

pub(crate) static VALIDATION: Rule = Rule {
    id: "security/request-validation",
    severity: Severity::Info,
    statement: "an API has a request validator",
    why: "what is malformed on purpose is refused before any code of yours reads it",
    page: "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html",
    bad: r#"{"Resources": {"Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "videos"}}}}"#,
    good: r#"{"Resources": {"Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "videos"}},
        "Validator": {"Type": "AWS::ApiGateway::RequestValidator",
            "Properties": {"RestApiId": {"Ref": "Api"}, "ValidateRequestBody": true}}}}"#,
};

pub(crate) static MFA: Rule = Rule {
    id: "security/mfa",
    severity: Severity::Warning,
    statement: "a user pool requires multi-factor authentication",
    why: "passwords are guessed, reused and stolen",
    page: "https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-mfa.html",
    bad: r#"{"Resources": {"Users": {"Type": "AWS::Cognito::UserPool", "Properties": {"MfaConfiguration": "OFF"}}}}"#,
    good: r#"{"Resources": {"Users": {"Type": "AWS::Cognito::UserPool",
        "Properties": {"MfaConfiguration": "ON", "EnabledMfas": ["SOFTWARE_TOKEN_MFA"]}}}}"#,
};

pub(crate) static PASSWORDS: Rule = Rule {
    id: "security/password-policy",
    severity: Severity::Warning,
    statement: "passwords are long, or have letters, digits and symbols",
    why: "short and plain ones are found by trying",
    page: "https://docs.aws.amazon.com/cognito/latest/developerguide/managing-users-passwords.html",
    bad: r#"{"Resources": {"Users": {"Type": "AWS::Cognito::UserPool",
        "Properties": {"Policies": {"PasswordPolicy": {"MinimumLength": 6}}}}}}"#,
    good: r#"{"Resources": {"Users": {"Type": "AWS::Cognito::UserPool", "Properties": {"Policies": {"PasswordPolicy": {
        "MinimumLength": 12, "RequireLowercase": true, "RequireUppercase": true, "RequireNumbers": true,
        "RequireSymbols": true}}}}}}"#,
};

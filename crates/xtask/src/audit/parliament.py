"""Reads policies as a JSON array from standard input, and writes what parliament finds in them as one to standard output.

The program `parliament` would start once for every kind of policy, and leaves a log behind in the folder for temporary files.
"""

import json
import pathlib
import sys

import parliament

# Titles of the auditors that parliament leaves out by default, as its own program sets them.
parliament.override_config(pathlib.Path(parliament.__file__).parent / "community_auditors/config_override.yaml")


def audit(document, community):
    policy = parliament.analyze_policy_string(
        json.dumps(document), include_community_auditors=community, config=parliament.config
    )
    return [parliament.enhance_finding(finding) for finding in policy.findings]


def without(document, unknown):
    """The policy without the actions that parliament does not know; None when nothing is left."""
    statements = document["Statement"]
    statements = statements if isinstance(statements, list) else [statements]
    kept = []
    for statement in statements:
        if "Action" in statement:
            actions = statement["Action"]
            actions = actions if isinstance(actions, list) else [actions]
            actions = [action for action in actions if action not in unknown]
            if not actions:
                continue
            statement = {**statement, "Action": actions}
        kept.append(statement)
    return {**document, "Statement": kept} if kept else None


answers = []
for given in json.load(sys.stdin):
    document = given["document"]
    findings = audit(document, given["community"])
    # parliament looks no further once it met an action that it does not know, and its list is an old one.
    unknown = {f.location.get("string") for f in findings if f.issue in ("UNKNOWN_ACTION", "UNKNOWN_PREFIX")}
    rest = without(document, unknown) if unknown else None
    if rest:
        findings += audit(rest, given["community"])
    answers.append(
        [
            {"issue": f.issue, "title": f.title, "detail": f.detail, "location": f.location}
            for f in findings
        ]
    )

json.dump(answers, sys.stdout, default=str)

"""Takes all rules from a VPC's default security group: CloudFormation makes the group, but cannot change it."""

import json
import time
import urllib.request

import boto3

TRIES = 12


def handler(event, context):
    group = event["ResourceProperties"]["GroupId"]
    answer = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    answer |= {"PhysicalResourceId": group, "Status": "SUCCESS"}
    try:
        # Rules that were taken away do not come back: the group goes together with its VPC.
        if event["RequestType"] != "Delete":
            patiently(lambda: close(boto3.client("ec2"), group))
    except Exception as error:
        answer |= {"Status": "FAILED", "Reason": str(error)}
    print(json.dumps(answer))
    body = json.dumps(answer).encode()
    request = urllib.request.Request(event["ResponseURL"], body, {"Content-Type": ""}, method="PUT")
    with urllib.request.urlopen(request, timeout=30):
        pass


def close(ec2, group):
    pages = ec2.get_paginator("describe_security_group_rules").paginate(Filters=[{"Name": "group-id", "Values": [group]}])
    rules = [rule for page in pages for rule in page["SecurityGroupRules"]]
    for outbound, revoke in ((False, ec2.revoke_security_group_ingress), (True, ec2.revoke_security_group_egress)):
        ids = [rule["SecurityGroupRuleId"] for rule in rules if rule["IsEgress"] == outbound]
        if ids:
            revoke(GroupId=group, SecurityGroupRuleIds=ids)


def patiently(call):
    """The role's policy may take a moment to take effect."""
    for attempt in range(TRIES):
        try:
            return call()
        except Exception as error:
            if attempt + 1 == TRIES or "UnauthorizedOperation" not in str(error):
                raise
            time.sleep(5)

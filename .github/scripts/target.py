#!/usr/bin/env python3
"""Says where an environment is deployed to, as outputs of a step: the region, the roles, and the stacks to deploy.

usage: target.py PROGRAM ENVIRONMENT
"""

import json
import subprocess
import sys

# People deploy the stack that says what the pipeline may do.
BY_PEOPLE = "deployer"


def listed(program, *arguments):
    """What the program lists."""
    done = subprocess.run([program, "list", "--json", *arguments], stdout=subprocess.PIPE, encoding="utf-8", check=False)
    if done.returncode:
        sys.exit(done.returncode)
    return json.loads(done.stdout)


def main():
    program, name = sys.argv[1:]
    stacks = listed(program, "--env", name)
    place = next(environment for environment in listed(program) if environment["name"] == name)
    own = next((stack["stack_name"] for stack in stacks if stack["name"] == BY_PEOPLE), None)
    if own is None:
        sys.exit(f"error: environment {name} has no stack deployer; give it a section [deployer], and deploy that first")
    # The roles are called like the stacks, after the app and the environment.
    role = f"arn:aws:iam::{place['account']}:role/{own.removesuffix(BY_PEOPLE)}"
    print(f"region={place['region']}")
    print(f"deployer={role}deployer")
    print(f"execution={role}execution")
    print("stacks=" + " ".join(stack["name"] for stack in stacks if stack["name"] != BY_PEOPLE))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Compares templates: an environment by $ENVIRONMENT and $AGAINST, or else any by $OLD and $NEW.

Writes the comment into $FILE, and says what the gates found, as outputs of a step. With --gates, it shows the diff and
fails where a gate of $FAIL_ON has findings.

usage: diff.py PROGRAM [--gates]
"""

import json
import os
import subprocess
import sys

SAME, DIFFERENT = 0, 2


def sides():
    """The two sides, as arguments."""
    given = {name: os.environ.get(name, "") for name in ("ENVIRONMENT", "AGAINST", "OLD", "NEW")}
    if given["ENVIRONMENT"]:
        against = ["--against", given["AGAINST"]] if given["AGAINST"] else []
        return ["--env", given["ENVIRONMENT"], *against]
    if given["OLD"] and given["NEW"]:
        return ["--", given["OLD"], given["NEW"]]
    sys.exit("error: nothing to compare: give an environment, or an old and a new template")


def compare(program, *arguments):
    """Runs the program, which may find a difference or none, and returns what it writes."""
    done = subprocess.run(
        [program, "diff", "--fail-on", "none", *arguments, *sides()], stdout=subprocess.PIPE, encoding="utf-8", check=False
    )
    if done.returncode not in (SAME, DIFFERENT):
        sys.exit(done.returncode)
    return done.stdout


def gates(program):
    """Shows the diff, and returns with the program's own exit code, unless that says no more than that something differs."""
    done = subprocess.run([program, "diff", "--fail-on", os.environ["FAIL_ON"], *sides()], check=False)
    sys.exit(SAME if done.returncode == DIFFERENT else done.returncode)


def main():
    program = sys.argv[1]
    if "--gates" in sys.argv[2:]:
        gates(program)
    file = os.environ["FILE"]
    compare(program, "--format", "markdown", "--out", file)
    found = json.loads(compare(program, "--format", "json"))
    print(f"file={file}")
    print(f"changes={found['changes']}")
    for gate, count in found["gates"].items():
        print(f"{gate}={count}")


if __name__ == "__main__":
    main()

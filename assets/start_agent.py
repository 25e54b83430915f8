#!/usr/bin/env python3
"""Installs and starts the agent when an instance of the fleet starts for the first time.

What stands between at signs is filled in when the stack is synthesized and deployed. cloud-init, which runs this, brings
Python; nothing else is taken for granted, so that any image with the engine will do.
"""

import datetime
import hashlib
import hmac
import json
import os
import pathlib
import subprocess
import time
import urllib.request

REGION = "@REGION@"
AGENT_HOST = "@ARTIFACT_BUCKET@.s3.@REGION@.@URL_SUFFIX@"
AGENT_PATH = "/@AGENT_KEY@"
SETTINGS = """\
AWS_REGION=@REGION@
BALEEN_APP=@APP@
BALEEN_ENVIRONMENT=@ENVIRONMENT@
BALEEN_COLOUR=@COLOUR@
BALEEN_TASK_QUEUE=@TASK_QUEUE@
BALEEN_JOB_TABLE=@JOB_TABLE@
"""
UNIT = """\
@UNIT@
"""

METADATA = "http://169.254.169.254/latest/"
TRIES = 10


def main():
    program = pathlib.Path("/usr/local/bin/baleen-agent")
    new = program.with_suffix(".new")
    new.write_bytes(download())
    new.chmod(0o755)
    os.replace(new, program)

    settings = pathlib.Path("/etc/baleen/agent.env")
    settings.parent.mkdir(mode=0o755, exist_ok=True)
    settings.write_text(SETTINGS)
    pathlib.Path("/etc/systemd/system/baleen-agent.service").write_text(UNIT)
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    subprocess.run(["systemctl", "enable", "--now", "baleen-agent.service"], check=True)


def download():
    """Fetches the agent; the role's policy may take a moment to take effect."""
    for attempt in range(TRIES):
        try:
            headers = signed(AGENT_HOST, AGENT_PATH, REGION, credentials(), datetime.datetime.now(datetime.timezone.utc))
            return fetch(f"https://{AGENT_HOST}{AGENT_PATH}", headers)
        except OSError as error:
            if attempt + 1 == TRIES:
                raise
            print(f"cannot fetch the agent yet: {error}", flush=True)
            time.sleep(min(2**attempt, 60))


def credentials():
    """Asks the instance's metadata, version 2, for the credentials of its role."""
    lifetime = {"X-aws-ec2-metadata-token-ttl-seconds": "300"}
    token = {"X-aws-ec2-metadata-token": fetch(METADATA + "api/token", lifetime, "PUT").decode()}
    place = METADATA + "meta-data/iam/security-credentials/"
    role = fetch(place, token).decode().strip()
    return json.loads(fetch(place + role, token))


def signed(host, path, region, keys, now):
    """Signs a GET request to S3 with Signature Version 4; the path must need no encoding."""
    moment, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    nothing = hashlib.sha256(b"").hexdigest()
    headers = {
        "host": host,
        "x-amz-content-sha256": nothing,
        "x-amz-date": moment,
        "x-amz-security-token": keys["Token"],
    }
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = "\n".join(["GET", path, "", lines, names, nothing])
    scope = f"{day}/{region}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = b"AWS4" + keys["SecretAccessKey"].encode()
    for part in (day, region, "s3", "aws4_request", text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    credential = f"{keys['AccessKeyId']}/{scope}"
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={key.hex()}"
    )
    return headers


def fetch(url, headers, method="GET"):
    """Sends one request and returns the body of the answer."""
    request = urllib.request.Request(url, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


if __name__ == "__main__":
    main()

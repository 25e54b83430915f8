#!/usr/bin/env python3
"""Prepares an instance of the fleet when it starts for the first time: work folder, monitoring, agent.

What stands between percent signs is filled in when the stack is synthesized and deployed. cloud-init, which runs this, brings
Python; nothing else is taken for granted, so that any image with the engine will do.
"""

import datetime
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import time
import urllib.request

REGION = "<%= region %>"
EXECUTOR = "<%= executor %>"
AGENT_HOST = "<%= artifact_bucket %>.s3.<%= region %>.<%= url_suffix %>"
AGENT_SHA256 = "<%= agent_sha256 %>"
AGENT_PATH = f"/<%= agent_folder %>/{AGENT_SHA256}/<%= agent %>"
MONITORING_HOST = "amazoncloudwatch-agent-<%= region %>.s3.<%= region %>.<%= url_suffix %>"
SETTINGS = """\
AWS_REGION=<%= region %>
BALEEN_APP=<%= app %>
BALEEN_ENVIRONMENT=<%= environment %>
BALEEN_COLOUR=<%= colour %>
BALEEN_TASK_QUEUE=<%= task_queue %>
BALEEN_JOB_TABLE=<%= job_table %>
"""
AGENT_UNIT = r"""<% include "agent_unit" %>
"""
WORK_FOLDER_UNIT = r"""<% include "work_folder_unit" %>
"""
WORK_FOLDER = r"""<% include "work_folder" %>
"""
MONITORING = r"""<% include "monitoring" %>
"""

METADATA = "http://169.254.169.254/latest/"
MONITOR = "/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl"
TRIES = 10


def main():
    try:
        prepare()
    except Exception as error:  # pylint: disable=broad-exception-caught
        # Nobody else would notice: to EC2 it looks healthy, and it costs what a working instance costs. Another one takes
        # its place; a fleet of one has it stopped.
        print(f"giving this instance up: {type(error).__name__}: {error}", flush=True)
        run("shutdown", "-h", "now")


def prepare():
    write("/etc/systemd/system/baleen-work-folder.service", WORK_FOLDER_UNIT)
    write("/usr/local/sbin/baleen-work-folder", WORK_FOLDER, 0o755)
    run("systemctl", "daemon-reload")
    for optional in (start_work_folder, start_monitoring):
        try:
            optional()
        except (OSError, subprocess.CalledProcessError) as error:
            # An instance that works unseen, or on its root volume, is better than none; alarms tell of what is missing.
            print(f"going on without it: {optional.__name__}: {error}", flush=True)
    if EXECUTOR == "agent":
        start_agent()
    else:
        # Commands do the work here; an agent that somebody installs must not take the GPU from them.
        run("systemctl", "mask", "baleen-agent.service")


def start_work_folder():
    run("systemctl", "enable", "--now", "baleen-work-folder.service")


def start_monitoring():
    """Installs the CloudWatch agent, unless the image has it, and tells it what to measure."""
    if not os.path.exists(MONITOR):
        debian = shutil.which("dpkg") is not None
        kind, system, install = ("deb", "ubuntu", "dpkg") if debian else ("rpm", "amazon_linux", "rpm")
        package = pathlib.Path(f"/var/tmp/amazon-cloudwatch-agent.{kind}")
        url = f"https://{MONITORING_HOST}/{system}/amd64/latest/amazon-cloudwatch-agent.{kind}"
        package.write_bytes(patiently(lambda: fetch(url, {})))
        patiently(lambda: run(install, "--install", str(package)))
        package.unlink()
    write("/etc/baleen/monitoring.json", MONITORING)
    run(MONITOR, "-a", "fetch-config", "-m", "ec2", "-s", "-c", "file:/etc/baleen/monitoring.json")


def start_agent():
    """Installs the agent that belongs to this version of the stack, and starts it now and at every start."""
    program = pathlib.Path("/usr/local/bin/baleen-agent")
    new = program.with_suffix(".new")
    # The role's policies may take a moment to take effect.
    new.write_bytes(patiently(fetch_agent))
    new.chmod(0o755)
    os.replace(new, program)
    write("/etc/baleen/agent.env", SETTINGS)
    write("/etc/systemd/system/baleen-agent.service", AGENT_UNIT)
    run("systemctl", "daemon-reload")
    run("systemctl", "enable", "--now", "baleen-agent.service")


def fetch_agent():
    """Fetches the agent, and nothing else in its place."""
    agent = fetch(f"https://{AGENT_HOST}{AGENT_PATH}", signed(AGENT_HOST, AGENT_PATH))
    found = hashlib.sha256(agent).hexdigest()
    if found != AGENT_SHA256:
        raise OSError(f"{AGENT_PATH} has checksum {found}")
    return agent


def write(path, text, mode=0o644):
    path = pathlib.Path(path)
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def run(*command):
    subprocess.run(command, check=True)


def patiently(call):
    for attempt in range(TRIES):
        try:
            return call()
        except (OSError, http.client.HTTPException, subprocess.CalledProcessError) as error:
            if attempt + 1 == TRIES:
                raise
            print(f"not yet: {error}", flush=True)
            time.sleep(min(2**attempt, 60))


def metadata(path):
    """Asks the instance's metadata, version 2."""
    lifetime = {"X-aws-ec2-metadata-token-ttl-seconds": "300"}
    token = fetch(METADATA + "api/token", lifetime, "PUT").decode()
    return fetch(METADATA + path, {"X-aws-ec2-metadata-token": token}).decode().strip()


def signed(host, path):
    """Signs a GET request to S3 by the role's keys, with Signature Version 4; the path must need no encoding."""
    role = metadata("meta-data/iam/security-credentials/")
    keys = json.loads(metadata("meta-data/iam/security-credentials/" + role))
    return signature(host, path, REGION, keys, datetime.datetime.now(datetime.timezone.utc))


def signature(host, path, region, keys, now):
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

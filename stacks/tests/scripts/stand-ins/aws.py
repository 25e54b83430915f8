#!/usr/bin/env python3
"""Stands in for the AWS CLI: S3's objects are files of a folder, and every call is recorded.

It reads its arguments as the AWS CLI does where a hostile key could make a difference: a value that begins like an address
is taken for one, and an option's value must not begin with a dash unless `=` is in between.
"""

import base64
import fcntl
import hashlib
import json
import os
import pathlib
import re
import sys
import time

HERE = pathlib.Path(os.environ["STAND_IN"])


class Refused(Exception):
    """An error that the service answers."""


def main(arguments):
    if arguments == ["--version"]:
        print("aws-cli/2.36.42 Python/3.14.0 stand-in")
        return
    count = record(arguments)
    operation, options, rest = parse(arguments)
    fault = fault_of(operation, count)
    try:
        answer = OPERATIONS[operation](options, rest, fault)
    except Refused as refusal:
        end(f"An error occurred ({refusal}) when calling the {operation} operation: refused", 254)
    print(answer)


def end(message, code):
    print(f"\n{message}", file=sys.stderr)
    sys.exit(code)


def record(arguments):
    """Writes the call down, and returns how many of its operation there were before."""
    path = HERE / "calls.jsonl"
    with path.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        before = [json.loads(line)["arguments"][1] for line in file]
        keys = [name for name in os.environ if name.startswith("AWS_") and ("KEY" in name or "TOKEN" in name)]
        leaked = [name for name in ("ONNX_DIR", "PYTHONPATH", "VSPREFIX") if name in os.environ]
        file.write(json.dumps({"arguments": arguments, "keys": keys, "leaked": leaked}) + "\n")
    return before.count(arguments[1])


def parse(arguments):
    options, rest, words = {}, [], arguments[2:]
    while words:
        word = words.pop(0)
        name, equals, value = word.partition("=")
        if not word.startswith("--"):
            rest.append(word)
            continue
        if not equals:
            if not words or words[0].startswith("-"):
                end(f"aws: error: argument {name}: expected one argument", 252)
            value = words.pop(0)
        options[name[2:]] = expand(value) if name not in ("--body",) else value
    return arguments[1], options, rest


def expand(value):
    if value.startswith("file://"):
        return pathlib.Path(value.removeprefix("file://")).read_text(encoding="utf-8")
    if value.startswith(("fileb://", "http://", "https://")):
        end(f"Error parsing parameter: unable to retrieve {value}", 252)
    return value


def fault_of(operation, count):
    """Says how this call goes wrong: `AWS_FAULTS` is a list of `operation:fault`, or `operation:fault:first calls`."""
    for word in os.environ.get("AWS_FAULTS", "").split():
        name, fault, *calls = word.split(":")
        if name == operation and (not calls or count < int(calls[0])):
            return fault
    return None


def strike(fault):
    """Goes wrong before anything is done."""
    if fault == "network":
        end('Could not connect to the endpoint URL: "https://s3.example/"', 255)
    if fault == "disk":
        end("[Errno 28] No space left on device", 255)
    if fault == "credentials":
        end('Unable to locate credentials. You can configure credentials by running "aws configure".', 253)
    if fault == "hang":
        (HERE / "hanging").touch()
        time.sleep(600)
    if fault and fault not in ("lost", "half"):
        raise Refused(fault)


def objects():
    path = HERE / "objects.json"
    return json.loads(path.read_text()) if path.exists() else []


def find(options, missing):
    version = options.get("version-id")
    for candidate in reversed(objects()):
        if (candidate["bucket"], candidate["key"]) == (options["bucket"], options["key"]):
            if version is None or version == candidate["version"]:
                match = options.get("if-match", "").strip('"')
                if match not in ("", candidate["etag"]):
                    raise Refused("PreconditionFailed")
                return candidate
    raise Refused(missing)


def keep(options, body, entity_tag=None):
    with (HERE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = objects()
        if options.get("if-none-match") == "*" and any(
            (one["bucket"], one["key"]) == (options["bucket"], options["key"]) for one in known
        ):
            raise Refused("PreconditionFailed")
        path = HERE / f"object-{len(known)}"
        path.write_bytes(body)
        known.append(
            {
                "bucket": options["bucket"],
                "key": options["key"],
                "version": f"v{len(known)}",
                "etag": entity_tag or hashlib.md5(body).hexdigest(),
                "body": str(path),
                "metadata": json.loads(options.get("metadata", "{}")),
                "content_type": options.get("content-type"),
            }
        )
        (HERE / "objects.new").write_text(json.dumps(known))
        (HERE / "objects.new").replace(HERE / "objects.json")
    return known[-1]["etag"]


def checked(options, body):
    if options.get("checksum-sha256") != base64.b64encode(hashlib.sha256(body).digest()).decode():
        raise Refused("BadDigest")
    return body


def head(options, rest, fault):
    strike(fault)
    found = find(options, "404")
    size = os.path.getsize(found["body"])
    names = re.findall(r'Metadata\."([a-z0-9-]+)"', options["query"])
    if names:
        return "\t".join([found["metadata"].get(name, "None") for name in names] + [str(size)])
    return f'"{found["etag"]}"\t{size}\t{found["version"]}'


def get(options, rest, fault):
    strike(fault)
    found = find(options, "NoSuchKey")
    body = pathlib.Path(found["body"]).read_bytes()
    pathlib.Path(rest[0]).write_bytes(body[: len(body) // 2] if fault == "half" else body)
    return f'"{found["etag"]}"'


def put(options, rest, fault):
    strike(fault)
    entity_tag = keep(options, checked(options, pathlib.Path(options["body"]).read_bytes()))
    if fault == "lost":
        end("Connection was closed before we received a valid response", 255)
    return f'"{entity_tag}"'


def create(options, rest, fault):
    strike(fault)
    folder = HERE / "upload-1"
    folder.mkdir()
    (folder / "options.json").write_text(json.dumps(options))
    return "upload-1"


def upload_part(options, rest, fault):
    strike(fault)
    body = checked(options, pathlib.Path(options["body"]).read_bytes())
    (HERE / options["upload-id"] / options["part-number"]).write_bytes(body)
    return f'"{hashlib.md5(body).hexdigest()}"'


def complete(options, rest, fault):
    strike(fault)
    folder = HERE / options["upload-id"]
    body = b""
    for number, part in enumerate(json.loads(options["multipart-upload"])["Parts"], 1):
        piece = checked({"checksum-sha256": part["ChecksumSHA256"]}, (folder / str(number)).read_bytes())
        if part["PartNumber"] != number or part["ETag"] != f'"{hashlib.md5(piece).hexdigest()}"':
            raise Refused("InvalidPart")
        body += piece
    keep(json.loads((folder / "options.json").read_text()) | options, body, "composite-2")
    folder.rename(HERE / "completed")
    return "{}"


def abort(options, rest, fault):
    (HERE / options["upload-id"]).rename(HERE / "aborted")
    return ""


OPERATIONS = {
    "head-object": head,
    "get-object": get,
    "put-object": put,
    "create-multipart-upload": create,
    "upload-part": upload_part,
    "complete-multipart-upload": complete,
    "abort-multipart-upload": abort,
}

main(sys.argv[1:])

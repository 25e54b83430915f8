#!/usr/bin/env python3
"""Writes a file as a comment on pull request $PULL_REQUEST, in place of the one that it wrote before.

The first line of the file, which GitHub does not show, says which one that is.

usage: comment.py FILE
"""

import json
import os
import pathlib
import sys
import urllib.error
import urllib.request

PAGE = 100
SECONDS = 60


class Refused(Exception):
    """GitHub answers, and says no."""

    def __init__(self, method, url, status, message):
        super().__init__(f"{method} {url}: status {status}, {message}")
        self.status = status


def call(method, path, content=None):
    """Calls GitHub, and returns what it answers."""
    url = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/issues/{path}"
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
        "Content-Type": "application/json",
        "User-Agent": "baleen",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    body = None if content is None else json.dumps(content).encode()
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise Refused(method, url, error.code, message(error)) from error


def message(error):
    """What GitHub says of an error, as far as it does."""
    try:
        return json.load(error).get("message", "without a message")
    except (AttributeError, ValueError):
        return "without a message"


def comments(pull_request, marker):
    """Finds the comments that begin with the marker, the oldest first."""
    page, count = 1, PAGE
    while count == PAGE:
        found = call("GET", f"{pull_request}/comments?per_page={PAGE}&page={page}")
        yield from (comment["id"] for comment in found if (comment["body"] or "").startswith(marker))
        page, count = page + 1, len(found)


def write(pull_request, text):
    """Changes the comment that is there, or writes the first one; says which."""
    marker = text.splitlines()[0] if text else ""
    if not (marker.startswith("<!-- ") and marker.endswith(" -->")):
        sys.exit("error: the file does not begin with a comment of HTML, by which it would be found again")
    for comment in comments(pull_request, marker):
        try:
            call("PATCH", f"comments/{comment}", {"body": text})
            return f"comment {comment} is updated"
        except Refused as refused:
            # A comment that somebody else wrote is theirs, whatever it begins with.
            if refused.status not in (403, 404):
                raise
    try:
        return f"comment {call('POST', f'{pull_request}/comments', {'body': text})['id']} is written"
    except Refused as refused:
        if refused.status != 403:
            raise
        # The pull request of a fork has a token that only reads.
        return "::warning::the token may not comment; the diff is in the summary of this run"


def main():
    file = pathlib.Path(sys.argv[1])
    try:
        print(write(int(os.environ["PULL_REQUEST"]), file.read_text(encoding="utf-8")))
    except (Refused, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()

#!/usr/bin/env bash
# Puts another version in the place of the agent: verified first, once no task is at hand, and taken back if it does not
# stay up. Parameter DrainSeconds says how long to wait for the task at hand.
set -euo pipefail

patience=$(parameter DrainSeconds '^(0|[1-9][0-9]{0,5})$' '0 to 999999')

enter_folder
hold_agent
if [[ ! -x $PROGRAM ]]; then
  fail internal "there is no agent at $PROGRAM" 'install it first'
fi
fetch_agent
previous=$PROGRAM
if [[ -L $PROGRAM ]]; then
  previous=$(readlink -- "$PROGRAM")
else
  # It was put there when the instance started.
  cp --preserve -- "$PROGRAM" "$VERSIONS/first"
  previous=$VERSIONS/first
fi
if [[ $previous == "$FETCHED" ]] && systemctl is-active --quiet "$UNIT"; then
  say 'this version runs already'
  report_agent false
  exit
fi
drain "$patience" || true
switch_to "$FETCHED"
if ! restart_agent; then
  switch_to "$previous"
  restart_agent || say 'the version before does not stay up either'
  fail internal "$FETCHED does not stay up; $previous has taken its place again" \
    'look at the log by the diagnostics command'
fi
report_agent true

#!/usr/bin/env bash
# Installs the agent and starts it. The stack fills in the unit; what the agent is told is in parameters App,
# Environment, Colour, TaskQueue and JobTable.
set -euo pipefail

readonly NAME='^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$'

app=$(parameter App "$NAME" 'letters, digits, and hyphens')
environment=$(parameter Environment "$NAME" 'letters, digits, and hyphens')
colour=$(parameter Colour '^(blue|green)$' 'blue, green')
queue=$(parameter TaskQueue '^https://[A-Za-z0-9./_-]{1,255}$' 'the URL of a queue')
table=$(parameter JobTable "$NAME" 'the name of a table')
if [[ -z ${AWS_REGION-} ]]; then
  fail internal 'the region is not known: AWS_SSM_REGION_NAME is not set' 'have Run Command run this'
fi

enter_folder
hold_agent
# Fails where the unit is unknown, which it may be.
if [[ $(systemctl is-enabled "$UNIT" 2> /dev/null || true) == masked* ]]; then
  fail internal "$UNIT is masked: this fleet works by Run Command" 'use an environment whose executor is the agent'
fi
fetch_agent
put_file 644 "$ROOT/etc/baleen/agent.env" << SETTINGS
AWS_REGION=$AWS_REGION
BALEEN_APP=$app
BALEEN_ENVIRONMENT=$environment
BALEEN_COLOUR=$colour
BALEEN_TASK_QUEUE=$queue
BALEEN_JOB_TABLE=$table
SETTINGS
put_file 644 "$ROOT/etc/systemd/system/$UNIT" << 'UNIT_FILE'
<% include "agent_unit" %>
UNIT_FILE
switch_to "$FETCHED"
resume
run systemctl daemon-reload
run systemctl enable "$UNIT"
restart_agent || fail internal "$UNIT does not stay up" 'look at it by the diagnostics command'
report_agent true

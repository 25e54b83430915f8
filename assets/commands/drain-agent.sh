#!/usr/bin/env bash
# Drains the agent: it takes no further task, finishes the one at hand, and stops. Parameter DrainSeconds says how long
# to wait; what is not finished then goes back to the queue, and another instance does it.
set -euo pipefail

patience=$(parameter DrainSeconds '^(0|[1-9][0-9]{0,5})$' '0 to 999999')

hold_agent
finished=true
drain "$patience" || finished=false
printf '{"finished":%s,"seconds":%d}\n' "$finished" "$SECONDS" >&"$RESULT"

#!/usr/bin/env bash
# Stands in for a server: what is asked for lies in the folder `web`, by the last part of its address.
set -euo pipefail
printf '%s\n' "${@: -1}" >> "$STAND_IN/curl"
output=''
while (($# > 1)); do
  if [[ $1 == --output ]]; then
    output=$2
  fi
  shift
done
cp "$STAND_IN/web/${1##*/}" "$output" || {
  printf 'curl: (22) The requested URL returned error: 404\n' >&2
  exit 22
}

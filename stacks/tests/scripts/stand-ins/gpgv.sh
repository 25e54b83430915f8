#!/usr/bin/env bash
# Stands in for GnuPG: says of every signature what the signature says itself.
set -euo pipefail
[[ -s $2 ]]
cat "$5" >&3

#!/usr/bin/env bash
# Stands in for the driver's tool: lists the GPUs of $GPUS, a line each.
set -euo pipefail
printf '%s\n' "${GPUS-0}"

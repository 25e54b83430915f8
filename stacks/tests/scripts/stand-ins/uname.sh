#!/usr/bin/env bash
# Stands in for a machine of another kind.
printf '%s\n' "${MACHINE-x86_64}"

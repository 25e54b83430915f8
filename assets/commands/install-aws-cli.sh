#!/usr/bin/env bash
# Installs the AWS CLI, in the version that parameter Version names, if it is not there.
set -euo pipefail

version=$(parameter Version '^2\.[0-9]{1,3}\.[0-9]{1,3}$' 'a version 2, such as 2.36.42')

enter_folder
take_lock 900 aws-cli
changed=false
if ! is_installed "$version"; then
  install_aws_cli "$version"
  changed=true
fi
printf '{"version":"%s","changed":%s}\n' "$version" "$changed" >&"$RESULT"

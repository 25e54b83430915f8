#!/usr/bin/env bash
# Stands in for systemd: `active` is there while the unit runs. A program that says that it is broken does not stay up.
set -euo pipefail
draining=''
if [[ -e $BALEEN_ROOT/run/baleen/drain ]]; then
  draining=' while draining'
fi
printf '%s%s\n' "$*" "$draining" >> "$STAND_IN/systemctl"
case $1 in
  is-active) [[ -e $STAND_IN/active ]] ;;
  is-enabled)
    cat "$STAND_IN/enabled"
    [[ $(< "$STAND_IN/enabled") == enabled ]]
    ;;
  restart | start)
    if "$BALEEN_ROOT/usr/local/bin/baleen-agent" --version | grep --quiet broken; then
      rm --force "$STAND_IN/active"
    else
      touch "$STAND_IN/active"
    fi
    ;;
  stop) rm --force "$STAND_IN/active" ;;
esac

#!/usr/bin/env bash
# Shows what a person looks at first when an instance does not do its work. It changes nothing, prints no environment,
# and blots out what looks like a credential. Parameter Lines says how many lines of each log.
set -euo pipefail

lines=$(parameter Lines '^[1-9][0-9]{0,2}$' '1 to 999')
exec 1>&"$RESULT"

# Blots out keys, and the rest of a line after a word that announces a secret.
redact() {
  local words='secret|token|passw|credential|authorization|signature|session|private'
  sed --regexp-extended --expression='s/(AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}/***/g' \
    --expression="s/(($words)[a-z_-]*[\"']?[[:space:]]*[:=]).*/\\1 ***/I"
}

# Runs a program: TITLE, at most how many BYTES of what it says, and the program. Run Command keeps 24,000 characters of
# all, so that each gets its share.
show() {
  printf '\n== %s\n' "$1"
  { try "${@:3}" || true; } | redact | head --bytes="$2" || true
}

# Runs a program like `show`; what it says last is kept.
show_end() {
  printf '\n== %s\n' "$1"
  { try "${@:3}" || true; } | redact | tail --bytes="$2" || true
}

try() {
  timeout --kill-after=5 30 "$@" 2>&1 < /dev/null || printf '(exit code %d)\n' $?
}

printf 'instance %s, region %s, %s\n' "${AWS_SSM_INSTANCE_ID:-unknown}" "${AWS_SSM_REGION_NAME:-unknown}" \
  "$(date --utc +%FT%TZ)"
show 'system' 200 uname --kernel-release --machine
show 'load' 200 uptime
show 'memory (MiB)' 500 free --mebi
show 'disk' 2000 df --human-readable --output=source,size,avail,pcent,target --exclude-type=squashfs
show 'work folders' 1000 du --human-readable --max-depth=2 "$ROOT/var/lib/baleen"
show 'GPU' 3500 nvidia-smi
show 'errors of GPU and memory' 1000 journalctl --dmesg --no-pager --quiet --lines=5 \
  --grep='NVRM|Xid|Out of memory|oom-kill'
show 'AWS CLI' 200 aws --version
show 'FFmpeg' 200 env "PATH=/usr/local/bluedot:$PATH" ffmpeg -hide_banner -version
show 'SSM agent' 200 amazon-ssm-agent -version
show 'agent' 200 "$ROOT/usr/local/bin/baleen-agent" --version
for unit in baleen-agent amazon-ssm-agent amazon-cloudwatch-agent; do
  show "unit $unit" 600 systemctl show "$unit.service" \
    --property=LoadState,ActiveState,SubState,Result,ExecMainStatus,ExecMainStartTimestamp,NRestarts,MemoryCurrent
done
show_end 'log of the agent' 9000 journalctl --unit=baleen-agent.service --no-pager --quiet \
  --output=short-iso --lines="$lines"
show_end 'failures of any unit' 2000 journalctl --priority=err --no-pager --quiet --output=short-iso --lines="$lines"

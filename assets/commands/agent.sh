#!/usr/bin/env bash
# Fetches, switches and drains the agent: the systemd unit baleen-agent, and the program that it runs. Every version has
# a folder of its own; which one runs is a symbolic link, replaced in one step.
set -euo pipefail

readonly UNIT=baleen-agent.service
readonly PROGRAM=$ROOT/usr/local/bin/baleen-agent
readonly VERSIONS=$ROOT/opt/baleen/agent
# As long as this file was written within the last minute, the agent takes no further task.
readonly DRAIN_FLAG=$ROOT/run/baleen/drain
# For how long the agent must run before it counts as started, in seconds.
readonly SETTLE_SECONDS=${BALEEN_SETTLE_SECONDS:-10}

STAGE=''   # the folder of a version that is not complete
FETCHED='' # the program that was fetched

# Keeps other commands from the agent until this one has ended.
hold_agent() {
  take_lock 900 agent
}

# Fetches the bundle that parameters ArtifactBucket, AgentKey and AgentSha256 name, verifies it, and unpacks it into a
# folder of its own; a bundle is a gzipped tar with `baleen-agent` in it, or that program alone.
fetch_agent() {
  local bucket sha256 place version
  bucket=$(parameter ArtifactBucket '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$' 'the name of a bucket')
  sha256=$(parameter AgentSha256 '^[0-9a-f]{64}$' '64 hexadecimal digits')
  decode_key AgentKey
  place="s3://$bucket/${KEY@Q}"
  FETCHED=$VERSIONS/${sha256:0:12}/baleen-agent
  if [[ -x $FETCHED ]]; then
    return
  fi
  need_disk $((1 << 30))
  say "downloading $place"
  key_option "$KEY" AgentKey
  aws_call s3api get-object --bucket "$bucket" "$KEY_OPTION" --query ETag --output text bundle ||
    aws_failed "downloading $place"
  checksum bundle
  if [[ $SUM != "$sha256" ]]; then
    fail internal "$place has checksum $SUM instead of $sha256" 'upload the bundle again; nothing was installed'
  fi

  mkdir --parents -- "$VERSIONS"
  STAGE=$(mktemp --directory -- "$VERSIONS/.new.XXXXXXXXXX")
  if gzip --test bundle 2> /dev/null; then
    tar --extract --gzip --no-same-owner --no-same-permissions --file=bundle --directory="$STAGE"
  else
    cp -- bundle "$STAGE/baleen-agent"
  fi
  if [[ ! -f $STAGE/baleen-agent ]]; then
    fail internal "$place has no baleen-agent in it" 'bundle the agent again; nothing was installed'
  fi
  chmod 755 -- "$STAGE" "$STAGE/baleen-agent"
  version=$(timeout 30 "$STAGE/baleen-agent" --version 2>&1) ||
    fail internal "the agent in $place does not run here: ${version:0:300}" \
      "bundle it for $(uname --machine); nothing was installed"
  mv --no-target-directory -- "$STAGE" "$VERSIONS/${sha256:0:12}"
  STAGE=''
}

remove_stage() {
  if [[ -n $STAGE ]]; then
    rm --recursive --force -- "$STAGE"
  fi
}
BEFORE_THE_END+=(remove_stage)

# Has the unit run another program from its next start on.
switch_to() {
  mkdir --parents -- "${PROGRAM%/*}"
  ln --symbolic --force --no-dereference -- "$1" "$PROGRAM.new"
  mv --no-target-directory -- "$PROGRAM.new" "$PROGRAM"
}

# Writes standard input to a file, in one step: MODE, PATH.
put_file() {
  mkdir --parents -- "${2%/*}"
  cat > "$2.new"
  chmod "$1" -- "$2.new"
  mv --no-target-directory -- "$2.new" "$2"
}

# Starts the unit anew, and tells whether it stays up.
restart_agent() {
  local second
  run systemctl restart "$UNIT" || return
  for ((second = 0; second < SETTLE_SECONDS; second++)); do
    run sleep 1
    systemctl is-active --quiet "$UNIT" || return
  done
}

# Has the agent take no further task, waits up to SECONDS until it has none at hand, and stops it. What it still works
# on then it gives back to the queue, uncounted. Tells whether there was nothing to give back.
drain() {
  local patience=$1 begin=$SECONDS idle=true
  if ! systemctl is-active --quiet "$UNIT"; then
    return
  fi
  mkdir --parents -- "${DRAIN_FLAG%/*}"
  BEFORE_THE_END+=(resume)
  until echo draining > "$DRAIN_FLAG" && is_idle; do
    if ((SECONDS - begin >= patience)); then
      say "the agent still works after $patience s; it gives its task back"
      idle=false
      break
    fi
    run sleep 1
  done
  run systemctl stop "$UNIT" || fail transient "$UNIT does not stop" 'look at it by the diagnostics command'
  resume
  "$idle"
}

resume() {
  rm --force -- "$DRAIN_FLAG"
}

# Tells whether the agent works on no task: it has a folder for each attempt.
is_idle() {
  [[ -z $(find "$ROOT/var/lib/baleen" -mindepth 1 -maxdepth 3 -type d -name 'attempt-*' -print -quit 2> /dev/null) ]]
}

# Prints the version of the agent as a result; CHANGED says whether there is another than before.
report_agent() {
  local version
  version=$("$PROGRAM" --version | head --lines=1)
  printf '{"version":%s,"program":%s,"changed":%s}\n' \
    "$(json_string "$version")" "$(json_string "$FETCHED")" "$1" >&"$RESULT"
}

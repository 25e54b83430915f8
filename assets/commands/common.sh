#!/usr/bin/env bash
# Begins every command: failures, parameters, a folder and a lock of its own, calls of the AWS CLI. README.md says how a
# command is put together.
# shellcheck disable=SC2034 # what is set here for the pieces after it
set -euo pipefail
set -o errtrace

# Exit codes by kind of failure; the kinds are those of `job::ErrorKind`. Run Command reports the code as ResponseCode.
# Lower ones are left to programs, 128 and above to signals; 194 would make the SSM agent restart the instance.
declare -rA EXIT_CODES=([input]=10 [transient]=11 [engine]=12 [interrupted]=13 [resource]=14 [internal]=15)

# In front of every path of the instance; empty there, and set by tests.
readonly ROOT=${BALEEN_ROOT-}

FOLDER=''               # this run's own folder
MISTAKE='unknown place' # where something failed that nobody looked at
BEFORE_THE_END=()       # functions that put things right before the folder goes
TAKEN=''                # the lock that was taken last
KEY=''                  # the key that was decoded last
KEY_OPTION=''           # the option of the AWS CLI that names a key
SUM=''                  # the checksum that was computed last
AWS_ERROR=''            # the error code that a service answered last

# Some agents leave out where the AWS CLI is installed.
export PATH=$PATH:/usr/local/bin
# Keys are UTF-8, whatever the agent's locale; letters are the same to every program.
export LC_ALL=C.UTF-8
# The instance's role, and nothing else, says what may be done.
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
export AWS_PAGER='' AWS_CLI_FILE_ENCODING=UTF-8 AWS_RETRY_MODE=standard AWS_MAX_ATTEMPTS=${AWS_MAX_ATTEMPTS:-5}
if [[ -n ${AWS_SSM_REGION_NAME-} ]]; then
  export AWS_REGION=$AWS_SSM_REGION_NAME AWS_DEFAULT_REGION=$AWS_SSM_REGION_NAME
fi

# Only the result goes to standard output; whatever else is printed goes to standard error. What goes wrong is told there
# even while a program runs whose messages go elsewhere.
exec {RESULT}>&1 {ERRORS}>&2 1>&2

trap 'MISTAKE="line $LINENO: $BASH_COMMAND"' ERR
trap 'finish $?' EXIT
trap 'fail interrupted "asked to stop" "run the command again; nothing was published"' HUP INT TERM

# Says how far the command is.
say() {
  printf '%s\n' "$1"
}

# Ends the command: KIND, what is wrong, and what to do about it.
fail() {
  local message
  # Other programs' words may be in it, whatever bytes these are.
  message=$(tr '[:cntrl:]' ' ' <<< "$2" | iconv --from-code=UTF-8 --to-code=UTF-8 -c || true)
  printf 'error: %s: %s\n' "$1" "${message% }" >&"$ERRORS"
  if [[ -n ${3-} ]]; then
    printf 'hint: %s\n' "$3" >&"$ERRORS"
  fi
  exit "${EXIT_CODES[$1]}"
}

# Leaves nothing behind, however the command ends.
finish() {
  local code=$1 child known step
  trap '' HUP INT TERM
  set +e
  for child in $(jobs -p); do
    { kill -KILL "$child" && wait "$child"; } 2> /dev/null
  done
  for step in "${BEFORE_THE_END[@]}"; do
    "$step"
  done
  if [[ -n $FOLDER ]]; then
    cd /
    rm --recursive --force --one-file-system -- "$FOLDER"
  fi
  for known in 0 "${EXIT_CODES[@]}"; do
    if [[ $code == "$known" ]]; then
      exit "$code"
    fi
  done
  fail internal "exit code $code at $MISTAKE" 'report this; it is a mistake in the command'
}

# Runs a program, so that a signal is answered at once and not when the program has ended. It stays in the command's
# process group, which the SSM agent kills as a whole.
run() {
  local code=0
  "$@" {RESULT}>&- {ERRORS}>&- &
  wait $! || code=$?
  return "$code"
}

# Prints parameter NAME, which must match PATTERN; ALLOWED says so in words.
parameter() {
  local variable=SSM_$1
  if [[ ! -v $variable ]]; then
    fail internal "parameter $1 did not arrive: \$$variable is not set" \
      'update the SSM agent to 3.3.2746.0 or later; older ones do not hand parameters over as environment variables'
  fi
  local value=${!variable}
  if [[ ! $value =~ $2 ]]; then
    fail internal "parameter $1 is ${value@Q}" "allowed: $3"
  fi
  printf '%s' "$value"
}

# Prints parameter NAME like `parameter`, or nothing where it is empty.
optional() {
  local variable=SSM_$1
  if [[ -n ${!variable-} ]]; then
    parameter "$@"
  fi
}

# Waits until an instance that has just started has its disks; what comes later than that is not waited for.
await_start() {
  if command -v cloud-init > /dev/null; then
    run timeout 600 cloud-init status --wait > /dev/null 2>&1 || true
  fi
}

# Makes a folder for this run, goes there, and removes what runs have left behind that were killed.
enter_folder() {
  local base=$ROOT/var/lib/baleen/commands guard own leftover
  await_start
  mkdir --parents -- "$base"
  chmod 700 -- "$base"
  exec {guard}> "$base/.lock"
  flock "$guard"
  for leftover in "$base"/run.*; do
    # Whoever works in a folder holds a lock on it, which the system takes back when the last of them has died.
    if [[ -d $leftover ]] && flock --nonblock "$leftover" true; then
      rm --recursive --force --one-file-system -- "$leftover"
    fi
  done
  FOLDER=$(mktemp --directory -- "$base/run.XXXXXXXXXX")
  exec {own}< "$FOLDER"
  flock "$own"
  exec {guard}>&-
  cd -- "$FOLDER"
}

# Takes the first of the locks NAME… that nobody has, and keeps it until the command and all that it has started have
# ended. Waits for one up to SECONDS.
take_lock() {
  local patience=$1 folder=$ROOT/run/baleen begin=$SECONDS told='' name lock
  shift
  mkdir --parents -- "$folder"
  while true; do
    for name in "$@"; do
      exec {lock}> "$folder/$name.lock"
      if flock --nonblock "$lock"; then
        TAKEN=$name
        return
      fi
      exec {lock}>&-
    done
    if ((SECONDS - begin >= patience)); then
      fail resource "another run has $*, for more than $patience s" 'use another instance, or run the command later'
    fi
    if [[ -z $told ]]; then
      say "waiting for another run that has $*"
      told=yes
    fi
    run sleep 2
  done
}

# Fails unless so many bytes are free where the command works.
need_disk() {
  local free
  free=$(df --output=avail --block-size=1 . | tail --lines=1)
  if ((free < $1)); then
    fail resource "the command needs $1 bytes of disk in $FOLDER, and $((free)) are free" \
      'use an instance with a larger disk'
  fi
}

# Decodes the object key in parameter NAME, base64url, into KEY and the file NAME. No byte of it is lost, newlines at
# its end included, and no shell reads it as code.
decode_key() {
  local text bytes
  text=$(parameter "$1" '^[A-Za-z0-9_-]+={0,2}$' 'base64url')
  text=${text%%=*}
  case $((${#text} % 4)) in
    2) text+='==' ;;
    3) text+='=' ;;
  esac
  text=${text//-/+}
  base64 --decode <<< "${text//_//}" > "$1" 2> /dev/null ||
    fail internal "parameter $1 is ${text@Q}, which is no base64url" 'encode the key as base64url'
  bytes=$(stat --format=%s -- "$1")
  if ((bytes > 1024)) || ! iconv --from-code=UTF-8 --to-code=UTF-8 -- "$1" > /dev/null 2>&1; then
    fail internal "parameter $1 decodes to $bytes bytes that are no key" 'allowed: 1 to 1024 bytes of UTF-8'
  fi
  # `read` finds no delimiter, unless there is a NUL.
  if IFS='' read -r -d '' KEY < "$1"; then
    fail internal "parameter $1 decodes to a text with a NUL in it" 'no object has such a key'
  fi
}

# Sets KEY_OPTION for a key: the KEY itself, or the FILE that holds it. What begins like an address the AWS CLI would
# take for one, and read what is there instead.
key_option() {
  KEY_OPTION=--key=$1
  case $1 in
    file://* | fileb://* | http://* | https://*)
      # The CLI reads text, and so would make a newline of a carriage return.
      if [[ $1 == *$'\r'* ]]; then
        fail input "the key ${1@Q} begins like an address, and has a carriage return in it" \
          'give the object another name'
      fi
      KEY_OPTION=--key=file://$2
      ;;
  esac
}

# Calls the AWS CLI; its answer goes to the file `answer`. A failure is left to `aws_failed`, or to be looked at.
aws_call() {
  local code=0
  AWS_ERROR=''
  run aws "$@" > answer 2> aws.log || code=$?
  if ((code != 0)); then
    AWS_ERROR=$(sed --quiet 's/^.*An error occurred (\([A-Za-z0-9.]*\)) when .*$/\1/p' aws.log | head --lines=1)
  fi
  return "$code"
}

# Ends the command after a call that failed; DOING says what it was for.
aws_failed() {
  local message
  message="$1: $(sed --quiet '/./p' aws.log | tail --lines=1 | head --bytes=500)"
  case $AWS_ERROR in
    404 | NoSuchKey | NoSuchVersion) fail input "$message" 'name an object, and a version, that exists' ;;
    412 | PreconditionFailed) fail input "$message" 'the object was replaced; submit the new version' ;;
    InvalidObjectState) fail input "$message" 'restore the object from its archive first' ;;
    403 | AccessDenied | AllAccessDisabled)
      fail internal "$message" "let the instance's role do this, and list the bucket"
      ;;
    301 | 400 | NoSuchBucket | PermanentRedirect | Invalid* | Malformed* | KMS.*)
      fail internal "$message" 'check the bucket, its key, and its region'
      ;;
    ?*) fail transient "$message" 'run the command again later' ;;
  esac
  if grep --quiet 'No space left on device' aws.log; then
    fail resource "$message" 'use an instance with a larger disk'
  elif grep --quiet --ignore-case 'connect\|timed out\|timeout\|incomplete\|reset by peer' aws.log; then
    fail transient "$message" 'run the command again later; check the endpoints of the network'
  elif grep --quiet 'locate credentials' aws.log; then
    fail internal "$message" 'give the instance a profile with its role'
  fi
  fail internal "$message" 'install the AWS CLI with the command for it'
}

# Sets SUM to the SHA-256 of a FILE, in hexadecimal digits.
checksum() {
  run sha256sum -- "$1" > sum
  read -r SUM _ < sum
}

# Prints a text as a string of JSON.
json_string() {
  local LC_ALL=C text=$1 code digits character
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  for code in {1..31} 127; do
    printf -v digits '%02x' "$code"
    printf -v character '%b' "\\x$digits"
    text=${text//"$character"/"\\u00$digits"}
  done
  printf '"%s"' "$text"
}

#!/usr/bin/env bash
# Puts a verified result into its bucket, exactly once, and says what it is. No object is ever replaced, however large
# the result: `aws s3 cp` could not promise that.
set -euo pipefail

# What is larger than this is uploaded in parts of this size, in bytes; S3 takes 10,000 parts.
readonly PART_BYTES=${BALEEN_PART_BYTES:-$((512 << 20))}
# How often an upload is begun.
readonly UPLOADS=3

declare -A SOURCE OUTPUT ENCODING
DESCRIPTION=() # the options that tell what the object is
UPLOAD=''      # the upload in parts that is not complete
OBJECT=()      # the object that it is for

# Uploads `output`, unless there is an object already. One that says that it is a verified result of the same job is as
# good; any other is left alone.
publish() {
  local place upload=put_whole count
  place="s3://${OUTPUT[bucket]}/${OUTPUT[key]@Q}"
  key_option "${OUTPUT[key]}" OutputKey
  local object=(--bucket "${OUTPUT[bucket]}" "$KEY_OPTION")
  OUTPUT[bytes]=$(stat --format=%s output)
  checksum output
  OUTPUT[sha256]=$SUM
  if ((OUTPUT[bytes] > PART_BYTES)); then
    upload=put_parts
  fi
  for ((count = 1; ; count++)); do
    say "uploading $place, ${OUTPUT[bytes]} bytes"
    if "$upload" "${object[@]}"; then
      return
    fi
    case $AWS_ERROR in
      412 | PreconditionFailed)
        taken "$place" "${object[@]}"
        return
        ;;
      409 | ConditionalRequestConflict) ;;
      *) aws_failed "uploading $place" ;;
    esac
    if ((count == UPLOADS)); then
      aws_failed "uploading $place, $count times"
    fi
  done
}

# Uploads `output` in one call.
put_whole() {
  describe
  aws_call s3api put-object "$@" --if-none-match='*' "${DESCRIPTION[@]}" \
    --checksum-sha256 "$(as_base64 "${OUTPUT[sha256]}")" --body output
}

# Uploads `output` in parts, each of which S3 compares with its checksum. Returns early where a call fails.
put_parts() {
  local number offset sum separator=''
  describe
  aws_call s3api create-multipart-upload "$@" "${DESCRIPTION[@]}" --checksum-algorithm SHA256 \
    --query UploadId --output text || return
  UPLOAD=$(< answer)
  OBJECT=("$@")
  printf '{"Parts":[' > parts.json
  for ((number = 1, offset = 0; offset < OUTPUT[bytes]; number++, offset += PART_BYTES)); do
    run dd if=output of=part bs=1M iflag=skip_bytes,count_bytes skip="$offset" count="$PART_BYTES" status=none ||
      fail resource "cannot cut part $number off the result" 'use an instance with a larger disk'
    checksum part || return
    sum=$(as_base64 "$SUM")
    aws_call s3api upload-part "$@" --upload-id="$UPLOAD" --part-number "$number" --checksum-sha256 "$sum" --body part \
      --query ETag --output text || return
    printf '%s{"PartNumber":%d,"ETag":%s,"ChecksumSHA256":"%s"}' "$separator" "$number" \
      "$(json_string "$(< answer)")" "$sum" >> parts.json
    separator=','
  done
  printf ']}' >> parts.json
  aws_call s3api complete-multipart-upload "$@" --upload-id="$UPLOAD" --if-none-match='*' \
    --multipart-upload file://parts.json || return
  UPLOAD=''
}

# Takes back an upload that was not completed; what it has sent would be paid for.
abort_upload() {
  if [[ -n $UPLOAD ]]; then
    AWS_MAX_ATTEMPTS=2 timeout 30 aws s3api abort-multipart-upload "${OBJECT[@]}" --upload-id="$UPLOAD" > /dev/null 2>&1
  fi
}
BEFORE_THE_END+=(abort_upload)

# Writes the options that tell what the object is to DESCRIPTION. Whoever finds the object knows by its metadata, which
# the agent writes likewise, that it was verified.
describe() {
  local media_type=video/mp4 metadata
  if [[ ${ENCODING[container]} == mkv ]]; then
    media_type=video/x-matroska
  fi
  metadata=$(printf '"sha256":"%s","engine":"%s","attempt":"%d","frames":"%d","width":"%d","height":"%d"' \
    "${OUTPUT[sha256]}" "${OUTPUT[engine]}" "${OUTPUT[attempt]:-1}" \
    "${OUTPUT[frames]}" "${OUTPUT[width]}" "${OUTPUT[height]}")
  metadata+=$(printf ',"duration-seconds":"%s","streams":"1 %d %d"' \
    "$(seconds "${OUTPUT[microseconds]}")" "${SOURCE[audio]}" "${SOURCE[subtitle]}")
  if [[ -n ${OUTPUT[job]} ]]; then
    metadata+=",\"job\":\"${OUTPUT[job]}\""
  fi
  DESCRIPTION=(--content-type "$media_type" --metadata "{$metadata}")
}

# Looks whether an earlier attempt at the same job has published its result already, and only could not say so. If so,
# reports it.
report_earlier() {
  if [[ -z ${OUTPUT[job]} ]]; then
    return 1
  fi
  key_option "${OUTPUT[key]}" OutputKey
  if ! look_at_output --bucket "${OUTPUT[bucket]}" "$KEY_OPTION"; then
    case $AWS_ERROR in
      # Without the permission to list, S3 does not say that there is nothing.
      403 | 404) return 1 ;;
      *) aws_failed 'looking for an earlier result' ;;
    esac
  fi
  if ! take_found; then
    return 1
  fi
  say 'an earlier attempt at this job has published its result'
  report
}

# Looks at the object that is in the way: it may be this very one, since an upload takes effect also where its answer is
# lost.
taken() {
  local place=$1 made="${OUTPUT[frames]} ${OUTPUT[width]} ${OUTPUT[height]}"
  shift
  look_at_output "$@" || aws_failed "looking at $place, which is there already"
  if take_found && [[ "${OUTPUT[frames]} ${OUTPUT[width]} ${OUTPUT[height]}" == "$made" ]]; then
    return
  fi
  fail internal "$place exists, and is not a result of this job" 'remove the object, or give the result another name'
}

declare -A FOUND=() # what an object in the result's place says of itself

look_at_output() {
  local names=(job sha256 frames width height duration-seconds streams engine) query name values
  query=$(printf 'Metadata."%s",' "${names[@]}")
  aws_call s3api head-object "$@" --query "[${query}ContentLength]" --output text || return
  FOUND=()
  IFS=$'\t' read -r -a values < answer
  for name in "${names[@]}" bytes; do
    FOUND[$name]=${values[0]-}
    values=("${values[@]:1}")
  done
}

# Takes what was found for the result, if it says that it is one of this job, or has the same checksum.
take_found() {
  local name
  [[ ${FOUND[job]} == "${OUTPUT[job]:-no job}" || ${FOUND[sha256]} == "${OUTPUT[sha256]-}" ]] || return 1
  for name in frames width height bytes; do
    [[ ${FOUND[$name]} =~ ^[1-9][0-9]{0,15}$ ]] || return 1
  done
  [[ ${FOUND[sha256]} =~ ^[0-9a-f]{64}$ && ${FOUND[engine]} == "${OUTPUT[engine]}" ]] || return 1
  [[ ${FOUND[duration-seconds]} =~ ^[0-9]+(\.[0-9]+)?$ && ${FOUND[streams]} =~ ^1\ [0-9]+\ [0-9]+$ ]] || return 1
  for name in sha256 frames width height bytes; do
    OUTPUT[$name]=${FOUND[$name]}
  done
  OUTPUT[seconds]=${FOUND[duration-seconds]}
  read -r _ "SOURCE[audio]" "SOURCE[subtitle]" <<< "${FOUND[streams]}"
}

# Prints the result as one line of JSON, a `job::TaskReport`.
report() {
  local told duration=${OUTPUT[seconds]-}
  if [[ -z $duration ]]; then
    duration=$(seconds "${OUTPUT[microseconds]}")
  fi
  told=$(printf '"bucket":%s,"key":%s,"sha256":"%s","bytes":%d,"frames":%d,"width":%d,"height":%d' \
    "$(json_string "${OUTPUT[bucket]}")" "$(json_string "${OUTPUT[key]}")" "${OUTPUT[sha256]}" "${OUTPUT[bytes]}" \
    "${OUTPUT[frames]}" "${OUTPUT[width]}" "${OUTPUT[height]}")
  told+=$(printf ',"duration_seconds":%s,"streams":{"video":1,"audio":%d,"subtitle":%d}' \
    "$duration" "${SOURCE[audio]}" "${SOURCE[subtitle]}")
  printf '{%s,"engine":"%s","elapsed_seconds":%d}\n' "$told" "${OUTPUT[engine]}" "$SECONDS" >&"$RESULT"
}

# Prints hexadecimal digits as base64.
as_base64() {
  local digits=$1 bytes=''
  while [[ -n $digits ]]; do
    bytes+="\\x${digits:0:2}"
    digits=${digits:2}
  done
  printf '%b' "$bytes" | base64 --wrap=0
}

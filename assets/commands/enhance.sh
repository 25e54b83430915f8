#!/usr/bin/env bash
# Enhances one video: fetches exactly the version that was asked for, has the engine enhance it, verifies the result,
# and publishes it. What FFmpeg is asked is what `job::command` has the agent ask.
set -euo pipefail

# What stays free on the disk, in bytes.
readonly DISK_RESERVE=$((1 << 30))
# How long to wait for a GPU, in seconds.
readonly GPU_PATIENCE=${BALEEN_GPU_PATIENCE:-3600}

LIBRARIES=/usr/local/cuda/lib64:/usr/local/bluedot/:/usr/local/TensorRT/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
LIBRARIES=/etc/neura-vortex/nvx_packages/plugins/libs:$LIBRARIES
# BLUEDOT's environment, as the documentation of its AMIs gives it. Only what runs on the engine has it: other programs,
# the AWS CLI first of all, would load libraries that are not theirs.
ENGINE_ENVIRONMENT+=(
  "ONNX_DIR=/usr/local/bluedot/models/"
  "LD_LIBRARY_PATH=$LIBRARIES"
  "PATH=/usr/local/bluedot:$PATH:/etc/neura-vortex/bin"
  "PYTHONPATH=/etc/neura-vortex/libs/python3.10/site-packages"
  "VSSCRIPT_PATH=/etc/neura-vortex/nvx_packages/plugins/scripts"
  "VSPREFIX=/etc/neura-vortex"
  "VAPOURSYNTH_CONF_PATH=/etc/neura-vortex/vapoursynth.conf"
)

declare -A SOURCE OUTPUT ENCODING
ENCODER=() # the encoder's arguments

# Enhances the video by a FILTER of the ENGINE.
enhance() {
  local engine=$1 filter=$2
  read_parameters "$engine"
  need_aws_cli
  if report_earlier; then
    return
  fi
  take_gpu
  fetch
  probe 'the source' input source
  accept "$filter"
  decode 'the source' input source "${SOURCE[format]}" "${SOURCE[video]}"
  SOURCE[frames]=$FRAMES SOURCE[microseconds]=$MICROSECONDS
  complete
  run_engine
  verify
  publish
  report
}

read_parameters() {
  local bucket='^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$'
  SOURCE[bucket]=$(parameter SourceBucket "$bucket" 'the name of a bucket')
  SOURCE[version]=$(optional SourceVersion '^[A-Za-z0-9._=/+-]{1,1024}$' 'the id of a version')
  SOURCE[etag]=$(optional SourceEtag '^[A-Za-z0-9-]{1,128}$' 'an entity tag, without its quotes')
  SOURCE[bytes]=$(optional SourceBytes '^(0|[1-9][0-9]{0,15})$' 'a number of bytes')
  OUTPUT[bucket]=$(parameter OutputBucket "$bucket" 'the name of a bucket')
  OUTPUT[job]=$(optional Job '^[0-9a-f]{32}$' '32 hexadecimal digits')
  OUTPUT[attempt]=$(optional Attempt '^[1-9][0-9]{0,3}$' '1 to 9999')
  OUTPUT[engine]=$1
  read_encoding
  enter_folder
  decode_key SourceKey
  SOURCE[key]=$KEY
  decode_key OutputKey
  OUTPUT[key]=$KEY
}

read_encoding() {
  local codec
  codec=$(parameter Codec '^(h264_nvenc|hevc_nvenc|libx264|libx265)$' 'h264_nvenc, hevc_nvenc, libx264, libx265')
  ENCODING[codec]=$codec
  ENCODING[quality]=$(parameter Quality '^([0-9]|[1-4][0-9]|5[01])$' '0 (best) to 51')
  ENCODING[pixel_format]=$(parameter PixelFormat '^(yuv420p|yuv420p10le)$' 'yuv420p, yuv420p10le')
  ENCODING[container]=$(parameter Container '^(mp4|mkv)$' 'mp4, mkv')
  if [[ $codec == *_nvenc ]]; then
    ENCODING[preset]=$(parameter Preset '^p[1-7]$' "p1 to p7, for $codec")
  else
    local presets='^(ultrafast|superfast|veryfast|faster|fast|medium|slow|slower|veryslow)$'
    ENCODING[preset]=$(parameter Preset "$presets" "ultrafast to veryslow, for $codec")
  fi
  if [[ ${ENCODING[pixel_format]} == yuv420p10le && $codec == *264* ]]; then
    fail internal "$codec cannot write yuv420p10le" 'use yuv420p, or an HEVC encoder'
  fi
}

# Takes a GPU that no other command has. The agent, where it runs, has all of them.
take_gpu() {
  local gpus
  if systemctl is-active --quiet baleen-agent.service 2> /dev/null; then
    fail resource 'the agent works on this instance' 'drain the agent first, or use another instance'
  fi
  mapfile -t gpus < <(nvidia-smi --query-gpu=index --format=csv,noheader 2> /dev/null | grep '^[0-9]\{1,3\}$')
  if ((${#gpus[@]} == 0)); then
    fail resource 'nvidia-smi finds no GPU' 'use an instance with a GPU and its driver, such as a g6e of the AMI'
  fi
  take_lock "$GPU_PATIENCE" "${gpus[@]/#/gpu-}"
  ENGINE_ENVIRONMENT+=("CUDA_VISIBLE_DEVICES=${TAKEN#gpu-}")
}

# Downloads exactly the version that was asked for. Where only a key was, that is the newest one now.
fetch() {
  local place etag bytes version
  place="s3://${SOURCE[bucket]}/${SOURCE[key]@Q}"
  key_option "${SOURCE[key]}" SourceKey
  local object=(--bucket "${SOURCE[bucket]}" "$KEY_OPTION")
  if [[ -n ${SOURCE[version]} ]]; then
    object+=("--version-id=${SOURCE[version]}")
  fi
  aws_call s3api head-object "${object[@]}" --query '[ETag, ContentLength, VersionId]' --output text ||
    aws_failed "looking at $place"
  read -r etag bytes version < answer
  if [[ ! $bytes =~ ^[0-9]{1,16}$ ]]; then
    fail internal "looking at $place: the AWS CLI answers $(head --bytes=200 answer)" 'install version 2 of the AWS CLI'
  fi
  etag=${etag//\"/}
  same_source "$place" etag "$etag" "${SOURCE[etag]}"
  same_source "$place" size "$bytes" "${SOURCE[bytes]}"
  need_disk $((bytes * (1 + SCALE * SCALE) + PART_BYTES + DISK_RESERVE))

  say "downloading $place, $bytes bytes"
  if [[ -z ${SOURCE[version]} && $version != None ]]; then
    object+=("--version-id=$version")
  fi
  aws_call s3api get-object "${object[@]}" --if-match="\"$etag\"" --query ETag --output text source ||
    aws_failed "downloading $place"
  same_source "$place" size "$(stat --format=%s source)" "$bytes"
  SOURCE[etag]=$etag
  SOURCE[bytes]=$bytes
}

same_source() {
  if [[ -n $4 && $3 != "$4" ]]; then
    fail input "$1 is not what was asked for: $2 $3 instead of $4" 'the object was replaced; submit the new version'
  fi
}

# Writes the encoder's arguments, as `job::engine::encoder_arguments`, to ENCODER.
encoder_arguments() {
  local codec=${ENCODING[codec]} pixel_format=${ENCODING[pixel_format]}
  ENCODER=(-c:v:0 "$codec" -preset "${ENCODING[preset]}")
  if [[ $codec == *_nvenc ]]; then
    # Without `-b:v 0`, older builds keep a default bitrate that bounds the quality.
    ENCODER+=(-rc vbr -cq "${ENCODING[quality]}" -b:v:0 0)
    pixel_format=${pixel_format/yuv420p10le/p010le}
  else
    ENCODER+=(-crf "${ENCODING[quality]}")
  fi
  ENCODER+=(-pix_fmt:v:0 "$pixel_format")
  if [[ $codec =~ ^(hevc_nvenc|libx265)$ && ${ENCODING[container]} == mp4 ]]; then
    # The other tag, hev1, does not play on Apple's devices.
    ENCODER+=(-tag:v:0 hvc1)
  fi
}

# Has the engine enhance `source` into `output`. Every stream is named: FFmpeg's own choice would keep one of video and
# one of audio, and lose the others without a word. Frames keep their timestamps.
run_engine() {
  local graph muxer=() doing="enhancing with ${OUTPUT[engine]}"
  encoder_arguments
  graph=$(IFS=','; printf '%s' "${FILTERS[*]}")
  case ${ENCODING[container]} in
    mp4) muxer=(-movflags '+faststart' -f mp4) ;;
    mkv) muxer=(-f matroska) ;;
  esac
  say "$doing: ${SOURCE[frames]} frames, $graph"
  media "$doing" ffmpeg "${GLOBAL_ARGUMENTS[@]}" -protocol_whitelist file -format_whitelist "$FORMATS" \
    -f "${SOURCE[format]}" -err_detect explode -i file:source "${MAPS[@]}" -map_metadata 0 -map_chapters 0 \
    -filter:v:0 "$graph" -fps_mode:v:0 passthrough -enc_time_base:v:0 "${SOURCE[time_base]}" "${ENCODER[@]}" \
    "${COPIES[@]}" "${muxer[@]}" -y file:output > progress ||
    fail engine "$doing: $(summary)" 'look at the GPU and the engine by the diagnostics command'
}

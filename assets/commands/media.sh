#!/usr/bin/env bash
# Looks at videos: what is in a file, whether it can be enhanced, whether it decodes to its end, and whether a result is
# what must come out. The rules are those of the agent.
set -euo pipefail

# Formats that may be opened, as `job::command::FORMATS`.
readonly FORMATS=mov,matroska,mpegts,mpeg,avi,flv,asf,mxf,ogg,gxf,dv
# By how much the engines enlarge the picture, in each direction.
readonly SCALE=2

# Every run of FFmpeg: no questions, any error fatal, progress on standard output, log lines that say how grave they
# are.
GLOBAL_ARGUMENTS=(-hide_banner -nostdin -nostats -loglevel 'level+warning' -xerror -progress pipe:1 -stats_period 0.5)

# The environment of FFmpeg's programs, which the engine adds to.
ENGINE_ENVIRONMENT=()

declare -A ENCODING=() # how the picture is written: codec, quality, preset, pixel_format, container
declare -A SOURCE=()   # the source: bucket, key, version, etag, bytes, format, video, frames, microseconds, …
declare -A OUTPUT=()   # the output: bucket, key, job, attempt, engine, sha256, bytes, frames, …
declare -A PROBE=()    # what FFprobe said of the file it looked at last, by the names of its flat writer
STREAMS=0              # how many streams that file has
MAPS=()                # the options that choose the output's streams
COPIES=()              # the options that say how those beside the picture are written
FRAMES=0               # how many frames the video has that was decoded last
MICROSECONDS=0         # where the latest of its streams ends
FILTERS=()             # what is done to the picture

# Runs one of FFmpeg's programs with the engine; its messages go to the file `media.log`. Ends the command if the
# machine ran out of something, whoever would be at fault otherwise.
media() {
  local doing=$1 code=0
  shift
  run env "${ENGINE_ENVIRONMENT[@]}" "$@" 2> media.log || code=$?
  case $code in
    0) return ;;
    126 | 127) fail internal "$doing: $1 does not run: $(summary)" "use the engine's AMI" ;;
    # ENOSPC, EFBIG, ENOMEM, as FFmpeg exits with them; SIGKILL, most likely for want of memory.
    228 | 229 | 244 | 137) fail resource "$doing: exit code $code: $(summary)" 'use a larger instance' ;;
  esac
  local shortages='No space left|File too large|Cannot allocate memory|out of memory|no capable devices|libcuda'
  if grep --quiet --ignore-case --extended-regexp "$shortages" media.log; then
    fail resource "$doing: $(summary)" 'use a larger instance, and look at its GPU by the diagnostics command'
  fi
  return "$code"
}

# Says in one line what FFmpeg complains of: its first errors, or else what it said last.
summary() {
  local errors
  errors=$(sed --quiet '/\[\(error\|fatal\|panic\)\]/ { s/ @ 0x[0-9a-f]*//g; p }' media.log | uniq |
    head --lines=3 | paste --serial --delimiters=';') || true
  if [[ -z $errors ]]; then
    errors=$(tail --lines=1 media.log)
  fi
  head --bytes=800 <<< "${errors:-no message}"
}

# Looks at a FILE; CULPRIT is the kind of failure that it is if FFprobe cannot read it.
probe() {
  local what=$1 culprit=$2 file=$3 name value
  local entries='format=format_name,duration'
  entries+=':stream=index,codec_type,codec_name,width,height,sample_aspect_ratio,field_order,color_transfer,time_base'
  entries+=',avg_frame_rate:stream_disposition=attached_pic,timed_thumbnails,still_image:stream_side_data=rotation'
  media "looking at $what" ffprobe -hide_banner -loglevel 'level+error' -protocol_whitelist file \
    -format_whitelist "$FORMATS" -show_entries "$entries" -of flat "file:$file" > probe ||
    fail "$culprit" "$what is no video that can be opened: $(summary)" "use a video in one of the formats $FORMATS"
  PROBE=()
  STREAMS=0
  while IFS='=' read -r name value; do
    value=${value#\"}
    PROBE[$name]=${value%\"}
    if [[ $name =~ ^streams\.stream\.([0-9]+)\.index$ ]]; then
      STREAMS=$((BASH_REMATCH[1] + 1))
    fi
  done < probe
}

# Prints a FIELD of stream NUMBER, or nothing.
field() {
  printf '%s' "${PROBE[streams.stream.$1.$2]-}"
}

# Says which stream is meant.
place_of() {
  printf 'stream %d (%s %s)' "$1" "$(field "$1" codec_type)" "$(field "$1" codec_name)"
}

# Tells whether a stream is a moving picture: cover art and thumbnails are none.
is_video() {
  local flag
  [[ $(field "$1" codec_type) == video ]] || return 1
  for flag in attached_pic timed_thumbnails still_image; do
    [[ $(field "$1" "disposition.$flag") != 1 ]] || return 1
  done
}

# Decides whether the source can be enhanced, and what becomes of each of its streams.
accept() {
  local filter=$1 number videos=()
  for ((number = 0; number < STREAMS; number++)); do
    if is_video "$number"; then
      videos+=("$number")
    fi
  done
  if ((${#videos[@]} == 0)); then
    fail input 'the source has no video stream' 'upload a video'
  elif ((${#videos[@]} > 1)); then
    fail input "the source has more than one video stream: $(place_of "${videos[0]}") and $(place_of "${videos[1]}")" \
      'upload each video as a file of its own'
  fi
  SOURCE[format]=${PROBE[format.format_name]%%,*}
  SOURCE[video]=$(field "${videos[0]}" index)
  MAPS=(-map "0:${SOURCE[video]}")
  COPIES=()
  SOURCE[audio]=0 SOURCE[subtitle]=0 SOURCE[picture]=0 SOURCE[attachment]=0
  accept_picture "${videos[0]}" "$filter"
  for ((number = 0; number < STREAMS; number++)); do
    if ((number != videos[0])); then
      accept_copy "$number"
    fi
  done
}

# Looks at the picture as it is shown: FFmpeg turns it before any filter sees it.
accept_picture() {
  local place width height shape rotation rate
  place=$(place_of "$1")
  width=$(field "$1" width) height=$(field "$1" height) shape=$(field "$1" sample_aspect_ratio)
  rotation=$(sed --quiet "s/^streams\.stream\.$1\.side_data_list\..*\.rotation=//p" probe | head --lines=1)
  if [[ ! $width$height =~ ^[0-9]{2,10}$ ]]; then
    fail input "$place has no size" 'write the file anew with a usual tool'
  fi
  case ${rotation:-0} in
    0 | 180 | -180) ;;
    90 | -90 | 270 | -270)
      read -r width height <<< "$height $width"
      shape=${shape#*:}:${shape%:*}
      ;;
    *) fail input "$place is rotated by $rotation degrees" 'allowed: multiples of 90' ;;
  esac
  SOURCE[time_base]=$(field "$1" time_base)
  if [[ ! ${SOURCE[time_base]} =~ ^[1-9][0-9]*/[1-9][0-9]*$ ]]; then
    fail input "$place has no unit of time" 'write the file anew with a usual tool'
  fi
  if [[ $(field "$1" color_transfer) =~ ^(smpte2084|arib-std-b67)$ && ${ENCODING[pixel_format]} == yuv420p ]]; then
    fail input "$place has a high dynamic range, which yuv420p cannot hold" 'use an HEVC codec with yuv420p10le'
  fi
  OUTPUT[width]=$((width * SCALE)) OUTPUT[height]=$((height * SCALE))
  accept_size "$place" "$width" "$height"

  FILTERS=("$2")
  if [[ $(field "$1" field_order) =~ ^(tt|bb|tb|bt)$ ]]; then
    FILTERS=('bwdif=mode=send_frame:parity=auto:deint=all' "${FILTERS[@]}")
  fi
  OUTPUT[shape]=''
  if [[ $shape =~ ^[1-9][0-9]*:[1-9][0-9]*$ ]]; then
    FILTERS+=("setsar=${shape/://}")
    OUTPUT[shape]=$shape
  fi
  # How long a frame lasts, in microseconds; where the file does not tell, as long as at the slowest usual rate.
  rate=$(field "$1" avg_frame_rate)
  SOURCE[frame]=41667
  if [[ $rate =~ ^([1-9][0-9]*)/([1-9][0-9]*)$ ]]; then
    SOURCE[frame]=$((BASH_REMATCH[2] * 1000000 / BASH_REMATCH[1]))
  fi
}

accept_size() {
  local largest
  case ${ENCODING[codec]} in
    h264_nvenc) largest=4096 ;;
    hevc_nvenc) largest=8192 ;;
    *) largest=16384 ;;
  esac
  if (($2 < 16 || $3 < 16)); then
    fail input "$1 is $2x$3" 'allowed: 16 pixels and more a side'
  elif ((OUTPUT[width] > largest || OUTPUT[height] > largest || OUTPUT[width] * OUTPUT[height] > 8192 * 8192)); then
    fail input "$1 is $2x$3, and ${ENCODING[codec]} writes at most $largest pixels a side, ${SCALE} times as many" \
      'use another codec'
  fi
}

# Has the output keep stream NUMBER as it is, or subtitles in another notation. What the format cannot carry is not
# thrown away: it is refused.
accept_copy() {
  local type codec container=${ENCODING[container]} how=copy
  type=$(field "$1" codec_type) codec=$(field "$1" codec_name)
  case $container/$type/$codec in
    mp4/audio/aac | mp4/audio/ac3 | mp4/audio/alac | mp4/audio/dts) ;;
    mp4/audio/eac3 | mp4/audio/mp2 | mp4/audio/mp3 | mp4/audio/opus) ;;
    */audio/ | */audio/unknown | */audio/none | mp4/audio/*) refuse_copy "$1" ;;
    mkv/audio/*) ;;
    mp4/subtitle/mov_text) ;;
    mp4/subtitle/ass | mp4/subtitle/ssa | mp4/subtitle/subrip | mp4/subtitle/text | mp4/subtitle/webvtt) how=mov_text ;;
    mkv/subtitle/ass | mkv/subtitle/dvb_subtitle | mkv/subtitle/dvd_subtitle | mkv/subtitle/hdmv_pgs_subtitle) ;;
    mkv/subtitle/ssa | mkv/subtitle/subrip | mkv/subtitle/webvtt) ;;
    mkv/subtitle/mov_text | mkv/subtitle/text) how=srt ;;
    */subtitle/*) refuse_copy "$1" ;;
    mp4/video/*)
      # The enhanced picture is the first video stream of the output.
      SOURCE[picture]=$((SOURCE[picture] + 1))
      MAPS+=(-map "0:$(field "$1" index)")
      COPIES+=("-c:v:${SOURCE[picture]}" copy "-disposition:v:${SOURCE[picture]}" attached_pic)
      return
      ;;
    mkv/attachment/*) ;;
    *)
      say "left out, because $container cannot carry it: $(place_of "$1")"
      return
      ;;
  esac
  local letter=a
  case $type in
    subtitle) letter=s ;;
    attachment) letter=t ;;
  esac
  MAPS+=(-map "0:$(field "$1" index)")
  COPIES+=("-c:$letter:${SOURCE[$type]}" "$how")
  SOURCE[$type]=$((SOURCE[$type] + 1))
}

refuse_copy() {
  fail input "$(place_of "$1") cannot be written to ${ENCODING[container]}, and is not thrown away" \
    'use container mkv, or upload the video without this stream'
}

# Decodes all of a FILE, and takes no error for an answer; writes how many frames there are, and where the latest stream
# ends, to FRAMES and MICROSECONDS.
decode() {
  local what=$1 culprit=$2 file=$3 format=$4 video=$5
  say "decoding $what"
  media "decoding $what" ffmpeg "${GLOBAL_ARGUMENTS[@]}" -protocol_whitelist file -format_whitelist "$FORMATS" \
    -f "$format" -err_detect explode -i "file:$file" -map "0:$video" -map '0:a?' -map '0:s?' -c:a copy -c:s copy \
    -fps_mode:v passthrough -f null - > progress ||
    fail "$culprit" "$what does not decode to its end: $(summary)" 'upload the video again; it is damaged'
  # For some formats it is not an error to FFmpeg when a file was cut off: it says so, and exits with 0.
  if grep '\[error\]' media.log | grep --quiet --ignore-case 'ended prematurely\|partial file\|truncat'; then
    fail "$culprit" "$what is cut off: $(summary)" 'upload the video again'
  fi
  FRAMES=$(sed --quiet 's/^frame=\([0-9]\{1,\}\)$/\1/p' progress | tail --lines=1)
  MICROSECONDS=$(sed --quiet 's/^out_time_us=\([0-9]\{1,\}\)$/\1/p' progress | tail --lines=1)
  if ((${FRAMES:-0} == 0)); then
    fail "$culprit" "$what has not one frame in it" 'upload a video'
  fi
}

# Looks whether the source has what it declares: a file that was cut off between two packets decodes without an error.
complete() {
  local declared=${PROBE[format.duration]-} tolerance
  # Transport and program streams declare nothing; FFmpeg reads their duration off what is there.
  if [[ ${SOURCE[format]} =~ ^(mpegts|mpeg)$ || ! $declared =~ ^[0-9]+\.[0-9]{6}$ ]]; then
    return
  fi
  declared=$((10#${declared/./}))
  tolerance=$((declared / 100 > 1000000 ? declared / 100 : 1000000))
  if ((SOURCE[microseconds] + tolerance < declared)); then
    fail input "the source declares $(seconds "$declared") s, and ends after $(seconds "${SOURCE[microseconds]}") s" \
      'upload the video again; it was cut off'
  fi
}

# Prints microseconds as seconds.
seconds() {
  printf '%d.%06d' $(($1 / 1000000)) $(($1 % 1000000))
}

# Compares the output with what must have come out. The exit code of an engine proves nothing.
verify() {
  local number video='' type shape difference tolerance
  local -A found=([video]=0 [audio]=0 [subtitle]=0 [attachment]=0 [picture]=0)
  probe 'the result' engine output
  for ((number = 0; number < STREAMS; number++)); do
    type=$(field "$number" codec_type)
    if is_video "$number"; then
      video=${video:-$number}
    elif [[ $type == video ]]; then
      type=picture
    fi
    found[$type]=$((${found[$type]:-0} + 1))
  done
  same_result 'video streams' "${found[video]}" 1
  case ${ENCODING[codec]} in
    h264_nvenc | libx264) same_result 'video codec' "$(field "$video" codec_name)" h264 ;;
    *) same_result 'video codec' "$(field "$video" codec_name)" hevc ;;
  esac
  same_result size "$(field "$video" width)x$(field "$video" height)" "${OUTPUT[width]}x${OUTPUT[height]}"
  shape=$(field "$video" sample_aspect_ratio)
  if [[ -n ${OUTPUT[shape]} ]] && ! same_shape "${OUTPUT[shape]}" "${shape:-1:1}"; then
    same_result 'shape of a pixel' "${shape:-1:1}" "${OUTPUT[shape]}"
  fi
  for type in audio subtitle picture attachment; do
    same_result "$type streams" "${found[$type]}" "${SOURCE[$type]}"
  done
  decode 'the result' engine output "${PROBE[format.format_name]%%,*}" "$(field "$video" index)"
  OUTPUT[frames]=$FRAMES OUTPUT[microseconds]=$MICROSECONDS
  same_result frames "$FRAMES" "${SOURCE[frames]}"
  # A frame, or what rounding to milliseconds and to audio frames can make of it.
  tolerance=$((SOURCE[frame] > 50000 ? SOURCE[frame] : 50000))
  difference=$((OUTPUT[microseconds] - SOURCE[microseconds]))
  if ((${difference#-} > tolerance)); then
    same_result duration "$(seconds "${OUTPUT[microseconds]}") s" "$(seconds "${SOURCE[microseconds]}") s"
  fi
}

same_result() {
  if [[ $2 != "$3" ]]; then
    fail engine "the result is wrong: $1: $2 instead of $3" 'look at the engine by the diagnostics command'
  fi
}

# Tells whether two ratios are the same.
same_shape() {
  local ratio='^[1-9][0-9]{0,8}:[1-9][0-9]{0,8}$'
  [[ $1 =~ $ratio && $2 =~ $ratio ]] && ((${1%:*} * ${2#*:} == ${2%:*} * ${1#*:}))
}

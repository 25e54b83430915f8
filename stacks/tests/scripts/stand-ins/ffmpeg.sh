#!/usr/bin/env bash
# Stands in for the engine's FFmpeg: the real one, with plain scaling in the place of BLUEDOT's filters, and encoders of
# the CPU in the place of the GPU's. Records how it is called to enhance, and goes wrong as $FFMPEG_FAULT says.
set -euo pipefail
shopt -s extglob

arguments=()
enhances=''
for argument in "$@"; do
  if [[ $argument == -filter:v:0 ]]; then
    enhances=yes
  fi
done
if [[ -n $enhances ]]; then
  printf '%s\0' "$@" > "$STAND_IN/ffmpeg"
  env --null > "$STAND_IN/environment"
fi

larger='scale=2*iw:2*ih'
if [[ ${FFMPEG_FAULT-} == small ]]; then
  larger=null
fi
while (($# > 0)); do
  case $1 in
    h264_nvenc) arguments+=(libx264) ;;
    hevc_nvenc) arguments+=(libx265) ;;
    p[1-7] | medium) arguments+=(ultrafast) ;;
    p010le) arguments+=(yuv420p10le) ;;
    -rc | -b:v:0) shift ;;
    -cq) arguments+=(-crf) ;;
    *bd*)
      graph=${1//bdnvx_aws/null}
      graph=${graph//bdsr_coupang_aws/$larger}
      arguments+=("${graph//bdwalrus_aws=*([^,])/$larger}")
      ;;
    -y)
      case $enhances${FFMPEG_FAULT-} in
        yesdrop) arguments+=(-frames:v:0 5) ;;
        yesshort) arguments+=(-t 0.4) ;;
        yesdeaf) arguments+=(-an) ;;
      esac
      arguments+=(-y)
      ;;
    *) arguments+=("$1") ;;
  esac
  shift
done

real() {
  PATH=$STAND_IN_PATH exec ffmpeg "${arguments[@]}"
}

if [[ -z $enhances ]]; then
  real
fi
case ${FFMPEG_FAULT-} in
  fail)
    printf '[bdsr @ 0x55d62f333540] [error] the model does not load\n' >&2
    exit 1
    ;;
  memory)
    printf '[bdsr @ 0x55d62f333540] [error] CUDA error: out of memory\n' >&2
    exit 1
    ;;
  disk) exit 228 ;;
  crash) kill -SEGV $$ ;;
  hang)
    printf '%d' $$ > "$STAND_IN/hanging.new"
    mv "$STAND_IN/hanging.new" "$STAND_IN/hanging"
    exec sleep 600
    ;;
  gate)
    # Two of them must never be here at once.
    mkdir "$STAND_IN/busy" || touch "$STAND_IN/overlap"
    touch "$STAND_IN/hanging"
    until [[ -e $STAND_IN/open ]]; do
      sleep 0.05
    done
    (real)
    rmdir "$STAND_IN/busy"
    ;;
  *) real ;;
esac

#!/usr/bin/env bash
# Enhances one video with BLUEDOT Bluewhale, which upscales in real time. Parameter Model says which of its models: a
# removes noise first and adds film grain afterwards, b upscales only.
set -euo pipefail

model=$(parameter Model '^[ab]$' 'a, b')

case $model in
  a) enhance bluewhale 'bdnvx_aws,bdsr_coupang_aws,noise=c0s=8:allf=t+u' ;;
  b) enhance bluewhale 'bdsr_coupang_aws' ;;
esac

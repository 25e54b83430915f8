#!/usr/bin/env bash
# Enhances one video with BLUEDOT Walrus, which generates what it upscales. Parameter Gamma says how strongly, Prompt
# what it looks for.
set -euo pipefail

gamma=$(parameter Gamma '^(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$' '0 to 1')
prompts=(null generate cctv face sports)
prompt=$(parameter Prompt '^(null|generate|cctv|face|sports)$' "${prompts[*]}")

for number in "${!prompts[@]}"; do
  if [[ ${prompts[number]} == "$prompt" ]]; then
    enhance walrus "bdwalrus_aws=gamma=$gamma:prompt=$number"
  fi
done

#!/usr/bin/env bash
# Fuzz the conversions of numbers, every target of tests/fuzz in turn for SECONDS (default 60): tools/fuzz.sh [SECONDS]
# Needs clang with libFuzzer (Debian: clang-14 libclang-rt-14-dev); CLANGXX names the compiler, FUZZ_WORK a folder that
# keeps corpora. Ends with status 1 at the first finding, whose input then lies in that folder.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
seconds=${1:-60}
clang=${CLANGXX:-$(command -v clang++ || command -v clang++-14 || true)}
[ -n "$clang" ] || { echo "fuzz.sh: no clang++; set CLANGXX" >&2; exit 2; }
work=${FUZZ_WORK:-$(mktemp -d)}
mkdir -p "$work"

for source in "$root"/tests/fuzz/*.cpp; do
  name=$(basename "$source" .cpp)
  mkdir -p "$work/$name.corpus"
  "$clang" -std=c++17 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
    -I"$root/cpp/include" "$source" -o "$work/$name"
  if ! "$work/$name" -max_total_time="$seconds" -max_len=256 -dict="$root/tests/fuzz/text.dict" \
    -artifact_prefix="$work/$name-" -print_final_stats=1 -seed=1 "$work/$name.corpus" >"$work/$name.log" 2>&1; then
    tail -40 "$work/$name.log" >&2
    exit 1
  fi
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$name.log")
  edges=$(grep -o 'cov: [0-9]*' "$work/$name.log" | tail -1)
  echo "$name: $executions executions in $seconds s, ${edges/cov: /} edges covered, no finding"
done

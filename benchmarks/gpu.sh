#!/usr/bin/env bash
# What only a card can say, in less than eight minutes, on a Linux machine with a driver, CUDA's libraries and PyTorch, without .NET.
#   benchmarks/gpu.sh build           here: tests, benchmarks, tool and .NET's runtime, in artifacts/gpu and artifacts/gpu.tar.xz
#   benchmarks/gpu.sh run [DEVICE]    there, in a copy of the repository with artifacts/gpu or the archive: tests of every operation and of
#                                     whole models on the card, rates beside PyTorch's, and a selection on card and processor;
#                                     cuda without a DEVICE. OUT names the directory of what it writes (artifacts/gpu-results).
# `run cpu` tries all of it on the processor, with a tiny model.
set -uo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
place=artifacts/gpu

build() {
  set -e
  local runtime
  rm -rf "$place" "$place.tar.xz"
  mkdir -p "$place"
  for project in tests/Pursuit.Cuda.Tests benchmarks/Pursuit.Benchmarks src/Pursuit.Cli; do
    dotnet build "$project" -c Release -v q -clp:NoSummary -p:WholeEngine=true
    cp -r "$project/bin/Release/net10.0" "$place/$(basename "$project")"
    find "$place/$(basename "$project")" -path '*/runtimes/*' -type f ! -path '*/linux-x64/*' -delete
  done
  runtime=$(dirname "$(readlink -f "$(command -v dotnet)")")
  mkdir -p "$place/dotnet/shared"
  cp -r "$runtime/dotnet" "$runtime/host" "$place/dotnet/"
  cp -r "$runtime/shared/Microsoft.NETCore.App" "$place/dotnet/shared/"
  tar -cJf "$place.tar.xz" -C artifacts gpu
  ls -l "$place.tar.xz"
}

# A part under a time limit: its table goes to the results, its failure is said and the rest goes on.
part() {
  local name=$1 limit=$2 status
  shift 2
  echo "## $name" | tee -a "$results"
  timeout "$limit" "$@" 2>&1 | tee -a "$results"
  status=${PIPESTATUS[0]}
  [ "$status" = 0 ] || { echo "$name failed with status $status ($limit s allowed)" | tee -a "$results"; failed=1; }
  echo | tee -a "$results"
}

select_on() {
  $pursuit select --pool samples/world/pool.jsonl --target samples/world/targets/word-problem/dev.jsonl --source-field skill \
    --budget 5% --method gtp --set features.checkpoints=1 --device "$1" --out "$out/$2.jsonl" --run "$out/$2.run"
}

overlap() {
  [ -s "$out/card.selection.jsonl" ] && [ -s "$out/processor.selection.jsonl" ] || { echo "a selection is missing"; return 1; }
  local all shared
  all=$(wc -l < "$out/processor.jsonl")
  shared=$(comm -12 <(sort "$out/card.jsonl") <(sort "$out/processor.jsonl") | wc -l)
  echo "chosen by both: $shared of $all"
  [ $((shared * 100)) -ge $((all * 90)) ] || { echo "fewer than 90%"; return 1; }
}

run() {
  device=${1:-cuda}
  out=${OUT:-artifacts/gpu-results}
  failed=0
  [ -d "$place" ] || tar -xJf "$place.tar.xz" -C artifacts || { echo "gpu.sh: no $place; './benchmarks/gpu.sh build' makes it" >&2; return 2; }
  rm -rf "$out"/{card,processor}*
  mkdir -p "$out"
  results="$out/gpu.md"
  : > "$results"
  dotnet="$place/dotnet/dotnet"
  export DOTNET_ROOT="$PWD/$place/dotnet"
  pursuit="$dotnet $place/Pursuit.Cli/Pursuit.Cli.dll"
  local shapes="160M 1B" tested="" classes=""
  case "$device" in
    cpu) shapes=tiny classes='-class *ProductTests -class *DiscoveryTests' ;;
    *) tested=$device ;;
  esac
  [ "$device" = cpu ] || part "Card" 10 nvidia-smi --query-gpu=name,memory.total,driver_version,compute_cap --format=csv
  part "Machine" 15 $pursuit doctor
  # shellcheck disable=SC2086
  PURSUIT_TEST_DEVICE=$tested part "Tests" 100 "$dotnet" "$place/Pursuit.Cuda.Tests/Pursuit.Cuda.Tests.dll" -noColor $classes
  # shellcheck disable=SC2086
  part "Rates" 90 "$dotnet" "$place/Pursuit.Benchmarks/Pursuit.Benchmarks.dll" device "$device" $shapes
  # shellcheck disable=SC2086
  [ "$device" = cpu ] || part "Rates with products in bf16" 70 "$dotnet" "$place/Pursuit.Benchmarks/Pursuit.Benchmarks.dll" \
    device "${device/cuda/cuda-bf16}" $shapes
  if python3 -c 'import torch' 2> /dev/null; then
    # shellcheck disable=SC2086
    part "PyTorch" 50 python3 benchmarks/Pursuit.Benchmarks/gpu_pytorch.py "$device" $shapes
  else
    echo "PyTorch is not installed: no rates beside ours." | tee -a "$results"
  fi
  export -f select_on overlap
  export pursuit out
  part "Selection on $device" 50 bash -c "select_on $device card"
  # The processor's takes a minute on two cores; more of them come with cards.
  part "Selection on the processor" ${PROCESSOR_SECONDS:-80} bash -c "select_on cpu processor"
  part "Overlap" 5 bash -c overlap
  [ "$failed" = 0 ] && echo "all parts passed" || echo "some parts failed"
  return "$failed"
}

case "${1:-}" in
  build) build ;;
  run) run "${@:2}" ;;
  *) sed -n '2,8p' "$0" >&2; exit 2 ;;
esac

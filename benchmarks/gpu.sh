#!/usr/bin/env bash
# What only a card can say, in less than eight minutes, on a Linux machine with a driver, CUDA's libraries and PyTorch, without .NET.
#   benchmarks/gpu.sh build           here: tests, benchmarks, tool, .NET's runtime and what they read, in artifacts/gpu.tar.xz
#   benchmarks/gpu.sh run [DEVICE]    there, in the unpacked archive (gpu/benchmarks/gpu.sh) or in a repository that built it: goldens and
#                                     whole models on the card, rates beside PyTorch's, passes over rows, a selection on card and
#                                     processor; cuda without a DEVICE. OUT names the directory of what it writes (results).
# `run cpu` tries all of it on the processor, with a tiny model. Each part has a time limit, the most important come first, and what is
# printed is what benchmarks/results has pages of.
set -uo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
place=artifacts/gpu
[ -d app ] && place=.

build() {
  set -e
  local runtime library
  rm -rf "$place" "$place.tar.xz"
  mkdir -p "$place/app" "$place/icu" "$place/benchmarks/Pursuit.Benchmarks" "$place/samples" "$place/tests/fixtures"
  # Three programs in one directory: what they share is there once. Without their lists of files a program takes what lies beside it.
  for project in src/Pursuit.Cli benchmarks/Pursuit.Benchmarks tests/Pursuit.Cuda.Tests; do
    dotnet build "$project" -c Release -v q -clp:NoSummary -p:WholeEngine=true
    cp -r "$project/bin/Release/net10.0/." "$place/app"
  done
  rm -rf "$place/app/runtimes" "$place"/app/*.deps.json "$place"/app/*.xml "$place"/app/*.py
  runtime=$(dirname "$(readlink -f "$(command -v dotnet)")")
  mkdir -p "$place/dotnet/shared"
  cp -r "$runtime/dotnet" "$runtime/host" "$place/dotnet/"
  cp -r "$runtime/shared/Microsoft.NETCore.App" "$place/dotnet/shared/"
  # .NET needs ICU, which a bare machine may lack; its own is taken where it has one.
  for library in libicuuc libicui18n libicudata; do
    cp -L "$(ldconfig -p | sed -n "s:.*$library\.so\.[0-9][0-9]* .*=> ::p" | head -n 1)" "$place/icu/"
  done
  cp Pursuit.slnx LICENSE "$place/"
  cp benchmarks/gpu.sh "$place/benchmarks/"
  cp benchmarks/Pursuit.Benchmarks/gpu_pytorch.py "$place/benchmarks/Pursuit.Benchmarks/"
  cp -r samples/world "$place/samples/"
  cp -r tests/fixtures/engine tests/fixtures/adamw tests/fixtures/safetensors "$place/tests/fixtures/"
  XZ_OPT='-6 -T0' tar -cJf "$place.tar.xz" -C artifacts gpu
  ls -l "$place.tar.xz"
}

# A part under a time limit: its table goes to the results, its failure is said and the rest goes on.
part() {
  local name=$1 limit=$2 status began=$SECONDS
  shift 2
  printf '## %s\n\n' "$name" | tee -a "$results"
  timeout -k 5 "$limit" "$@" 2>&1 | tee -a "$results"
  status=${PIPESTATUS[0]}
  [ "$status" = 0 ] || { echo "$name failed with status $status ($limit s allowed)" | tee -a "$results"; failed=1; }
  printf '\n%s took %s s\n\n' "$name" "$((SECONDS - began))" | tee -a "$results"
}

select_on() {
  $pursuit select --pool samples/world/pool.jsonl --target samples/world/targets/word-problem/dev.jsonl --source-field skill \
    --budget 5% --method gtp --set features.checkpoints=1 --device "$1" --out "$out/$2.jsonl" --run "$out/$2.run"
}

overlap() {
  [ -s "$out/card.jsonl" ] && [ -s "$out/processor.jsonl" ] || { echo "a selection is missing"; return 1; }
  local all shared
  all=$(wc -l < "$out/processor.jsonl")
  shared=$(comm -12 <(sort "$out/card.jsonl") <(sort "$out/processor.jsonl") | wc -l)
  echo "chosen by both: $shared of $all"
  [ $((shared * 100)) -ge $((all * 90)) ] || { echo "fewer than 90%"; return 1; }
}

# Where pip put CUDA's libraries, for a python3 that isn't found by its environment.
cublas_of_python() {
  python3 -c 'import glob, os, sys
print(":".join(sorted({os.path.dirname(f) for d in sys.path for f in glob.glob(d + "/nvidia/*/lib/libcublas.so.1[23]")})))' 2> /dev/null
}

run() {
  device=${1:-cuda}
  out=${OUT:-$place/results}
  failed=0
  [ -d "$place/app" ] || { echo "gpu.sh: no $place/app; './benchmarks/gpu.sh build' makes it" >&2; return 2; }
  mkdir -p "$out"
  rm -rf "$out"/{card,processor}*
  results="$out/gpu.md"
  : > "$results"
  local dotnet="$place/dotnet/dotnet" shapes="160M 1B 7B" mebibytes=4096 seconds=45 tested="" classes=""
  export DOTNET_ROOT="$PWD/$place/dotnet" PURSUIT_CUDA_LIBRARIES=${PURSUIT_CUDA_LIBRARIES:-$(cublas_of_python)}
  ldconfig -p 2> /dev/null | grep -q libicuuc.so || export LD_LIBRARY_PATH="$PWD/$place/icu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
  pursuit="$dotnet exec $place/app/Pursuit.Cli.dll"
  case "$device" in
    cpu) shapes=tiny mebibytes=64 seconds=${PROCESSOR_SECONDS:-75} classes='-class *ProductTests -class *DiscoveryTests -class *KernelTests' ;;
    *) tested=$device ;;
  esac
  [ "$device" = cpu ] || part "Card" 10 nvidia-smi --query-gpu=name,memory.total,driver_version,compute_cap --format=csv
  part "Machine" 10 $pursuit doctor
  # shellcheck disable=SC2086
  PURSUIT_TEST_DEVICE=$tested part "Goldens" 100 "$dotnet" exec "$place/app/Pursuit.Cuda.Tests.dll" -noColor $classes
  # shellcheck disable=SC2086
  [ "$device" = cpu ] || part "Rates with products in bf16" 95 "$dotnet" exec "$place/app/Pursuit.Benchmarks.dll" \
    device "${device/cuda/cuda-bf16}" $shapes
  if python3 -c 'import torch; torch.nn.functional.scaled_dot_product_attention' 2> /dev/null; then
    # shellcheck disable=SC2086
    part "PyTorch" 65 python3 benchmarks/Pursuit.Benchmarks/gpu_pytorch.py "$device" $shapes
  else
    echo "PyTorch 2 is not installed: no rates beside ours." | tee -a "$results"
  fi
  # shellcheck disable=SC2086
  part "Rates" 50 "$dotnet" exec "$place/app/Pursuit.Benchmarks.dll" device "$device" $shapes
  part "Passes over rows" 25 "$dotnet" exec "$place/app/Pursuit.Benchmarks.dll" device-passes "$device" $mebibytes
  export -f select_on overlap
  export pursuit out
  part "Selection on $device" "$seconds" bash -c "select_on $device card"
  # The processor's takes a minute on two cores; more of them come with cards.
  part "Selection on the processor" "${PROCESSOR_SECONDS:-75}" bash -c "select_on cpu processor"
  part "Overlap" 5 bash -c overlap
  [ "$failed" = 0 ] && echo "all parts passed in $SECONDS s; the report is $results" || echo "some parts failed; the report is $results"
  return "$failed"
}

case "${1:-}" in
  build) build ;;
  run) run "${@:2}" ;;
  *) sed -n '2,9p' "$0" >&2; exit 2 ;;
esac

#!/usr/bin/env bash
# What a person and CI both run: restore with locked packages, build, check the format, fuzz, test.
#   ./build.sh                    all of it
#   ./build.sh build              restore and build only
#   ./build.sh format             the format check only
#   ./build.sh fuzz               a second of mutated inputs for every reader; needs the build
#   ./build.sh test               the tests only
#   ./build.sh pack [DIR]         the packages, in DIR (artifacts/packages without it), installed and tried from there
#   ./build.sh publish [RID]      the tool as one file that needs no .NET, in artifacts/RID; linux-x64 without a RID
#   ./build.sh wheel [DIR]        a wheel of that file for Python, in DIR (artifacts/wheel without it), installed and tried; needs python3
set -euo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

build() { dotnet build Pursuit.slnx -c Release; }
format() { dotnet format Pursuit.slnx --verify-no-changes --no-restore; }
fuzz() { dotnet run --project tests/Pursuit.Fuzz -c Release --no-build -- --seconds 1; }
tests() { dotnet test --solution Pursuit.slnx -c Release; }

# A build of their own: the paths in published assemblies are the same wherever they were built.
pack() {
  local out=${1:-artifacts/packages}
  mkdir -p "$out"
  out=$(cd "$out" && pwd)
  rm -f "$out"/Pursuit*.nupkg
  for project in Pursuit Pursuit.Engine Pursuit.Formats Pursuit.Encoders Pursuit.Mpi Pursuit.Cuda Pursuit.Cli; do
    dotnet pack "src/$project" -c Release -o "$out" -p:ContinuousIntegrationBuild=true --artifacts-path artifacts/pack -v q
  done

  # What is published is what was tried: the tool from the folder, and the bundled model within it.
  local place
  place=$(mktemp -d)
  printf '<configuration><packageSources><clear /><add key="here" value="%s" /></packageSources></configuration>' "$out" > "$place/nuget.config"
  NUGET_PACKAGES="$place/cache" dotnet tool install Pursuit.Tool --configfile "$place/nuget.config" --tool-path "$place/tool" -v q
  "$place/tool/pursuit" --version
  "$place/tool/pursuit" generate --prompt "The United States of" --max-tokens 2 > /dev/null
  rm -r "$place"
  ls -l "$out"
}

publish() {
  local rid=${1:-linux-x64} name=pursuit built=Pursuit.Cli
  case "$rid" in win-*) name=pursuit.exe built=Pursuit.Cli.exe ;; esac
  dotnet publish src/Pursuit.Cli -c Release -r "$rid" -o "artifacts/publish/out/$rid" --artifacts-path artifacts/publish -v q \
    -p:PublishSingleFile=true -p:ContinuousIntegrationBuild=true
  mkdir -p "artifacts/$rid"
  mv -f "artifacts/publish/out/$rid/$built" "artifacts/$rid/$name"
  ls -l "artifacts/$rid/$name"
}

# What is published is what was tried: the program and the module from the wheel, in an environment of their own.
wheel() {
  local out=${1:-artifacts/wheel} version place
  mkdir -p "$out"
  publish linux-x64
  version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)
  python3 python/wheel.py artifacts/linux-x64/pursuit "$version" "$out"
  place=$(mktemp -d)
  python3 -m venv --system-site-packages "$place/venv"
  "$place/venv/bin/pip" install -q --no-index "$out/pursuit_data-$version-py3-none-manylinux_2_28_x86_64.whl"
  "$place/venv/bin/pursuit" --version
  "$place/venv/bin/python" python/test_pursuit.py
  rm -r "$place"
}

case "${1:-all}" in
  build) build ;;
  format) format ;;
  fuzz) fuzz ;;
  test) tests ;;
  pack) pack "${@:2}" ;;
  publish) publish "${@:2}" ;;
  wheel) wheel "${@:2}" ;;
  all) build; format; fuzz; tests ;;
  *) echo "build.sh: '$1' is not one of: build, format, fuzz, test, pack, publish, wheel, all" >&2; exit 2 ;;
esac

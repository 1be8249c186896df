#!/usr/bin/env bash
# What a person and CI both run: restore with locked packages, build, check the format, fuzz, test.
#   ./build.sh            all of it
#   ./build.sh build      restore and build only
#   ./build.sh format     the format check only
#   ./build.sh fuzz       a second of mutated inputs for every reader; needs the build
#   ./build.sh test       the tests only
set -euo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

build() { dotnet build Pursuit.slnx -c Release; }
format() { dotnet format Pursuit.slnx --verify-no-changes --no-restore; }
fuzz() { dotnet run --project tests/Pursuit.Fuzz -c Release --no-build -- --seconds 1; }
tests() { dotnet test --solution Pursuit.slnx -c Release; }

case "${1:-all}" in
  build) build ;;
  format) format ;;
  fuzz) fuzz ;;
  test) tests ;;
  all) build; format; fuzz; tests ;;
  *) echo "build.sh: '$1' is not one of: build, format, fuzz, test, all" >&2; exit 2 ;;
esac

#!/usr/bin/env bash
# Makes this model again: gathers the corpus, trains on it, and copies the result here.
#
#     models/pursuit-mini/make.sh POOL_TEXT_DIR WORK_DIR
#
# POOL_TEXT_DIR holds pool-text.jsonl.gz with its marks (see gather.py). Stopped, it goes on where it was. Needs about an
# hour on two free cores; the figures of README.md come from its last lines and from overlap.py.
set -euo pipefail
[ $# = 2 ] || { sed -n '2,8p' "$0" | cut -c3-; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
[ -f "$2/train.jsonl" ] || python3 "$here/gather.py" "$1" "$2"
dotnet run -c Release --project "$here/../../src/Pursuit.Cli" -- pretrain --config "$here/pretrain.yaml" \
    --data "$2/train.jsonl" --heldout "$2/heldout.jsonl" --chat-template "$here/template.jinja" --out "$2/pursuit-mini"
cp "$2"/pursuit-mini/*.json "$2"/pursuit-mini/model.safetensors "$here"

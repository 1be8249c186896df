"""Gathers the corpus that models/pursuit-mini was trained on from a pool-text folder (pool-text.jsonl.gz with its marks).

    python3 models/pursuit-mini/gather.py POOL_TEXT_DIR OUT_DIR

Only sources whose licence is permissive or public domain are taken; documents marked as noise or as duplicates are left
out. About one document in a hundred of each source, chosen by the SHA-256 of its id, is held out for evaluation.
Writes OUT_DIR/train.jsonl and OUT_DIR/heldout.jsonl, each record {"id", "text", "source", "domain"}.
"""
import gzip, hashlib, json, os, sys

SOURCES = {
    "code_c": "MIT / public domain (jq, lua, stb)",
    "code_js": "MIT (express, lodash)",
    "code_python": "BSD-3-Clause, Apache-2.0 (networkx, nltk)",
    "dc_law": "public domain (government edicts)",
    "digitalgov": "CC0-1.0",
    "essays": "CC0-1.0 (Standard Ebooks)",
    "fiction": "CC0-1.0 (Standard Ebooks)",
    "peps": "public domain / CC0-1.0",
    "poetry": "CC0-1.0 (Standard Ebooks)",
    "recipes": "Unlicense",
    "rust_blog": "MIT / Apache-2.0",
    "rust_book": "MIT / Apache-2.0",
    "tldr": "CC-BY-4.0 (tldr-pages contributors)",
    "us_speeches": "public domain",
}


def marked(path):
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return {json.loads(line)["id"] for line in lines}


def main(pool, out):
    left_out = marked(os.path.join(pool, "pool-text.dups.jsonl.gz")) | marked(os.path.join(pool, "pool-text.noise.jsonl.gz"))
    os.makedirs(out, exist_ok=True)
    counts = {source: [0, 0, 0, 0] for source in SOURCES}
    with gzip.open(os.path.join(pool, "pool-text.jsonl.gz"), "rt", encoding="utf-8") as lines, \
            open(os.path.join(out, "train.jsonl"), "w", encoding="utf-8") as train, \
            open(os.path.join(out, "heldout.jsonl"), "w", encoding="utf-8") as heldout:
        for line in lines:
            record = json.loads(line)
            if record["source"] not in SOURCES or record["id"] in left_out:
                continue
            held = hashlib.sha256(record["id"].encode()).digest()[0] < 3
            (heldout if held else train).write(line)
            count = counts[record["source"]]
            count[2 * held] += 1
            count[2 * held + 1] += len(record["text"].encode())
    print("| source | licence | documents | bytes | held out | bytes |\n|---|---|---|---|---|---|")
    for source, (documents, size, held, held_size) in counts.items():
        print(f"| {source} | {SOURCES[source]} | {documents:,} | {size:,} | {held:,} | {held_size:,} |")
    total = [sum(count[i] for count in counts.values()) for i in range(4)]
    print(f"| all | | {total[0]:,} | {total[1]:,} | {total[2]:,} | {total[3]:,} |")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

"""Counts the target test examples that share a run of 13 words with a corpus.

    python3 models/pursuit-mini/overlap.py CORPUS.jsonl TEST.jsonl...

Words are runs of letters, digits and underscores in lower case. A test example is counted once, however many of its
runs occur; runs never cross from one message of an example to the next. Prints a table.
"""
import json, os, re, sys

LENGTH = 13
WORD = re.compile(r"\w+")


def texts(record):
    if "text" in record:
        yield record["text"]
    for message in record.get("messages", []):
        yield message["content"]


def runs(text):
    words = [word.group() for word in WORD.finditer(text.lower())]
    for start in range(len(words) - LENGTH + 1):
        yield " ".join(words[start:start + LENGTH])


def records(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def main(corpus, tests):
    where, sizes = {}, {}
    for path in tests:
        name = os.path.basename(os.path.dirname(path))
        for number, record in enumerate(records(path)):
            sizes[name] = number + 1
            for text in texts(record):
                for run in runs(text):
                    where.setdefault(run, set()).add((name, number))
    shared = set()
    for record in records(corpus):
        for text in texts(record):
            for run in runs(text):
                shared |= where.get(run, set())
    print("| target | test examples | with a shared run of 13 words |\n|---|---|---|")
    for name, size in sorted(sizes.items()):
        print(f"| {name} | {size:,} | {sum(1 for other, _ in shared if other == name):,} |")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])

"""Makes pools for `pursuit dedup`, and holds what it dropped against marked copies and against all pairs compared in Python.

    python3 benchmarks/dedup.py make short|boilerplate|one-word|giant COUNT > pool.jsonl
    python3 benchmarks/dedup.py check POOL.jsonl.gz DUPS.jsonl.gz RUN [--threshold 0.8] [--pairs]

`check` reads RUN/ledger.jsonl; `--pairs` compares all pairs too, which takes minutes. Words are as in Pursuit: NFC, lower case, runs of letters, marks and numbers. Pairs at the threshold are found
by prefix filtering over the sets of 5-grams (Bayardo, Ma and Srikant, "Scaling up all pairs similarity search", 2007), which misses none.
"""
import argparse
import collections
import gzip
import json
import os
import random
import re
import sys
import time
import unicodedata

GRAM = 5


def make(kind, count):
    stream = random.Random(19)
    vocabulary = [f"{stream.choice('bdfgklmnprst')}{stream.choice('aeiou')}{stream.choice('bdklmnrst')}{i}" for i in range(50000)]
    weights = [0.0]
    for i in range(len(vocabulary)):
        weights.append(weights[-1] + 1 / (i + 3))

    def words(n):
        return stream.choices(vocabulary, cum_weights=weights[1:], k=n)

    if kind == "giant":
        print(json.dumps({"id": "giant", "text": " ".join(words(12_000_000))}))
    shared = words(60)
    recent = []
    for i in range(count):
        if kind == "boilerplate":  # two thirds of each are the same, which is a similarity of about 0.48
            text = shared + words(30)
        elif kind == "one-word":
            text = shared[:30] + [f"own{i}"] + shared[31:]
        elif recent and stream.random() < 0.1:  # a near copy of one of the last 10,000: a word in 25 or so changed
            text = list(stream.choice(recent))
            for place in stream.sample(range(len(text)), max(1, len(text) // 50)):
                text[place] = vocabulary[stream.randrange(len(vocabulary))]
        else:
            text = words(stream.randint(15, 60))
            if len(recent) < 10000:
                recent.append(text)
            else:
                recent[stream.randrange(10000)] = text
        print(json.dumps({"id": f"t{i}", "text": " ".join(text)}))


def word_pattern():
    ranges, first = [], None
    for value in range(sys.maxunicode + 2):
        inside = value <= sys.maxunicode and unicodedata.category(chr(value))[0] in "LMN"
        if inside and first is None:
            first = value
        elif not inside and first is not None:
            ranges.append(f"\\U{first:08x}-\\U{value - 1:08x}")
            first = None
    return re.compile("[" + "".join(ranges) + "]+")


def said(record):
    return record["text"] if "text" in record else "\n".join(m["content"] for m in record["messages"] if m["role"] != "system")


def grams(text, pattern):
    words = pattern.findall(unicodedata.normalize("NFC", text).lower())
    size = min(GRAM, len(words))
    return {hash(tuple(words[i:i + size])) for i in range(len(words) - size + 1)} if words else set()


def jaccard(a, b):
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared) if a or b else 1.0


def all_pairs(sets, rows, threshold):
    """Pairs of rows at the threshold."""
    frequency = collections.Counter(g for r in rows for g in sets[r])
    index = collections.defaultdict(list)
    for row in rows:
        own = sorted(sets[row], key=lambda g: (frequency[g], g))
        prefix = own[:len(own) - int(-(-threshold * len(own) // 1)) + 1]
        seen = set()
        for gram in prefix:
            for other in index[gram]:
                if other in seen:
                    continue
                seen.add(other)
                if min(len(own), len(sets[other])) < threshold * max(len(own), len(sets[other])):
                    continue
                similarity = jaccard(sets[row], sets[other])
                if similarity >= threshold:
                    yield other, row, similarity
        for gram in prefix:
            index[gram].append(row)


def check(pool, dups, run, threshold, pairs):
    pattern = word_pattern()
    with gzip.open(pool, "rt", encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    sets = [grams(said(r), pattern) for r in records]
    at = {r["id"]: i for i, r in enumerate(records)}
    with gzip.open(dups, "rt", encoding="utf-8") as file:
        marks = [json.loads(line) for line in file]
    path = os.path.join(run, "ledger.jsonl")
    with open(path, encoding="utf-8") if os.path.exists(path) else gzip.open(path + ".gz", "rt", encoding="utf-8") as file:
        ledger = [json.loads(line) for line in file]
    kept = [row["fate"] == "kept" for row in ledger]

    print(f"rows {len(records):,}, kept {sum(kept):,}, fates {dict(collections.Counter(r['fate'] for r in ledger))}")
    groups = collections.Counter()
    found = collections.Counter()
    by_edit = collections.defaultdict(lambda: [0, 0])
    for mark in marks:
        row, original = at[mark["id"]], at[mark["of"]]
        similarity = jaccard(sets[row], sets[original])
        names = [mark["kind"]]
        if mark["kind"] == "near":
            names.append("near, at the threshold" if similarity >= threshold else "near, below it")
            by_edit[mark["edit"]][0] += 1
            by_edit[mark["edit"]][1] += not (kept[row] and kept[original])
        for name in names:
            groups[name] += 1
            found[name] += not (kept[row] and kept[original])
    for name in sorted(groups):
        print(f"marked {name}: {found[name]:,} of {groups[name]:,} ({found[name] / groups[name]:.2%}) no longer both kept")
    print("by edit: " + ", ".join(f"{e} {f}/{n}" for e, (n, f) in sorted(by_edit.items())))

    near = [r for r in ledger if r["fate"] == "near duplicate of"]
    wrong = [r for r in near if abs(jaccard(sets[r["row"]], sets[r["duplicate_of"]]) - r["similarity"]) > 1e-4]
    marked = {frozenset((at[m["id"]], at[m["of"]])) for m in marks}
    touched = {i for pair in marked for i in pair}
    print(f"near duplicates {len(near):,}; similarity differs from Python's for {len(wrong)}; pair marked "
          f"{sum(frozenset((r['row'], r['duplicate_of'])) in marked for r in near):,}; "
          f"a row of a marked pair {sum(r['row'] in touched or r['duplicate_of'] in touched for r in near):,}")

    if not pairs:
        return
    started = time.time()
    left = [i for i, k in enumerate(kept) if k and sets[i]]
    missed = sum(1 for _ in all_pairs(sets, left, threshold))
    unique = [i for i, r in enumerate(ledger) if r["fate"] != "duplicate of" and sets[i]]
    dropped = {}
    partners = collections.defaultdict(list)
    for other, row, _ in all_pairs(sets, unique, threshold):
        partners[row].append(other)
        partners[other].append(row)
    for row in unique:
        first = min((o for o in partners[row] if o < row and o not in dropped), default=None)
        if first is not None:
            dropped[row] = first
    ours = {r["row"] for r in near}
    print(f"pairs at the threshold among what is kept: {missed:,}; comparing all pairs drops {len(dropped):,}, "
          f"{len(ours & set(dropped)):,} of them dropped here, {len(ours - set(dropped)):,} others ({time.time() - started:.0f} s)")


parser = argparse.ArgumentParser()
parser.add_argument("command", choices=["make", "check"])
parser.add_argument("values", nargs="+")
parser.add_argument("--threshold", type=float, default=0.8)
parser.add_argument("--pairs", action="store_true")
given = parser.parse_args()
if given.command == "make":
    make(given.values[0], int(given.values[1]))
else:
    check(*given.values, given.threshold, given.pairs)

"""Counts what pruning by each measure takes away: the share of every kind of marked noise and of marked duplicates that is pruned when 90, 70 and 50% of the
examples are kept. The marks are read here alone; no method sees them. A diagnostic, not a measure of usefulness.

usage: pruning.py DATA_DIRECTORY SCORES [--selection NAME=FILE.selection.jsonl ...]

DATA_DIRECTORY holds pool-text/pool-text.{jsonl,noise.jsonl,dups.jsonl}.gz (noise: {"id","kind"}; dups: {"id","of","kind"}); SCORES is what
`pursuit score --pool DATA_DIRECTORY/pool-text/pool-text.jsonl.gz` wrote. A selection is one of `pursuit prune --keep 90%` whose method orders by more than a measure
(zip): its rows in rank order are cut at the same shares, as far as they go. Prints Markdown.
"""
import argparse, collections, gzip, json, os, random

parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("scores")
parser.add_argument("--selection", nargs="*", default=[])
arguments = parser.parse_args()
KEEP = (0.9, 0.7, 0.5)


def lines(name):
    with gzip.open(os.path.join(arguments.data, "pool-text", f"pool-text.{name}.gz"), "rt") as file:
        return [json.loads(line) for line in file]


scores = [json.loads(line) for line in open(arguments.scores)]
noise = {r["id"]: r["kind"] for r in lines("noise.jsonl")}
copies = {r["id"]: r["kind"] + " duplicate" for r in lines("dups.jsonl")}
ids = [s["id"] for s in scores]
kinds = {i: noise.get(i) or copies.get(i) or "clean" for i in ids}
counts = collections.Counter(kinds.values())
measures = {name: {s["id"]: s["scores"][name] for s in scores if s["scores"][name] is not None} for name in scores[0]["scores"]}


def ranked(values, band):
    order = sorted(values, key=lambda i: (-values[i], i))
    if band == "bottom":
        return order[::-1]
    if band == "middle":
        place = {i: abs(2 * k - (len(order) - 1)) for k, i in enumerate(order)}
        return sorted(order, key=lambda i: place[i])
    return order


orders = {"random": random.Random(0).sample(ids, len(ids))}
for name, bands in [("information", ("top", "middle", "bottom")), ("perplexity", ("middle",)), ("entropy", ("top",)), ("margin", ("bottom",)), ("el2n", ("top",)), ("zip", ("bottom",)), ("dsir", ("top",))]:
    if name in measures:
        for band in bands:
            label = {"zip": "own zlib ratio, lowest"}.get(name, f"{name} {band}")
            orders[label] = ranked(measures[name], band)
if "information" in measures and "excess" in measures:
    # What surprises a probe beyond what it expected is garbled: as information.leave-excess=0.05 leaves it out.
    worst = ranked(measures["excess"], "top")
    left = set(worst[: len(worst) // 20])
    orders["excess bottom"] = ranked(measures["excess"], "bottom")
    orders["information top, the 5% of largest excess left out"] = [i for i in ranked(measures["information"], "top") if i not in left]
for given in arguments.selection:
    name, path = given.split("=", 1)
    orders[name] = [json.loads(line)["id"] for line in open(path)]

rows = sorted((k for k in counts if k in set(noise.values())), key=lambda k: -counts[k]) + sorted(k for k in counts if k.endswith("duplicate")) + ["clean"]
print(f"{len(ids):,} examples; exact duplicates are one example before any method sees them.\n")
print("| order | " + " | ".join(f"{k} ({counts[k]})" for k in rows) + " |")
print("|---" * (len(rows) + 1) + "|")
for name, order in orders.items():
    cells = []
    kept = [set(order[: int(share * len(ids))]) for share in KEEP]
    for kind in rows:
        members = [i for i in ids if kinds[i] == kind]
        cells.append(" / ".join(f"{100 * sum(i not in k for i in members) / len(members):.0f}" if len(k) == int(share * len(ids)) else "" for share, k in zip(KEEP, kept)))
    print(f"| {name} | " + " | ".join(cells) + " |")

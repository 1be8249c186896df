"""Selects for many targets from one pool with one set of features, and counts how many of the chosen rows carry a task that the target's
labels call relevant. The labels are read here alone; no method sees them. A diagnostic, not a measure of usefulness: `pursuit prove` trains.

usage: targets.py DATA_DIRECTORY FEATURES_RUN OUT_DIRECTORY [--budget 1%] [--methods gtp,less,less-round-robin] [--targets a,b] [--set gtp.centre=true ...]

DATA_DIRECTORY holds pool-instruct/pool-instruct.jsonl.gz (records with id and task), pool-instruct.dups.jsonl.gz ({"id","of"} of planted copies) and
targets/NAME/{dev.jsonl,target.json}. FEATURES_RUN is the run of `pursuit features` on that pool. The program is taken from $PURSUIT.
"""
import argparse, gzip, json, os, shlex, subprocess, sys, time

parser = argparse.ArgumentParser()
parser.add_argument("data"); parser.add_argument("features"); parser.add_argument("out")
parser.add_argument("--budget", default="1%"); parser.add_argument("--methods", default="gtp,less,less-round-robin")
parser.add_argument("--targets", default=""); parser.add_argument("--set", nargs="*", default=[])
args = parser.parse_args()
program = shlex.split(os.environ.get("PURSUIT", "pursuit"))
pool = f"{args.data}/pool-instruct/pool-instruct.jsonl.gz"
task = {r["id"]: r["task"] for r in map(json.loads, gzip.open(pool, "rt", encoding="utf-8"))}
copy = {}
for r in map(json.loads, gzip.open(f"{args.data}/pool-instruct/pool-instruct.dups.jsonl.gz", "rt", encoding="utf-8")):
    copy[r["id"]] = r["of"]
os.makedirs(args.out, exist_ok=True)


def select(method, name, target):
    out = f"{args.out}/{name}-{method}.jsonl"
    command = program + ["select", "--pool", pool, "--budget", args.budget, "--method", method, "--max-length", "256", "--no-report", "--out", out, "--json"]
    if target:
        command += ["--target", target, "--features", args.features]
    for setting in args.set:
        command += ["--set", setting]
    started = time.time()
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{run.stderr}")
    ids = [json.loads(line)["id"] for line in open(out[:-6] + ".selection.jsonl", encoding="utf-8")]
    details = (json.loads(run.stdout).get("details") or {}).get("values", {})
    return ids, details, time.time() - started


def marked(ids):
    """Pairs of chosen rows of which one is a planted copy of the other, or both of a third."""
    origin = [copy.get(i, i) for i in ids]
    return len(origin) - len(set(origin))


names = args.targets.split(",") if args.targets else sorted(os.listdir(f"{args.data}/targets"))
print(f"| target | relevant | {' | '.join(['random', 'length'] + args.methods.split(','))} | copies | residual weighted, uniform | rows wanted | near pairs | s |")
print("|" + "---|" * (8 + len(args.methods.split(","))))
fixed = {m: select(m, "any", None)[0] for m in ("random", "length")}
for name in names:
    labels = json.load(open(f"{args.data}/targets/{name}/target.json", encoding="utf-8"))
    weak, strong = set(labels.get("relevant_pool_tasks", {})), set(labels.get("strongly_relevant_tasks", {}))
    total = (sum(t in weak for t in task.values()), sum(t in strong for t in task.values()))
    cells, copies, seconds, gtp = [], [], [], {}
    for method in ["random", "length"] + args.methods.split(","):
        if method in fixed:
            ids = fixed[method]
        else:
            ids, details, took = select(method, name, f"{args.data}/targets/{name}/dev.jsonl")
            seconds.append(f"{took:.0f}"); copies.append(str(marked(ids)))
            if "residual" in details:
                gtp = details
        share = [sum(task[i] in s for i in ids) / max(1, min(len(ids), n)) for s, n in zip((weak, strong), total)]
        cells.append(f"{share[0]:.2f} ({share[1]:.2f})")
    print(f"| {name} | {total[0]} ({total[1]}) | {' | '.join(cells)} | {' '.join(copies)} | "
          f"{gtp.get('residual', 0):.3f}, {gtp.get('uniform_residual', 0):.3f} | {gtp.get('wanted', '')} | {len(gtp.get('near_duplicates', []))} | {' '.join(seconds)} |", flush=True)

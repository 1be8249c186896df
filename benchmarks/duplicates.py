"""Copies a hundredth of a pool many times over, a little changed each time so that no reader can collapse them, and proves methods on what comes of it.

usage: duplicates.py POOL OUT_DIRECTORY --target DEV ... --test TEST ... [--copies 0,10,100,1000] [--methods tsds,tsds-uniform,less] [--budget 100] [--seeds 3] [--set OPTION=VALUE ...]

POOL is JSONL with id and messages. What is copied is decided by the SHA-256 of the id. A copy's question ends in its number. The program is taken from $PURSUIT.
"""
import argparse, glob, hashlib, json, os, re, shlex, subprocess, sys

parser = argparse.ArgumentParser()
parser.add_argument("pool"); parser.add_argument("out")
parser.add_argument("--target", nargs="+", required=True); parser.add_argument("--test", nargs="+", required=True)
parser.add_argument("--copies", default="0,10,100,1000"); parser.add_argument("--methods", default="tsds,tsds-uniform,less")
parser.add_argument("--budget", default="100"); parser.add_argument("--seeds", default="3"); parser.add_argument("--set", nargs="+", default=[])
args = parser.parse_args()
program = shlex.split(os.environ.get("PURSUIT", "pursuit"))
records = [json.loads(line) for line in open(args.pool, encoding="utf-8")]
order = sorted(range(len(records)), key=lambda i: hashlib.sha256(records[i]["id"].encode()).digest())
copied = sorted(order[:max(1, len(records) // 100)])
os.makedirs(args.out, exist_ok=True)


def copy(record, number):
    messages = [dict(m) for m in record["messages"]]
    next(m for m in messages if m["role"] == "user")["content"] += f" ({number})"
    return {**record, "id": f"{record['id']}-copy-{number}", "messages": messages}


print("| copies | method | loss | less random's, 95% interval | shows | copies among the chosen |\n|---|---|---|---|---|---|")
for copies in map(int, args.copies.split(",")):
    pool, run = f"{args.out}/pool-{copies}.jsonl", f"{args.out}/proof-{copies}"
    with open(pool, "w", encoding="utf-8") as file:
        for record in records + [copy(records[i], n) for i in copied for n in range(1, copies + 1)]:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
    command = program + ["prove", "--pool", pool, "--target", *args.target, "--test", *args.test, "--budget", args.budget, "--methods", args.methods,
                         "--seeds", args.seeds, "--epoch-seeds", "0", "--generate", "0", "--run", run, "--json", *(["--set", *args.set] if args.set else [])]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    proof = json.loads(done.stdout)
    whole = None if len(proof["targets"]) > 1 else proof["targets"][0]["name"]
    of_copied = {records[i]["id"] for i in copied}
    for score in proof["scores"]:
        if score.get("target") != whole or score["method"] in ("base", "full-epoch"):
            continue
        method = score["method"]
        against = next((c for c in proof["comparisons"] if c.get("target") == whole and c["method"] == method and c["against"] == "random" and c["metric"].lower() == "loss"), None)
        ids = [json.loads(line)["id"] for path in glob.glob(f"{run}/selections/{re.sub('[^A-Za-z0-9.%=-]', '_', method)}_{args.budget}_*/selected.selection.jsonl") for line in open(path, encoding="utf-8")]
        share = f"{sum(i.split('-copy-')[0] in of_copied for i in ids) / len(ids):.0%}" if ids else ""
        d = against and against["difference"]
        print(f"| {copies} | {method} | {score['loss']['estimate']:.3f} | {'' if not d else '%+.3f [%+.3f, %+.3f]' % (d['estimate'], d['low'], d['high'])} | {against['verdict'] if against else ''} | {share} |", flush=True)

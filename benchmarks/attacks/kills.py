"""Kills each long command at every change of the file system in turn, and runs it again: benchmarks/attacks.md.

    gcc -shared -fPIC -O1 -o /tmp/killat.so benchmarks/attacks/killat.c -ldl
    python3 benchmarks/attacks/kills.py src/Pursuit.Cli/bin/Release/net10.0/Pursuit.Cli.dll /tmp/killat.so [every=N | kills=N] [command ...]

`every=N` kills at every n-th change; `kills=N` at about N changes of each command, evenly spread.
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

TIMED = {"summary.json", "report.json", "report.html", "seconds.json", "cost.json", "trajectory.json", "proof.json"}
WORDS = ["red", "blue", "green", "black", "white", "small", "large", "round", "flat", "new"]
TINY = ["--vocab", "270", "--width", "8", "--layers", "1", "--heads", "1", "--mlp", "8", "--context", "48", "--batch-tokens", "96"]
FEATURES = ["--set", "features.dimension=16", "--set", "features.factor=4", "--set", "features.checkpoints=1"]
COMMANDS = {
    "gtp": ["select", "--pool", "pool.jsonl", "--target", "target.jsonl", "--model", "model", "--method", "gtp", "--budget", "4", "--out", "out/o.jsonl", *FEATURES],
    "tsds": ["select", "--pool", "pool.jsonl", "--target", "target.jsonl", "--model", "model", "--method", "tsds", "--budget", "4", "--out", "out/o.jsonl"],
    "zip": ["select", "--pool", "pool.jsonl", "--method", "zip", "--budget", "4", "--out", "out/o.jsonl", "--format", "trl"],
    "features": ["features", "--pool", "pool.jsonl", "--model", "model", "--run", "out/f.run", *FEATURES],
    "train": ["train", "--data", "pool.jsonl", "--model", "model", "--out", "out/m", "--batch", "4", "--checkpoint-steps", "1", "--epochs", "1"],
    "pretrain": ["pretrain", "--data", "texts.jsonl", "--out", "out/m", *TINY, "--tokens", "384", "--checkpoint-steps", "1"],
    "prove": ["prove", "--pool", "pool.jsonl", "--target", "target.jsonl", "--test", "test.jsonl", "--model", "model", "--budget", "25%", "--methods", "length,less",
              "--seeds", "1", "--epoch-seeds", "0", "--epochs", "1", "--generate", "1", "--run", "out/p.run", *FEATURES],
    "score": ["score", "--pool", "pool.jsonl", "--target", "target.jsonl", "--model", "model", "--methods", "dsir", "entropy", "--out", "out/s.jsonl"],
    "prune": ["prune", "--pool", "texts.jsonl", "--keep", "50%", "--out", "out/k.jsonl", "--set", "probe.vocabulary=300", "--set", "probe.width=16", "--set", "probe.layers=1",
              "--set", "probe.heads=1", "--set", "probe.context=48", "--set", "probe.tokens=1000"],
    "tokenizer": ["tokenizer", "train", "texts.jsonl", "--vocab", "270", "--out", "out/t"],
}


def write(path, records):
    with open(path, "w") as file:
        file.writelines(json.dumps(r) + "\n" for r in records)


def content(path, name):
    """What is compared of a file: nothing of one that holds seconds, and of a stage's record all but those files' sums."""
    if name in TIMED:
        return ""
    with open(path, "rb") as file:
        data = file.read()
    if name == "stage.json":
        record = json.loads(data)
        del record["sha256"]  # the record's own, which those sums are part of
        record["files"] = {k: v for k, v in (record.get("files") or {}).items() if k.split("/")[-1] not in TIMED}
        data = json.dumps(record).encode()
    return hashlib.sha256(data).hexdigest()


def tree(root):
    found = {}
    for folder, _, files in os.walk(root):
        found[os.path.relpath(folder, root) + "/"] = ""
        for name in files:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, root)] = content(path, name)
    return found


def main():
    dll, library = (os.path.abspath(a) for a in sys.argv[1:3])
    numbers = dict(a.split("=") for a in sys.argv[3:] if "=" in a)
    names = [a for a in sys.argv[3:] if "=" not in a] or list(COMMANDS)
    world = tempfile.mkdtemp(prefix="pursuit-kills-")
    out = os.path.join(world, "out")
    write(f"{world}/pool.jsonl", [{"prompt": f"q{i}: what is {i}?", "completion": f"it is {WORDS[i % 10]} and {WORDS[i // 3 % 10]}"} for i in range(24)])
    write(f"{world}/target.jsonl", [{"prompt": f"q{i}: what is {i}?", "completion": f"it is {WORDS[i % 10]}"} for i in range(50, 54)])
    write(f"{world}/test.jsonl", [{"prompt": f"q{i}: what is {i}?", "completion": f"it is {WORDS[i % 7]}"} for i in range(60, 63)])
    write(f"{world}/texts.jsonl", [{"text": f"what is {i}? it is {WORDS[i % 10]} and {WORDS[i // 7 % 10]} and all that is {WORDS[i % 3]}"} for i in range(64)])

    def run(command, **more):
        threads = [] if command[0] == "tokenizer" else ["--threads", "1"]
        return subprocess.run(["dotnet", dll, *command, *threads], cwd=world, env={**os.environ, **more}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    made = run(["pretrain", "--data", "texts.jsonl", "--out", "model", *TINY, "--tokens", "96"])
    assert made.returncode == 0, made.stderr
    faults = 0
    for name in names:
        watched = {"LD_PRELOAD": library, "KILL_ROOT": out, "KILL_COUNT": f"{world}/count"}
        shutil.rmtree(out, ignore_errors=True)
        whole = run(COMMANDS[name], **watched)
        assert whole.returncode == 0, whole.stderr
        right, count = tree(out), int(open(f"{world}/count").read())
        every = max(1, count // int(numbers["kills"])) if "kills" in numbers else int(numbers.get("every", 1))
        refused = other = left = kills = 0
        for at in range(1, count + 1, every):
            shutil.rmtree(out, ignore_errors=True)
            if run(COMMANDS[name], **watched, KILL_AT=str(at)).returncode != -9:
                continue
            kills += 1
            again = run(COMMANDS[name])
            found = tree(out)
            if again.returncode != 0:
                refused += 1
                print(f"  {name}, change {at}: exit {again.returncode}: {again.stderr.strip()[-300:]}")
            elif found != right:
                extra = sorted(found.keys() - right.keys())
                left += bool(extra)
                other += not extra
                print(f"  {name}, change {at}: left {extra}, differs {[k for k in right if found.get(k) != right[k]]}")
        faults += refused + other + left
        print(f"{name}: {count} changes, every {every}: {kills} kills, {refused} refused, {other} other bytes, {left} left-overs", flush=True)
    shutil.rmtree(world)
    return faults > 0


sys.exit(main())

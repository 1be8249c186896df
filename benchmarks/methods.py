"""Measures every selection method by training: the table of docs/methods/README.md.

usage: methods.py RUN --pool POOL --target DEV... --test TEST... [--budget 1%] [--seeds 3] [--features DIR] [--skip METHOD...] [--max-length N]

Runs `pursuit prove` once over all methods, on the representations that people combine them with, in the run directory RUN (it continues where it
was), and prints a Markdown table, best first: how far below random selections the trained models' loss is on the tests, over all targets, with
its 95% interval, and the seconds a selection took, features not counted. Build with `dotnet build -c Release` first.
"""
import argparse, json, os, subprocess, sys

PURSUIT = ["dotnet", "src/Pursuit.Cli/bin/Release/net10.0/Pursuit.Cli.dll"]
# A second model is missing, the baselines are always there, and what is exact is slow.
WITHOUT = {"random", "loss-discrepancy", "omp"}
# Algorithms on the representation that isn't their own.
ALSO = ["tsds:on=gradients", "tsds:scale=none", "tsds:scale=none:on=gradients", "tsds-uniform:scale=none", "rds:on=gradients",
        "rds-round-robin:on=gradients", "less-round-robin:on=embeddings", "gtp:on=embeddings"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("run")
    parser.add_argument("--pool", nargs="+", required=True)
    parser.add_argument("--target", nargs="+", required=True)
    parser.add_argument("--test", nargs="+", required=True)
    parser.add_argument("--budget", default="1%")
    parser.add_argument("--seeds", default="3")
    parser.add_argument("--features")
    parser.add_argument("--max-length")
    parser.add_argument("--skip", nargs="*", default=[])
    parser.add_argument("--only", nargs="*")
    asked = parser.parse_args()
    listed = json.loads(subprocess.run([*PURSUIT, "methods", "--json"], check=True, capture_output=True).stdout)
    names = [m["name"] for m in listed["methods"]] if isinstance(listed, dict) else [m["name"] for m in listed]
    methods = asked.only or [m for m in names + ALSO if m.split(":")[0] not in WITHOUT | set(asked.skip)]
    command = [*PURSUIT, "prove", "--pool", *asked.pool, "--target", *asked.target, "--test", *asked.test, "--methods", ",".join(methods),
               "--budget", asked.budget, "--seeds", asked.seeds, "--epoch-seeds", "1", "--generate", "0", "--run", asked.run, "--json"]
    if asked.features:
        command += ["--features", asked.features]
    if asked.max_length:
        command += ["--max-length", asked.max_length]
    done = subprocess.run(command, stdout=subprocess.PIPE)
    if done.returncode != 0:
        sys.exit(done.returncode)
    table(json.loads(done.stdout))


def table(report):
    targets = [t["name"] for t in report["targets"]]
    whole = None if len(targets) > 1 else targets[0]
    rows = []
    for method in report["methods"]:
        found = [c for c in report["comparisons"]
                 if c["method"] == method and c["against"] == "random" and c["metric"] == "loss" and c.get("target") == whole]
        if not found:
            continue
        difference = found[0]["difference"]
        costs = [c for c in report["costs"] if c["method"] == method and c.get("selection")]
        seconds = [c["selection"]["seconds"] - c["selection"].get("feature_seconds", 0) for c in costs]
        each = [-c["difference"]["estimate"] for t in targets for c in report["comparisons"]
                if c["method"] == method and c["against"] == "random" and c["metric"] == "loss" and c.get("target") == t]
        rows.append((-difference["estimate"], -difference["high"], -difference["low"], method, each, sum(seconds) / max(1, len(seconds))))
    print("| method | below random by, nats | " + " | ".join(targets) + " | seconds |")
    print("|---" * (3 + len(targets)) + "|")
    for gain, low, high, method, each, seconds in sorted(rows, reverse=True):
        print(f"| `{method}` | {gain:.3f} [{low:.3f}, {high:.3f}] | " + " | ".join(f"{x:.2f}" for x in each) + f" | {seconds:.1f} |")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Orthogonal matching pursuit as GradMatch and TAGCOS compute it, in NumPy: the baseline of `gtp` (benchmarks/results/scale.md).

    python3 benchmarks/omp.py make DIRECTORY [M]            # pool.jsonl, pool.npy, target.npy: 50,000 x 2048, a target of M rows and 10% noise
    python3 benchmarks/omp.py run DIRECTORY [solver [M]]    # solver: lstsq (theirs, the default) or solve (Cholesky's cousin, faster)
    python3 benchmarks/omp.py check DIRECTORY FACTS         # the residual of a selection's rows and weights, in double precision

M is 500 where it isn't given.

Both repositories (cords: selectionstrategies/helpers/omp_solvers.py, OrthogonalMP_REG; TAGCOS: utils/omp.py, OrthogonalMP_REG_Parallel with positive=True)
do in every step: products of all rows with the residual; the largest joins; the Gram matrix of the whole support anew, plus lam on the diagonal; its least
squares (lstsq); while a weight is negative the most negative row leaves and all is solved again; the residual anew. No step uses what an earlier one
factored. Their lam is 1 (TAGCOS) or 0.5 (cords) on rows of any length; here it is gtp's, 1e-3 of the mean squared row, so that residuals compare: a larger
one takes as long and fits worse.
"""
import json, os, sys, time
import numpy as np

ROWS, DIMENSION, BUDGET, LAMBDA = 50_000, 2048, 500, 1e-3


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def make(directory, budget):
    os.makedirs(directory, exist_ok=True)
    random = np.random.default_rng(1)
    pool = unit(random.standard_normal((ROWS, DIMENSION), dtype=np.float32))
    planted = random.choice(ROWS, budget, replace=False)
    target = (pool[planted] * random.uniform(0.5, 1.5, budget).astype(np.float32)[:, None]).sum(0)
    noise = random.standard_normal(DIMENSION).astype(np.float32)
    target += 0.1 * np.linalg.norm(target) * noise / np.linalg.norm(noise)
    np.save(os.path.join(directory, "pool.npy"), pool)
    np.save(os.path.join(directory, "target.npy"), target[None])
    with open(os.path.join(directory, "pool.jsonl"), "w") as file:
        for i in range(ROWS):
            file.write(json.dumps({"id": i, "prompt": f"question {i}", "completion": f"answer {i}"}) + "\n")


def pursue(pool, target, solver, budget):
    def fit(support):
        gram = support @ support.T + LAMBDA * np.identity(len(support), dtype=np.float32)
        right = support @ target
        return np.linalg.lstsq(gram, right, rcond=None)[0] if solver == "lstsq" else np.linalg.solve(gram, right)

    indices, support, residual = [], np.empty((0, DIMENSION), np.float32), target
    for _ in range(budget):
        index = int(np.argmax(pool @ residual))
        if index in indices:
            break
        indices.append(index)
        support = np.vstack([support, pool[index]])
        weights = fit(support)
        while weights.min() < 0:
            worst = int(np.argmin(weights))
            del indices[worst]
            support = np.vstack([support[:worst], support[worst + 1:]])
            weights = fit(support)
        residual = target - support.T @ weights
    return indices, weights


def residual_of(pool, target, indices, weights):
    left = target.astype(np.float64) - pool[indices].astype(np.float64).T @ np.asarray(weights, np.float64)
    return float(np.linalg.norm(left) / np.linalg.norm(target))


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in ("make", "run", "check"):
        sys.exit(__doc__)
    command, directory = sys.argv[1:3]
    if command == "make":
        return make(directory, int(sys.argv[3]) if len(sys.argv) > 3 else BUDGET)
    pool, target = (np.load(os.path.join(directory, name)) for name in ("pool.npy", "target.npy"))
    target = target[0]
    if command == "run":
        solver = sys.argv[3] if len(sys.argv) > 3 else "lstsq"
        budget = int(sys.argv[4]) if len(sys.argv) > 4 else BUDGET
        started = time.perf_counter()
        indices, weights = pursue(pool, target, solver, budget)
        print(f"omp, {solver}: {time.perf_counter() - started:.1f} s, {len(indices)} rows, residual {residual_of(pool, target, indices, weights):.4f}")
    else:
        rows = [json.loads(line) for line in open(sys.argv[3])]
        indices, weights = [r["index"] for r in rows], np.array([r["weight"] for r in rows])
        total = pool[indices].astype(np.float64).T @ weights
        scale = total @ target / (total @ total)  # weights are exported with mean 1
        print(f"{len(rows)} rows, residual {residual_of(pool, target, indices, scale * weights):.4f}")


main()

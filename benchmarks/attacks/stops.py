"""Stops each long command by a signal at several moments, and measures how long it takes to end: benchmarks/attacks.md.

    python3 benchmarks/attacks/stops.py src/Pursuit.Cli/bin/Release/net10.0/Pursuit.Cli.dll models/pursuit-mini [command ...]
"""
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

AFTER = [1, 3, 8]  # seconds from the start to the signal
ROWS, DIMENSION = 200_000, 64
COMMANDS = {
    "select gtp": ["select", "--pool", "pool.jsonl", "--target", "target.jsonl", "--model", "MODEL", "--method", "gtp", "--budget", "1%", "--out", "out/o.jsonl"],
    "select omp": ["select", "--pool", "pool.jsonl", "--features", "p.npy", "--target-features", "t.npy", "--method", "omp", "--budget", "2000", "--out", "out/o.jsonl"],
    "select tsds": ["select", "--pool", "pool.jsonl", "--target", "target.jsonl", "--model", "MODEL", "--method", "tsds", "--budget", "1%", "--out", "out/o.jsonl"],
    "select zip": ["select", "--pool", "pool.jsonl", "--method", "zip", "--budget", "10%", "--out", "out/o.jsonl"],
    "select dsir": ["select", "--pool", "pool.jsonl", "--target", "target.jsonl", "--method", "dsir", "--budget", "10%", "--out", "out/o.jsonl"],
    "select kcenter": ["select", "--pool", "pool.jsonl", "--features", "p.npy", "--method", "kcenter", "--budget", "5%", "--out", "out/o.jsonl"],
    "features": ["features", "--pool", "pool.jsonl", "--model", "MODEL", "--run", "out/f.run"],
    "score": ["score", "--pool", "pool.jsonl", "--target", "target.jsonl", "--model", "MODEL", "--methods", "zip", "dsir", "entropy", "--out", "out/s.jsonl"],
    "prune": ["prune", "--pool", "pool.jsonl", "--keep", "50%", "--model", "MODEL", "--method", "perplexity", "--out", "out/k.jsonl"],
    "prove": ["prove", "--pool", "pool.jsonl", "--target", "target.jsonl", "--test", "test.jsonl", "--model", "MODEL", "--budget", "5%", "--methods", "length,zip", "--run", "out/p.run"],
    "train": ["train", "--data", "pool.jsonl", "--model", "MODEL", "--out", "out/m"],
    "pretrain": ["pretrain", "--data", "texts.jsonl", "--out", "out/m"],
    "tokenizer train": ["tokenizer", "train", "texts.jsonl", "--vocab", "8000", "--out", "out/t"],
    "generate": ["generate", "--model", "MODEL", "--prompt", "Tell me all.", "--max-tokens", "4000"],
    "plan": ["plan", "--pool", "pool.jsonl", "--target", "target.jsonl", "--model", "MODEL", "--kind", "Gradient", "--budget", "1%"],
    "inspect": ["inspect", "pool.jsonl"],
}


def write(path, records):
    with open(path, "w") as file:
        file.writelines(json.dumps(r) + "\n" for r in records)


def matrix(path, rows):
    """Random numbers as NumPy keeps them, without NumPy."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {DIMENSION}), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    row = random.Random(1)
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        for _ in range(rows):
            file.write(struct.pack(f"<{DIMENSION}f", *(row.gauss(0.2, 1) for _ in range(DIMENSION))))


def main():
    dll, model = (os.path.abspath(a) for a in sys.argv[1:3])
    world = tempfile.mkdtemp(prefix="pursuit-stops-")
    words = [f"w{i}" for i in range(3000)]
    draw = random.Random(7)
    answer = lambda: " ".join(draw.choice(words) for _ in range(12))
    write(f"{world}/pool.jsonl", ({"prompt": f"q{i}: what is {i}?", "completion": answer()} for i in range(ROWS)))
    write(f"{world}/target.jsonl", ({"prompt": f"q{i}: what is {i}?", "completion": answer()} for i in range(100)))
    write(f"{world}/test.jsonl", ({"prompt": f"t{i}: what is {i}?", "completion": answer()} for i in range(100)))
    write(f"{world}/texts.jsonl", ({"text": answer()} for i in range(ROWS)))
    matrix(f"{world}/p.npy", ROWS)
    matrix(f"{world}/t.npy", 16)
    for name in sys.argv[3:] or COMMANDS:
        told = []
        for at, (after, by) in enumerate((a, s) for a in AFTER for s in (signal.SIGINT, signal.SIGTERM)):
            shutil.rmtree(f"{world}/out", ignore_errors=True)
            command = [model if a == "MODEL" else a for a in COMMANDS[name]]
            process = subprocess.Popen(["dotnet", dll, *command], cwd=world, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            time.sleep(after)
            if process.poll() is not None:
                process.communicate()
                told.append(f"{after} s: had ended ({process.returncode})")
                continue
            start = time.monotonic()
            process.send_signal(by)
            error = process.communicate()[1]
            left = [f for _, _, files in os.walk(f"{world}/out") for f in files if f.endswith(".partial")]
            right = process.returncode == 128 + by and "stopped by" in error and not left
            told.append(f"{after} s {by.name}: {time.monotonic() - start:.1f} s" + ("" if right else f" WRONG {process.returncode} {left} {error[-200:]!r}"))
        print(f"{name}: {'; '.join(told)}", flush=True)
    shutil.rmtree(world)


main()

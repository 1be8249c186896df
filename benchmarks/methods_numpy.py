"""The cosines of all rows of a store with every target example, block by block, and each row's best: one pass in NumPy.

usage: methods_numpy.py DIRECTORY      as "tsds-store" makes it; prints seconds, processor seconds and GiB of memory at most
"""
import glob, json, os, resource, struct, sys, time
import numpy as np

start, processor = time.time(), time.process_time()
target = np.load(os.path.join(sys.argv[1], "target.npy"))
target /= np.linalg.norm(target, axis=1, keepdims=True)
best = []
for path in sorted(glob.glob(os.path.join(sys.argv[1], "pool", "*.safetensors"))):
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
        place = next(v for v in header.values() if v.get("dtype") == "BF16")
        file.seek(8 + size + place["data_offsets"][0])
        raw = np.fromfile(file, np.uint16, int(np.prod(place["shape"])))
    rows = (raw.astype(np.uint32) << 16).view(np.float32).reshape(place["shape"])
    best.append((rows @ target.T).max(axis=1) / np.linalg.norm(rows, axis=1))
best = np.concatenate(best)
np.argpartition(-best, len(best) // 100)
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(time.time() - start, time.process_time() - processor, memory)

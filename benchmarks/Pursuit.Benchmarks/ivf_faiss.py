"""faiss's IndexIVFFlat on embeddings as .npy: seconds to train, add and search; the rows found go to a file of int64.

python3 ivf_faiss.py POOL.npy TARGET.npy LISTS PROBES K THREADS FOUND
"""
import resource
import sys
import time

import faiss
import numpy as np

pool, target, lists, probes, k, threads, found = sys.argv[1:]
lists, probes, k = int(lists), int(probes), int(k)
faiss.omp_set_num_threads(int(threads))
pool, target = np.load(pool, mmap_mode="r"), np.load(target)
pool = np.ascontiguousarray(pool, dtype=np.float32)

quantizer = faiss.IndexFlatL2(pool.shape[1])
index = faiss.IndexIVFFlat(quantizer, pool.shape[1], lists)
index.nprobe = probes
# As many rows per list and iterations as ours.
index.cp.niter, index.cp.max_points_per_centroid, index.cp.min_points_per_centroid = 10, 64, 1
times = []
for step in (lambda: index.train(pool), lambda: index.add(pool), lambda: index.search(target, k)):
    start = time.perf_counter()
    result = step()
    times.append(time.perf_counter() - start)
result[1].astype(np.int64).tofile(found)
usage = resource.getrusage(resource.RUSAGE_SELF)
print(faiss.__version__, *times, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20)

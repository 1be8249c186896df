#!/usr/bin/env python3
"""Draws icon.png, the packages' icon: a pool of examples, and the few chosen ones in the size of their weights.

    python3 docs/images/icon.py docs/images/icon.png
"""
import struct
import sys
import zlib

SIZE, SAMPLES = 128, 4  # pixels a side; samples a side of each pixel, so that edges are smooth
CORNER = 26.0
TOP, BOTTOM = (30, 41, 82), (15, 22, 48)
POOL, CHOSEN = (112, 126, 176), (255, 176, 59)
GRID, FIRST, STEP = 5, 24.0, 20.0
WEIGHTS = {(0, 3): 6.5, (1, 1): 5.0, (2, 3): 9.5, (3, 2): 7.5, (4, 4): 5.5}  # (column, row): radius


def inside_square(x, y):
    dx = max(CORNER - x, x - (SIZE - CORNER), 0.0)
    dy = max(CORNER - y, y - (SIZE - CORNER), 0.0)
    return dx * dx + dy * dy <= CORNER * CORNER


def colour(x, y):
    """The colour of a point, and whether the icon covers it."""
    if not inside_square(x, y):
        return (0, 0, 0), 0
    for column in range(GRID):
        for row in range(GRID):
            radius = WEIGHTS.get((column, row), 3.0)
            dx, dy = x - FIRST - STEP * column, y - FIRST - STEP * row
            if dx * dx + dy * dy <= radius * radius:
                return (CHOSEN if (column, row) in WEIGHTS else POOL), 1
    share = y / SIZE
    return tuple(a + (b - a) * share for a, b in zip(TOP, BOTTOM)), 1


def pixel(i, j):
    points = [colour(i + (a + 0.5) / SAMPLES, j + (b + 0.5) / SAMPLES) for a in range(SAMPLES) for b in range(SAMPLES)]
    covered = sum(c for _, c in points)
    if covered == 0:
        return bytes(4)
    return bytes([round(sum(p[k] * c for p, c in points) / covered) for k in range(3)] + [round(255 * covered / len(points))])


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


rows = b"".join(b"\0" + b"".join(pixel(i, j) for i in range(SIZE)) for j in range(SIZE))
with open(sys.argv[1], "wb") as out:
    out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIZE, SIZE, 8, 6, 0, 0, 0))
              + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))

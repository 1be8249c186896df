#!/usr/bin/env python3
"""The baseline of the `device` benchmark: forward and backward of the same shapes in PyTorch, with random weights.

    gpu_pytorch.py DEVICE [SHAPE ...]

Prints a Markdown table: tokens a second of forward and backward with all weight gradients, in float32 and under bf16 autocast; of the
largest shape with weights in bf16 alone, which leaves it room.
"""
import sys
import time

import torch
import torch.nn.functional as F

TOKENS = 8192
SHAPES = {  # vocabulary, hidden, layers, heads, key heads, intermediate
    "tiny": (512, 64, 2, 4, 4, 128),
    "160M": (50304, 768, 12, 12, 12, 2048),
    "1B": (50304, 2048, 18, 32, 8, 8192),
    "7B": (32000, 4096, 32, 32, 32, 11008),
}
LARGEST = "7B"



def make(shape, device, dtype):
    vocabulary, hidden, layers, heads, key_heads, intermediate = SHAPES[shape]
    size = hidden // heads

    def matrix(rows, columns):
        return torch.empty(rows, columns, device=device, dtype=dtype).normal_(std=0.02).requires_grad_()

    def vector():
        return torch.ones(hidden, device=device, dtype=dtype, requires_grad=True)

    blocks = [
        (
            vector(),
            matrix((heads + 2 * key_heads) * size, hidden),
            matrix(hidden, heads * size),
            vector(),
            matrix(2 * intermediate, hidden),
            matrix(hidden, intermediate),
        )
        for _ in range(layers)
    ]
    return matrix(vocabulary, hidden), blocks, vector()


def norm(x, weight):
    return (x * torch.rsqrt(x.float().pow(2).mean(-1, keepdim=True) + 1e-5)).to(x.dtype) * weight


def loss(model, shape, ids):
    _, hidden, _, heads, key_heads, intermediate = SHAPES[shape]
    size = hidden // heads
    embedding, blocks, last = model
    count, length = ids.shape
    angles = torch.outer(torch.arange(length, device=ids.device).float(), 10000.0 ** (-torch.arange(0, size, 2, device=ids.device) / size))
    cos, sin = torch.cat((angles, angles), -1).cos().to(embedding.dtype), torch.cat((angles, angles), -1).sin().to(embedding.dtype)

    def rotate(v):
        half = size // 2
        return v * cos + torch.cat((-v[..., half:], v[..., :half]), -1) * sin

    x = F.embedding(ids, embedding)
    for first, qkv, out, second, up, down in blocks:
        q, k, v = F.linear(norm(x, first), qkv).view(count, length, -1, size).transpose(1, 2).split((heads, key_heads, key_heads), 1)
        k, v = (t.repeat_interleave(heads // key_heads, 1) for t in (k, v))
        o = F.scaled_dot_product_attention(rotate(q).to(v.dtype), rotate(k).to(v.dtype), v, is_causal=True)
        x = x + F.linear(o.transpose(1, 2).reshape(count, length, -1), out)
        gate, values = F.linear(norm(x, second), up).split(intermediate, -1)
        x = x + F.linear(F.silu(gate) * values, down)
    logits = F.linear(norm(x, last)[:, :-1], embedding)
    return F.cross_entropy(logits.float().reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1))


def rate(device, shape, length, mode):
    model = make(shape, device, torch.bfloat16 if mode == "bf16" else torch.float32)
    index = torch.arange(TOKENS, device=device)
    ids = ((index * 7919 + torch.div(index, 13, rounding_mode="floor")) % SHAPES[shape][0]).view(-1, length)
    best = float("inf")
    begun = time.perf_counter()
    for step in range(4):
        start = time.perf_counter()
        for part in ids.split(max(1, 4096 // length)):
            with torch.autocast(device.split(":")[0], torch.bfloat16, enabled=mode == "autocast"):
                value = loss(model, shape, part)
            value.backward()
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        if step > 0:
            best = min(best, time.perf_counter() - start)
        if step > 0 and time.perf_counter() - begun > 8:
            break
    return f"{TOKENS / best:,.0f}"


device, shapes = sys.argv[1], sys.argv[2:]
name = torch.cuda.get_device_name(device) if device.startswith("cuda") else "the processor"
print(f"PyTorch {torch.__version__} on {name}\n")
print("| shape | tokens an example | float32, tokens/s | bf16 autocast, tokens/s | bf16 weights, tokens/s |")
print("|---|---|---|---|---|")
for shape in shapes:
    for length in [64] if shape == "tiny" else [512, 2048]:
        modes = ["bf16"] if shape == LARGEST else ["float32", "autocast", "bf16"]
        rates = [rate(device, shape, length, mode) if mode in modes else "" for mode in ("float32", "autocast", "bf16")]
        print(f"| {shape} | {length} | {' | '.join(rates)} |", flush=True)

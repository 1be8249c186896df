#!/usr/bin/env python3
"""The baseline of the `engine` benchmark: the same Llama in PyTorch float32 on one thread.

    engine_pytorch.py MODEL_DIRECTORY EXAMPLES LENGTH

Prints: best CPU seconds of forward and backward with all weight gradients, the loss, the gradient's norm.
"""
import json
import os
import struct
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
directory, examples, length = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
config = json.load(open(os.path.join(directory, "config.json")))
with open(os.path.join(directory, "model.safetensors"), "rb") as f:
    size = struct.unpack("<Q", f.read(8))[0]
    header = json.loads(f.read(size))
    data = f.read()
header.pop("__metadata__", None)
weights = {name: torch.from_numpy(np.frombuffer(data[slice(*t["data_offsets"])], np.float32).reshape(t["shape"]).copy()).requires_grad_() for name, t in header.items()}
heads, dim, eps = config["num_attention_heads"], config["head_dim"], config["rms_norm_eps"]
inv_freq = 1.0 / config["rope_theta"] ** (torch.arange(0, dim, 2).float() / dim)
angles = torch.outer(torch.arange(length).float(), inv_freq)
angles = torch.cat((angles, angles), -1)
cos, sin = angles.cos(), angles.sin()
mask = torch.full((length, length), float("-inf")).triu(1)
index = torch.arange(examples * length)
ids = ((index * 7919 + torch.div(index, 13, rounding_mode="floor")) % config["vocab_size"]).view(examples, length)


def norm(x, name):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weights[name]


def rotate(x):
    half = dim // 2
    return x * cos + torch.cat((-x[..., half:], x[..., :half]), -1) * sin


def forward():
    x = F.embedding(ids, weights["model.embed_tokens.weight"])
    for i in range(config["num_hidden_layers"]):
        p = f"model.layers.{i}."
        a = norm(x, p + "input_layernorm.weight")
        q, k, v = (F.linear(a, weights[p + f"self_attn.{n}_proj.weight"]).view(examples, length, heads, dim).transpose(1, 2) for n in "qkv")
        scores = rotate(q) @ rotate(k).transpose(2, 3) * dim ** -0.5 + mask
        out = (F.softmax(scores, -1) @ v).transpose(1, 2).reshape(examples, length, heads * dim)
        x = x + F.linear(out, weights[p + "self_attn.o_proj.weight"])
        a = norm(x, p + "post_attention_layernorm.weight")
        x = x + F.linear(F.silu(F.linear(a, weights[p + "mlp.gate_proj.weight"])) * F.linear(a, weights[p + "mlp.up_proj.weight"]), weights[p + "mlp.down_proj.weight"])
    head = weights.get("lm_head.weight", weights["model.embed_tokens.weight"])
    logits = F.linear(norm(x, "model.norm.weight")[:, :-1], head)
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1))


best = float("inf")
for step in range(5):
    for w in weights.values():
        w.grad = None
    start = time.process_time()
    loss = forward()
    loss.backward()
    if step:
        best = min(best, time.process_time() - start)
total = sum(float(w.grad.double().pow(2).sum()) for w in weights.values()) ** 0.5
print(best, loss.item(), total)

#!/usr/bin/env python3
"""The baseline of the `rates` benchmark: a Llama or a GPT-NeoX in PyTorch float32.

    family_pytorch.py MODEL_DIRECTORY EXAMPLES LENGTH THREADS ROUNDS

Prints: best CPU seconds and best wall seconds of forward and backward with all weight gradients, the loss, the gradient's norm.
"""
import json
import os
import struct
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

directory, (examples, length, threads, rounds) = sys.argv[1], map(int, sys.argv[2:6])
torch.set_num_threads(threads)
c = json.load(open(os.path.join(directory, "config.json")))
with open(os.path.join(directory, "model.safetensors"), "rb") as f:
    size = struct.unpack("<Q", f.read(8))[0]
    header = json.loads(f.read(size))
    data = f.read()
header.pop("__metadata__", None)
w = {name: torch.from_numpy(np.frombuffer(data[slice(*t["data_offsets"])], np.float32).reshape(t["shape"]).copy()).requires_grad_()
     for name, t in header.items()}
del data
neox = c["model_type"] == "gpt_neox"
heads, width = c["num_attention_heads"], c["hidden_size"]
dim = width // heads
kv = heads if neox else c["num_key_value_heads"]
rotated = int(dim * c["rotary_pct"]) if neox else dim
theta = c["rotary_emb_base"] if neox else c["rope_theta"]
angles = torch.outer(torch.arange(length).float(), 1.0 / theta ** (torch.arange(0, rotated, 2).float() / rotated))
cos, sin = torch.cat((angles, angles), -1).cos(), torch.cat((angles, angles), -1).sin()
mask = torch.full((length, length), float("-inf")).triu(1)
index = torch.arange(examples * length)
ids = ((index * 7919 + torch.div(index, 13, rounding_mode="floor")) % c["vocab_size"]).view(examples, length)


def norm(x, name):
    if neox:
        return F.layer_norm(x, (width,), w[name + ".weight"], w[name + ".bias"], c["layer_norm_eps"])
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + c["rms_norm_eps"]) * w[name + ".weight"]


def linear(x, name):
    return F.linear(x, w[name + ".weight"], w.get(name + ".bias"))


def rotate(x):
    half, turned = rotated // 2, x[..., :rotated]
    turned = turned * cos + torch.cat((-turned[..., half:], turned[..., :half]), -1) * sin
    return torch.cat((turned, x[..., rotated:]), -1) if rotated < dim else turned


def attend(q, k, v):
    q, k = rotate(q), rotate(k)
    if kv < heads:
        k, v = (x[:, :, None].expand(-1, -1, heads // kv, -1, -1).reshape(q.shape) for x in (k, v))
    scores = q @ k.transpose(2, 3) * dim ** -0.5 + mask
    return (F.softmax(scores, -1) @ v).transpose(1, 2).reshape(examples, length, width)


def forward():
    body = "gpt_neox." if neox else "model."
    embedding = w[body + ("embed_in.weight" if neox else "embed_tokens.weight")]
    x = F.embedding(ids, embedding)
    for i in range(c["num_hidden_layers"]):
        p = f"{body}layers.{i}."
        a = norm(x, p + "input_layernorm")
        if neox:
            qkv = linear(a, p + "attention.query_key_value").view(examples, length, heads, 3 * dim).transpose(1, 2)
            out = linear(attend(*qkv.chunk(3, -1)), p + "attention.dense")
            b = norm(x, p + "post_attention_layernorm")
            x = x + out + linear(F.gelu(linear(b, p + "mlp.dense_h_to_4h")), p + "mlp.dense_4h_to_h")
        else:
            q, k, v = (linear(a, f"{p}self_attn.{n}_proj").view(examples, length, -1, dim).transpose(1, 2) for n in "qkv")
            x = x + linear(attend(q, k, v), p + "self_attn.o_proj")
            b = norm(x, p + "post_attention_layernorm")
            x = x + linear(F.silu(linear(b, p + "mlp.gate_proj")) * linear(b, p + "mlp.up_proj"), p + "mlp.down_proj")
    x = norm(x, body + ("final_layer_norm" if neox else "norm"))
    logits = F.linear(x[:, :-1], w.get("embed_out.weight", w.get("lm_head.weight", embedding)))
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1))


processor = wall = float("inf")
for step in range(rounds + 1):
    for value in w.values():
        value.grad = None
    before = time.process_time(), time.perf_counter()
    loss = forward()
    loss.backward()
    if step:
        processor, wall = min(processor, time.process_time() - before[0]), min(wall, time.perf_counter() - before[1])
total = sum(float(value.grad.double().pow(2).sum()) for value in w.values()) ** 0.5
print(processor, wall, loss.item(), total)

"""Trains new decoders on what each way of pruning keeps, many at once on one GPU, and measures them on texts set aside, domain by domain.

A trainer that isn't ours (PyTorch) for choices that are: pursuit's `prove --from-scratch` asks the same on a processor, where a corpus and a model of this size take days.

usage: pruning_trainings.py POOL.jsonl TOKENIZER.json OUT.json --tests DOMAIN.jsonl ... --keep NAME=FILE ... [--seeds 3] [--width 256] [--layers 6] [--own-epoch] [--seconds S]
       pruning_trainings.py OUT.json          prints the table of what was measured

POOL and tests are JSONL with id and text. FILE holds one id a line: what is kept; a {seed} in it stands for the seed. Everything is trained as 'everything'. Every model sees as many
steps as one epoch of the pool takes; with --own-epoch one epoch of what it keeps as well. Documents are packed in random order, another each epoch, with an end token between them.
All runs of as many steps are one stacked model: weights [runs, in, out], so that small models fill the GPU. Trainings that wouldn't end before S seconds are left out and named.
"""
import argparse, json, math, os, sys, time
import numpy as np
if len(sys.argv) > 2:
    import torch
    import torch.nn.functional as F

HEAD = 64


def rotate(x, cos, sin):  # [.., positions, head]
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


def attend(q, k, v):
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    n = q.shape[-2]
    scores = (q @ k.transpose(-1, -2)) / math.sqrt(q.shape[-1])
    return scores.masked_fill(torch.ones(n, n, dtype=torch.bool, device=q.device).triu(1), -math.inf).softmax(-1) @ v


def norm(x, weight):
    f = x.float()
    return (f * torch.rsqrt(f.square().mean(-1, keepdim=True) + 1e-5)).to(x.dtype) * weight.to(x.dtype)


class Decoders(torch.nn.Module if len(sys.argv) > 2 else object):
    """E decoders as Llama has them (RMSNorm, rotary positions, gated MLP, tied embeddings), side by side."""

    def __init__(self, seeds, vocabulary, width, layers, context, device):
        super().__init__()
        self.runs, self.width, self.layers = len(seeds), width, layers
        inner = int(width * 8 / 3 / 32) * 32
        shapes = {"embedding": (vocabulary, width), "norm": (1, width)}
        for l in range(layers):
            shapes |= {f"norm_a{l}": (1, width), f"qkv{l}": (width, 3 * width), f"out{l}": (width, width), f"norm_m{l}": (1, width), f"up{l}": (width, 2 * inner), f"down{l}": (inner, width)}
        generators = {s: torch.Generator().manual_seed(s) for s in sorted(set(seeds))}
        self.weights = torch.nn.ParameterDict()
        for name, shape in shapes.items():
            of_seed = {s: torch.ones(shape) if "norm" in name else 0.02 * torch.randn(shape, generator=g) for s, g in generators.items()}
            self.weights[name] = torch.nn.Parameter(torch.stack([of_seed[s] for s in seeds]).to(device))
        angles = torch.outer(torch.arange(context).float(), 10000.0 ** (-torch.arange(0, HEAD, 2).float() / HEAD)).to(device)
        self.cos, self.sin = angles.cos(), angles.sin()

    def hidden(self, tokens, dtype, layer):  # [E, B, S] -> [E, B S, D]
        w = {name: value.to(dtype) for name, value in self.weights.items()}
        e, b, s = tokens.shape
        rows = tokens + torch.arange(e, device=tokens.device)[:, None, None] * w["embedding"].shape[1]
        x = F.embedding(rows.reshape(e, b * s), w["embedding"].reshape(-1, self.width))
        cos, sin = self.cos[:s].to(dtype), self.sin[:s].to(dtype)
        for l in range(self.layers):
            x = layer(x, *(w[f"{name}{l}"] for name in ("norm_a", "qkv", "out", "norm_m", "up", "down")), cos, sin)
        return norm(x, w["norm"]), w["embedding"]


def decoder_layer(x, norm_a, qkv, out, norm_m, up, down, cos, sin):
    e, n, width = x.shape
    s = cos.shape[0]
    q, k, v = torch.bmm(norm(x, norm_a), qkv).view(e * n // s, s, 3, width // HEAD, HEAD).permute(2, 0, 3, 1, 4)
    a = attend(rotate(q, cos, sin), rotate(k, cos, sin), v)
    x = x + torch.bmm(a.transpose(1, 2).reshape(e, n, width), out)
    gate, value = torch.bmm(norm(x, norm_m), up).chunk(2, -1)
    return x + torch.bmm(F.silu(gate) * value, down)


def head(hidden, embedding, labels):  # one run: [n, D], [V, D], [n] -> [n] nats
    return F.cross_entropy((hidden @ embedding.T).float(), labels, reduction="none")


class Packed:
    """Windows of some documents in random order, another order each epoch."""

    def __init__(self, documents, end, context, seed):
        self.documents, self.end, self.context = documents, end, context
        self.generator = torch.Generator().manual_seed(seed)
        self.stream = torch.zeros(0, dtype=torch.int32)

    def next(self, windows):
        need = windows * self.context + 1
        while len(self.stream) < need:
            order = torch.randperm(len(self.documents), generator=self.generator).tolist()
            self.stream = torch.cat([self.stream] + [self.documents[i] for i in order])
        out, self.stream = self.stream[:need], self.stream[need - 1:]
        return out[:-1].view(windows, self.context), out[1:].view(windows, self.context)


def train(model, data, steps, windows, rate, dtype, log):
    device = model.cos.device
    layer = torch.compile(decoder_layer, dynamic=False) if device.type == "cuda" else decoder_layer
    loss_of = torch.compile(head, dynamic=False) if device.type == "cuda" else head
    decayed = [p for n, p in model.weights.items() if "norm" not in n]
    plain = [p for n, p in model.weights.items() if "norm" in n]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.1}, {"params": plain, "weight_decay": 0.0}], lr=rate, betas=(0.9, 0.95), **({"fused": True} if device.type == "cuda" else {}))
    started = time.time()
    for step in range(steps):
        warm, done = max(1, steps // 30), step / steps
        now = rate * min((step + 1) / warm, 0.1 + 0.45 * (1 + math.cos(math.pi * done)))
        for group in optimizer.param_groups: group["lr"] = now
        pairs = [d.next(windows) for d in data]
        x = torch.stack([p[0] for p in pairs]).to(device, non_blocking=True).long()
        y = torch.stack([p[1] for p in pairs]).to(device, non_blocking=True).long()
        h, embedding = model.hidden(x, dtype, layer)
        # The head run by run: logits of all runs at once wouldn't fit.
        h_leaf, e_leaf = h.detach().requires_grad_(), embedding.detach().requires_grad_()
        total = 0.0
        for e in range(model.runs):
            loss = loss_of(h_leaf[e], e_leaf[e], y[e].reshape(-1)).mean()
            loss.backward()
            total += loss.detach()
        torch.autograd.backward([h, embedding], [h_leaf.grad, e_leaf.grad])
        square = sum(p.grad.float().square().flatten(1).sum(1) for p in model.weights.values())
        factor = (1 / square.sqrt()).clamp(max=1)
        for p in model.weights.values(): p.grad *= factor.view(-1, *([1] * (p.dim() - 1)))
        optimizer.step(); optimizer.zero_grad(set_to_none=True)
        if step % 100 == 99 or step == 9:
            log(f"step {step + 1}/{steps}, mean loss {float(total) / model.runs:.3f}, {(time.time() - started) / (step + 1) * 1000:.0f} ms a step")


def measure(model, tests, context, dtype, room):
    """nats[run][document]: every token but a document's first once, with half a window before it at least."""
    device = model.cos.device
    pieces = []  # (document, tokens, labels counted from)
    for d, tokens in enumerate(tests):
        first = 0
        while True:
            part = tokens[first:first + context + 1]
            pieces.append((d, part, 0 if first == 0 else context // 2))
            if first + context + 1 >= len(tokens): break
            first += context // 2
    sums = torch.zeros(model.runs, len(tests), dtype=torch.float64, device=device)
    for at in range(0, len(pieces), room):
        chunk = pieces[at:at + room]
        x = torch.zeros(len(chunk), context, dtype=torch.long); y = torch.full((len(chunk), context), -100)
        for r, (_, part, counted) in enumerate(chunk):
            x[r, :len(part) - 1] = part[:-1]; y[r, counted:len(part) - 1] = part[1 + counted:]
        owner = torch.tensor([d for d, _, _ in chunk], device=device)
        x, y = x.to(device), y.to(device)
        h, embedding = model.hidden(x.expand(model.runs, -1, -1), dtype, decoder_layer)
        for e in range(model.runs):
            losses = F.cross_entropy((h[e] @ embedding[e].T).float(), y.reshape(-1), ignore_index=-100, reduction="none").view(len(chunk), context)
            sums[e].index_add_(0, owner, losses.double().sum(1))
    return sums.cpu()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pool"); parser.add_argument("tokenizer"); parser.add_argument("out")
    parser.add_argument("--tests", nargs="+", required=True); parser.add_argument("--keep", nargs="+", required=True)
    parser.add_argument("--seeds", type=int, default=3); parser.add_argument("--width", type=int, default=256); parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--context", type=int, default=512); parser.add_argument("--windows", type=int, default=16); parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--own-epoch", action="store_true"); parser.add_argument("--seconds", type=float, default=1e9); parser.add_argument("--steps", type=int, default=0)
    a = parser.parse_args()
    from tokenizers import Tokenizer
    started = time.time()
    def log(text): print(f"{time.time() - started:6.1f} s  {text}", flush=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    torch.set_float32_matmul_precision("high")
    tokenizer = Tokenizer.from_file(a.tokenizer)
    end = tokenizer.token_to_id("<|endoftext|>")
    def encode(texts): return [torch.tensor(e.ids + [end], dtype=torch.int32) for e in tokenizer.encode_batch(texts, add_special_tokens=False)]
    records = [json.loads(line) for line in open(a.pool, encoding="utf-8")]
    place = {r["id"]: i for i, r in enumerate(records)}
    pool = encode([r["text"] for r in records])
    domains = {os.path.basename(t)[:-6]: [json.loads(line) for line in open(t, encoding="utf-8")] for t in a.tests}
    tests = [r for rs in domains.values() for r in rs]
    bytes_of = [len(r["text"].encode()) for r in tests]
    test_tokens = [t[:-1] for t in encode([r["text"] for r in tests])]  # without the end token
    total = sum(map(len, pool))
    steps = a.steps or total // (a.windows * a.context)
    log(f"{len(pool):,} documents, {total:,} tokens, {steps} steps an epoch, {len(tests)} test documents")

    kept = {}
    for item in a.keep:
        name, path = item.split("=", 1)
        for seed in range(a.seeds):
            kept[name, seed] = [place[line.strip()] for line in open(path.replace("{seed}", str(seed)), encoding="utf-8") if line.strip()]
    for seed in range(a.seeds): kept["everything", seed] = list(range(len(pool)))
    share = {key: sum(len(pool[i]) for i in rows) / total for key, rows in kept.items()}

    groups = [("equal steps", steps, list(kept))]
    if a.own_epoch:
        names = {}
        for key in kept:
            if key[0] != "everything": names.setdefault(round(max(share[k] for k in kept if k[0] == key[0]), 1), []).append(key)
        groups += [("own epoch", max(1, round(s * steps)), keys + [("everything", seed) for seed in range(a.seeds)]) for s, keys in sorted(names.items())]
    results, per_run_step = [], None
    for regime, count, keys in groups:
        if per_run_step and time.time() - started + per_run_step * count * len(keys) > a.seconds:
            log(f"left out for time: {regime}, {count} steps of {len(keys)} runs")
            continue
        model = Decoders([seed for _, seed in keys], tokenizer.get_vocab_size(), a.width, a.layers, a.context, device)
        log(f"{regime}: {len(keys)} runs, {count} steps, {sum(p[0].numel() for p in model.weights.values()):,} parameters each")
        begun = time.time()
        # Order by seed alone: the same documents come in the same order wherever the same are kept.
        train(model, [Packed([pool[i] for i in sorted(kept[k])], end, a.context, 1000 + k[1]) for k in keys], count, a.windows, a.rate, dtype, log)
        per_run_step = (time.time() - begun) / count / len(keys)
        with torch.no_grad(): nats = measure(model, test_tokens, a.context, dtype, 32)
        for e, (name, seed) in enumerate(keys):
            at = 0
            per_domain = {}
            for domain, rs in domains.items():
                per_domain[domain] = [[round(float(n), 4), b] for n, b in zip(nats[e, at:at + len(rs)], bytes_of[at:at + len(rs)])]
                at += len(rs)
            results.append({"regime": regime, "steps": count, "keep": name, "seed": seed, "documents": len(kept[name, seed]), "share": share[name, seed], "domains": per_domain})
        with open(a.out, "w") as file: json.dump(results, file)
        table(results)
        log(f"{regime} measured")
        del model
        if device.type == "cuda": torch.cuda.empty_cache()


def interval(own, other, domains, draws=20000):
    """Mean over domains of nats per byte, own less other, with the interval of docs/proof.md: seeds and documents resampled crossed, each widened for few."""
    random = np.random.default_rng(0)
    factor = lambda n: math.sqrt(n / (n - 1)) * {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}.get(n, 1.96 + 2.4 / n) / 1.96
    d = {k: np.array([[a[0] - b[0] for a, b in zip(o["domains"][k], p["domains"][k])] for o, p in zip(own, other)]) for k in domains}  # [seeds, documents]
    size = {k: np.array([b for _, b in own[0]["domains"][k]]) for k in domains}
    by_seed = np.mean([d[k].sum(1) / size[k].sum() for k in domains], 0)
    theta = by_seed.mean()
    n = len(by_seed)
    drawn = theta + factor(n) * (random.choice(by_seed - theta, (draws, n)).mean(1) if n > 1 else 0)
    for k in domains:
        mean = d[k].mean(0)
        deviation = (mean - mean.sum() / size[k].sum() * size[k]) / size[k].sum() / len(domains)
        m = len(deviation)
        drawn = drawn + factor(m) * (random.multinomial(m, np.full(m, 1 / m), draws) @ deviation)
    return theta, *np.quantile(drawn, (0.025, 0.975))


def table(results):
    for regime, steps in sorted({(r["regime"], r["steps"]) for r in results}, key=lambda r: -r[1]):
        rows = [r for r in results if (r["regime"], r["steps"]) == (regime, steps)]
        of = {name: sorted((r for r in rows if r["keep"] == name), key=lambda r: r["seed"]) for name in dict.fromkeys(r["keep"] for r in rows)}
        domains = list(rows[0]["domains"])
        value = lambda r, k: sum(n for n, _ in r["domains"][k]) / sum(b for _, b in r["domains"][k])
        mean = lambda name, ks: np.mean([value(r, k) for r in of[name] for k in ks])
        print(f"\n{regime}, {steps} steps, {len(of['everything'])} seeds, nats per byte\n\n| kept | documents | tokens | all domains | less everything | less random at the same size | domains better than random | " + " | ".join(domains) + " |")
        print("|---" * (7 + len(domains)) + "|")
        for name in sorted(of, key=lambda n: mean(n, domains)):
            random = name.rsplit("-", 1)[-1].join(("random-", ""))
            def against(other): return "%+.3f [%+.3f, %+.3f]" % interval(of[name], of[other], domains) if other in of and other != name else ""
            better = f"{sum(mean(name, [k]) < mean(random, [k]) for k in domains)} of {len(domains)}" if random in of and random != name else ""
            print(f"| {name} | {of[name][0]['documents']:,} | {of[name][0]['share']:.0%} | {mean(name, domains):.3f} | {against('everything')} | {against(random)} | {better} | " + " | ".join(f"{mean(name, [k]):.3f}" for k in domains) + " |")


if len(sys.argv) > 2: main()
else:
    with open(sys.argv[1]) as file: table(json.load(file))

// The baseline of `tokenizer`: the Rust crate tokenizers, through its binding to node, on the same blocks of the same text, in MB per
// second of processor time.
//   npm install @anush008/tokenizers@0.6.0 && node PATH/benchmarks/tokenizer.mjs TEXT TOKENIZER...
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

process.env.TOKENIZERS_PARALLELISM = 'false';
const { Tokenizer } = createRequire(path.join(process.cwd(), 'x.js'))('@anush008/tokenizers');
const rounds = 3;
const text = fs.readFileSync(process.argv[2], 'utf8');
const blocks = [];
for (let start = 0; start < text.length; ) {
  const lineEnd = text.indexOf('\n', start + 4096);
  const end = lineEnd < 0 ? text.length : lineEnd + 1;
  blocks.push(text.slice(start, end));
  start = end;
}
const megabytes = Buffer.byteLength(text) / 1e6;
for (const name of process.argv.slice(3)) {
  const file = fs.statSync(name).isDirectory() ? path.join(name, 'tokenizer.json') : name;
  const tokenizer = Tokenizer.fromString(fs.readFileSync(file, 'utf8'));
  let best = Infinity;
  let encodings = [];
  for (let round = 0; round < rounds; ++round) {
    encodings = [];
    const start = process.cpuUsage();
    for (const block of blocks) encodings.push(await tokenizer.encode(block, null, { addSpecialTokens: false }));
    const used = process.cpuUsage(start);
    best = Math.min(best, (used.user + used.system) / 1e6);
  }
  const hash = crypto.createHash('sha256');
  let tokens = 0;
  for (const encoding of encodings) {
    const ids = encoding.getIds();
    tokens += ids.length;
    hash.update(new Uint8Array(Int32Array.from(ids).buffer));
  }
  console.log(`| ${path.basename(name)} | ${(megabytes / best).toFixed(2)} | ${tokens} | ${hash.digest('hex').slice(0, 16)} |`);
}

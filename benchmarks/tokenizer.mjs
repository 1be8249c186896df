// The baseline of `tokenizer`: @huggingface/tokenizers on the same blocks of the same text, in MB per second of processor time.
//   npm install @huggingface/tokenizers@0.2.0 && node PATH/benchmarks/tokenizer.mjs TEXT TOKENIZER...
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const { Tokenizer } = createRequire(path.join(process.cwd(), 'x.js'))('@huggingface/tokenizers');
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
  const tokenizer = new Tokenizer(JSON.parse(fs.readFileSync(file, 'utf8')), {});
  let best = Infinity;
  let digest = '';
  let tokens = 0;
  for (let round = 0; round < 3; ++round) {
    const hash = crypto.createHash('sha256');
    tokens = 0;
    let seconds = 0;
    for (const block of blocks) {
      const start = process.cpuUsage();
      const { ids } = tokenizer.encode(block, { add_special_tokens: false });
      const used = process.cpuUsage(start);
      seconds += (used.user + used.system) / 1e6;
      tokens += ids.length;
      hash.update(new Uint8Array(Int32Array.from(ids).buffer));
    }
    best = Math.min(best, seconds);
    digest = hash.digest('hex');
  }
  console.log(`| ${path.basename(name)} | ${(megabytes / best).toFixed(2)} | ${tokens} | ${digest.slice(0, 16)} |`);
}

// What every JavaScript engine does in the same way: read the workload, run the protocol, report.
//
// usage of an engine: node ENGINE.mjs --data DIR --rules N --workload w1|w2 [--limit IDENTITIES] [--passes 5]
// w1: requests are brought into the engine's own form before the clock starts; one pass warms up and
//     makes the checksum, then `passes` passes are timed (median, least, most; latency per identity).
// w2: one pass over the file; the clock of `eval_s` covers only deciding.
// The checksum is FNV-1a (32 bits) over, for each artefact in order: each id of a matching rule + 1 in
// rising order, 0xFFFF, and the winner's id + 1 (0: none).
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import {performance} from 'node:perf_hooks';
import {parseArgs} from 'node:util';

const {values: options} = parseArgs({options: {
  data: {type: 'string'},
  rules: {type: 'string', default: '50'},
  workload: {type: 'string', default: 'w1'},
  limit: {type: 'string', default: '0'},
  passes: {type: 'string', default: '5'},
}});
const limit = Number(options.limit), passes = Number(options.passes);

export const rules = JSON.parse(fs.readFileSync(path.join(options.data, `rules-${options.rules}.json`)));
const strength = Int32Array.from(rules, (rule) => rule.strength);

function winner(ids) {
  let best = -1;
  for (const id of ids) {
    if (best < 0 || strength[id] > strength[best] || (strength[id] === strength[best] && id < best)) best = id;
  }
  return best;
}

class Checksum {
  hash = 2166136261;
  items = 0;
  matches = 0;
  mix(word) { this.hash = Math.imul(this.hash ^ word, 16777619) >>> 0; }
  add(ids) {
    for (const id of Int32Array.from(ids).sort()) this.mix(id + 1);
    this.mix(0xFFFF);
    this.mix(winner(ids) + 1);
    this.items++;
    this.matches += ids.length;
  }
  text() { return this.hash.toString(16).padStart(8, '0'); }
}

async function* requests() {
  const file = fs.createReadStream(path.join(options.data, `${options.workload}.jsonl`), {highWaterMark: 1 << 20});
  const lines = readline.createInterface({input: file, crlfDelay: Infinity});
  let count = 0;
  for await (const line of lines) {
    yield JSON.parse(line);
    if (limit && ++count >= limit) break;
  }
  file.destroy();
}

function quantile(values, fraction) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))];
}
const rounded = (value, digits) => Number(value.toFixed(digits));

function peak_mib() {
  return rounded(Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]) / 1024, 1);
}

async function measure_passes(engine, sum) {
  const prepared = [];
  for await (const request of requests()) prepared.push(engine.prepare(request));
  for (const one of prepared) for (const ids of engine.decide(one)) sum.add(ids);
  const rates = [], p50 = [], p99 = [];
  for (let pass = 0; pass < passes; pass++) {
    const latency = new Float64Array(prepared.length);
    let matches = 0, winners = 0;
    const start = performance.now();
    for (let i = 0; i < prepared.length; i++) {
      const begin = performance.now();
      for (const ids of engine.decide(prepared[i])) {
        matches += ids.length;
        winners += winner(ids) + 1;
      }
      latency[i] = performance.now() - begin;
    }
    rates.push(sum.items / ((performance.now() - start) / 1000));
    p50.push(quantile(latency, 0.5) * 1000);
    p99.push(quantile(latency, 0.99) * 1000);
    if (matches !== sum.matches || winners < 0) throw new Error('a pass gave other answers');
  }
  return {
    identities: prepared.length,
    decisions_per_s: Math.round(quantile(rates, 0.5)),
    least: Math.round(Math.min(...rates)),
    most: Math.round(Math.max(...rates)),
    p50_us: rounded(quantile(p50, 0.5), 2),
    p99_us: rounded(quantile(p99, 0.5), 2),
  };
}

async function measure_stream(engine, sum) {
  let identities = 0, deciding = 0;
  const start = performance.now();
  for await (const request of requests()) {
    const prepared = engine.prepare(request);
    const begin = performance.now();
    const answers = engine.decide(prepared);
    deciding += performance.now() - begin;
    for (const ids of answers) sum.add(ids);
    identities++;
  }
  return {
    identities,
    decisions_per_s: Math.round(sum.items / (deciding / 1000)),
    eval_s: rounded(deciding / 1000, 3),
    total_s: rounded((performance.now() - start) / 1000, 3),
  };
}

// engine: {name, version, prepare(request) → input, decide(input) → per artefact an array of rule ids}
export async function run(engine) {
  const sum = new Checksum();
  const measure = options.workload === 'w1' ? measure_passes : measure_stream;
  const figures = await measure({prepare: (request) => request, ...engine}, sum);
  console.log(JSON.stringify({
    engine: engine.name, version: engine.version, workload: options.workload, rules: rules.length,
    items: sum.items, matches: sum.matches, checksum: sum.text(), ...figures, peak_mib: peak_mib(),
  }));
}

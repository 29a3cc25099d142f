// `./dev bench`: makes the workload, lets every engine answer and compares its answers with the
// referee's, measures them in turns, and prints a table; build/bench/results.jsonl holds every line.
// usage: node bench.mjs [--rounds 3] [--only w1,w2,w3,own] [--engines a,b]
// Exit code 1: an engine gave other answers. Figures are reported, never a reason to fail.
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {engines, kData, kRoot, measure} from './engines.mjs';
import {goals, print_goals, print_other_figures, print_table} from './report.mjs';
import {own_figures} from './own.mjs';

const {values: options} = parseArgs({options: {
  rounds: {type: 'string', default: '3'},
  only: {type: 'string', default: 'w1,w3,w2,own'},
  engines: {type: 'string', default: engines.map((engine) => engine.name).join(',')},
}});
const kPasses = 5;
const kResults = path.join(kRoot, 'build/bench/results.jsonl');
const chosen = engines.filter((engine) => options.engines.split(',').includes(engine.name));
const parts = options.only.split(','), rounds = Number(options.rounds);

// The data is made anew when the generator has changed.
function make_workload() {
  const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), 'workload');
  const hash = createHash('sha256');
  for (const name of fs.readdirSync(folder).sort()) hash.update(fs.readFileSync(path.join(folder, name)));
  const stamp = path.join(kData, 'generator.sha256'), wanted = hash.digest('hex');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return;
  console.log('generating the workload (about 500 MB in build/bench/data)');
  execFileSync('node', [path.join(folder, 'generate.mjs'), '--out', kData], {stdio: 'inherit'});
  fs.writeFileSync(stamp, wanted);
}

const results = [];
function record(line) {
  results.push(line);
  fs.appendFileSync(kResults, JSON.stringify(line) + '\n');
}

const compact = (rate) => rate >= 1e6 ? `${(rate / 1e6).toFixed(2)} M` : `${(rate / 1e3).toFixed(1)} k`;

// Engines take turns inside a round, so that what slows the machine slows them all.
function measure_rounds(label, workload, rules) {
  for (let round = 1; round <= rounds; round++) {
    for (const engine of chosen) {
      const line = {label, round, engine: engine.name, rules, ...measure(engine, workload, rules, kPasses)};
      record(line);
      if (line.crashed) {
        console.log(`${label} ${String(rules).padStart(4)} rules  round ${round}  ${engine.name.padEnd(12)}  crashed: ${line.crashed}`);
        continue;
      }
      console.log(`${label} ${String(rules).padStart(4)} rules  round ${round}  ${engine.name.padEnd(12)}` +
        `${compact(line.decisions_per_s).padStart(10)} decisions/s` +
        (line.load_s ? `  load ${line.load_s.toFixed(3)} s` : '') +
        `  ${line.agrees ? `${line.items} items as the referee` : 'ANSWERS DIFFER'}`);
    }
  }
}

make_workload();
fs.writeFileSync(kResults, '');
if (parts.includes('w1')) measure_rounds('w1', 'w1', 50);
if (parts.includes('w3')) for (const rules of [10, 100, 1000]) measure_rounds('w3', 'w1', rules);
if (parts.includes('w2')) measure_rounds('w2', 'w2', 50);
if (parts.includes('own')) for (const line of own_figures()) record({label: 'own', ...line});

print_table(results);
const judged = goals(results);
for (const goal of judged) record({label: 'goal', ...goal});
print_goals(judged);
print_other_figures(results);
const wrong = results.filter((line) => line.agrees === false);
const crashed = results.filter((line) => line.crashed);
if (crashed.length) console.log(`\n${crashed.length} runs crashed: ${[...new Set(crashed.map((line) => line.engine))].join(', ')}`);
if (wrong.length) console.log(`\n${wrong.length} runs gave other answers than the referee`);
if (wrong.length || crashed.some((line) => line.role !== 'peer')) process.exit(1);

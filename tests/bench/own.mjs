// Figures of Rescind alone: memory, the plan of one leaver among a million items, checking policies.
import {spawnSync} from 'node:child_process';
import path from 'node:path';
import {performance} from 'node:perf_hooks';
import {figures, kData, kRoot} from './engines.mjs';

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

// A whole process from start to end, as a person at a terminal waits for it.
function check_packs() {
  const program = path.join(kRoot, 'build/release/rescind');
  const taken = Array.from({length: 11}, () => {
    const start = performance.now();
    const {status, stderr} = spawnSync(program, ['check', path.join(kRoot, 'policies')], {encoding: 'utf8'});
    if (status !== 0) throw new Error(`rescind check policies: exit ${status}\n${stderr}`);
    return performance.now() - start;
  });
  return {figure: 'check of the shipped packs, whole process', value: median(taken), compare: 'at most', bound: 50, unit: 'ms'};
}

export function own_figures() {
  const one = figures('bench_rescind_figures',
    ['--data', kData, '--source', path.join(kRoot, 'policies/leaver/leaver.rescind')]);
  const at_most = (figure, value, bound, unit) => ({figure, value, compare: 'at most', bound, unit});
  const store = figures('bench_store', ['--work', path.join(kData, 'store')]);
  return [
    {figure: 'plain SQLite, one durable record per transaction', value: store.plain_per_s, unit: 'a second'},
    {figure: 'journal, one durable record per transaction', value: store.journal_per_s, unit: 'a second'},
    {figure: 'journal / plain SQLite with the same durability', value: store.journal_ratio,
      compare: 'at least', bound: 0.5, unit: 'times'},
    at_most('100,000 open runs with timers, memory of one', store.bytes_per_run, 1024, 'bytes'),
    at_most('what is due among 100,000 open runs', store.due_ms, 1, 'ms'),
    {figure: 'load of 1 million items with their digest', value: one.load_with_digest_s, unit: 's'},
    {figure: 'check of 1,000 rules, first in a process', value: one.check_first_ms, unit: 'ms'},
    at_most('memory above the strings, per item', one.bytes_per_item, 120, 'bytes'),
    at_most('plan of one leaver among 1 million items', one.plan_ms, 5, 'ms'),
    at_most('check of 1,000 rules (parse and check)', one.check_ms, 100, 'ms'),
    check_packs(),
  ];
}

// Figures of Rescind alone: the journal, many runs, a long log, memory, the plan of one leaver among a million items,
// checking policies.
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
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

const at_most = (figure, value, bound, unit) => ({figure, value, compare: 'at most', bound, unit});

// The journal beside plain SQLite: on the disk of this folder, which is what the goal is about, and in
// memory, where there is no disk to wait for and every wasted microsecond shows.
function store_figures() {
  const disk = figures('bench_store', ['--work', path.join(kData, 'store')]);
  const lines = [
    {figure: 'plain SQLite, one durable record per transaction', value: disk.plain_per_s, unit: 'a second'},
    {figure: 'journal, one durable record per transaction', value: disk.journal_per_s, unit: 'a second'},
  ];
  if (disk.in_memory) {
    lines.push({figure: 'journal / plain SQLite (this folder is in memory: nothing is durable, no goal is judged)',
      value: disk.journal_ratio, unit: 'times'});
  } else {
    lines.push({figure: 'journal / plain SQLite with the same durability', value: disk.journal_ratio,
      compare: 'at least', bound: 0.5, unit: 'times'});
  }
  if (!disk.in_memory && fs.existsSync('/dev/shm')) {
    const folder = fs.mkdtempSync('/dev/shm/rescind-bench-');
    const memory = figures('bench_store', ['--work', folder]);
    lines.push({figure: 'journal without a disk, one record per transaction', value: memory.journal_per_s, unit: 'a second'},
      {figure: 'journal / plain SQLite, both without a disk', value: memory.journal_ratio, unit: 'times'});
  }
  lines.push(at_most('what is due among 100,000 open runs', disk.due_ms, 1, 'ms'));
  return lines;
}

function runs_figures() {
  const runs = figures('bench_runs', ['--work', path.join(kData, 'runs')]);
  return [
    at_most('100,000 open runs with timers, memory of one', runs.idle_bytes_per_run, 1024, 'bytes'),
    at_most('the same after ten of them were worked', runs.busy_bytes_per_run, 1024, 'bytes'),
    {figure: 'a look of the worker at 100,000 open runs that finds nothing due', value: runs.idle_look_ms, unit: 'ms'},
    {figure: 'plan of one leaver, no run in the store', value: runs.plan_0_ms, unit: 'ms'},
    {figure: 'plan of one leaver, 1,000 closed runs in the store', value: runs.plan_1000_ms, unit: 'ms'},
    {figure: 'plan of one leaver, 10,000 closed runs in the store', value: runs.plan_10000_ms, unit: 'ms'},
    at_most('plan with 10,000 closed runs / with none', runs.plan_10000_ms / runs.plan_0_ms, 2, 'times'),
  ];
}

function log_figures() {
  const log = figures('bench_log', ['--work', path.join(kData, 'log')]);
  const of = `an evidence log of ${(log.entries / 1e6).toFixed(2)} million entries`;
  return ['check', 'pack', 'report'].flatMap((part) => [
    {figure: `${part} over ${of}`, value: log[`${part}_s`], unit: 's'},
    {figure: `${part} over ${of}, most memory`, value: log[`${part}_mib`], unit: 'MiB'},
  ]);
}

export function own_figures() {
  const one = figures('bench_rescind_figures',
    ['--data', kData, '--source', path.join(kRoot, 'policies/leaver/leaver.rescind')]);
  return [
    ...store_figures(), ...runs_figures(), ...log_figures(),
    {figure: 'load of 1 million items with their digest', value: one.load_with_digest_s, unit: 's'},
    {figure: 'check of 1,000 rules, first in a process', value: one.check_first_ms, unit: 'ms'},
    at_most('memory above the strings, per item', one.bytes_per_item, 120, 'bytes'),
    at_most('plan of one leaver among 1 million items', one.plan_ms, 5, 'ms'),
    at_most('check of 1,000 rules (parse and check)', one.check_ms, 100, 'ms'),
    check_packs(),
  ];
}

// The engines of the benchmark and how each is run. A run prints one JSON line (see protocol.mjs).
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const kHere = path.dirname(fileURLToPath(import.meta.url));
export const kRoot = path.resolve(kHere, '../..');
export const kBuild = path.join(kRoot, 'build/release/tests/bench');
export const kData = path.join(kRoot, 'build/bench/data');

// `identities`: how many an engine gets (0: all); slow ones get a prefix and are checked on it.
const all = () => 0;
const script = (name) => path.join(kHere, 'engines', name);
const program = (name) => path.join(kBuild, name);

function clips_source(rules) {
  const source = path.join(kData, `rules-${rules}.clp`);
  fs.writeFileSync(source, execFileSync('node', [script('clips_rules.mjs'), path.join(kData, `rules-${rules}.json`)]));
  return source;
}

export const engines = [
  {name: 'rescind', role: 'ours', identities: all, command: () => [program('bench_rescind')]},
  {name: 'clips', role: 'peer', identities: (workload, rules) => rules === 1000 ? 400 : 0,
    command: (rules) => [program('bench_clips'), '--source', clips_source(rules)]},
  {name: 'cedar-wasm', role: 'peer',
    identities: (workload, rules) => workload === 'w2' ? 1000 : rules === 1000 ? 50 : 200,
    command: () => ['node', script('cedar.mjs')]},
  {name: 'limit-naive', role: 'limit', identities: all,
    command: (rules) => [program(`bench_limit_${rules}`), '--variant', 'naive']},
  {name: 'limit-hoist', role: 'limit', identities: all,
    command: (rules) => [program(`bench_limit_${rules}`), '--variant', 'hoist']},
];
const kReferee = {name: 'referee', command: () => ['node', script('referee.mjs')]};

function last_line(text) {
  return JSON.parse(text.trim().split('\n').pop());
}

function run(engine, workload, rules, identities, passes) {
  const [command, ...more] = engine.command(rules);
  const options = {data: kData, workload, rules, limit: identities, passes};
  const given = Object.entries(options).flatMap(([name, value]) => ['--' + name, String(value)]);
  return last_line(execFileSync(command, [...more, ...given],
    {encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'inherit']}));
}

const verdicts = new Map();
function verdict(workload, rules, identities) {
  const key = [workload, rules, identities].join('/');
  if (!verdicts.has(key)) verdicts.set(key, run(kReferee, workload, rules, identities, 1));
  return verdicts.get(key);
}

// The engine's figures; `agrees` tells whether its answers are the referee's on the same identities.
// {crashed}: the engine's process died.
export function measure(engine, workload, rules, passes) {
  const identities = engine.identities(workload, rules);
  const expected = verdict(workload, rules, identities);
  let result;
  try {
    result = run(engine, workload, rules, identities, passes);
  } catch (error) {
    return {role: engine.role, crashed: error.signal ?? `exit ${error.status}`};
  }
  const agrees = result.checksum === expected.checksum && result.matches === expected.matches &&
    result.items === expected.items;
  return {...result, role: engine.role, agrees};
}

// A program of the benchmark that prints one JSON line of its own.
export const figures = (name, args) => last_line(execFileSync(program(name), args, {encoding: 'utf8'}));

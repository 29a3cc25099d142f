// A test: Rescind's answers on a part of the workload are the referee's, for every size of rule set.
// usage: node answers.mjs --program BENCH_RESCIND --work DIR
import {execFileSync} from 'node:child_process';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

const {values: options} = parseArgs({options: {program: {type: 'string'}, work: {type: 'string'}}});
const here = path.dirname(fileURLToPath(import.meta.url));
const run = (command, args) => execFileSync(command, args, {encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit']});
const answers = (command, args, rules, identities) => {
  const more = ['--data', options.work, '--workload', 'w1', '--rules', rules, '--limit', identities, '--passes', 1];
  const {items, matches, checksum} = JSON.parse(run(command, [...args, ...more.map(String)]));
  return {items, matches, checksum};
};

run('node', [path.join(here, 'workload/generate.mjs'), '--out', options.work, '--parts', 'rules,w1']);
let failed = 0;
for (const [rules, identities] of [[10, 500], [50, 500], [100, 500], [1000, 100]]) {
  const expected = JSON.stringify(answers('node', [path.join(here, 'engines/referee.mjs')], rules, identities));
  const found = JSON.stringify(answers(options.program, [], rules, identities));
  const same = expected === found;
  console.log(`${same ? 'ok' : 'FAILED'}: ${rules} rules, ${identities} identities: ${found}` +
    (same ? '' : `, the referee says ${expected}`));
  if (!same) failed++;
}
process.exit(failed ? 1 : 0);

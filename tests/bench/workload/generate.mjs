// Writes the workload, in neutral form and as Rescind's policy, inventory and events.
// usage: node generate.mjs --out DIR [--seed 42] [--parts rules,w1,w2]
//   rules: rules-N.json, policy-N.rescind for N = 10, 50, 100, 1000, and policy-leaver.rescind
//   w1:    w1.jsonl (2,000 identities with 20 artefacts each), w1.inventory.jsonl, w1.events.jsonl
//   w2:    w2.jsonl (100,000 identities with 10), w2.inventory.jsonl, w2.events.jsonl
import fs from 'node:fs';
import path from 'node:path';
import {parseArgs} from 'node:util';
import {make_requests} from './requests.mjs';
import {event_record, inventory_head, inventory_records, leaver_policy_text, policy_text} from './rescind.mjs';
import {make_rules} from './rules.mjs';

const {values: options} = parseArgs({options: {
  out: {type: 'string'},
  seed: {type: 'string', default: '42'},
  parts: {type: 'string', default: 'rules,w1,w2'},
}});
const seed = Number(options.seed);

// Appends lines to a file in large pieces; the file appears under its name only when it is whole.
class LineFile {
  constructor(name) {
    this.name = path.join(options.out, name);
    this.file = fs.openSync(this.name + '.new', 'w');
    this.lines = [];
  }
  add(line) {
    this.lines.push(line);
    if (this.lines.length >= 20000) this.flush();
  }
  flush() {
    if (this.lines.length) fs.writeSync(this.file, this.lines.join('\n') + '\n');
    this.lines = [];
  }
  close() {
    this.flush();
    fs.closeSync(this.file);
    fs.renameSync(this.name + '.new', this.name);
  }
}

function write_rules() {
  const rules = make_rules(seed, 1000);
  for (const count of [10, 50, 100, 1000]) {
    const some = rules.slice(0, count);
    fs.writeFileSync(path.join(options.out, `rules-${count}.json`),
      JSON.stringify(some).replace(/\},\{"id"/g, '},\n{"id"'));
    fs.writeFileSync(path.join(options.out, `policy-${count}.rescind`), policy_text(some));
  }
  fs.writeFileSync(path.join(options.out, 'policy-leaver.rescind'), leaver_policy_text());
}

function write_requests(name, identities, artefacts_each, stream) {
  const neutral = new LineFile(`${name}.jsonl`);
  const inventory = new LineFile(`${name}.inventory.jsonl`), events = new LineFile(`${name}.events.jsonl`);
  for (const record of inventory_head()) inventory.add(JSON.stringify(record));
  for (const request of make_requests(stream, identities, artefacts_each)) {
    neutral.add(JSON.stringify(request));
    for (const record of inventory_records(request)) inventory.add(JSON.stringify(record));
    events.add(JSON.stringify(event_record(request)));
  }
  for (const file of [inventory, events, neutral]) file.close();
}

fs.mkdirSync(options.out, {recursive: true});
const parts = options.parts.split(',');
if (parts.includes('rules')) write_rules();
if (parts.includes('w1')) write_requests('w1', 2000, 20, seed + 1);
if (parts.includes('w2')) write_requests('w2', 100000, 10, seed + 2);

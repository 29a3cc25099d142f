// Translates rules-N.json into C++ for limit.cc. usage: node limit_rules.mjs RULES.json > limit_rules.inc
// Per rule three forms: nID (the whole condition for one item, short-circuit), gID (its conditions on
// event and identity alone) and hID (the rest, as a loop over a column that the compiler can vectorise).
import fs from 'node:fs';
import {subjects_of} from '../workload/rules.mjs';
import {vocabulary} from '../workload/vocabulary.mjs';

const rules = JSON.parse(fs.readFileSync(process.argv[2]));
const kParameters = 'const Event& e, const Identity& i, const Items& a';

function column(path) {
  const [subject, name] = path.split('.');
  return subject === 'artefact' ? `a.${name}[k]` : `${subject[0]}.${name}`;
}

const position = (path, value) => vocabulary[path].indexOf(value);

// `branches`: with && and ||, else with & and | over bools
function expression(condition, branches) {
  const join = (word) => '(' + condition.args.map((arg) => expression(arg, branches)).join(word) + ')';
  switch (condition.op) {
    case 'and': return join(branches ? ' && ' : ' & ');
    case 'or': return join(branches ? ' || ' : ' | ');
    case 'not': return '!' + expression(condition.arg, branches);
  }
  const {path, value, secs} = condition, cell = column(path);
  switch (condition.op) {
    case 'eq': return `(${cell} == ${position(path, value)})`;
    case 'in': {
      const mask = value.reduce((bits, one) => bits | 1n << BigInt(position(path, one)), 0n);
      return `bool((${mask}ULL >> ${cell}) & 1)`;
    }
    case 'has': return `bool(${cell} & ${1 << position(path, value)})`;
    case 'lt': return `(${cell} < ${value})`;
    case 'ge': return `(${cell} >= ${value})`;
    case 'is': return `bool(${cell})`;
    case 'older': return `(e.time - ${cell} > ${secs})`;
    case 'newer': return `(${cell} - e.time <= ${secs})`;
  }
  throw new Error(`no such condition: ${condition.op}`);
}

const all_of = (conditions, branches, empty) =>
  conditions.length ? expression({op: 'and', args: conditions}, branches) : empty;

const lines = [`constexpr int kRules = ${rules.length};`,
  `constexpr int kStrength[kRules] = {${rules.map((rule) => rule.strength)}};`];
for (const [path, words] of Object.entries(vocabulary)) {
  if (path === 'artefact.system') continue;   // systems are records of the inventory
  const name = path.replace(/(^|[._])([a-z])/g, (all, before, letter) => letter.toUpperCase());
  lines.push(`constexpr std::string_view k${name}[] = {${words.map((word) => JSON.stringify(word))}};`);
}
lines.push(`constexpr std::string_view kSystems[] = {${vocabulary['artefact.system'].map((s) => JSON.stringify(s))}};`);
for (const {id, when} of rules) {
  const own = when.args.filter((c) => subjects_of(c).has('artefact'));
  const hoisted = when.args.filter((c) => !subjects_of(c).has('artefact'));
  lines.push(
    `inline bool n${id}(${kParameters}, std::size_t k) { return ${expression(when, true)}; }`,
    `bool g${id}(const Event& e, const Identity& i) { return ${all_of(hoisted, true, 'true')}; }`,
    `void h${id}(${kParameters}, std::size_t lo, std::size_t hi, std::uint8_t* m) {`,
    `  for (std::size_t k = lo; k < hi; k++) m[k - lo] = ${all_of(own, false, '1')}; }`);
}
lines.push(
  `constexpr bool (*kHoisted[kRules])(const Event&, const Identity&) = {${rules.map((rule) => 'g' + rule.id)}};`,
  `constexpr void (*kOwn[kRules])(${kParameters}, std::size_t, std::size_t, std::uint8_t*) = {${rules.map((rule) => 'h' + rule.id)}};`,
  `template <typename Visit> inline void naive_all(${kParameters}, std::size_t k, Visit visit) {`,
  ...rules.map(({id}) => `  if (n${id}(e, i, a, k)) visit(${id});`), '}');

// The index that any engine could have: rules by the type of the event.
const handles = (rule, type) => {
  const on = rule.when.args.find((c) => c.path === 'event.type');
  return !on || (on.op === 'eq' ? on.value === type : on.value.includes(type));
};
const buckets = vocabulary['event.type'].map((type) => rules.filter((rule) => handles(rule, type)).map((rule) => rule.id));
buckets.forEach((ids, type) => lines.push(`constexpr std::uint16_t kBucket${type}[] = {${ids.length ? ids : 0}};`));
lines.push(
  `constexpr const std::uint16_t* kBuckets[] = {${buckets.map((ids, type) => 'kBucket' + type)}};`,
  `constexpr std::size_t kBucketSizes[] = {${buckets.map((ids) => ids.length)}};`);
console.log(lines.join('\n'));

// The rules of the workload: {id, action, strength, when}. `when` is an `and` of conditions:
//   {op: eq, path, value}  {op: in, path, value: […]}    an enum
//   {op: has, path, value}                               a set contains
//   {op: lt | ge, path, value}                           an integer
//   {op: is, path}                                       a boolean is true
//   {op: older, path, secs}                              event.time - path > secs
//   {op: newer, path, secs}                              path - event.time <= secs
//   {op: and | or, args}  {op: not, arg}
// A rule matches an artefact when its conditions hold; the winner is the strongest (least id on a tie).
import {Random} from './random.mjs';
import {kDay, vocabulary} from './vocabulary.mjs';

const kActions = [['notify', 1], ['review', 2], ['rotate', 3], ['suspend', 4],
  ['terminate_session', 5], ['revoke', 6], ['disable', 7], ['delete', 8]];

const not = (condition) => ({op: 'not', arg: condition});

function one_of(random, path, count) {
  const values = random.some(vocabulary[path], count);
  return count === 1 ? {op: 'eq', path, value: values[0]} : {op: 'in', path, value: values};
}

function leaf_makers(random) {
  const days = (list) => random.pick(list) * kDay;
  return [
    () => one_of(random, 'artefact.privilege', random.integer(1, 2)),
    () => one_of(random, 'artefact.system', random.integer(4, 16)),
    () => ({op: 'ge', path: 'artefact.tier', value: random.integer(1, 3)}),
    () => ({op: 'lt', path: 'artefact.tier', value: random.integer(1, 3)}),
    () => ({op: 'older', path: 'artefact.last_used', secs: days([7, 30, 60, 90, 180])}),
    () => ({op: 'older', path: 'artefact.created', secs: days([30, 180, 365, 720])}),
    () => ({op: 'newer', path: 'artefact.expires', secs: days([0, 7, 30, 90])}),
    () => ({op: 'has', path: 'artefact.scopes', value: random.pick(vocabulary['artefact.scopes'])}),
    () => ({op: 'is', path: 'artefact.shared'}),
    () => ({op: 'lt', path: 'artefact.uses', value: random.pick([1, 5, 50, 500])}),
    () => ({op: 'ge', path: 'identity.risk', value: random.pick([20, 40, 60, 80])}),
    () => ({op: 'has', path: 'identity.tags', value: random.pick(vocabulary['identity.tags'])}),
    () => ({op: 'is', path: 'identity.manager_active'}),
    () => ({op: 'older', path: 'identity.end_date', secs: days([-30, 0, 1, 14])}),
    () => ({op: 'ge', path: 'event.urgency', value: random.integer(1, 3)}),
  ];
}

function one_rule(random, makers, id) {
  const conditions = [];
  if (random.chance(0.96)) conditions.push(one_of(random, 'event.type', random.pick([1, 1, 2, 3])));
  if (random.chance(0.6)) conditions.push(one_of(random, 'identity.kind', random.integer(1, 3)));
  if (random.chance(0.45)) {
    const count = random.integer(2, 6), negated = random.chance(0.2);
    const department = one_of(random, 'identity.dept', count);
    conditions.push(negated ? not(department) : department);
  }
  if (random.chance(0.7)) conditions.push(one_of(random, 'artefact.type', random.integer(1, 2)));
  const used = new Set();   // a path at most once in a rule, so that no rule contradicts itself
  const leaf = () => {
    for (;;) {
      const drawn = random.pick(makers)();
      if (!used.has(drawn.path)) {
        used.add(drawn.path);
        return drawn;
      }
    }
  };
  for (let k = random.integer(1, 3); k > 0; k--) {
    const drawn = leaf();
    conditions.push(random.chance(0.15) ? not(drawn) : drawn);
  }
  if (random.chance(0.5)) {
    const alternative = () => {
      const drawn = leaf();
      return random.chance(0.2) ? {op: 'and', args: [drawn, not(leaf())]} : drawn;
    };
    conditions.push({op: 'or', args: Array.from({length: random.integer(2, 3)}, alternative)});
  }
  if (random.chance(0.12)) conditions.push(not({op: 'and', args: [leaf(), leaf()]}));
  const [action, strength] = random.pick(kActions);
  return {id, action, strength, when: {op: 'and', args: conditions}};
}

// The first N rules of a longer list are the list of N: all sizes are prefixes of one list.
export function make_rules(seed, count) {
  const random = new Random(seed), makers = leaf_makers(random);
  return Array.from({length: count}, (_, id) => one_rule(random, makers, id));
}

// Which of the three a condition reads: event, identity, artefact.
export function subjects_of(condition) {
  if (condition.args) return new Set(condition.args.flatMap((arg) => [...subjects_of(arg)]));
  if (condition.arg) return subjects_of(condition.arg);
  const subject = condition.path.split('.')[0];
  return new Set(condition.op === 'older' || condition.op === 'newer' ? [subject, 'event'] : [subject]);
}

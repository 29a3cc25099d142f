// Translates rules-N.json into CLIPS. usage: node clips_rules.mjs RULES.json > RULES.clp
// One defrule over three templates; conditions on one slot become constraints of that slot, so that the
// Rete network shares them, and the rest become tests. A rule that fires calls (hit ARTEFACT RULE).
import fs from 'node:fs';

const rules = JSON.parse(fs.readFileSync(process.argv[2]));
const kMultislots = new Set(['identity.tags', 'artefact.scopes']);
const kTemplates = `(deftemplate event (slot type) (slot source) (slot time) (slot urgency))
(deftemplate identity (slot kind) (slot dept) (slot risk) (slot end_date) (slot manager_active) (multislot tags))
(deftemplate artefact (slot ix) (slot type) (slot system) (slot tier) (slot privilege) (slot last_used)
  (slot created) (slot expires) (slot shared) (slot uses) (multislot scopes))`;

// The slots that a rule reads: literal constraints, or a variable with predicates over it.
class Patterns {
  variables = new Set();
  literals = new Map();     // path → [{text, condition}]
  predicates = new Map();   // path → [text]
  tests = [];

  variable(path) {
    this.variables.add(path);
    return '?' + path.replace('.', '-');
  }

  expression(condition) {
    const nested = (args) => args.map((arg) => this.expression(arg)).join(' ');
    switch (condition.op) {
      case 'and':
      case 'or': return `(${condition.op} ${nested(condition.args)})`;
      case 'not': return `(not ${this.expression(condition.arg)})`;
    }
    const variable = this.variable(condition.path);
    switch (condition.op) {
      case 'eq': return `(eq ${variable} ${condition.value})`;
      case 'in': return `(or ${condition.value.map((value) => `(eq ${variable} ${value})`).join(' ')})`;
      case 'has': return `(member$ ${condition.value} ${variable})`;
      case 'lt': return `(< ${variable} ${condition.value})`;
      case 'ge': return `(>= ${variable} ${condition.value})`;
      case 'is': return `(eq ${variable} TRUE)`;
      case 'older': return `(> (- ${this.variable('event.time')} ${variable}) ${condition.secs})`;
      case 'newer': return `(<= (- ${variable} ${this.variable('event.time')}) ${condition.secs})`;
    }
    throw new Error(`no such condition: ${condition.op}`);
  }

  literal(path, text, condition) {
    if (!this.literals.has(path)) this.literals.set(path, []);
    this.literals.get(path).push({text, condition});
  }

  predicate(path, condition) {
    if (!this.predicates.has(path)) this.predicates.set(path, []);
    this.predicates.get(path).push(this.expression(condition));
  }

  add(condition) {
    const negated = condition.op === 'not', leaf = negated ? condition.arg : condition;
    if (['and', 'or', 'not'].includes(leaf.op)) {
      this.tests.push(this.expression(condition));
    } else if (leaf.op === 'eq' || leaf.op === 'in') {
      const values = leaf.op === 'eq' ? [leaf.value] : leaf.value;
      this.literal(leaf.path, negated ? values.map((value) => '~' + value).join('&') : values.join('|'), condition);
    } else if (leaf.op === 'is') {
      this.literal(leaf.path, negated ? 'FALSE' : 'TRUE', condition);
    } else {
      this.predicate(leaf.path, condition);
      this.variable(leaf.path);
    }
  }

  // A slot takes one literal constraint; a second one, or one beside a variable, becomes a predicate.
  settle() {
    for (const [path, list] of [...this.literals]) {
      if (list.length === 1 && !this.variables.has(path)) continue;
      this.literals.delete(path);
      for (const {condition} of list) this.predicate(path, condition);
      this.variable(path);
    }
    this.variable('event.time');   // keeps the event's pattern from being empty
  }

  slots() {
    const slots = {event: [], identity: [], artefact: ['(ix ?k)']};
    for (const path of new Set([...this.variables, ...this.literals.keys()])) {
      const [subject, name] = path.split('.');
      const predicates = (this.predicates.get(path) ?? []).map((text) => '&:' + text).join('');
      const constraint = this.literals.has(path) ? this.literals.get(path)[0].text
        : (kMultislots.has(path) ? '$' : '') + this.variable(path) + predicates;
      slots[subject].push(`(${name} ${constraint})`);
    }
    return slots;
  }
}

const lines = [kTemplates];
for (const rule of rules) {
  const patterns = new Patterns();
  rule.when.args.forEach((condition) => patterns.add(condition));
  patterns.settle();
  const slots = patterns.slots();
  lines.push(`(defrule r${rule.id}`,
    ...Object.keys(slots).map((subject) => `  (${subject} ${slots[subject].join(' ')})`),
    ...patterns.tests.map((text) => `  (test ${text})`),
    `  => (hit ?k ${rule.id}))`);
}
console.log(lines.join('\n'));

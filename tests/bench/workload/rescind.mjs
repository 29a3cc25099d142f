// The workload in Rescind's own terms: rules as a policy, requests as inventory records and events.
//
// An artefact becomes an access item of the kind below; a rule becomes a rule with one clause per kind
// that it can match, and the verb of that kind. Conditions on the event and the identity alone go into
// `when`, the rest into `where`. What the workload says about identities and artefacts is declared in
// `schema` (names of its own, so that the built-in attributes keep their meaning).
import {kDay, vocabulary} from './vocabulary.mjs';
import {subjects_of} from './rules.mjs';

const kKinds = {
  account: {kind: 'account', verb: 'disable'},
  grant: {kind: 'role', verb: 'remove'},
  session: {kind: 'session', verb: 'revoke'},
  credential: {kind: 'api_key', verb: 'disable'},
};
const kIdentityNames = {
  kind: 'persona', dept: 'dept', risk: 'risk', end_date: 'end_date',
  manager_active: 'manager_active', tags: 'tags',
};
const kArtefactNames = {
  system: 'system', tier: 'tier', privilege: 'privilege', last_used: 'used_at', created: 'made_at',
  expires: 'ends_at', shared: 'shared', uses: 'uses', scopes: 'scopes',
};
const event_name = (type) => `${type}_case`;
const quoted = JSON.stringify;

function schema_text() {
  const values = (path) => vocabulary[path].join(', ');
  const artefact = `tier: int
    privilege: enum { ${values('artefact.privilege')} }
    used_at: instant
    made_at: instant
    ends_at: instant
    shared: bool
    uses: int
    scopes: set<string>`;
  const kinds = Object.values(kKinds).map(({kind}) => `  ${kind} {\n    ${artefact}\n  }`);
  const events = vocabulary['event.type']
    .map((type) => `  event ${event_name(type)} about identity { urgency: int }`);
  return `schema {
  systems { ${values('artefact.system')} }
  teams { desk, "iam-oncall", "it-security", "records" }
  identity {
    persona: enum { ${values('identity.kind')} }
    dept: enum { ${values('identity.dept')} }
    risk: int
    end_date: instant
    manager_active: bool
    tags: set<string>
  }
${kinds.join('\n')}
${events.join('\n')}
}
`;
}

const duration = (secs) => secs % kDay === 0 ? `${secs / kDay}d` : `${secs}s`;

// `path > event.at - secs` and the like, without a zero or a negative duration
function older(path, secs) {
  if (secs === 0) return `event.at > ${path}`;
  if (secs < 0) return `${path} - event.at < ${duration(-secs)}`;
  return `event.at - ${path} > ${duration(secs)}`;
}
const newer = (path, secs) =>
  secs === 0 ? `${path} <= event.at` : `${path} - event.at <= ${duration(secs)}`;

function path_text(path, kind) {
  const [subject, name] = path.split('.');
  if (subject === 'event') return `event.${name}`;
  return subject === 'identity' ? `subject.${kIdentityNames[name]}` : `${kind}.${kArtefactNames[name]}`;
}

function expression(condition, kind) {
  const join = (word) => `(${condition.args.map((arg) => expression(arg, kind)).join(` ${word} `)})`;
  switch (condition.op) {
    case 'and': return join('and');
    case 'or': return join('or');
    case 'not': return `not ${wrapped(condition.arg, kind)}`;
  }
  const path = path_text(condition.path, kind);
  switch (condition.op) {
    case 'eq': return `${path} == ${condition.value}`;
    case 'in': return `${path} in {${condition.value.join(', ')}}`;
    case 'has': return `${quoted(condition.value)} in ${path}`;
    case 'lt': return `${path} < ${condition.value}`;
    case 'ge': return `${path} >= ${condition.value}`;
    case 'is': return path;
    case 'older': return older(path, condition.secs);
    case 'newer': return newer(path, condition.secs);
  }
  throw new Error(`no such condition: ${condition.op}`);
}

function wrapped(condition, kind) {
  const text = expression(condition, kind);
  return condition.args || condition.op === 'is' ? text : `(${text})`;
}

const conjunction = (conditions, kind) => conditions.map((c) => expression(c, kind)).join(' and ');

function values_of(conditions, path) {
  const one = conditions.find((c) => c.path === path && (c.op === 'eq' || c.op === 'in'));
  if (!one) return vocabulary[path];
  return one.op === 'eq' ? [one.value] : one.value;
}

function rule_text(rule) {
  const conditions = rule.when.args;
  const rest = conditions.filter((c) => c.path !== 'event.type' && c.path !== 'artefact.type');
  const when = rest.filter((c) => !subjects_of(c).has('artefact'));
  const where = rest.filter((c) => subjects_of(c).has('artefact'));
  const lines = [`rule r${rule.id} {`];
  lines.push(`  on ${values_of(conditions, 'event.type').map(event_name).join(', ')}`);
  if (when.length) lines.push(`  when ${conjunction(when)}`);
  lines.push(`  because "${rule.action}"`, '  escalate to "desk"');
  for (const type of values_of(conditions, 'artefact.type')) {
    const {kind, verb} = kKinds[type];
    lines.push(`  ${verb} ${kind}${where.length ? ` where ${conjunction(where, kind)}` : ''}`);
  }
  lines.push('}');
  return lines.join('\n');
}

export const policy_text = (rules) =>
  `module bench\n\n${schema_text()}\n${rules.map(rule_text).join('\n\n')}\n`;

// The same schema under the shipped leaver pack, for planning a departure among the workload's items.
export const leaver_policy_text = () =>
  `module bench\n\nimport rescind.std.leaver\n\n${schema_text()}`;

// ---- data ---------------------------------------------------------------------------------------

const instant = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19) + 'Z';

export function* inventory_head() {
  for (const id of vocabulary['artefact.system']) {
    yield {record: 'system', id, kind: 'saas', supports: ['disable', 'remove', 'revoke']};
  }
  for (const id of ['desk', 'iam-oncall', 'it-security', 'records']) {
    yield {record: 'team', id, members: ['u0', 'u1']};
  }
}

export function* inventory_records({identity, artefacts}) {
  yield {
    record: 'identity', id: identity.id, kind: 'employee', persona: identity.kind, dept: identity.dept,
    risk: identity.risk, end_date: instant(identity.end_date),
    manager_active: identity.manager_active, tags: identity.tags,
  };
  for (const artefact of artefacts) {
    yield {
      record: kKinds[artefact.type].kind, id: artefact.id, system: artefact.system, holder: identity.id,
      tier: artefact.tier, privilege: artefact.privilege, used_at: instant(artefact.last_used),
      made_at: instant(artefact.created), ends_at: instant(artefact.expires), shared: artefact.shared,
      uses: artefact.uses, scopes: artefact.scopes,
    };
  }
}

export const event_record = ({event, identity}) => ({
  type: event_name(event.type), subject: identity.id, at: instant(event.time), id: identity.id,
  source: event.source, attributes: {urgency: event.urgency},
});

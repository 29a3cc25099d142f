// Cedar as WebAssembly. Each rule is a `permit` (identity = principal, event type = action, artefact =
// resource); policies are parsed once; one call per artefact, whose satisfied permits are the answer.
import {createRequire} from 'node:module';
import {rules, run} from './protocol.mjs';

const cedar = createRequire(import.meta.url)('@cedar-policy/cedar-wasm/nodejs');
const quoted = JSON.stringify;

function reference(path) {
  const [subject, name] = path.split('.');
  return {event: 'context', identity: 'principal', artefact: 'resource'}[subject] + '.' + name;
}

function expression(condition) {
  switch (condition.op) {
    case 'and': return '(' + condition.args.map(expression).join(' && ') + ')';
    case 'or': return '(' + condition.args.map(expression).join(' || ') + ')';
    case 'not': return `!(${expression(condition.arg)})`;
  }
  const value = reference(condition.path);
  const secs = condition.secs < 0 ? `(${condition.secs})` : condition.secs;
  switch (condition.op) {
    case 'eq': return `${value} == ${quoted(condition.value)}`;
    case 'in': return `${quoted(condition.value)}.contains(${value})`;
    case 'has': return `${value}.contains(${quoted(condition.value)})`;
    case 'lt': return `${value} < ${condition.value}`;
    case 'ge': return `${value} >= ${condition.value}`;
    case 'is': return value;
    case 'older': return `context.time - ${value} > ${secs}`;
    case 'newer': return `${value} - context.time <= ${secs}`;
  }
  throw new Error(`no such condition: ${condition.op}`);
}

// The event's type goes into the scope, where Cedar can use it as an index.
function policy(rule) {
  let scope = 'action';
  const rest = [];
  for (const condition of rule.when.args) {
    if (condition.path !== 'event.type') rest.push(condition);
    else if (condition.op === 'eq') scope = `action == Action::${quoted(condition.value)}`;
    else scope = `action in [${condition.value.map((type) => `Action::${quoted(type)}`)}]`;
  }
  const when = rest.length ? ` when { ${rest.map(expression).join(' && ')} }` : '';
  return `permit(principal, ${scope}, resource)${when};`;
}

const parsed = cedar.preparsePolicySet('rules', {
  staticPolicies: Object.fromEntries(rules.map((rule) => ['r' + rule.id, policy(rule)])),
});
if (parsed.type !== 'success') throw new Error(quoted(parsed).slice(0, 800));

function prepare({event, identity, artefacts}) {
  const {type, ...context} = event, {id: identity_id, ...identity_attrs} = identity;
  const principal = {type: 'Identity', id: identity_id};
  return artefacts.map(({id, ...attrs}) => {
    const resource = {type: 'Artefact', id};
    return {
      principal, resource, action: {type: 'Action', id: type}, context,
      preparsedPolicySetId: 'rules', validateRequest: false,
      entities: [{uid: principal, attrs: identity_attrs, parents: []}, {uid: resource, attrs, parents: []}],
    };
  });
}

// A plain loop: some releases of node crash when a callback of map() that enters WebAssembly is
// deoptimised.
function decide(calls) {
  const matching = new Array(calls.length);
  for (let i = 0; i < calls.length; i++) {
    const answer = cedar.statefulIsAuthorized(calls[i]);
    if (answer.type !== 'success' || answer.response.diagnostics.errors.length) {
      throw new Error(quoted(answer).slice(0, 600));
    }
    matching[i] = answer.response.diagnostics.reason.map((name) => Number(name.slice(1)));
  }
  return matching;
}

await run({name: 'cedar-wasm', version: cedar.getCedarSDKVersion(), prepare, decide});

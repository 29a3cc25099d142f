// The referee: the meaning of the rules, written as plainly as possible. Every engine must give its
// answers. It is not one of the engines that Rescind is compared with.
import {rules, run} from './protocol.mjs';

function getter(path) {
  const [subject, name] = path.split('.');
  if (subject === 'event') return (event) => event[name];
  if (subject === 'identity') return (event, identity) => identity[name];
  return (event, identity, artefact) => artefact[name];
}

function predicate(condition) {
  switch (condition.op) {
    case 'and': {
      const parts = condition.args.map(predicate);
      return (e, i, a) => {
        for (const part of parts) if (!part(e, i, a)) return false;
        return true;
      };
    }
    case 'or': {
      const parts = condition.args.map(predicate);
      return (e, i, a) => {
        for (const part of parts) if (part(e, i, a)) return true;
        return false;
      };
    }
    case 'not': {
      const part = predicate(condition.arg);
      return (e, i, a) => !part(e, i, a);
    }
  }
  const get = getter(condition.path), {value, secs} = condition;
  switch (condition.op) {
    case 'eq': return (e, i, a) => get(e, i, a) === value;
    case 'in': {
      const set = new Set(value);
      return (e, i, a) => set.has(get(e, i, a));
    }
    case 'has': return (e, i, a) => get(e, i, a).includes(value);
    case 'lt': return (e, i, a) => get(e, i, a) < value;
    case 'ge': return (e, i, a) => get(e, i, a) >= value;
    case 'is': return (e, i, a) => get(e, i, a);
    case 'older': return (e, i, a) => e.time - get(e, i, a) > secs;
    case 'newer': return (e, i, a) => get(e, i, a) - e.time <= secs;
  }
  throw new Error(`no such condition: ${condition.op}`);
}

const predicates = rules.map((rule) => predicate(rule.when));

function decide({event, identity, artefacts}) {
  return artefacts.map((artefact) => {
    const matching = [];
    for (let id = 0; id < predicates.length; id++) {
      if (predicates[id](event, identity, artefact)) matching.push(id);
    }
    return matching;
  });
}

await run({name: 'referee', version: process.version, decide});

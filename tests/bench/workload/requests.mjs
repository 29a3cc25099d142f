// The data of the workload: requests {event, identity, artefacts: […]}, one per line of w1 and w2.
import {Random} from './random.mjs';
import {kDay, kStart, vocabulary} from './vocabulary.mjs';

// Listed as often as they are likely.
const kKinds = ['employee', 'employee', 'employee', 'contractor', 'contractor', 'service', 'partner', 'admin'];
const kPrivileges = ['read', 'read', 'write', 'admin', 'owner'];

function one_request(random, number, artefact_count) {
  const time = kStart + random.integer(0, 300) * kDay + random.integer(0, kDay - 1);
  const kind = random.pick(kKinds);
  const request = {
    event: {
      type: random.pick(vocabulary['event.type']),
      source: random.pick(vocabulary['event.source']),
      time,
      urgency: random.integer(0, 3),
    },
    identity: {
      id: 'u' + number,
      kind,
      dept: random.pick(vocabulary['identity.dept']),
      risk: random.integer(0, 99),
      end_date: time + random.integer(-60, 60) * kDay,
      manager_active: random.chance(0.85),
      tags: random.some(vocabulary['identity.tags'], random.integer(0, 3)),
    },
    artefacts: [],
  };
  for (let k = 0; k < artefact_count; k++) {
    request.artefacts.push({
      id: `a${number}_${k}`,
      type: random.pick(vocabulary['artefact.type']),
      system: random.pick(vocabulary['artefact.system']),
      tier: random.integer(0, 3),
      privilege: random.pick(kPrivileges),
      last_used: time - random.integer(0, 365) * kDay - random.integer(0, kDay - 1),
      created: time - random.integer(0, 1500) * kDay,
      expires: time + random.integer(-120, 365) * kDay,
      shared: random.chance(0.1),
      uses: Math.floor(Math.pow(10, random.fraction() * 4)) - 1,
      scopes: random.some(vocabulary['artefact.scopes'], random.integer(0, 3)),
    });
  }
  return request;
}

export function* make_requests(seed, identities, artefacts_each) {
  const random = new Random(seed);
  for (let i = 0; i < identities; i++) yield one_request(random, i, artefacts_each);
}

// A SCIM server for tests. The protocol (routing, schemas, filters, PATCH, errors) is scimmy and
// scimmy-routers; ours are only the two maps that it stores into, and the faults in front of it.
import fs from 'node:fs';
import {randomUUID} from 'node:crypto';
import {parseArgs} from 'node:util';
import express from 'express';
import SCIMMY from 'scimmy';
import SCIMMYRouters from 'scimmy-routers';
import {Faults} from './faults.mjs';

const {values: options} = parseArgs({options: {
  'token': {type: 'string'},
  'seed': {type: 'string'},
  'faults': {type: 'string', default: '[]'},
  'port-file': {type: 'string'},
}});

const users = new Map(), groups = new Map();
const scimError = (status, type, message) => new SCIMMY.Types.Error(status, type, message);

function found(store, id) {
  const record = store.get(id);
  if (!record) throw scimError(404, null, `Resource ${id} not found`);
  return record;
}

function save(store, unique, resource, data) {
  const old = resource.id ? found(store, resource.id) : undefined;
  const same = (a, b) => String(a).toLowerCase() === String(b).toLowerCase();
  for (const other of store.values()) {
    if (other.id !== resource.id && same(other[unique], data[unique])) {
      throw scimError(409, 'uniqueness', `${unique} is in use`);
    }
  }
  const now = new Date().toISOString();
  const record = {
    ...structuredClone({...data}),
    id: old?.id ?? randomUUID(),
    meta: {created: old?.meta.created ?? now, lastModified: now},
  };
  store.set(record.id, record);
  return record;
}

function remove(store, id) {
  found(store, id);
  store.delete(id);
  for (const group of groups.values()) {
    group.members = (group.members ?? []).filter((member) => member.value !== id);
  }
}

function declare(Resource, store, unique) {
  SCIMMY.Resources.declare(Resource)
    .ingress((resource, data) => save(store, unique, resource, JSON.parse(JSON.stringify(data))))
    .egress((resource) => {
      if (resource.id) return found(store, resource.id);
      const all = [...store.values()];
      return resource.filter ? resource.filter.match(all) : all;
    })
    .degress((resource) => remove(store, resource.id));
}

// A seed names members of groups by userName; ids may be given, or are made up.
function plant(seed) {
  const meta = () => ({created: new Date().toISOString(), lastModified: new Date().toISOString()});
  for (const user of seed.users ?? []) {
    const id = user.id ?? randomUUID();
    users.set(id, {active: true, ...user, id, meta: meta()});
  }
  const byName = new Map([...users.values()].map((user) => [user.userName, user.id]));
  for (const group of seed.groups ?? []) {
    const id = group.id ?? randomUUID();
    const members = (group.members ?? []).map((name) => {
      if (!byName.has(name)) throw new Error(`group ${group.displayName}: no user ${name}`);
      return {value: byName.get(name), display: name, type: 'User'};
    });
    groups.set(id, {...group, id, members, meta: meta()});
  }
}

SCIMMY.Config.set({patch: true, filter: true, sort: true, bulk: true});
declare(SCIMMY.Resources.User, users, 'userName');
declare(SCIMMY.Resources.Group, groups, 'displayName');
SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false);
const seed = JSON.parse(fs.readFileSync(options.seed, 'utf8'));
plant(seed);

const faults = new Faults(JSON.parse(options.faults), {users, remove: (id) => remove(users, id)});
const app = express();
const json = express.json({type: ['application/scim+json', 'application/json'], limit: '4mb'});

// For the tests themselves; not part of SCIM and without a token.
app.get('/admin/faults', (request, response) => response.json(faults.list));
app.put('/admin/faults', json, (request, response) => {
  faults.set(request.body);
  response.status(204).end();
});
app.get('/admin/requests', (request, response) => response.json(faults.requests));
app.delete('/admin/requests', (request, response) => {
  faults.requests.length = 0;
  response.status(204).end();
});
app.post('/admin/reset', (request, response) => {
  users.clear();
  groups.clear();
  plant(seed);
  faults.set([]);
  response.status(204).end();
});

app.use('/scim/v2', json, (request, response, next) => faults.handle(request, response, next));
app.use('/scim/v2', new SCIMMYRouters({
  type: 'bearer',
  handler: (request) => {
    if (request.header('Authorization') !== `Bearer ${options.token}`) throw new Error('bad token');
    return 'rescind';
  },
}));

const server = app.listen(0, '127.0.0.1', () => {
  fs.writeFileSync(`${options['port-file']}.new`, String(server.address().port));
  fs.renameSync(`${options['port-file']}.new`, options['port-file']);
});

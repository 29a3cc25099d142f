// Ways in which real SCIM servers misbehave, as a middleware in front of an honest one. A fault is
// {"kind": K, …}; it applies to requests whose method is in `methods` and whose path contains
// `path` (both optional), `times` times (default: for ever), after letting the first `skip` pass.
//
//   status          answers `status` (default 500) without doing anything; `retry_after` in seconds
//                   adds that header (so 401, 403, 429, 500, 503)
//   status_after    does what was asked, then answers `status`
//   cut             closes the connection without an answer; nothing was done
//   cut_after       does what was asked, then closes the connection
//   truncate        sends half of the body and closes the connection
//   slow            waits `ms` before anything else
//   lie             answers success to a write that it does not carry out
//   late            answers success at once and carries the write out after `ms`
//   page_clamp      a page never holds more than `size` resources, whatever was asked for
//   page_ignored    paging parameters are ignored: every page is the whole list
//   page_empty      a list answers no resources, though totalResults says that there are some
//   ignore_filtered_remove  a PATCH `remove` with a filter in its path is dropped, the answer is 200
//   string_booleans `active` is stored and shown as "True" or "False", and accepted so
//   no_patch        PATCH answers 501
//   delete_body     DELETE answers 200 with a body
//   hard_delete     setting `active` to false deletes the user
const kWrites = ['POST', 'PUT', 'PATCH', 'DELETE'];

const scimError = (status, detail) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: String(status), detail,
});

const asBoolean = (value) => typeof value === 'string' && /^(true|false)$/i.test(value)
  ? value.toLowerCase() === 'true' : value;

// The booleans of a request body that came as strings, as booleans.
function withBooleans(body) {
  if (body && 'active' in body) body.active = asBoolean(body.active);
  for (const operation of body?.Operations ?? []) {
    if (operation.path === 'active') operation.value = asBoolean(operation.value);
    else if (operation.value && typeof operation.value === 'object' && 'active' in operation.value) {
      operation.value.active = asBoolean(operation.value.active);
    }
  }
}

function withStrings(resource) {
  for (const one of resource.Resources ?? [resource]) {
    if (typeof one.active === 'boolean') one.active = one.active ? 'True' : 'False';
  }
  return resource;
}

export class Faults {
  // `store`: {users, remove(id)}, for the faults that act on what is stored.
  constructor(list, store) {
    this.store = store;
    this.requests = [];   // what came in, for tests that count requests
    this.set(list);
  }

  set(list) {
    for (const fault of list) {
      if (!(fault.kind in this.actions)) throw new Error(`no such fault: ${fault.kind}`);
    }
    this.list = list.map((fault) => ({times: Infinity, skip: 0, ...fault}));
  }

  take(fault, request) {
    if (fault.methods && !fault.methods.includes(request.method)) return false;
    if (fault.path && !request.path.includes(fault.path)) return false;
    if (fault.skip > 0) {
      fault.skip--;
      return false;
    }
    if (fault.times <= 0) return false;
    fault.times--;
    return true;
  }

  async handle(request, response, next) {
    this.requests.push({method: request.method, url: request.originalUrl, body: request.body});
    for (const fault of this.list) {
      const action = this.actions[fault.kind];
      if (action.writes && !kWrites.includes(request.method)) continue;
      if (action.method && action.method !== request.method) continue;
      if (!this.take(fault, request)) continue;
      if (await action.apply(fault, request, response, next, this.store) === 'answered') return;
    }
    next();
  }

  actions = {
    status: {apply: (fault, request, response) => {
      if (fault.retry_after !== undefined) response.set('Retry-After', String(fault.retry_after));
      const status = fault.status ?? 500;
      response.status(status).type('application/scim+json').send(scimError(status, 'scripted fault'));
      return 'answered';
    }},
    status_after: {apply: (fault, request, response) => {
      const send = response.send.bind(response);
      response.send = () => {
        response.send = send;
        return response.status(fault.status ?? 500).send(scimError(fault.status ?? 500, 'scripted fault'));
      };
    }},
    cut: {apply: (fault, request) => {
      request.socket.destroy();
      return 'answered';
    }},
    cut_after: {apply: (fault, request, response) => {
      response.send = () => request.socket.destroy();
    }},
    truncate: {apply: (fault, request, response) => {
      response.send = (body) => {
        const text = JSON.stringify(body ?? {}).padEnd(2);
        response.set('Content-Type', 'application/scim+json');
        response.set('Content-Length', String(Buffer.byteLength(text)));
        response.write(text.slice(0, text.length / 2), () => request.socket.destroy());
      };
    }},
    slow: {apply: (fault) => new Promise((done) => setTimeout(done, fault.ms))},
    lie: {writes: true, apply: (fault, request, response) => {
      response.type('application/scim+json');
      if (request.method === 'DELETE') response.status(204).end();
      else response.status(200).send(request.body?.Operations ? {} : request.body);
      return 'answered';
    }},
    late: {writes: true, apply: (fault, request, response, next) => {
      response.status(request.method === 'DELETE' ? 204 : 200).end();
      for (const name of ['send', 'end', 'set', 'setHeader', 'status', 'type', 'json']) {
        response[name] = () => response;
      }
      setTimeout(next, fault.ms);
      return 'answered';
    }},
    page_clamp: {method: 'GET', apply: (fault, request) => {
      request.query.count = String(Math.min(Number(request.query.count ?? fault.size), fault.size));
    }},
    page_ignored: {method: 'GET', apply: (fault, request) => {
      delete request.query.count;
      delete request.query.startIndex;
    }},
    page_empty: {method: 'GET', apply: (fault, request, response) => {
      const send = response.send.bind(response);
      response.send = (body) => {
        response.send = send;
        if (body?.Resources) body = {...body, Resources: [], itemsPerPage: 0};
        return send(body);
      };
    }},
    ignore_filtered_remove: {method: 'PATCH', apply: (fault, request, response, next) => {
      const drop = (operation) => /^remove$/i.test(operation.op) && /\[/.test(operation.path ?? '');
      const left = (request.body?.Operations ?? []).filter((operation) => !drop(operation));
      if (left.length > 0) {
        request.body.Operations = left;
        return undefined;
      }
      request.method = 'GET';   // nothing is left to do: the answer is the resource as it stands
      next();
      return 'answered';
    }},
    string_booleans: {apply: (fault, request, response) => {
      withBooleans(request.body);
      const send = response.send.bind(response);
      response.send = (body) => {
        response.send = send;
        return send(body && typeof body === 'object' ? withStrings(JSON.parse(JSON.stringify(body))) : body);
      };
    }},
    no_patch: {method: 'PATCH', apply: (fault, request, response) => {
      response.status(501).type('application/scim+json').send(scimError(501, 'PATCH is not supported'));
      return 'answered';
    }},
    delete_body: {method: 'DELETE', apply: (fault, request, response) => {
      const send = response.send.bind(response);
      response.send = (body) => {
        response.send = send;
        return response.statusCode === 204 ? response.status(200).send({deleted: true}) : send(body);
      };
    }},
    hard_delete: {writes: true, apply: (fault, request, response, next, store) => {
      response.on('finish', () => {
        for (const user of [...store.users.values()]) if (user.active === false) store.remove(user.id);
      });
    }},
  };
}

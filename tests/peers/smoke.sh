#!/usr/bin/env bash
# Starts two of each server at once, does one real operation on each with the server's own tools,
# stops them, and looks that nothing is left.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/rescind-smoke.XXXXXX")
chmod 700 "$work"        # on purpose: a server's user cannot reach the state directory
cleanup() {
  for name in slapd postgres scim; do
    for n in 1 2; do "$here/$name.sh" stop --dir "$work/$name-$n" || true; done
  done
  rm -rf "$work"
}
trap cleanup EXIT
passed=0
expect() { # expect WHAT EXPECTED ACTUAL
  [ "$2" = "$3" ] || { printf 'FAILED %s: expected `%s`, found `%s`\n' "$1" "$2" "$3" >&2; exit 1; }
  passed=$((passed + 1))
}
rc() { local status=0; "$@" >"$work/out" 2>&1 || status=$?; echo $status; }

cat >"$work/people.ldif" <<'LDIF'
dn: uid=alice,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: alice
cn: Alice
sn: A
userPassword: alice-secret

dn: cn=sales,ou=groups,dc=example,dc=org
objectClass: groupOfNames
cn: sales
member: uid=alice,ou=people,dc=example,dc=org
LDIF
cat >"$work/roles.sql" <<'SQL'
CREATE ROLE alice LOGIN PASSWORD 'alice-secret';
SQL
cat >"$work/users.json" <<'JSON'
{"users": [{"id": "u1", "userName": "alice"}, {"userName": "bob"}, {"userName": "carol"}],
 "groups": [{"displayName": "sales", "members": ["alice", "bob"]}]}
JSON

for n in 1 2; do
  "$here/slapd.sh" start --dir "$work/slapd-$n" --owner $$ --seed "$work/people.ldif" >/dev/null &
  "$here/postgres.sh" start --dir "$work/postgres-$n" --owner $$ --seed "$work/roles.sql" >/dev/null &
  "$here/scim.sh" start --dir "$work/scim-$n" --owner $$ --seed "$work/users.json" >/dev/null &
done
wait
for name in slapd postgres scim; do
  for n in 1 2; do expect "$name-$n" up "$("$here/$name.sh" status --dir "$work/$name-$n")"; done
done

. "$work/slapd-1/env"
person=uid=alice,ou=people,$BASE
expect "bind" 0 "$(rc ldapwhoami -x -H "$URL" -D "$person" -w alice-secret)"
expect "bind over TLS" 0 "$(LDAPTLS_CACERT=$CA_FILE rc ldapwhoami -x -H "$TLS_URL" -D "$person" -w alice-secret)"
expect "memberOf" "memberOf: cn=sales,ou=groups,$BASE" \
  "$(ldapsearch -LLL -o ldif-wrap=no -x -H "$URL" -D "$BIND_DN" -w "$PASSWORD" -b "$person" memberOf | grep ^memberOf)"
ldapmodify -x -H "$URL" -D "$BIND_DN" -w "$PASSWORD" >/dev/null <<LDIF
dn: $person
changetype: modify
replace: pwdAccountLockedTime
pwdAccountLockedTime: 000001010000Z
LDIF
expect "bind when locked" 49 "$(rc ldapwhoami -x -H "$URL" -D "$person" -w alice-secret)"
. "$work/slapd-2/env"
expect "the other server is untouched" 0 "$(rc ldapwhoami -x -H "$URL" -D "$person" -w alice-secret)"

. "$work/postgres-1/env"
login() { PGPASSWORD=alice-secret rc psql -X -At -h "$HOST" -p "$PORT" -U alice -d app -c 'select 1'; }
expect "login" 0 "$(login)"
expect "connector's role" f "$(psql -X -At "$URL" -c 'select rolsuper from pg_roles where rolname = current_user')"
psql -X -q "$URL" -c 'ALTER ROLE alice NOLOGIN'
expect "login after NOLOGIN" 2 "$(login)"
. "$work/postgres-2/env"
expect "the other server is untouched" 0 "$(login)"
psql -X -q "$SUPERUSER_URL" -c 'CREATE DATABASE more' -c 'CREATE ROLE left_over IN ROLE alice' -c 'ALTER ROLE alice NOLOGIN'
"$here/postgres.sh" reset --dir "$work/postgres-2" --seed "$work/roles.sql" >/dev/null
expect "login after a reset" 0 "$(login)"
expect "left over after a reset" 0 "$(psql -X -At "$SUPERUSER_URL" -c \
  "select (select count(*) from pg_database where datname = 'more') + (select count(*) from pg_roles where rolname = 'left_over')")"
expect "superuser" t "$(psql -X -At "$SUPERUSER_URL" -c 'select rolsuper from pg_roles where rolname = current_user')"

. "$work/scim-1/env"
scim() { # scim METHOD PATH [curl arguments]: status code; the body goes to $work/out
  curl -s -o "$work/out" -w '%{http_code}' -X "$1" -H "Authorization: Bearer $TOKEN" \
    -H 'Content-Type: application/scim+json' "$URL$2" "${@:3}" || true
}
faults() { curl -fsS -X PUT -H 'Content-Type: application/json' "$ADMIN_URL/faults" -d "$1"; }
patch() { scim PATCH "$1" -d "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[$2]}"; }
json() { node -p "const r = JSON.parse(require('fs').readFileSync('$work/out')); $1"; }
off='{"op":"replace","path":"active","value":false}'
active() { scim GET /Users/u1 >/dev/null; json 'r.active'; }

expect "no token" 401 "$(TOKEN=wrong scim GET /Users)"
expect "list" 200 "$(scim GET /Users)"
expect "three people" 3 "$(json 'r.totalResults')"
faults '[{"kind": "page_clamp", "size": 2}]'
expect "a page that is clamped" 200 "$(scim GET '/Users?count=100')"
expect "holds two of three" "2 of 3" "$(json '`${r.Resources.length} of ${r.totalResults}`')"
faults '[{"kind": "status", "status": 429, "retry_after": 3, "times": 1}]'
expect "throttled" 429 "$(scim GET /Users -D "$work/headers")"
expect "with a time to wait" 3 "$(sed -n 's/^Retry-After: \([0-9]*\).*/\1/p' "$work/headers")"
expect "once" 200 "$(scim GET /Users)"
faults '[{"kind": "lie"}]'
expect "a lie" 200 "$(patch /Users/u1 "$off")"
expect "changes nothing" true "$(active)"
faults '[{"kind": "late", "ms": 300}]'
expect "a late change" 200 "$(patch /Users/u1 "$off")"
faults '[]'
expect "is not there at once" true "$(active)"
for _ in $(seq 100); do [ "$(active)" = true ] || break; sleep 0.05; done
expect "but is later" false "$(active)"
curl -fsS -X POST "$ADMIN_URL/reset"
faults '[{"kind": "cut_after", "methods": ["PATCH"]}]'
expect "a connection that is cut" 000 "$(patch /Users/u1 "$off")"
expect "after the effect" false "$(active)"
curl -fsS -X POST "$ADMIN_URL/reset"
faults '[{"kind": "cut", "methods": ["PATCH"]}]'
expect "a connection that is cut" 000 "$(patch /Users/u1 "$off")"
expect "before the effect" true "$(active)"
faults '[{"kind": "status_after", "status": 503, "methods": ["PATCH"]}]'
expect "an error" 503 "$(patch /Users/u1 "$off")"
expect "after the effect" false "$(active)"
curl -fsS -X POST "$ADMIN_URL/reset"
faults '[{"kind": "string_booleans"}]'
expect "a boolean as a string" 200 "$(patch /Users/u1 '{"op":"replace","path":"active","value":"False"}')"
expect "is stored and shown as one" False "$(active)"
faults '[{"kind": "ignore_filtered_remove"}]'
scim GET /Groups >/dev/null
group=$(json 'r.Resources[0].id')
expect "remove with a filter" 200 "$(patch "/Groups/$group" '{"op":"remove","path":"members[value eq \"u1\"]"}')"
scim GET "/Groups/$group" >/dev/null
expect "is ignored" 2 "$(json 'r.members.length')"
faults '[{"kind": "no_patch"}]'
expect "no PATCH" 501 "$(patch /Users/u1 "$off")"
faults '[{"kind": "truncate", "times": 1}]'
scim GET /Users >/dev/null
expect "half a body" no "$(json 1 2>/dev/null || echo no)"
faults '[{"kind": "page_empty"}]'
scim GET /Users >/dev/null
expect "an empty page" "0 of 3" "$(json '`${r.Resources.length} of ${r.totalResults}`')"
faults '[{"kind": "delete_body"}]'
expect "DELETE with a body" 200 "$(scim DELETE /Users/u1)"
expect "deletes" 404 "$(scim GET /Users/u1)"
curl -fsS -X POST "$ADMIN_URL/reset"
faults '[{"kind": "hard_delete"}]'
expect "active = false" 200 "$(patch /Users/u1 "$off")"
expect "that deletes" 404 "$(scim GET /Users/u1)"

# A server whose owner is gone stops by itself.
sleep 600 &
owner=$!
"$here/scim.sh" start --dir "$work/scim-2" --owner $owner >/dev/null
kill $owner
for _ in $(seq 200); do [ "$("$here/scim.sh" status --dir "$work/scim-2")" = down ] && break; sleep 0.05; done
expect "a server without its owner" down "$("$here/scim.sh" status --dir "$work/scim-2")"

homes=$(cat "$work"/*/home)
pids=$(sed -n 's/^\([0-9]*\) .*/\1/p' "$work"/*/pid)
for name in slapd postgres scim; do
  for n in 1 2; do "$here/$name.sh" stop --dir "$work/$name-$n"; done
  expect "stop twice" 0 "$(rc "$here/$name.sh" stop --dir "$work/$name-1")"
done
for pid in $pids; do expect "process $pid is gone" no "$([ -e "/proc/$pid/exe" ] && echo yes || echo no)"; done
for home in $homes; do expect "$home is gone" no "$([ -e "$home" ] && echo yes || echo no)"; done
echo "$passed expectations held"

# slapd, PostgreSQL and a SCIM server, a project that knows all three, and what each server says when it
# is asked with its own tools. Sourced by the tests, with the program's path as first argument.
rescind=$(realpath "$1")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
peers=$(realpath "$here/../../peers")
work=$(mktemp -d "${TMPDIR:-/tmp}/rescind-spine.XXXXXX")
passed=0
declare -A session=()

cleanup() {
  local status=$? name
  for name in "${!session[@]}"; do kill "${session[$name]}" 2>/dev/null || true; done
  for name in slapd postgres scim; do "$peers/$name.sh" stop --dir "$work/$name" || true; done
  if [ $status = 0 ]; then rm -rf "$work"; else echo "left for a look: $work" >&2; fi
}
trap cleanup EXIT

expect() { # expect WHAT EXPECTED ACTUAL
  [ "$2" = "$3" ] || { printf 'FAILED %s: expected `%s`, found `%s`\n' "$1" "$2" "$3" >&2; exit 1; }
  passed=$((passed + 1))
}
rc() { local status=0; "$@" >"$work/out" 2>&1 || status=$?; echo "$status"; }
run() { # run EXPECTED_EXIT_CODE ARGUMENT...: rescind in the project
  local want=$1 status=0
  shift
  "$rescind" -C "$work/project" "$@" >"$work/out" 2>"$work/err" || status=$?
  [ "$status" = "$want" ] || {
    printf 'FAILED rescind %s: exit %s, expected %s\n' "$*" "$status" "$want" >&2
    cat "$work/out" "$work/err" >&2
    exit 1
  }
  passed=$((passed + 1))
}

# ---- start the servers --------------------------------------------------------------------------
"$peers/slapd.sh" start --dir "$work/slapd" --owner $$ --seed "$here/people.ldif" >/dev/null &
"$peers/postgres.sh" start --dir "$work/postgres" --owner $$ --seed "$here/roles.sql" >/dev/null &
"$peers/scim.sh" start --dir "$work/scim" --owner $$ --seed "$here/users.json" >/dev/null &
wait
# shellcheck disable=SC1091
. "$work/slapd/env"; LDAP_URL=$TLS_URL LDAP_CA=$CA_FILE LDAP_BASE=$BASE LDAP_DN=$BIND_DN LDAP_PASSWORD=$PASSWORD LDAP_PLAIN=$URL
. "$work/postgres/env"; PG_HOST=$HOST PG_PORT=$PORT PG_PASSWORD=$PASSWORD PG_SUPER=$SUPERUSER_URL
. "$work/scim/env"; SCIM_URL=$URL SCIM_TOKEN=$TOKEN
export LDAP_PASSWORD PG_PASSWORD SCIM_TOKEN

# ---- what each server says, with its own tools ----------------------------------------------------
ldap_bind() { rc ldapwhoami -x -H "$LDAP_PLAIN" -D "uid=$1,ou=people,$LDAP_BASE" -w "$1-secret"; }
ldap_groups() {
  ldapsearch -LLL -o ldif-wrap=no -x -H "$LDAP_PLAIN" -D "$LDAP_DN" -w "$LDAP_PASSWORD" -b "ou=groups,$LDAP_BASE" \
    "(member=uid=$1,ou=people,$LDAP_BASE)" cn | sed -n 's/^cn: //p' | sort | paste -sd' '
}
pg() { psql -XAtq "$PG_SUPER" -c "$1"; }
pg_login() { PGPASSWORD=$1-secret rc psql -XAtq -h "$PG_HOST" -p "$PG_PORT" -U "$1" -d app -c 'select 1'; }
pg_roles() {
  pg "select coalesce(string_agg(g.rolname, ' ' order by g.rolname), '') from pg_auth_members m
      join pg_roles g on g.oid = m.roleid join pg_roles r on r.oid = m.member where r.rolname = '$1'"
}
pg_sessions() { pg "select count(*) from pg_stat_activity where usename = '$1'"; }
scim() { curl -fsS -H "Authorization: Bearer $SCIM_TOKEN" "$SCIM_URL$1"; }
scim_active() {
  scim "/Users?count=100" | node -e 'const d=JSON.parse(require("fs").readFileSync(0));
    console.log(d.Resources.find((u) => u.userName === process.argv[1]).active)' "$1"
}
scim_groups() {
  { scim "/Users?count=100"; echo; scim "/Groups?count=100"; } | node -e '
    const [users, groups] = require("fs").readFileSync(0, "utf8").trim().split("\n").map((l) => JSON.parse(l).Resources);
    const id = users.find((u) => u.userName === process.argv[1]).id;
    console.log(groups.filter((g) => (g.members ?? []).some((m) => m.value === id)).map((g) => g.displayName).sort().join(" "))' "$1"
}
pg_session() { # a session that somebody keeps open
  PGPASSWORD=$1-secret psql -Xq -h "$PG_HOST" -p "$PG_PORT" -U "$1" -d app -c "select pg_sleep(600)" >/dev/null 2>&1 &
  session[$1]=$!
}
wait_for_sessions() { # wait_for_sessions WHO COUNT
  local tries=100
  until [ "$(pg_sessions "$1")" = "$2" ]; do
    tries=$((tries - 1)); [ $tries -gt 0 ] || { echo "FAILED: $1 has no session" >&2; exit 1; }
    sleep 0.1
  done
}

# ---- the project ----------------------------------------------------------------------------------
cp -r "$here/project" "$work/project"
cat >"$work/project/rescind.yaml" <<YAML
policies: [policies/]
inventory: [inventory/, store]
store: rescind.db
timezone: Europe/Berlin
steward: iam-oncall
systems:
  corp-ldap:
    connector: ldap
    url: "$LDAP_URL"
    ca_file: "$LDAP_CA"
    bind_dn: "$LDAP_DN"
    password: { env: LDAP_PASSWORD }
    base_dn: "$LDAP_BASE"
    holder: { account: uid, identity: id }
  crm-db:
    connector: postgres
    url: "postgresql://$PG_HOST:$PG_PORT/app"
    user: rescind
    password: { env: PG_PASSWORD }
    holder: { account: rolname, identity: id }
  tool:
    connector: scim
    url: "$SCIM_URL"
    token: { env: SCIM_TOKEN }
    holder: { account: userName, identity: id }
YAML
now() { date -u +%Y-%m-%dT%H:%M:%SZ; }
leaver() { printf '{"type":"leaver","subject":"%s","at":"%s","id":"hr-%s","source":"hr"}\n' "$1" "$(now)" "$1"; }
mover() {
  printf '{"type":"mover","subject":"sofia","at":"%s","id":"hr-2","source":"hr","before":{"department":"Sales"},"after":{"department":"Finance"}}\n' "$1"
}

expect_gone() { # expect_gone WHO: no way in on any of the three
  expect "$1 cannot bind" 49 "$(ldap_bind "$1")"
  expect "$1 is in no LDAP group" "" "$(ldap_groups "$1")"
  expect "$1 cannot log in to PostgreSQL" 2 "$(pg_login "$1")"
  expect "$1 has no PostgreSQL role" "" "$(pg_roles "$1")"
  expect "$1 has no live session" 0 "$(pg_sessions "$1")"
  expect "$1 is inactive in SCIM" false "$(scim_active "$1")"
  expect "$1 is in no SCIM group" "" "$(scim_groups "$1")"
}
expect_bob_untouched() {
  expect "bob binds" 0 "$(ldap_bind bob)"
  expect "bob keeps his LDAP groups" "finance platform sales" "$(ldap_groups bob)"
  expect "bob logs in" 0 "$(pg_login bob)"
  expect "bob keeps his roles" "platform_rw sales_ro" "$(pg_roles bob)"
  expect "bob's session lives" 1 "$(pg_sessions bob)"
  expect "bob is active" true "$(scim_active bob)"
  expect "bob keeps his SCIM groups" "platform sales" "$(scim_groups bob)"
}

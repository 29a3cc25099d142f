#!/usr/bin/env bash
# A PostgreSQL service login leaves through all its stages, worked by the program, while a real process that
# depends on it goes on querying: successor delivered, drained, quarantined, needed after all and brought back,
# drained and quarantined again, deleted with a signed approval. Then psql, the closure proof and the evidence
# log are asked. The program's clock is ahead of the machine's; nothing waits for weeks.
# usage: retire_postgres_test.sh RESCIND_LATER RESCIND_VERIFY DEPENDENT
set -euo pipefail
rescind=$(realpath "$1") verify=$(realpath "$2") dependent=$(realpath "$3")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
peers=$(realpath "$here/../../peers")
work=$(mktemp -d "${TMPDIR:-/tmp}/rescind-retire.XXXXXX")
passed=0 hours=0 program=''

cleanup() {
  local status=$?
  [ -z "$program" ] || kill "$program" 2>/dev/null || true
  "$peers/postgres.sh" stop --dir "$work/postgres" || true
  if [ $status = 0 ]; then rm -rf "$work"; else echo "left for a look: $work" >&2; fi
}
trap cleanup EXIT

expect() { # expect WHAT EXPECTED ACTUAL
  [ "$2" = "$3" ] || { printf 'FAILED %s: expected `%s`, found `%s`\n' "$1" "$2" "$3" >&2; exit 1; }
  passed=$((passed + 1))
}
run() { # run EXIT_CODES ARGUMENT...: the program in the project, its clock $hours ahead; codes as 0|4
  local want=$1 status=0
  shift
  "$rescind" $((hours * 3600)) -C "$work/project" "$@" >"$work/out" 2>"$work/err" || status=$?
  cat "$work/out" "$work/err" >>"$work/all_output"
  [[ $status =~ ^($want)$ ]] || {
    printf 'FAILED rescind %s: exit %s, expected %s\n' "$*" "$status" "$want" >&2
    cat "$work/out" "$work/err" >&2
    exit 1
  }
  passed=$((passed + 1))
}
says() { # says TEXT: the last command
  grep -qF -- "$1" "$work/out" || { printf 'FAILED: `%s` is not in:\n' "$1" >&2; cat "$work/out" "$work/err" >&2; exit 1; }
  passed=$((passed + 1))
}

# ---- the server, and what depends on it ---------------------------------------------------------------
"$peers/postgres.sh" start --dir "$work/postgres" --owner $$ --seed "$here/roles.sql" >/dev/null
# shellcheck disable=SC1091
. "$work/postgres/env"
export PG_PASSWORD=$PASSWORD
pg() { psql -XAtq "$SUPERUSER_URL" -c "$1"; }
login() { # login ROLE PASSWORD: the exit status of a connection
  local status=0
  PGPASSWORD=$2 psql -XAtq -h "$HOST" -p "$PORT" -U "$1" -d app -c 'select 1' >/dev/null 2>&1 || status=$?
  echo $status
}
cp -r "$here/project" "$work/project"
printf 'PGUSER=svc_billing\nPGPASSWORD=old-billing-secret\n' >"$work/billing.env"
"$dependent" "$HOST" "$PORT" app "$work/billing.env" "$work/status" 2>"$work/dependent.err" & program=$!
goes_on() { # until the program has done some more queries; sets queried, failed, role
  local word from tries=400
  until [ -s "$work/status" ]; do sleep 0.02; done
  read -r word from word failed word role <"$work/status"
  queried=$from
  until [ "$queried" -ge $((from + 20)) ]; do
    tries=$((tries - 1)); [ $tries -gt 0 ] || { echo "FAILED: the dependent stands still" >&2; exit 1; }
    sleep 0.02
    read -r word queried word failed word role <"$work/status"
  done
}
goes_on
expect "the program works as" svc_billing "$role"

# ---- the project -----------------------------------------------------------------------------------------
cat >"$work/project/rescind.yaml" <<YAML
policies: [policies/]
inventory: [inventory/, store]
store: rescind.db
timezone: Europe/Berlin
steward: platform
systems:
  billing-db:
    connector: postgres
    url: "postgresql://$HOST:$PORT/app"
    user: rescind
    password: { env: PG_PASSWORD }
    sample_gap: 13h
    holder: { account: comment, identity: id }
deliveries:
  billing-job:
    kind: file
    path: "$work/billing.env"
    format: env
    user: PGUSER
    value: PGPASSWORD
    item: "billing-db:password:svc_billing"
    used_as: billing
handover:
  file: { folder: people/ }
YAML
run 0 keys generate --as ines --out ines.pem
ines=$(sed -nE 's/.*"(ed25519:[^"]*)".*/\1/p' "$work/out")
mkdir -p "$work/project/inventory"
cat >"$work/project/inventory/people.jsonl" <<JSONL
{"record":"system","id":"billing-db","kind":"database","tier":1,"owner":["platform"],"session_life":"0s"}
{"record":"team","id":"platform","members":["ines"],"contact":"file:platform","approver_keys":{"ines":"$ines"}}
{"record":"identity","id":"ines","kind":"employee"}
{"record":"identity","id":"erin","kind":"employee"}
{"record":"identity","id":"dana","kind":"employee"}
{"record":"identity","id":"billing-bot","kind":"service","owner":["dana"]}
JSONL
printf '{"type":"leaver","subject":"dana","at":"now","id":"hr-7","source":"hr","submitted_by":"erin"}\n' >"$work/project/event.json"

# ---- the story: told by what `run --due` says ------------------------------------------------------------
others() { # all that does not belong to the login or its successor: roles, memberships, owners, privileges
  pg "select 'role', rolname, rolcanlogin, rolvaliduntil::text from pg_roles where rolname !~ '^(pg_|svc_)'
      union all select 'member', g.rolname, m.admin_option, u.rolname from pg_auth_members m
        join pg_roles g on g.oid = m.roleid join pg_roles u on u.oid = m.member where u.rolname !~ '^(pg_|svc_)'
      union all select 'owner', tablename, null, tableowner from pg_tables where schemaname = 'public' and tableowner !~ '^svc_'
      union all select 'grant', table_name, null, grantee || ' ' || privilege_type
        from information_schema.role_table_grants where table_schema = 'public' and grantee !~ '^svc_' order by 1, 2, 4"
}
state_of() { pg "select rolcanlogin, coalesce(rolvaliduntil < now(), false) from pg_roles where rolname = '$1'"; }
sessions_of() { pg "select count(*) from pg_stat_activity where usename = '$1'"; }
works() { goes_on; expect "failed queries of the program" 0 "$failed"; expect "the program works as" "$1" "$role"; }
# pass_until TEXT: half a day at a time, as a timer would, until `run --due` says so. No step may fail.
pass_until() {
  local tries=20
  : >"$work/said"
  until grep -qF -- "$1" "$work/said"; do
    tries=$((tries - 1)); [ $tries -gt 0 ] || { echo "FAILED: \`$1\` is never said" >&2; cat "$work/said" >&2; exit 1; }
    hours=$((hours + 12))
    run '0|4' run --due
    cat "$work/out" >>"$work/said"
  done
}
said() { grep -qF -- "$1" "$work/said" || { echo "FAILED: \`$1\` is not said" >&2; cat "$work/said" >&2; exit 1; }; passed=$((passed + 1)); }
password='billing-db:password:svc_billing' account='billing-db:svc_billing'
untouched=$(others)

# Replace: the successor is made, delivered to the program, and taken up by it.
run 0 check
run 0 collect
run 0 plan --event event.json --format json --out plan.json
run 0 show plan.json
says "password $password: replace"
says "account $account: drain"
run 0 apply plan.json
run=$(grep -oE 'run:[0-9a-f]+' "$work/out" | head -n 1)
goes_on
successor=$role
expect "its successor is named after it" svc_billing_r "${successor%????????}"
works "$successor"
expect "nobody is connected as the old one" 0 "$(sessions_of svc_billing)"
expect "the old one still lives" 0 "$(login svc_billing old-billing-secret)"

# Drain: seen in pg_stat_activity to be silent for a day. The half day before that is not enough.
hours=12
run '0|4' run --due
says "$password: the gate of \`drain\` is unmet: idle for 1d: last used 12h"
says "by billing-job"
expect "not yet out of use" "t|f" "$(state_of svc_billing)"
pass_until "$account: the steps of \`quarantine\` are done"
said "$password: from \`drain\` to \`quarantine\`"
expect "out of use: no login, password expired" "f|t" "$(state_of svc_billing)"
expect "the old login is refused" 2 "$(login svc_billing old-billing-secret)"
expect "the successor is not" "t|f" "$(state_of "$successor")"
works "$successor"
run 0 plan --event event.json
says "$account""_r"
says "is left alone: it was made as a successor"

# The night shift lets the old login in again and the program is seen to use it: back to drain, if somebody agrees.
pass_until "run:"
pg "alter role svc_billing login valid until 'infinity'"
PGAPPNAME=billing PGPASSWORD=old-billing-secret psql -Xq -h "$HOST" -p "$PORT" -U svc_billing -d app -c 'select pg_sleep(600)' >/dev/null 2>&1 & forced=$!
until [ "$(sessions_of svc_billing)" = 1 ]; do sleep 0.05; done
pass_until "$account: used by billing-job: going back to \`drain\` needs an approval"
said "$password: used by billing-job: going back to \`drain\` needs an approval"
run 0 approve "$run" --all --as ines --key ines.pem
pass_until "$account: from \`quarantine\` back to \`drain\`: used by billing-job"
said "$password: from \`quarantine\` back to \`drain\`: used by billing-job"
expect "in use again" "t|f" "$(state_of svc_billing)"
run '0|4' resume # verifies as well: what was put back is no failure, and is not taken again before its time
expect "still in use" "t|f" "$(state_of svc_billing)"
says "is settled"
pg "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'svc_billing'" >/dev/null
wait $forced 2>/dev/null || true
until [ "$(sessions_of svc_billing)" = 0 ]; do sleep 0.05; done
works "$successor"

# Generation 2: drained and quarantined again, and this time nobody misses it.
pass_until "$account: from \`drain\` to \`quarantine\`"
said "$password: from \`drain\` to \`quarantine\`"
expect "out of use again" "f|t" "$(state_of svc_billing)"
pass_until "$account: from \`quarantine\` to \`delete\`"
said "$password: from \`quarantine\` to \`delete\`"

# Delete: only with a signature that was given for this generation.
pass_until "run:"
expect "nothing is deleted unapproved" "f|t" "$(state_of svc_billing)"
run 4 apply plan.json
run 0 approve "$run" --all --as ines --key ines.pem
grep -qF 'restore' "$work/err" && { echo "FAILED: asked to approve what is over" >&2; exit 1; }
pass_until "$account: \`delete\` is done, it is retired"
said "$password: \`delete\` is done, it is retired"
said "$run is closed"

# ---- what psql says ----------------------------------------------------------------------------------------
works "$successor"
kill "$program"
status=0
wait "$program" || status=$?
program=''
expect "the program ends without a failed query" 0 $status
read -r _ queried _ failed _ <"$work/status"
expect "every query of it arrived" "$queried" "$(pg 'select count(*) from invoices')"
expect "the role is gone" "" "$(state_of svc_billing)"
expect "its table went to its successor" "$successor" "$(pg "select tableowner from pg_tables where tablename = 'invoices'")"
expect "and so did its privilege" "SELECT" \
  "$(pg "select privilege_type from information_schema.role_table_grants where grantee = '$successor' and table_name = 'customers'")"
expect "and its group" "readers" "$(pg "select string_agg(g.rolname, ' ') from pg_auth_members m
  join pg_roles g on g.oid = m.roleid where m.member = '$successor'::regrole")"
expect "nothing else changed" "$untouched" "$(others)"
expect "a bystander logs in" 0 "$(login bystander bystander-secret)"

# ---- the proof -----------------------------------------------------------------------------------------------
run 0 collect
run 0 runs "$run"
says "$run  closed"
run 0 report
run 0 audit checkpoint
run 0 audit verify
says "the evidence log holds"
run 0 audit key
key=$(grep -oE 'ed25519:[A-Za-z0-9+/=]+' "$work/out" | head -n 1)
run 0 audit export --out log.jsonl
run 0 audit pack --identity billing-bot --out pack
run 0 audit pack --identity dana --out leaver
"$verify" --key "$key" "$work/project/log.jsonl" >"$work/out"
for pack in pack leaver; do
  "$verify" --key "$key" --log "$work/project/log.jsonl" "$work/project/$pack/evidence.html" >"$work/out"
done
grep -qF '0 paths remain' "$work/project/leaver/evidence.json" || { echo "FAILED: no closure proof" >&2; exit 1; }
sed -i "0,/$run/s//run:0000000000000000/" "$work/project/log.jsonl"
status=0
"$verify" --key "$key" "$work/project/log.jsonl" >"$work/out" 2>&1 || status=$?
expect "a changed log is not accepted" 4 $status

# ---- no secret anywhere but where the program reads it ----------------------------------------------------------
new=$(sed -n 's/^PGPASSWORD=//p' "$work/billing.env")
expect "the new password works" 0 "$(login "$successor" "$new")"
expect "it is no short one" 1 $((${#new} >= 20))
for secret in "$new" old-billing-secret "$PASSWORD"; do
  if found=$(grep -rlF -- "$secret" "$work/project" "$work/all_output" "$work/said" "$LOG"); then
    echo "FAILED: a secret is in $found" >&2; exit 1
  fi
  passed=$((passed + 1))
done

echo "$((hours / 24)) days, $queried queries of the program, $failed failed"
echo "$passed passed, 0 failed"

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
cat >"$work/project/inventory/people.jsonl" <<JSONL
{"record":"system","id":"billing-db","kind":"database","tier":1,"owner":["platform"],"session_life":"0s"}
{"record":"team","id":"platform","members":["ines"],"contact":"file:platform","approver_keys":{"ines":"$ines"}}
{"record":"identity","id":"ines","kind":"employee"}
{"record":"identity","id":"erin","kind":"employee"}
{"record":"identity","id":"dana","kind":"employee"}
{"record":"identity","id":"billing-bot","kind":"service","owner":["dana"]}
JSONL
printf '{"type":"leaver","subject":"dana","at":"now","id":"hr-7","source":"hr","submitted_by":"erin"}\n' >"$work/project/event.json"

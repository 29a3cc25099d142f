#!/usr/bin/env bash
# What is due is worked by processes: `rescind serve` when an appointment comes, again after kill -9, and two of them
# on one store that never work one run at the same time. The program's clock is a month ahead, so that the
# appointment comes a few seconds after the start.
# usage: worker_test.sh RESCIND_LATER
set -euo pipefail
rescind=$(realpath "$1")
# shellcheck disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
workers=()
cleanup() {
  local worker
  for worker in "${workers[@]}"; do kill -KILL "$worker" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT
ahead=0
export CI_TOKEN=0123456789abcdef0123

run() { # run EXIT_CODES ARGUMENT...
  local want=$1 status=0
  shift
  "$rescind" $ahead "$@" >out 2>err || status=$?
  [[ $status =~ ^($want)$ ]] || { printf 'FAILED rescind %s: exit %s, expected %s\n' "$*" "$status" "$want"; cat out err; exit 1; }
  passed=$((passed + 1))
}
expect() { # expect WHAT EXPECTED ACTUAL
  [ "$2" = "$3" ] || { printf 'FAILED %s: expected `%s`, found `%s`\n' "$1" "$2" "$3"; cat serve*.err; exit 1; }
  passed=$((passed + 1))
}
world() { sqlite3 -cmd '.timeout 10000' sandbox.db "$1"; }
deleted() { world "select count(*) from effects where verb = 'delete'"; }
wait_for() { # wait_for WHAT COMMAND...: until it succeeds, at most a minute
  local what=$1 end=$((SECONDS + 60))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || { echo "FAILED: $what never came"; cat serve*.err; exit 1; }
    sleep 0.1
  done
  passed=$((passed + 1))
}
serve() { # serve NAME: a worker in the background; sets worker
  "$rescind" $ahead serve >"$1.out" 2>"$1.err" &
  worker=$!
  workers+=("$worker")
  wait_for "$1" grep -qs listening "$1.out"
}
some_deleted() { [ "$(deleted)" -ge "$1" ]; }
all_closed() { "$rescind" $ahead runs >closed 2>/dev/null && ! grep -vq ' closed ' closed; }

people=(alice bob)
repository() { # repository: nobody has left yet
  rm -rf ./*
  mkdir policies inventory sandbox
  cat >rescind.yaml <<'Y'
policies: [policies/]
inventory: [inventory/, store]
store: rescind.db
systems:
  crm: { connector: sandbox, path: sandbox.db, seed: sandbox/ }
server: { listen: "127.0.0.1:0", tokens: { ci: { env: CI_TOKEN } } }
Y
  cat >policies/house.rescind <<'P'
module house
rule leaver {
  on leaver
  because "gone"
  escalate to "crm-team"
  disable account   within 15m
  delete  account   after 30d
}
P
  printf '%s\n' '{"record":"system","id":"crm","kind":"saas","tier":1,"owner":["crm-team"],"session_life":"0s"}' \
    '{"record":"team","id":"crm-team","members":["carol"]}' '{"record":"identity","id":"carol","kind":"employee"}' >inventory/people.jsonl
  local who n
  for who in "${people[@]}"; do
    printf '{"record":"identity","id":"%s","kind":"employee"}\n' "$who" >>inventory/people.jsonl
    printf '{"type":"leaver","subject":"%s","at":"now","id":"hr-%s","source":"hr"}\n' "$who" "$who" >"$who.json"
    for n in 1 2 3 4; do
      printf '{"record":"account","id":"crm:%s%s","system":"crm","holder":"%s"}\n' "$who" $n "$who" >>sandbox/access.jsonl
    done
  done
  ahead=0
  run 0 collect
}
leaves() { # leaves WHO: applied; its accounts are to be deleted in 30 days
  run 0 plan --event "$1.json" --format json --out "$1.plan.json"
  run 0 apply "$1.plan.json"
}
soon() { # the clock is a few seconds before the appointment, and deleting takes a second
  world "insert into faults (kind, system, call, item, value, times) values (0, 'crm', 'delete', '', 1000, -1)"
  ahead=$((30 * 86400 - 4))
}
all_signed() { # whatever works what is due leaves nothing that no checkpoint covers
  run 0 audit verify
  expect "entries that are not signed" "" "$(grep -F 'not signed yet' err || true)"
}
each_deleted_once() {
  expect "accounts deleted" $((4 * $1)) "$(deleted)"
  expect "accounts deleted twice" "" "$(world "select item from effects where verb = 'delete' group by item having count(*) > 1")"
}

# ---- serve is killed in the middle, and the next one goes on ----------------------------------------------------
repository
leaves alice
soon
run 0 run --due
expect "nothing is deleted before its time" 0 "$(deleted)"
all_signed
serve serve1
wait_for "the first deletion" some_deleted 1
run '0|1|4' run --due
says out "is being worked by another process"
kill -KILL "$worker"
wait "$worker" 2>/dev/null || true
left=$(deleted)
[ "$left" -lt 4 ] || { echo "FAILED: killed too late to show anything"; exit 1; }
serve serve2
wait_for "the end of the run" all_closed
each_deleted_once 1
kill -TERM "$worker"
wait "$worker"
all_signed
run 0 run --due
says out "nothing to do"
run 0 audit verify

# ---- two workers, two runs -----------------------------------------------------------------------------------------
repository
leaves alice
leaves bob
soon
serve serve1
first=$worker
serve serve2
second=$worker
wait_for "the end of both runs" all_closed
each_deleted_once 2
kill -TERM "$first" "$second"
wait "$first"
wait "$second"
for closed in $(awk '{ print $1 }' closed); do
  expect "$closed is closed once" 1 "$(cat serve1.err serve2.err | grep -c "^$closed is closed")"
done
run 0 audit verify

# ---- a clock that went back freezes what destroys for every command that executes --------------------------------
repository
run 0 plan --event alice.json --format json --out alice.plan.json
sqlite3 rescind.db "insert or replace into settings (key, value) values ('clock.seen', '99999999999 1 elsewhere')"
run 0 apply alice.plan.json
says err "nothing is destroyed: the clock went back by"
expect "accounts disabled all the same" 4 "$(world "select count(*) from effects where verb = 'disable'")"
sqlite3 rescind.db "update settings set value = '99999999999 1 elsewhere' where key = 'clock.seen'"
sqlite3 rescind.db "update settings set value = '' where key = 'clock.frozen'"
run '0|4' resume
says err "nothing is destroyed: the clock went back by"
run '0|4' run --due --accept-clock
says_not out "nothing is destroyed"

echo "$passed passed, 0 failed"

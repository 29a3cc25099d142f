#!/usr/bin/env bash
# `rescind undo` as people use it: previewed, applied, and read back from the sandbox. What comes back is as it was,
# but for what would have revived with it: credentials are rotated, sessions and tokens are gone.
# usage: undo_test.sh RESCIND
set -euo pipefail
rescind=$(realpath "$1")
# shellcheck disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

item() { # item ID: what the system itself holds: there, enabled, version of the secret
  sqlite3 sandbox.db "select present, enabled, version from items where id = '$1'"
}
is() { # is ID EXPECTED
  [ "$(item "$1")" = "$2" ] || { echo "FAILED $1: expected $2, found $(item "$1")"; exit 1; }
  passed=$((passed + 1))
}
run_named() { "$rescind" runs | awk -v state="$1" '$2 == state { print $1 }' | tail -n 1; }

for who in carol alice; do
  run 0 keys generate --as $who --out $who.pem
  declare "$who=$(sed -E 's/.*"(ed25519:[^"]*)".*/\1/' out)"
done
mkdir -p policies inventory sandbox
cat >rescind.yaml <<'Y'
policies: [policies/]
inventory: [inventory/, store]
store: rescind.db
steward: steward
systems:
  crm: { connector: sandbox, path: sandbox.db, seed: sandbox/ }
Y
cat >policies/house.rescind <<'P'
module house
rule leaver {
  on leaver
  when subject is human
  because "gone"
  escalate to "crm-team"
  revoke  session, token        within 5m
  disable account, credential   within 15m
  remove  role                  within 1h
  remove  share                 approved by "crm-team"
  delete  account               after 30d
}
P
cat >inventory/people.jsonl <<P
{"record":"system","id":"crm","kind":"saas","tier":1,"owner":["crm-team"]}
{"record":"team","id":"crm-team","members":["carol"],"approver_keys":{"carol":"$carol"}}
{"record":"identity","id":"alice","kind":"employee"}
{"record":"identity","id":"carol","kind":"employee"}
{"record":"identity","id":"steward","kind":"employee"}
P
cat >sandbox/access.jsonl <<'P'
{"record":"account","id":"crm:alice","system":"crm","holder":"alice"}
{"record":"session","id":"crm:s1","system":"crm","holder":"alice","account":"crm:alice"}
{"record":"token","id":"crm:t1","system":"crm","holder":"alice","account":"crm:alice"}
{"record":"api_key","id":"crm:k1","system":"crm","holder":"alice","account":"crm:alice"}
{"record":"password","id":"crm:p1","system":"crm","holder":"alice","account":"crm:alice"}
{"record":"role","id":"crm:alice:sales","system":"crm","holder":"alice","account":"crm:alice","name":"Sales"}
{"record":"share","id":"crm:alice:deals","system":"crm","holder":"alice","account":"crm:alice","name":"Deals"}
{"record":"account","id":"crm:carol","system":"crm","holder":"carol"}
{"record":"session","id":"crm:s2","system":"crm","holder":"carol","account":"crm:carol"}
P
printf '{"type":"leaver","subject":"alice","at":"now","id":"hr-1","source":"hr"}\n' >event.json

# ---- a run, and its undo -------------------------------------------------------------------------------------
run 1 undo run:0000000000000000;              says err "there is no run \`run:0000000000000000\`"
run 64 undo
run 0 collect
run 0 plan --event event.json --format json --out plan.json
run 0 approve plan.json --all --as carol --key carol.pem
run 0 apply plan.json
first=$(run_named settled)
for gone in crm:s1 crm:t1 crm:alice:sales crm:alice:deals; do is $gone "0|1|1"; done
for off in crm:alice crm:k1 crm:p1; do is $off "1|0|1"; done
# A session that the system forgot to end: it sleeps under the disabled account and would live again with it.
sqlite3 sandbox.db "update items set present = 1 where id = 'crm:s1'"

run 0 undo "$first"
says out "Puts back $first"
says out "restore account crm:alice"
says out "restore role crm:alice:sales"
says out "restore share crm:alice:deals"
says out "rotate api_key crm:k1"
says out "rotate password crm:p1"
says out "sweep"
says out "crm:t1: \`revoke\` is not put back"
says_not out "needs a person"                 # what could be rotated is known
run 0 undo "$first" --format json --out undo.json
is crm:alice "1|0|1"                          # a preview changes nothing
run 0 runs "$first";                          says out "settled"
run 4 approve undo.json --all --as carol --key carol.pem; says err "R0879"   # giving back asks nobody here
run 0 apply undo.json;                        says out "7 of 7 steps read back"; says out "is closed"
says_not out "remain"                         # nobody leaves by it
second=$(run_named closed)
for back in crm:alice crm:alice:sales crm:alice:deals; do is $back "1|1|1"; done
for fresh in crm:k1 crm:p1; do is $fresh "1|1|2"; done
for gone in crm:s1 crm:t1; do is $gone "0|1|1"; done
for other in crm:carol crm:s2; do is $other "1|1|1"; done
run 0 runs "$first";                          says out "undone"
run 0 audit verify

# ---- what is over stays over -------------------------------------------------------------------------------------
run 4 undo "$first";                          says err "is undone already"
run 4 apply undo.json;                        says err "R0820"
run 4 apply plan.json;                        says err "R0820"
run 4 approve "$first" --all --as carol --key carol.pem;  says err "R0879"
run 0 run --due;                              is crm:alice "1|1|1"
run 0 resume;                                 is crm:alice "1|1|1"
run 0 undo "$second";                         says out "Nothing to do"

# ---- a run that is still open: what it did is put back, what it did not do is not done any more -------------------
rm -f rescind.db* sandbox.db*
run 0 collect
run 0 plan --event event.json --format json --out plan.json
sqlite3 sandbox.db "insert into faults (kind, system, call, item, value, times) values (1, 'crm', 'disable', 'crm:k1', 0, -1)"
run 1 apply plan.json
first=$(run_named open)
is crm:alice "1|0|1"; is crm:k1 "1|1|1"
run 0 undo "$first" --format json --out undo.json
run 0 apply undo.json
is crm:alice "1|1|1"; is crm:p1 "1|1|2"; is crm:alice:sales "1|1|1"; is crm:alice:deals "1|1|1"
run 0 runs "$first";                          says out "undone"
run 0 resume
run 0 run --due
is crm:alice "1|1|1"; is crm:alice:deals "1|1|1"
run 0 audit verify

echo "$passed passed, 0 failed"

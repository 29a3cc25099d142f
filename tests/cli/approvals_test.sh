#!/usr/bin/env bash
# Approvals with signatures, refusals, delegation, escalations and hand-over, as people use them.
# usage: approvals_test.sh RESCIND
set -euo pipefail
rescind=$(realpath "$1")
# shellcheck disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# ---- keys, and a repository in which it-security signs ---------------------------------------------------
for who in ines tom carol; do
  run 0 keys generate --as $who --out $who.pem
  says out "\"approver_keys\": {\"$who\": \"ed25519:"
  declare "$who=$(sed -E 's/.*"(ed25519:[^"]*)".*/\1/' out)"
done
[ "$(stat -c %a ines.pem)" = 600 ]
run 4 keys generate --as ines --out ines.pem;   says err "ines.pem"
run 0 keys show ines.pem --as ines;             says out "$ines"

mkdir -p repo/policies repo/inventory repo/sandbox
cat >repo/rescind.yaml <<'Y'
policies: [policies/]
inventory: [inventory/, store]
store: rescind.db
steward: steward
systems:
  crm: { connector: sandbox, path: sandbox.db, seed: sandbox/ }
handover:
  file: { folder: people/ }
Y
cat >repo/policies/house.rescind <<'P'
module house
/// An incident: what it-security agrees to is closed.
rule incident {
  on risk
  because "an incident"
  escalate to "it-security" then "board" after 1h
  revoke session within 5m
  disable account approved by "it-security" within 1h
  ask "helpdesk" to "call the person" within 2h
}
P
cat >repo/inventory/people.jsonl <<P
{"record":"system","id":"crm","kind":"saas","tier":1,"owner":["crm-team"]}
{"record":"team","id":"crm-team","members":["carol"]}
{"record":"team","id":"it-security","members":["ines","tom"],"contact":"file:security","approver_keys":{"ines":"$ines","tom":"$tom"}}
{"record":"team","id":"delegates","members":["carol"],"approver_keys":{"carol":"$carol"}}
{"record":"identity","id":"alice","kind":"employee"}
{"record":"identity","id":"ines","kind":"employee"}
{"record":"identity","id":"tom","kind":"employee"}
{"record":"identity","id":"carol","kind":"employee"}
P
cat >repo/sandbox/access.jsonl <<'P'
{"record":"account","id":"crm:alice","system":"crm","holder":"alice"}
{"record":"session","id":"crm:s1","system":"crm","holder":"alice","account":"crm:alice"}
P
mv ./*.pem repo/
cd repo
make_plan() { # make_plan EVENT_ID FILE
  printf '{"type":"risk","subject":"alice","at":"now","id":"%s","source":"soc","submitted_by":"tom"}\n' "$1" >event.json
  run 0 collect
  "$rescind" plan --event event.json --format json --out "$2" || [ $? = 4 ]
}
make_plan soc-1 one.plan.json

# ---- what does not count ------------------------------------------------------------------------------------
run 64 approve one.plan.json --all --as ines;    says err "--key FILE"
run 64 approve one.plan.json --as ines --key ines.pem;                        says err "--step ID"
run 64 approve one.plan.json --all --as ines --key ines.pem --refuse;         says err "--reason"
run 4 apply one.plan.json --approve --as ines;   says err "R0870"
run 4 approve one.plan.json --all --as tom --key tom.pem --out tom.json;      says err "R0876"
run 4 approve one.plan.json --all --as ines --key tom.pem;                    says err "R0873"
run 4 approve one.plan.json --all --as carol --key carol.pem;                 says err "R0879"
run 4 approve one.plan.json --step step:none --as ines --key ines.pem;        says err "R0880"
run 1 approve one.plan.json --all --as ines --key missing.pem;                says err "missing.pem"

# ---- signed offline, checked, handed in with the plan --------------------------------------------------------
run 0 approve one.plan.json --all --as ines --key ines.pem --out ines.json
says err "disable account crm:alice"
run 0 approve verify ines.json --plan one.plan.json;   says out "it counts"
# Who is leaving cannot be read: nobody's approval counts.
cp rescind.db whole.db
sqlite3 rescind.db 'ALTER TABLE events RENAME TO lost'
run 1 approve verify ines.json --plan one.plan.json;   says err "reading who is leaving"
run 1 approve one.plan.json --all --as ines --key ines.pem;   says err "reading who is leaving"
run 1 run --due;                                       says err "reading who is leaving"
mv whole.db rescind.db
sed 's/"approve"/"refuse"/' ines.json >forged.json
run 4 approve verify forged.json --plan one.plan.json; says err "R0872"
echo '{}' >empty.json
run 4 approve verify empty.json --plan one.plan.json;  says err "R0871"
run 4 apply one.plan.json --approvals forged.json;     says err "R0872"
run 4 apply one.plan.json;       says out "approval by it-security"
run 0 escalations;               says out "waits for approval by it-security"; says out "level 1"
says out "asked: call the person"
ls people/security/*.json >/dev/null
run 0 escalations --format json
approval=$(node -e 'const e=JSON.parse(require("fs").readFileSync("out")); const a=e.find(x=>!x.asks); if (!a.next_at || a.to[0] !== "it-security" || a.breached) process.exit(1); console.log(a.id)')
asked=$(node -e 'const e=JSON.parse(require("fs").readFileSync("out")); console.log(e.find(x=>x.asks).id)')
run 4 escalations --ack "$approval" --as alice;        says err "R0891"
run 0 escalations --ack "$approval" --as ines;         says out "acknowledged by ines"
run 0 escalations --ack "$asked" --as bob;             says out "settled at"
run 4 escalations --ack "$asked" --as bob;             says err "R0890"
run 1 escalations --ack escalation:none --as bob;      says err "escalation:none"
run 0 approve --import ines.json
run 0 resume
says out "is "
run 0 escalations;               says out "nobody is called"
run 0 escalations --all;         says out "settled at"

# ---- the same document on another plan ---------------------------------------------------------------------------
rm -f rescind.db* sandbox.db*
make_plan soc-2 two.plan.json
run 4 approve verify ines.json --plan two.plan.json;   says err "R0874"
run 4 apply two.plan.json --approvals ines.json;       says err "R0874"

# ---- delegation, refusal ----------------------------------------------------------------------------------------------
run 64 approve delegate --as ines --key ines.pem --to carol --scope planet:x --until 7d
run 0 approve delegate --as ines --key ines.pem --to carol --scope system:erp --until 7d --out erp.json
run 4 approve two.plan.json --all --as carol --key carol.pem --on-behalf-of ines --delegation erp.json; says err "R0877"
run 0 approve delegate --as ines --key ines.pem --to carol --scope system:crm --until 7d --out crm.json
run 0 approve two.plan.json --all --as carol --key carol.pem --on-behalf-of ines --delegation crm.json \
  --refuse --reason $'a drill\e[2J\xc2\x9b2J\nforged line' --out refusal.json
says err "refused by carol for ines"
harmless() { ! LC_ALL=C grep -qP '\x1b|\xc2\x9b|^forged' out err || { echo 'FAILED: a terminal is steered'; cat -v out err; exit 1; }; passed=$((passed + 1)); }
run 1 apply two.plan.json --approvals refusal.json
says out "refused by carol for ines: a drill"; harmless
run 0 escalations;               says out "refused"; harmless
run 0 --verbose runs;            says out "a drill"; harmless

# ---- a key that is taken out of the inventory stops counting --------------------------------------------------------
rm -f rescind.db* sandbox.db*
make_plan soc-3 three.plan.json
run 0 approve three.plan.json --all --as ines --key ines.pem
says err "kept for run:"
sed -i "s|\"ines\":\"$ines\",||" inventory/people.jsonl
run 4 apply three.plan.json;     says out "approval by it-security"
echo "$passed checks passed"

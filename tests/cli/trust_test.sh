#!/usr/bin/env bash
# Plan files that were changed, or that the world has left behind, and consent to exceed a limit.
# usage: trust_test.sh RESCIND
set -euo pipefail
rescind=$(realpath "$1")
# shellcheck disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

run 0 keys generate --as ines --out ines.pem
ines=$(sed -E 's/.*"(ed25519:[^"]*)".*/\1/' out)
mkdir -p repo/policies repo/inventory repo/sandbox
cat >repo/rescind.yaml <<'Y'
policies: [policies/]
inventory: [inventory/, store]
store: rescind.db
steward: steward
systems:
  crm: { connector: sandbox, path: sandbox.db, seed: sandbox/ }
Y
cat >repo/policies/house.rescind <<'P'
module house
rule out {
  on leaver because "gone" escalate to "helpdesk"
  revoke session within 5m
  disable account approved by "it-security" within 1h
  delete data after 0s approved by "it-security"
}
hold matter { when subject.legal_hold blocks delete of data until lifted ordered by "legal" because "M-1" }
limit mass { disable, delete of account at most 1 per 1d otherwise ask "it-security" }
P
people() { # people [ALICE'S ATTRIBUTES]
  cat <<P
{"record":"system","id":"crm","kind":"saas","tier":1,"owner":["helpdesk"]}
{"record":"team","id":"helpdesk","members":["tom"]}
{"record":"team","id":"it-security","members":["ines","tom"],"approver_keys":{"ines":"$ines"}}
{"record":"identity","id":"alice","kind":"employee"${1:-}}
{"record":"identity","id":"bob","kind":"employee"}
{"record":"identity","id":"ines","kind":"employee"}
{"record":"identity","id":"tom","kind":"employee"}
P
}
people >repo/inventory/people.jsonl
for who in alice bob; do cat <<P
{"record":"account","id":"crm:$who","system":"crm","holder":"$who"}
{"record":"session","id":"crm:$who:s","system":"crm","holder":"$who","account":"crm:$who"}
{"record":"data","id":"crm:$who:mail","system":"crm","holder":"$who","account":"crm:$who"}
P
done >repo/sandbox/access.jsonl
mv ines.pem repo/
cd repo
for who in alice bob; do
  printf '{"type":"leaver","subject":"%s","at":"now","id":"%s-1","source":"hr","submitted_by":"tom"}\n' $who $who
done >both.json
head -1 both.json >alice.json
is() { # is ITEM "PRESENT|ENABLED"
  [ "$(sqlite3 sandbox.db "select present, enabled from items where id = '$1'")" = "$2" ] || { echo "FAILED: $1 is not $2"; exit 1; }
  passed=$((passed + 1))
}
fresh() { rm -f rescind.db* sandbox.db*; run 0 collect; }
plan() { run 0 plan --event alice.json --format json --out plan.json; }
fresh
plan

# ---- a plan that was changed, with the digest that belongs to the change ------------------------------------
edit() { # edit JAVASCRIPT: p is the plan
  node -e '
    const fs = require("fs"), p = JSON.parse(fs.readFileSync("plan.json")), seal = p.seal;
    eval(process.argv[1]);
    delete p.seal; p.digest = "";
    const digest = "sha256:" + require("crypto").createHash("sha256").update(JSON.stringify(p)).digest("hex");
    const out = {};
    for (const key of Object.keys(p)) { out[key] = p[key]; if (key === "digest") { out.digest = digest; if (seal) out.seal = seal; } }
    fs.writeFileSync("edited.json", JSON.stringify(out, null, 2) + "\n");' "$1"
}
edit ''
cmp plan.json edited.json     # the attacker's digest is right: it is the seal that stops them
for change in 'for (const s of p.steps) s.approvals = []' \
  'for (const s of p.steps) s.not_before = "2020-01-01T00:00:00Z"' \
  'p.steps.push({...p.steps[0], id: "step:0000000000000000", item: "crm:bob", holder: "bob"})' \
  'for (const e of p.events) e.submitted_by = "nobody"' \
  'p.expires_at = "2099-01-01T00:00:00Z"'; do
  edit "$change"
  run 0 show edited.json
  run 4 apply edited.json;            says err "R0826"
done
sed '/"seal"/d' plan.json >bare.json
run 4 apply bare.json;                says err "R0826"; says err "has no seal"
is crm:alice "1|1"; is crm:bob "1|1"
cp rescind.db-seal.key key.bak; rm rescind.db-seal.key
run 4 apply plan.json;                says err "R0826"
mv key.bak rescind.db-seal.key

# ---- what is not true any more ---------------------------------------------------------------------------------
people ',"legal_hold":true' >inventory/people.jsonl
run 4 apply plan.json;                says err "R0827"; says err "delete data crm:alice:mail"
people >inventory/people.jsonl
cp policies/house.rescind house.bak
echo 'rule again { on rehire because "back" escalate to "helpdesk" notify "helpdesk" }' >>policies/house.rescind
run 4 apply plan.json;                says err "R0827"; says err "another policy"
mv house.bak policies/house.rescind
# New facts about what is only contained hold nothing up.
echo '{"record":"session","id":"crm:alice:late","system":"crm","holder":"alice","account":"crm:alice"}' >inventory/late.jsonl
run 4 apply plan.json;                says out "approval by it-security"
is crm:alice:s "0|1"
rm inventory/late.jsonl
run 4 apply plan.json;                says err "R0820"

# ---- a limit is exceeded by a word of its own ----------------------------------------------------------------------
fresh
run 4 plan --event both.json --format json --out plan.json
run 0 show plan.json;                 says out "house.mass"
run 4 approve plan.json --over-limit mass --all --as ines --key ines.pem;  says err "R0881"
run 0 approve plan.json --all --as ines --key ines.pem --out steps.json
run 4 apply plan.json --approvals steps.json
run_id=$("$rescind" runs | grep -o 'run:[0-9a-f]*' | head -1)
run 0 --verbose runs "$run_id";       says out "limit house.mass"
disabled() { [ "$(sqlite3 sandbox.db "select count(*) from items where id in ('crm:alice','crm:bob') and not enabled")" = "$1" ] || { echo "FAILED: not $1 disabled"; exit 1; }; passed=$((passed + 1)); }
disabled 1
run 4 approve "$run_id" --over-limit house.mass --all --as tom --key ines.pem;   says err "R0873"
run 4 resume --over-limit house.mass --as ines;                                says err "R0870"
disabled 1
run 0 approve "$run_id" --over-limit house.mass --all --as ines --key ines.pem --out over.json
says err "to exceed limit house.mass"
grep -q '"over_limit": "house.mass"' over.json
sed '/over_limit/d' over.json >stripped.json
run 4 approve --import stripped.json;  says err "R0872"
run 0 approve --import over.json
"$rescind" resume >out 2>err || true
disabled 2
run 0 audit verify
echo "$passed passed, 0 failed"

#!/usr/bin/env bash
# The evidence log from outside: what an auditor and what somebody who tampers would do. Everything that
# is changed, cut off, reordered or forked is caught in the store and in what was exported.
# usage: audit_test.sh RESCIND RESCIND_VERIFY
set -euo pipefail
rescind=$(realpath "$1")
verify=$(realpath "$2")
# shellcheck disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

check() { run_any "$verify" "$@"; }

# ---- a run leaves a signed log ----------------------------------------------------------------------
run 0 init repo
cd repo
run 0 collect
run 4 audit verify;              says err "unsigned: nothing vouches for the log"; says err "has no key yet"
[ ! -e rescind.db-audit.pem ] || { echo "FAILED: audit verify makes a key"; exit 1; }
run 0 audit checkpoint;          says err "made \`rescind.db-audit.pem\`"; says err "ed25519:"
[ "$(stat -c %a rescind.db-audit.pem)" = 600 ] || { echo "FAILED: the key can be read by others"; exit 1; }
openssl pkey -in rescind.db-audit.pem -noout
run 0 audit verify;              ! grep -q "made" err
run 0 plan --event events/alice-leaves.json --format json --out alice.plan.json
run 0 apply alice.plan.json --approve --as carol
run 0 audit verify;              says out "the evidence log holds"; ! grep -q "not signed" err
run 0 audit verify --format json
node -e 'const r=JSON.parse(require("fs").readFileSync("out")); if (!r.holds || r.signed_entries !== r.entries || r.entries < 30 || r.findings.length) process.exit(1)'
before=$(sqlite3 rescind.db 'SELECT count(*) FROM audit')
run 0 run --due
run 0 audit verify;              says out "the evidence log holds"; ! grep -q "not signed" err
[ "$before" -lt "$(sqlite3 rescind.db 'SELECT max(size) FROM checkpoints')" ] || { echo "FAILED: run --due signs nothing"; exit 1; }
run 0 audit key
key=$(head -n 1 out)
run 0 audit checkpoint --out first.checkpoint
run 0 audit verify --checkpoint first.checkpoint

# ---- evidence for others ------------------------------------------------------------------------------
run 0 audit export --out log.jsonl
check 0 --key "$key" log.jsonl;  says out "the evidence log holds"
size=$(sed -n 2p first.checkpoint)
time=$(sed -n 's/^time //p' first.checkpoint)
says out "the last one covers $size entries, signed at $time"
check 0 --key "$key" --checkpoint first.checkpoint log.jsonl
run 0 audit pack --identity alice --out pack; says out "0 ways in remain"
check 0 --key "$key" pack/evidence.json;      says out "the evidence about alice holds"
check 0 --key "$key" pack/evidence.html
check 0 --key "$key" --log log.jsonl pack/evidence.html
run 0 audit pack --identity alice --out alone.json; [ ! -e alone.html ]
run 1 audit pack --identity nobody-at-all --out x;  says err "says nothing about"
run 0 audit prove --entry 7;     cp out proof.json
check 0 --key "$key" proof.json; says out "proved: 1 entry of"
says out '{"sequence":7,';          says out "$size entries, signed at $time"
check 0 --key "$key" --log log.jsonl --checkpoint first.checkpoint proof.json
check 64 --key "$key" --checkpoint first.checkpoint proof.json;         says err "--log"
check 64 --key "$key" --checkpoint first.checkpoint pack/evidence.json; says err "--log"
check 64 --key "$key" --log log.jsonl log.jsonl;                        says err "is a log"
check 0 --key "$key" --log log.jsonl --checkpoint first.checkpoint pack/evidence.json
# A log that was cut back to an earlier checkpoint is whole, and not what the auditor expects.
early=$(node -e '
  const fs = require("fs"), lines = fs.readFileSync("log.jsonl", "utf8").trimEnd().split("\n"), head = JSON.parse(lines[0]);
  head.checkpoints = head.checkpoints.slice(0, 1);
  const size = Number(head.checkpoints[0].split("\n")[1]);
  fs.writeFileSync("early.jsonl", [JSON.stringify(head), ...lines.slice(1, 1 + size)].join("\n") + "\n");
  console.log(size)')
check 0 --key "$key" --expect-size "$early" early.jsonl
check 4 --key "$key" --expect-size "$size" early.jsonl;              says err "truncated: the last checkpoint covers $early entries, expected were $size or more"
check 4 --key "$key" --signed-since 2099-01-01T00:00:00Z log.jsonl;  says err "truncated: the last checkpoint was signed at $time, before 2099-01-01T00:00:00Z"
check 0 --key "$key" --signed-since "$time" --expect-size "$size" log.jsonl
check 4 --key "$key" --checkpoint first.checkpoint early.jsonl;      says err "truncated:"
check 4 --key "$key" --log early.jsonl pack/evidence.json;           says err "the checkpoint of the pack"
check 4 --key "$key" --expect-size 1000000 pack/evidence.json;       says err "truncated:"
check 4 --key "$key" --expect-size 1000000 proof.json;               says err "truncated:"
check 0 --key "$key" --log log.jsonl --expect-size "$size" pack/evidence.json
check 64 --key "$key" --expect-size many log.jsonl;                  says err "no number of entries"
check 64 --key "$key" --signed-since yesterday log.jsonl;            says err "no instant"
step=$(node -e 'console.log(JSON.parse(require("fs").readFileSync("alice.plan.json")).steps[0].id)')
run 0 audit prove --step "$step"
run 0 audit prove --identity alice; cp out proofs.json
check 0 --key "$key" proofs.json
run 1 audit prove --entry 99999; says err "has no entry 99999"
run 64 audit prove;              says err "--entry"
run 64 audit

# ---- the verifier's own command line --------------------------------------------------------------------
check 0 --help;                  says out "usage: rescind-verify"
check 0 --version;               says out "rescind-verify "
check 64;                        says err "--key"
check 64 --key nonsense log.jsonl; says err "ed25519:"
check 64 --key "$key" log.jsonl more
check 1 --key "$key" nowhere.jsonl
check 4 --key "$key" alice.plan.json; says err "this is no evidence pack"
openssl genpkey -algorithm ed25519 -out other.pem 2>/dev/null
other="ed25519:$(openssl pkey -in other.pem -pubout -outform DER | tail -c 32 | base64)"
check 4 --key "$other" log.jsonl;          says err "unsigned:"
check 4 --key "$other" pack/evidence.json; says err "unsigned:"
check 4 --key "$other" proof.json;         says err "unsigned:"

# ---- an exported log that was tampered with ----------------------------------------------------------------
sed '20s/"at":"20/"at":"19/' log.jsonl >changed.jsonl
check 4 --key "$key" changed.jsonl;   says err "changed: entry 18 was changed: entry 19 names another hash"
head -n 25 log.jsonl >cut.jsonl
check 4 --key "$key" cut.jsonl;       says err "truncated: the log was cut off: entry 24 is the first"
sed '20{h;d};21{G}' log.jsonl >swapped.jsonl
check 4 --key "$key" swapped.jsonl;   says err "reordered: entry 18 stands behind entry 19"
sed 20d log.jsonl >missing.jsonl
check 4 --key "$key" missing.jsonl;   says err "missing: entry 18 is missing: entry 19 stands in its place"
sed '20s/^{/{ /' log.jsonl >spaced.jsonl
check 4 --key "$key" spaced.jsonl;    says err "malformed: entry 18 cannot be read"
sed '1s/"checkpoints":\[.*\]/"checkpoints":[]/' log.jsonl >unsigned.jsonl
check 4 --key "$key" unsigned.jsonl;  says err "nothing vouches for the log"
sed 's/"result":"changed"/"result":"refused"/;s/\\"result\\":\\"changed\\"/\\"result\\":\\"refused\\"/' pack/evidence.json >changed.json
check 4 --key "$key" changed.json;    says err "is not in the signed log"
sed 's/0 ways in remain/1 way in remains/' pack/evidence.html >changed.html
check 4 --key "$key" changed.html;    says err "does not follow from its entries"

# ---- a fork: the same store, two pasts, one key -----------------------------------------------------------
mkdir fork
cp rescind.db fork/fork.db
cp rescind.db-audit.pem fork/fork.db-audit.pem
sed 's/^store: .*/store: fork.db/;s/path: sandbox.db/path: ..\/sandbox.db/;s/seed: sandbox/seed: ..\/sandbox/' rescind.yaml >fork/rescind.yaml
cp -r policies inventory fork/
run 0 -C fork collect crm
run 0 -C fork audit checkpoint --out fork.checkpoint
mv fork/fork.checkpoint .
run 0 -C fork audit pack --identity alice --out ../fork.json
run 0 -C fork audit prove --entry 7
cp out fork.proof
# The pack holds on its own, and the log does not reach as far as it.
check 0 --key "$key" fork.json
check 4 --key "$key" --log log.jsonl fork.json;  says err "truncated: the log was cut off"
run 0 collect sso
run 0 audit checkpoint --out second.checkpoint
run 4 audit verify --checkpoint fork.checkpoint; says err "forked:"
run 0 audit verify --checkpoint first.checkpoint --checkpoint second.checkpoint
run 0 audit export --out log.jsonl
check 4 --key "$key" --checkpoint fork.checkpoint log.jsonl; says err "forked:"
check 4 --key "$key" --log log.jsonl fork.json;   says err "the checkpoint of the pack"; says err "forked:"
check 4 --key "$key" --log log.jsonl fork.proof;  says err "the checkpoint of a proof"; says err "forked:"
check 0 --key "$key" --log log.jsonl pack/evidence.json
check 0 --key "$key" --checkpoint second.checkpoint log.jsonl

# ---- a store that was tampered with --------------------------------------------------------------------------
tamper() { # tamper SQL: on a fresh copy, with the triggers out of the way
  rm -rf bad; mkdir bad; cp -r rescind.yaml policies inventory sandbox sandbox.db rescind.db rescind.db-audit.pem bad/
  sqlite3 bad/rescind.db "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; DROP TRIGGER records_no_update;
    DROP TRIGGER records_no_delete; DROP TRIGGER checkpoints_no_update; DROP TRIGGER checkpoints_no_delete; $1"
}
tamper "UPDATE audit SET entry = replace(entry, '\"at\":\"20', '\"at\":\"19') WHERE sequence = 10"
run 4 -C bad audit verify;  says err "changed: entry 10 was changed: entry 11 names another hash"
tamper "DELETE FROM audit WHERE sequence >= 30"
run 4 -C bad audit verify;  says err "truncated: the log was cut off: entry 30 is the first"
tamper "DELETE FROM audit WHERE sequence = 12"
run 4 -C bad audit verify;  says err "missing: entry 12 is missing"
tamper "UPDATE audit SET sequence = -1 WHERE sequence = 12; UPDATE audit SET sequence = 12 WHERE sequence = 13; UPDATE audit SET sequence = 13 WHERE sequence = -1"
run 4 -C bad audit verify;  says err "reordered: entry 12 stands behind entry 13"
tamper "DELETE FROM checkpoints"
run 4 -C bad audit verify;  says err "unsigned: nothing vouches for the log"
tamper "DELETE FROM audit WHERE sequence >= 30; DELETE FROM checkpoints WHERE size > 30"
run 4 -C bad audit verify;  says err "differs: journal record"
run 4 -C bad audit verify --checkpoint ../first.checkpoint;  says err "truncated:"
cp rescind.db-audit.checkpoint bad/
run 4 -C bad audit verify;     says err "truncated:"
run 4 -C bad audit checkpoint; says err "was cut off and is not signed"
tamper "UPDATE records SET detail = 'something else' WHERE sequence = 3"
run 4 -C bad audit verify;  says err "differs: journal record 3 of"
tamper "DELETE FROM records WHERE sequence = 3"
run 4 -C bad audit verify;  says err "tells of journal record 3, which the store does not have"
tamper "UPDATE runs SET state = 'closed'"
run 4 -C bad audit verify;  says err "is closed in the store and settled in entry"
tamper "UPDATE plans SET text = replace(text, 'alice', 'alicf')"
run 4 -C bad audit verify;  says err "differs: the stored plan of"
for column in "approver = 'mallory'" "refused = 1" "document = '{}'" "key = 'ed25519:x'" "expires = 5" "on_behalf_of = 'x'" "run = 'run:other'"; do
  tamper "UPDATE approvals SET $column"
  run 4 -C bad audit verify;  says err "which the store does not have as it was given"
done
tamper "DELETE FROM approvals"
run 4 -C bad audit verify;  says err "the approval of \`carol\` for"; says err "which the store does not have"
tamper "INSERT INTO approvals SELECT sequence + 1000, run, 'step:forged', binding, approver, at, refused, reason, plan_digest, expires, on_behalf_of, document, key FROM approvals LIMIT 1"
run 4 -C bad audit verify;  says err "for step:forged in the store is not in the log"
tamper "UPDATE checkpoints SET note = replace(note, 'time 20', 'time 19') WHERE number = 1"
run 4 -C bad audit verify;  says err "unsigned: checkpoint 1 of the store"
tamper "UPDATE audit SET nodes = replace(nodes, 'a', 'b') WHERE sequence = 5"
run 4 -C bad audit verify;  says err "the hashes that the store keeps with entry 5"

# ---- every checkpoint goes to somebody outside ------------------------------------------------------------------
run 0 init watched
printf 'audit: { witness: "file:witness" }\n' >>watched/rescind.yaml
run 0 -C watched collect
run 0 -C watched plan --event events/alice-leaves.json --format json --out alice.plan.json
run 0 -C watched apply alice.plan.json;        says err "got no checkpoint"
printf 'handover: { file: { folder: out/ } }\n' >>watched/rescind.yaml
run 0 -C watched run --due
run 0 -C watched run --due
ls watched/out/witness/checkpoint-*.json >kept
[ "$(sort -u kept | wc -l)" -ge 1 ] || { echo "FAILED: the witness has nothing"; exit 1; }
node -e 'process.stdout.write(JSON.parse(require("fs").readFileSync(process.argv[1])).text)' "$(tail -n 1 kept)" >kept.checkpoint
run 0 -C watched audit verify --checkpoint ../kept.checkpoint
# Whoever cuts the log back, with all that stands beside the store, is still found out.
covered=$(sed -n 2p kept.checkpoint)
sqlite3 watched/rescind.db "DROP TRIGGER audit_no_delete; DROP TRIGGER checkpoints_no_delete;
  DELETE FROM checkpoints WHERE size >= $covered; DELETE FROM audit WHERE sequence >= (SELECT max(size) FROM checkpoints)"
rm watched/rescind.db-audit.checkpoint
run 4 -C watched audit verify --checkpoint ../kept.checkpoint;  says err "truncated:"

# ---- a key of one's own ------------------------------------------------------------------------------------------
cp rescind.yaml good.yaml
echo 'audit: { key: { file: other.pem }, origin: audit.example.org/rescind }' >>rescind.yaml
run 4 audit verify;              says err "no signature under it was made by a known key"
cp good.yaml rescind.yaml
run 0 init fresh
echo 'audit: { key: { file: ../other.pem }, origin: audit.example.org/rescind }' >>fresh/rescind.yaml
run 0 -C fresh collect
run 0 -C fresh audit checkpoint; says out "audit.example.org/rescind"
[ ! -e fresh/rescind.db-audit.pem ]
run 0 -C fresh audit key;        says out "$other"
run 0 -C fresh audit verify
run 0 -C fresh collect
run 0 -C fresh audit verify;     says err "not signed yet"
printf 'server: { listen: "127.0.0.1:0", tokens: { ci: { env: CI_TOKEN } } }\n' >>fresh/rescind.yaml
CI_TOKEN=0123456789abcdef "$rescind" -C fresh serve >serve.out 2>serve.err & server=$!
for _ in $(seq 100); do
  "$rescind" -C fresh audit verify >out 2>err || true
  grep -q "not signed" err || break
  sleep 0.1
done
kill -TERM $server
wait $server
says out "the evidence log holds"; ! grep -q "not signed" err || { echo "FAILED: serve signs nothing"; cat serve.err; exit 1; }
sed -i '/^server:/d' fresh/rescind.yaml
sed -i 's/origin: .*}/origin: "two words" }/' fresh/rescind.yaml
run 3 -C fresh audit verify;     says err "R1101"
sed -i 's/other.pem/good.yaml/;s/origin: .*}/}/' fresh/rescind.yaml
run 1 -C fresh audit verify;     says err "not a private key in PEM"

echo "$passed passed, 0 failed"

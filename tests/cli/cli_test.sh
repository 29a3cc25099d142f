#!/usr/bin/env bash
# The command line as scripts use it: exit codes, streams, and clear errors for everything that is wrong
# with a policy, an inventory, an event, a plan file or a store.
# usage: cli_test.sh RESCIND SOURCE_DIR
set -euo pipefail
rescind=$(realpath "$1")
source_dir=$(realpath "$2")
# shellcheck disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

quiet() { [ ! -s "$1" ] || { echo "FAILED: $1 is not empty:"; cat "$1"; exit 1; }; passed=$((passed + 1)); }

# ---- usage -----------------------------------------------------------------------------------------
run 0 --version;                 says out "rescind 0."
run 0 --help;                    says out "apply"
run 0 plan --help;               says out "--as-of"
run 64;                          quiet out
run 64 frobnicate;               quiet out
run 64 plan;                     says err "--event"
run 64 show --format pdf x.json
run 64 apply x.json --approve;   says err "go together"
run 1 -C /nowhere check;         says err "/nowhere"
for shell in bash zsh fish; do run 0 completion $shell; says out "plan"; done
"$rescind" completion bash | bash -n

# ---- a repository that works at once ------------------------------------------------------------------
run 0 init repo;                 says out "rescind -C repo plan"
run 4 init repo;                 says err "is there already"
cd repo
cp ../out ../err . 2>/dev/null || true
run 0 check;                     says out "checked"
run 0 check --quiet;             quiet out
run 0 collect;                   says out "1 session"
run 0 plan --event events/alice-leaves.json;     says out "alice leaves"
run 2 plan --event events/alice-leaves.json --detailed-exitcode
run 0 plan --event events/alice-leaves.json --format dot;     says out "digraph"
run 0 plan --event events/alice-leaves.json --format mermaid; says out "flowchart"
run 0 evaluate --events events/alice-leaves.json;             says out '"verb":"revoke"'
run 0 plan --event events/alice-leaves.json --as-of 2027-01-01T00:00Z --format json --out later.plan.json
run 4 apply later.plan.json;     says err "error"
run 64 plan --event events/alice-leaves.json --as-of tomorrow
run 0 plan --event events/alice-leaves.json --format json --out alice.plan.json
quiet out
run 0 show alice.plan.json;      says out "CONTAIN"
NO_COLOR=1 run 0 show alice.plan.json
! grep -q $'\x1b' out

# ---- plan files ----------------------------------------------------------------------------------------
sed 's/sso:bob/sso:zoe/; s/"alice"/"carol"/' alice.plan.json >edited.plan.json
run 4 apply edited.plan.json;    says err "edited.plan.json"
run 0 show edited.plan.json;     says err "changed after it was made"
head -c 900 alice.plan.json >cut.plan.json
run 4 apply cut.plan.json;       says err "cut.plan.json"
sed 's/"format_version": "1.0"/"format_version": "9.0"/' alice.plan.json >future.plan.json
run 1 apply future.plan.json;    says err "9.0"
run 1 apply missing.plan.json;   says err "missing.plan.json"
run 0 apply alice.plan.json;     says out "0 paths remain"
run 4 apply alice.plan.json;     says err "R0820"
run 0 runs;                      says out "settled"
run 0 --verbose runs;            says out "waits for"
run 0 resume;                    says out "0 paths remain"
run 0 run --due;                 says out "is settled"      # what apply came to is decided once more
run 0 run --due;                 says out "nothing to do"
run 1 runs run:nothing;          says err "run:nothing"
run 0 collect
run 0 plan --event events/alice-leaves.json --detailed-exitcode

# ---- events --------------------------------------------------------------------------------------------
event() { printf '%s\n' "$1" >event.json; }
event '{"type":"leavr","subject":"alice","at":"now"}'
run 3 plan --event event.json;   says err "did you mean"
event '{"type":"leaver","subject":"zoe","at":"now"}'
run 3 plan --event event.json;   says err "zoe"
event '{"type":"leaver","subject":"alice","at":"yesterday"}'
run 3 plan --event event.json;   says err "event.json"
event '{"type":"leaver","subject":"alice"'
run 3 plan --event event.json;   says err "event.json"

# ---- policies: several errors in one run, in text and for machines ---------------------------------------
mkdir ../bad
cat >../bad/bad.rescind <<'P'
module bad
rule one { on leavr because "x"  revoke session within 5m }
rule two { on leaver when subject.departmnt == "Sales" because "x"  disable account within 5min }
hold three { blocks delete of account ordered by "legal" because "x" }
limit four { disable of account at most 0 per 1d otherwise ask "legal" }
prove "five" { }
P
run 3 check ../bad;              quiet out
says err "bad.rescind:3:"; says err "R0111"
sed -i 's/5min/5m/' ../bad/bad.rescind
run 3 check ../bad
for line in 2 3 4 5 6; do says err "bad.rescind:$line:"; done
says err "did you mean \`leaver\`"; says err "did you mean \`department\`"; says err "not part of this version yet"
run 3 check ../bad --format json
node -e 'const d=JSON.parse(require("fs").readFileSync("err")).diagnostics; if (d.length < 3 || !d[0].line) process.exit(1)'
passed=$((passed + 1))
{ echo 'module deep'; printf 'define x = '; head -c 100000 /dev/zero | tr '\0' '('; echo; } >../bad/bad.rescind
run 3 check ../bad;              says err "error[R01"
head -c 10000000 /dev/zero | tr '\0' ' ' >../bad/bad.rescind
run 3 check ../bad;              says err "error[R01"
printf 'module m\n// \xff\xfe\n' >../bad/bad.rescind
run 3 check ../bad;              says err "R0101"
printf 'module m\n// \xe2\x80\xae\n' >../bad/bad.rescind
run 3 check ../bad;              says err "bidirectional"
run 1 check ../nowhere;          says err "nowhere"
mkdir ../empty; run 1 check ../empty; says err "no policy file"

# ---- inventory: rejected by name, never fatal -------------------------------------------------------------
cat >inventory/broken.jsonl <<'J'
{"record":"account","id":"crm:max","system":"crm","holder":"nobody-here"}
{"record":"identity","id":"max","kind":"employee"
{"record":"identity","id":"eve","kind":7}
J
run 4 plan --event events/alice-leaves.json
says err "broken.jsonl"; says out "broken.jsonl"
rm inventory/broken.jsonl

# ---- configuration ------------------------------------------------------------------------------------------
cp rescind.yaml good.yaml
echo 'colour: blue' >>rescind.yaml
run 3 collect;                   says err "colour"
sed 's/connector: sandbox/connector: sandbx/' good.yaml >rescind.yaml
run 3 collect;                   says err "R1001"
printf 'systems:\n  crm: { connector: scim, url: "http://127.0.0.1:1/", token: plain-secret }\n' >rescind.yaml
run 3 collect;                   ! grep -q plain-secret err
printf 'store: rescind.db\nsystems:\n  crm: { connector: scim, url: "http://127.0.0.1:1/", token: { env: NO_SUCH_TOKEN } }\n' >rescind.yaml
run 1 collect;                   says err "NO_SUCH_TOKEN"
NO_SUCH_TOKEN=x run 1 collect;   says err "could not be asked"
cp good.yaml rescind.yaml

# ---- the store ------------------------------------------------------------------------------------------------
cp rescind.db keep.db
sqlite3 rescind.db 'update schema_version set version = 999'
run 1 runs;                      says err "newer"
head -c 5000 /dev/urandom >rescind.db; rm -f rescind.db-wal rescind.db-shm
run 4 runs;                      says err "rescind.db"
cp keep.db rescind.db

# ---- the server -------------------------------------------------------------------------------------------------
run 1 serve;                     says err "token"
printf 'server: { listen: "127.0.0.1:0", tokens: { ci: { env: CI_TOKEN } } }\n' >>rescind.yaml
export CI_TOKEN=0123456789abcdef0123
run 1 serve --listen 0.0.0.0:0;  says err "this machine alone"
CI_TOKEN=short run 1 serve;      says err "shorter"
"$rescind" serve >serve.out 2>serve.err & server=$!
for _ in $(seq 100); do grep -q listening serve.out && break; sleep 0.1; done
url=$(sed -n 's/^listening on //p' serve.out)
ask() { curl -s -o body -w '%{http_code}' -H "Authorization: Bearer $CI_TOKEN" "$@"; }
same() { [ "$1" = "$2" ] || { echo "FAILED: expected $1, found $2"; cat body; exit 1; }; passed=$((passed + 1)); }
same 200 "$(ask "$url/healthz")"
same 200 "$(ask "$url/v1/policy")"
same 401 "$(curl -s -o body -w '%{http_code}' "$url/v1/policy")"
same 200 "$(ask -H 'Content-Type: application/json' -d @events/alice-leaves.json "$url/v1/evaluate")"
same 200 "$(ask -H 'Content-Type: application/json' -d @events/alice-leaves.json "$url/v1/plans?format=text")"
says body "alice leaves"
same 413 "$(head -c 9000000 /dev/zero | ask -H 'Content-Type: application/json' --data-binary @- "$url/v1/plans")"
says body R0904
same 421 "$(ask -H 'Host: evil.example' "$url/v1/policy")"
# a body of unknown size, before and after its sender is known
same 411 "$(ask -H 'Transfer-Encoding: chunked' -H 'Content-Type: application/json' -d @events/alice-leaves.json "$url/v1/plans")"
says body R0905
same 401 "$(timeout 60 curl -s -o body -w '%{http_code}' -X POST -T - "$url/v1/plans" </dev/zero || true)"
same 401 "$(head -c 9000000 /dev/zero | curl -s -o body -w '%{http_code}' --data-binary @- "$url/v1/plans")"
same 415 "$(gzip -c events/alice-leaves.json | ask -H 'Content-Encoding: gzip' -H 'Content-Type: application/json' --data-binary @- "$url/v1/plans")"
same 400 "$(ask -H 'Content-Length: x' "$url/v1/policy")"
same 200 "$(ask "$url/v1/policy")"
# who sends header lines without end is not listened to for long
node -e '
  const socket = require("net").connect(Number(process.argv[1]), "127.0.0.1");
  let sent = 0;
  const line = "X-More: " + "y".repeat(1000) + "\r\n";
  socket.on("error", () => {}).on("data", (data) => process.stdout.write(data)).on("close", () => process.exit(0));
  socket.write("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n");
  const more = () => { while (sent < 4e6 && socket.write(line)) sent += line.length; if (sent >= 4e6) socket.end(); else socket.once("drain", more); };
  more();' "${url##*:}" >many
says many "HTTP/1.1 400"
says many R0905
same 200 "$(ask "$url/v1/policy")"
# who sends a byte now and then loses the connection
exec 3<>"/dev/tcp/127.0.0.1/${url##*:}"
printf 'POST /v1/plans HTTP/1.1\r\nX-Slow: ' >&3
begun=$SECONDS
while ! timeout 0.5 head -c1 <&3 >slow 2>/dev/null || [ ! -s slow ]; do
  printf x >&3 2>/dev/null || break
  [ $((SECONDS - begun)) -lt 30 ] || { echo 'FAILED: a slow client keeps its connection'; exit 1; }
done
exec 3>&-
same 200 "$(ask "$url/healthz")"
kill -TERM $server
wait $server
passed=$((passed + 1))

# ---- the examples' own console blocks ------------------------------------------------------------------------------
for example in 01-first-leaver 02-retire-a-key; do
  cd "$work"; cp -r "$source_dir/examples/$example" $example; cd $example
  awk '/^```console/{on=1;next} /^```/{on=0} on' README.md >blocks
  while IFS= read -r line; do
    case $line in
      '$ rescind '*) run 0 ${line#\$ rescind } ;;
      ?*) says out "$line" ;;
    esac
  done <blocks
done

echo "$passed passed, 0 failed"

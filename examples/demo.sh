#!/usr/bin/env bash
# The main job from beginning to end, on the embedded sandbox: collect, plan, apply, look again.
# usage: examples/demo.sh        (./dev demo builds the program first)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
rescind=$root/${RESCIND_BUILD:-build/release}/rescind
work=$(mktemp -d "${TMPDIR:-/tmp}/rescind-demo.XXXXXX")
trap 'rm -rf "$work"' EXIT
cp -r "$root/examples/01-first-leaver/." "$work"
cd "$work"

show() { printf '\n$ rescind %s\n' "$*"; "$rescind" "$@"; }

# The event happens now.
sed -i "s/\"at\":\"[^\"]*\"/\"at\":\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"/" events/*.json

cat <<'TXT'
Alice, a platform engineer, leaves today. She has accounts on nine systems, live sessions, keys that she
made, two machine identities, a checked-out root password and secrets that she simply knows.
TXT
show check
show collect
show plan --event events/alice-leaves.json
show plan --event events/alice-leaves.json --format json --out alice.plan.json
show apply alice.plan.json
printf '\nThe same plan cannot be used twice, and there is nothing left to plan:\n'
printf '\n$ rescind apply alice.plan.json\n'
"$rescind" apply alice.plan.json || test $? = 4
show collect --quiet
show plan --event events/alice-leaves.json --detailed-exitcode

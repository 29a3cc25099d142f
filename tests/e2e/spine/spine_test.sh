#!/usr/bin/env bash
# The whole way on real servers at once: slapd, PostgreSQL and a SCIM server. A leaver and a mover are
# collected, planned, applied and verified; then every server is asked with its own tools.
# usage: spine_test.sh RESCIND
set -euo pipefail
# shellcheck disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/servers.sh"

# ---- before ---------------------------------------------------------------------------------------
pg_session alice; pg_session bob
wait_for_sessions alice 1; wait_for_sessions bob 1
expect "alice binds before" 0 "$(ldap_bind alice)"
expect "alice logs in before" 0 "$(pg_login alice)"
expect "alice is active before" true "$(scim_active alice)"

# ---- the leaver -------------------------------------------------------------------------------------
run 0 check
run 0 collect
leaver alice >"$work/project/alice.json"
run 0 plan --event alice.json --format json --out alice.plan.json
run 2 plan --event alice.json --detailed-exitcode
run 0 show alice.plan.json
run 0 apply alice.plan.json
grep -q '0 paths remain' "$work/out" || { cat "$work/out" >&2; echo "FAILED: no closure" >&2; exit 1; }

expect_gone alice

expect_bob_untouched
# ---- again ------------------------------------------------------------------------------------------
run 4 apply alice.plan.json
run 0 collect
run 0 plan --event alice.json --detailed-exitcode

# ---- the mover --------------------------------------------------------------------------------------
mover "$(now)" >"$work/project/sofia.json"
run 0 plan --event sofia.json --format json --out sofia.plan.json
run 0 apply sofia.plan.json
expect "sofia still binds" 0 "$(ldap_bind sofia)"
expect "sofia keeps the groups of her new job" finance "$(ldap_groups sofia)"
expect "sofia keeps the role of her new job" finance_ro "$(pg_roles sofia)"
expect "sofia keeps the SCIM group of her new job" finance "$(scim_groups sofia)"
expect "sofia is active" true "$(scim_active sofia)"
run 0 collect
run 0 plan --event sofia.json --detailed-exitcode

echo "$passed passed, 0 failed"

#!/usr/bin/env bash
# kill -9 of the program at random instants of runs against slapd, PostgreSQL and a SCIM server. Each
# leaver's run is killed up to ten times; when it has gone on to its end, the servers, asked with their
# own tools, must say what they say of a leaver whose run was never killed.
# usage: kill_points.sh RESCIND [--points N] [--seed S]
set -euo pipefail
# shellcheck disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/servers.sh"
shift
points=20 seed=$RANDOM
while [ $# -gt 0 ]; do
  case $1 in
    --points) points=${2:?--points needs a number}; shift 2 ;;
    --seed) seed=${2:?--seed needs a number}; shift 2 ;;
    *) echo "usage: kill_points.sh RESCIND [--points N] [--seed S]" >&2; exit 64 ;;
  esac
done
case $points$seed in *[!0-9]*) echo "kill_points.sh: --points and --seed are numbers" >&2; exit 64 ;; esac
RANDOM=$((seed % 32768))
echo "kill points: $points, seed $seed"

# ---- people who can leave: more of them than are needed -------------------------------------------
hire() { # hire WHO: an account, a group and a live session on each of the three servers
  ldapmodify -a -x -H "$LDAP_PLAIN" -D "$LDAP_DN" -w "$LDAP_PASSWORD" >/dev/null <<LDIF
dn: uid=$1,ou=people,$LDAP_BASE
objectClass: inetOrgPerson
uid: $1
cn: $1
sn: $1
userPassword: $1-secret

dn: cn=platform,ou=groups,$LDAP_BASE
changetype: modify
add: member
member: uid=$1,ou=people,$LDAP_BASE
LDIF
  pg "create role $1 login password '$1-secret' in role platform_rw" >/dev/null
  curl -fsS -o /dev/null -H "Authorization: Bearer $SCIM_TOKEN" -H 'Content-Type: application/scim+json' \
    -d "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"$1\",\"active\":true}" "$SCIM_URL/Users"
  printf '{"record":"identity","id":"%s","kind":"employee","department":"Platform","manager":"bob"}\n' "$1" \
    >>"$work/project/inventory/people.jsonl"
  pg_session "$1"
  wait_for_sessions "$1" 1
}
state_of() { # what the servers say of a person, on one line
  echo "bind $(ldap_bind "$1") groups '$(ldap_groups "$1")' login $(pg_login "$1") roles '$(pg_roles "$1")'" \
    "sessions $(pg_sessions "$1") active $(scim_active "$1") in '$(scim_groups "$1")'"
}
run_of() { # the run that is not finished, if there is one
  "$rescind" -C "$work/project" runs 2>/dev/null | grep -oE '^run:[0-9a-f]+ +(open|contained)' | tail -n 1 || true
}

pg_session bob
wait_for_sessions bob 1
bob=$(state_of bob)

# ---- one who is not killed, and how long that takes -----------------------------------------------
hire w0
run 0 collect
leaver w0 >"$work/project/w0.json"
run 0 plan --event w0.json --format json --out w0.plan.json
begun=$(date +%s%3N)
run 0 apply w0.plan.json
span=$(($(date +%s%3N) - begun))
expected=$(state_of w0)
expect "the calm one is gone" "bind 49 groups '' login 2 roles '' sessions 0 active false in ''" "$expected"

# ---- the others ------------------------------------------------------------------------------------
killed=0 person=0
while [ $killed -lt "$points" ]; do
  person=$((person + 1))
  who=w$person
  hire "$who"
  run 0 collect
  leaver "$who" >"$work/project/$who.json"
  run 0 plan --event "$who.json" --format json --out "$who.plan.json"
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ $killed -lt "$points" ] || break
    # Until a run has been opened the plan is unused; from then on it is resumed.
    if [ -n "$(run_of)" ]; then
      "$rescind" -C "$work/project" resume >/dev/null 2>&1 & victim=$!
    else
      "$rescind" -C "$work/project" apply "$who.plan.json" >/dev/null 2>&1 & victim=$!
    fi
    ms=$((RANDOM % (span * 2 / 3)))
    sleep "$((ms / 1000)).$(printf '%03d' $((ms % 1000)))"
    if kill -KILL $victim 2>/dev/null; then
      wait $victim 2>/dev/null && status=0 || status=$?
      [ $status != 137 ] || killed=$((killed + 1))
    else
      wait $victim 2>/dev/null || true
    fi
    [ ! -t 2 ] || printf '\r%s of %s kills' "$killed" "$points" >&2
  done
  "$rescind" -C "$work/project" apply "$who.plan.json" >/dev/null 2>&1 || true # in case it was never opened
  for _ in 1 2 3 4; do "$rescind" -C "$work/project" resume >/dev/null 2>&1 && break; done
  run 0 resume
  expect "$who after the kills" "$expected" "$(state_of "$who")"
  run 0 collect
  run 0 plan --event "$who.json" --detailed-exitcode
done
[ ! -t 2 ] || echo >&2
expect "bob is untouched" "$bob" "$(state_of bob)"

echo "$killed kills in the runs of $person leavers; an unkilled run took $span ms"
echo "$passed passed, 0 failed"

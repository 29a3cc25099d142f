#!/usr/bin/env bash
# A SCIM 2.0 server that we did not write (npm scimmy), in memory, with scripted misbehaviour in front
# of it (scim/faults.mjs).
# Options: --seed FILE (JSON: {"users":[…],"groups":[…]}), --token TEXT, --faults JSON (a list).
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

token=scim-secret seed='' faults='[]'

option() {
  case $1 in
    --seed) seed=$2 ;;
    --token) token=$2 ;;
    --faults) faults=$2 ;;
    *) return 1 ;;
  esac
}

start_server() {
  [ -d "$HERE/node_modules/scimmy-routers" ] ||
    fail "its packages are missing: run npm ci in tests/peers (./dev test does)"
  if [ -n "$seed" ]; then cp "$seed" "$HOME_DIR/seed.json"; else echo '{}' >"$HOME_DIR/seed.json"; fi
  RUN_AS=$(id -un)     # node runs as anybody; the sources may lie where only we can read
  launch node "$HERE/scim/server.mjs" --token "$token" --seed "$HOME_DIR/seed.json" \
    --faults "$faults" --port-file "$HOME_DIR/port"
  wait_until test -s "$HOME_DIR/port" || { cat "$HOME_DIR/server.log" >&2; fail "did not come up"; }
  local port
  port=$(<"$HOME_DIR/port")
  say URL "http://127.0.0.1:$port/scim/v2"
  say ADMIN_URL "http://127.0.0.1:$port/admin"
  say TOKEN "$token"
}

main "$@"

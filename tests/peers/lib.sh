# Shared by the scripts that start the real servers of the tests (sourced, never run).
#
# usage: NAME.sh start|stop|status|env|reset [--dir DIR] [options of NAME.sh]
#   start   starts a fresh server on a free loopback port, waits until it answers a real request,
#           and prints what a client needs to know as KEY=value lines that a shell can source
#   env     prints those lines again
#   status  prints `up` (exit 0) or `down` (exit 1)
#   reset   makes a running server as if it had just started, for those that can (the options are those of start)
#   stop    ends the server and forgets its data; stopping twice is not an error
# DIR names the instance (default: a folder in the temporary directory): any number of servers run
# at once, one per DIR. `--owner PID` stops the server by itself once that process has gone, so that
# a test which is killed leaves nothing behind.
#
# A server that refuses root runs as an unprivileged user. Its own files therefore live in $HOME_DIR,
# a fresh folder which that user owns and may reach wherever DIR lies.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
NAME=$(basename "$0" .sh)
SELF=$HERE/$NAME.sh
RUN_AS=nobody          # only when started by root
STOP_SIGNAL=TERM

fail() { echo "$NAME: $*" >&2; exit 1; }
alive() { [ "$(start_time "$1")" = "$2" ]; }

# start_time PID: a number that tells this process from a later one with the same id; empty if none
start_time() {
  local stat
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
  [[ $stat != *') Z '* ]] || return 0
  set -- ${stat##*) }
  echo "${20}"
}

# as_user COMMAND...: without root
as_user() {
  if [ "$(id -u)" = 0 ]; then
    setpriv --reuid="$RUN_AS" --regid="$(id -g "$RUN_AS")" --clear-groups \
      env HOME="$HOME_DIR" USER="$RUN_AS" LOGNAME="$RUN_AS" "$@"
  else
    "$@"
  fi
}

# launch COMMAND...: in the background, detached from the terminal; sets SERVER_PID
launch() {
  local switch=()
  if [ "$(id -u)" = 0 ]; then
    switch=(setpriv --reuid="$RUN_AS" --regid="$(id -g "$RUN_AS")" --clear-groups)
  fi
  HOME=$HOME_DIR setsid "${switch[@]}" "$@" >>"$HOME_DIR/server.log" 2>&1 </dev/null &
  SERVER_PID=$!
  disown
  echo "$SERVER_PID $(start_time "$SERVER_PID")" >"$DIR/pid"
}

# wait_until COMMAND...: until it succeeds; fails when the server has ended or 30 seconds are over
wait_until() {
  local end=$((SECONDS + 30))
  until "$@" >/dev/null 2>&1; do
    [ -n "$(start_time "$SERVER_PID")" ] || return 1
    [ $SECONDS -lt $end ] || return 1
    sleep 0.05
  done
  [ -n "$(start_time "$SERVER_PID")" ]
}

# free_port: one that nobody listens on at this moment, below the range for outgoing connections
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

# with_free_port FUNCTION: calls it with PORT set until the server comes up, since another process
# may take the port first
with_free_port() {
  local attempt
  for attempt in 1 2 3 4 5; do
    PORT=$(free_port)
    if "$1"; then return 0; fi
    end_server
  done
  cat "$HOME_DIR/server.log" >&2
  fail "did not come up"
}

# end_server: exactly the process that this script recorded, politely and then not
end_server() {
  [ -s "$DIR/pid" ] || return 0
  local pid started signal
  read -r pid started <"$DIR/pid"
  for signal in "$STOP_SIGNAL" QUIT KILL; do
    alive "$pid" "$started" || break
    kill -"$signal" "$pid" 2>/dev/null || true
    for _ in $(seq 100); do
      alive "$pid" "$started" || break
      sleep 0.05
    done
  done
  rm -f "$DIR/pid"
}

say() { printf '%s=%q\n' "$1" "$2" >>"$DIR/env"; }

# make_certificate: key.pem and cert.pem for 127.0.0.1 and localhost in HOME_DIR
make_certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
    -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
    -keyout "$HOME_DIR/key.pem" -out "$HOME_DIR/cert.pem" 2>/dev/null
}

own_home() { [ "$(id -u)" != 0 ] || chown -R "$RUN_AS" "$HOME_DIR"; }

do_stop() {
  [ -d "$DIR" ] || return 0
  end_server
  if [ -s "$DIR/home" ]; then rm -rf "$(<"$DIR/home")"; fi
  rm -f "$DIR/home" "$DIR/env"
  rmdir "$DIR" 2>/dev/null || true
}

do_start() {
  do_stop
  mkdir -p "$DIR"
  DIR=$(cd "$DIR" && pwd)
  HOME_DIR=$(mktemp -d "${TMPDIR:-/tmp}/rescind-$NAME.XXXXXX")
  echo "$HOME_DIR" >"$DIR/home"
  : >"$DIR/env"
  : >"$HOME_DIR/server.log"
  trap 'status=$?; [ $status = 0 ] || do_stop; exit $status' EXIT
  start_server
  say PID "$SERVER_PID"
  say LOG "$HOME_DIR/server.log"
  if [ -n "$OWNER" ]; then
    local started
    started=$(start_time "$OWNER")
    (
      trap - EXIT
      exec >/dev/null 2>&1 </dev/null
      while alive "$OWNER" "$started" && [ -n "$(start_time "$SERVER_PID")" ]; do sleep 1; done
      alive "$OWNER" "$started" || exec "$SELF" stop --dir "$DIR"
    ) &
    disown
  fi
  cat "$DIR/env"
}

do_status() {
  local pid started
  if [ -s "$DIR/pid" ] && read -r pid started <"$DIR/pid" && alive "$pid" "$started"; then
    echo up
  else
    echo down
    return 1
  fi
}

do_reset() { fail "this server cannot be reset: stop it and start it"; }

# main ARGUMENT...: the rest of a peer's script defines start_server and, for options of its own,
# `option NAME VALUE`, which returns 1 for one that it does not know.
main() {
  local verb=${1:-}
  [ $# = 0 ] || shift
  DIR=${TMPDIR:-/tmp}/rescind-peers/$NAME OWNER=''
  while [ $# -gt 0 ]; do
    [ $# -gt 1 ] || fail "$1 needs a value"
    case $1 in
      --dir) DIR=$2 ;;
      --owner) OWNER=$2 ;;
      *) option "$1" "$2" || fail "no such option: $1" ;;
    esac
    shift 2
  done
  case $verb in
    start | stop | status | reset) "do_$verb" ;;
    env) cat "$DIR/env" ;;
    *) echo "usage: $0 start|stop|status|env|reset [--dir DIR] [--owner PID] [option value]..." >&2; exit 64 ;;
  esac
}

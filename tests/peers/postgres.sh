#!/usr/bin/env bash
# A PostgreSQL server with one database `app` and a role `rescind` that may create and drop roles and
# end sessions but is no superuser. Durability is off: the data dies with the test anyway.
# Options: --seed FILE (SQL, run by the superuser in `app`; may be repeated). `reset` takes them too: it ends all
# sessions and leaves what a fresh server would hold, much sooner than another server would.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

RUN_AS=postgres
STOP_SIGNAL=INT        # ends the sessions; TERM would wait for them
PASSWORD=rescind-secret
seeds=()

option() {
  case $1 in
    --seed) seeds+=("$2") ;;
    *) return 1 ;;
  esac
}

try_start() {
  launch "$BIN/postgres" -D "$HOME_DIR/data" -p "$PORT" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories="$HOME_DIR" -c fsync=off -c synchronous_commit=off \
    -c full_page_writes=off -c shared_buffers=16MB -c max_connections=60
  wait_until "$BIN/pg_isready" -q -h "$HOME_DIR" -p "$PORT" -U postgres -d postgres
}

superuser() { psql -X -q -v ON_ERROR_STOP=1 -h "$HOME_DIR" -p "$PORT" -U postgres "$@"; }

fill() {
  local file
  superuser -d postgres <<SQL
CREATE ROLE rescind LOGIN CREATEROLE PASSWORD '$PASSWORD' IN ROLE pg_signal_backend;
CREATE DATABASE app OWNER rescind;
SQL
  for file in "${seeds[@]}"; do
    superuser -d app -f "$file" || fail "cannot run $file"
  done
}

do_reset() {
  HOME_DIR=$(<"$DIR/home")
  . "$DIR/env"
  superuser -d postgres <<'SQL'
SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database
  WHERE datname NOT IN ('postgres', 'template0', 'template1') \gexec
SELECT 'DROP ROLE ' || string_agg(format('%I', rolname), ', ') FROM pg_roles
  WHERE rolname <> 'postgres' AND rolname NOT LIKE 'pg\_%' HAVING count(*) > 0 \gexec
SQL
  fill
}

start_server() {
  BIN=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  [ -x "$BIN/initdb" ] || fail "postgresql is not installed (./dev setup)"
  make_certificate
  own_home
  chmod 755 "$HOME_DIR"
  as_user "$BIN/initdb" -D "$HOME_DIR/data" --no-sync --username=postgres --auth-local=trust \
    --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 >>"$HOME_DIR/server.log" 2>&1 ||
    { cat "$HOME_DIR/server.log" >&2; fail "initdb failed"; }
  with_free_port try_start
  fill
  say HOST 127.0.0.1
  say PORT "$PORT"
  say URL "postgresql://rescind:$PASSWORD@127.0.0.1:$PORT/app"
  say SUPERUSER_URL "postgresql://postgres@/app?host=$HOME_DIR&port=$PORT"
  say PASSWORD "$PASSWORD"
}

main "$@"

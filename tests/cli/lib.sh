# What the command line tests share: a folder of their own, and checks that count. Sourced.
# shellcheck shell=bash
passed=0
work=$(mktemp -d "${TMPDIR:-/tmp}/rescind-$(basename "$0" _test.sh).XXXXXX")
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"

run_any() { # run_any PROGRAM EXIT_CODE ARGUMENT...: what it says goes to `out` and `err`
  local program=$1 want=$2 status=0
  shift 2
  "$program" "$@" >out 2>err || status=$?
  [ "$status" = "$want" ] || { printf 'FAILED %s %s: exit %s, expected %s\n' "${program##*/}" "$*" "$status" "$want"; cat out err; exit 1; }
  passed=$((passed + 1))
}
run() { run_any "$rescind" "$@"; } # run EXIT_CODE ARGUMENT...
says() { # says FILE TEXT
  grep -qF -- "$2" "$1" || { printf 'FAILED: `%s` is not in %s:\n' "$2" "$1"; cat "$1"; exit 1; }
  passed=$((passed + 1))
}
says_not() { # says_not FILE TEXT
  ! grep -qF -- "$2" "$1" || { printf 'FAILED: `%s` is in %s:\n' "$2" "$1"; cat "$1"; exit 1; }
  passed=$((passed + 1))
}

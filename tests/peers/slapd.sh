#!/usr/bin/env bash
# An OpenLDAP server with the overlays that matter when people leave: memberof and refint (groups are
# cleaned up on delete) and ppolicy (pwdAccountLockedTime is how OpenLDAP disables an account).
# Options: --seed FILE (LDIF, added by the administrator; may be repeated), --schema FILE (repeated),
# --lastbind on (notes when each entry last bound).
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

BASE=dc=example,dc=org
ADMIN=cn=admin,$BASE
PASSWORD=admin-secret
LASTBIND=off
seeds=() schemas=()

option() {
  case $1 in
    --seed) seeds+=("$2") ;;
    --schema) schemas+=("$2") ;;
    --lastbind) LASTBIND=$2 ;;
    *) return 1 ;;
  esac
}

write_configuration() {
  local schema
  cat <<TXT
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload refint
moduleload ppolicy
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
TXT
  for schema in "${schemas[@]}"; do
    cp "$schema" "$HOME_DIR/"
    echo "include $HOME_DIR/$(basename "$schema")"
  done
  cat <<TXT
pidfile $HOME_DIR/slapd.pid
argsfile $HOME_DIR/slapd.args
TLSCertificateFile $HOME_DIR/cert.pem
TLSCertificateKeyFile $HOME_DIR/key.pem
sizelimit 500

database mdb
suffix "$BASE"
rootdn "$ADMIN"
rootpw $PASSWORD
directory $HOME_DIR/data
maxsize 268435456
lastbind $LASTBIND
dbnosync
index objectClass,uid,member,memberOf,entryUUID eq
access to attrs=userPassword by self write by anonymous auth by * none
access to * by * read
overlay memberof
memberof-group-oc groupOfNames
memberof-refint TRUE
overlay refint
refint_attributes member memberOf manager
refint_nothing $ADMIN
overlay ppolicy
ppolicy_default "cn=default,ou=policies,$BASE"
ppolicy_use_lockout
TXT
}

skeleton() {
  cat <<TXT
dn: $BASE
objectClass: dcObject
objectClass: organization
o: Example
dc: example

TXT
  local unit
  for unit in people groups services policies; do
    printf 'dn: ou=%s,%s\nobjectClass: organizationalUnit\nou: %s\n\n' "$unit" "$BASE" "$unit"
  done
  cat <<TXT
dn: cn=default,ou=policies,$BASE
objectClass: pwdPolicy
objectClass: device
cn: default
pwdAttribute: userPassword
pwdLockout: TRUE
TXT
}

# The socket in HOME_DIR tells whether *our* server is up, whoever else may hold the port.
try_start() {
  TLS_PORT=$(free_port)
  local socket=ldapi://${HOME_DIR//\//%2F}%2Fldapi
  launch /usr/sbin/slapd -d 0 -f "$HOME_DIR/slapd.conf" \
    -h "ldap://127.0.0.1:$PORT/ ldaps://127.0.0.1:$TLS_PORT/ $socket/"
  wait_until ldapsearch -x -H "$socket" -s base -b '' namingContexts
}

start_server() {
  local file
  [ -x /usr/sbin/slapd ] || fail "slapd is not installed (./dev setup)"
  mkdir "$HOME_DIR/data"
  make_certificate
  write_configuration >"$HOME_DIR/slapd.conf"
  own_home
  as_user /usr/sbin/slaptest -Q -u -f "$HOME_DIR/slapd.conf" >>"$HOME_DIR/server.log" 2>&1 ||
    { cat "$HOME_DIR/server.log" >&2; fail "the configuration is wrong"; }
  with_free_port try_start
  local as_admin=(-x -H "ldap://127.0.0.1:$PORT" -D "$ADMIN" -w "$PASSWORD")
  skeleton | ldapadd "${as_admin[@]}" >/dev/null
  for file in "${seeds[@]}"; do
    ldapadd "${as_admin[@]}" -f "$file" >/dev/null || fail "cannot add $file"
  done
  say URL "ldap://127.0.0.1:$PORT"
  say TLS_URL "ldaps://127.0.0.1:$TLS_PORT"
  say CA_FILE "$HOME_DIR/cert.pem"
  say BASE "$BASE"
  say BIND_DN "$ADMIN"
  say PASSWORD "$PASSWORD"
}

main "$@"

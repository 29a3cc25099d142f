#!/usr/bin/env bash
# An SMTP server that we did not write (Debian's python3-aiosmtpd); what it takes in lies in a Maildir.
# Options: --encryption none|starttls|tls (default none). With starttls nothing is taken in before it.
# --user NAME:PASSWORD (only encrypted): mail is taken in only from who signed in as that.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

encryption=none user=''

option() {
  case $1 in
    --encryption) encryption=$2 ;;
    --user) user=$2 ;;
    *) return 1 ;;
  esac
}

serve() {
  local tls=()
  case $encryption in
    starttls) tls=(--tlscert "$HOME_DIR/cert.pem" --tlskey "$HOME_DIR/key.pem") ;;
    tls) tls=(--smtpscert "$HOME_DIR/cert.pem" --smtpskey "$HOME_DIR/key.pem") ;;
  esac
  if [ -n "$user" ]; then
    launch /usr/bin/python3 "$HERE/smtp/sign_in.py" "$PORT" "$HOME_DIR/mail" "$HOME_DIR/cert.pem" "$HOME_DIR/key.pem" \
      "$encryption" "${user%%:*}" "${user#*:}"
  else
    launch /usr/bin/aiosmtpd -n -l "127.0.0.1:$PORT" "${tls[@]}" -c aiosmtpd.handlers.Mailbox "$HOME_DIR/mail"
  fi
  wait_until bash -c "exec 3<>/dev/tcp/127.0.0.1/$PORT"
}

start_server() {
  [ -x /usr/bin/aiosmtpd ] || fail "python3-aiosmtpd is missing: ./dev setup installs it"
  [ -z "$user" ] || [ "$encryption" != none ] || fail "--user needs an encryption"
  make_certificate
  own_home
  with_free_port serve
  say HOST 127.0.0.1
  say PORT "$PORT"
  say CA_FILE "$HOME_DIR/cert.pem"
  say MAIL "$HOME_DIR/mail/new"
}

main "$@"

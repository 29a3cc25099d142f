"""aiosmtpd with sign-in, which its own command line cannot switch on: mail is taken in from USER alone, and
AUTH is offered only where the connection is encrypted. Each mail says in X-Signed-In who brought it.

usage: sign_in.py PORT MAILDIR CERT KEY starttls|tls USER PASSWORD
"""
import signal
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import AuthResult, LoginPassword

port, maildir, cert, key, encryption, user, password = sys.argv[1:]
expected = LoginPassword(user.encode(), password.encode())


class SignedIn(Mailbox):
    def prepare_message(self, session, envelope):
        message = super().prepare_message(session, envelope)
        message["X-Signed-In"] = session.auth_data.login.decode()
        return message


def authenticate(server, session, envelope, mechanism, given):
    # `handled=False`: aiosmtpd answers, with 235 or 535.
    return AuthResult(success=given == expected, handled=False, auth_data=given)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
settings = {"authenticator": authenticate, "auth_required": True}
if encryption == "starttls":
    settings |= {"tls_context": context, "require_starttls": True}
else:
    # aiosmtpd knows of the TLS that it began itself; here the socket has it from the start.
    settings |= {"ssl_context": context, "auth_require_tls": False}

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGQUIT})
Controller(SignedIn(maildir), "127.0.0.1", int(port), **settings).start()
signal.sigwait({signal.SIGTERM, signal.SIGQUIT})

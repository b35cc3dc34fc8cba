"""The way to the first tokens: a person says yes in a browser, the answer comes here."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from dunwell.errors import ConfigurationError, DeniedError

SCOPE = "com.intuit.quickbooks.accounting"
_PAGE = "<!doctype html><meta charset=utf-8><title>Dunwell</title><p>{}</p>"


def question(client: str, redirect: str, state: str, *, url: str) -> str:
    """The address at which a person says yes."""
    asked = {
        "client_id": client,
        "response_type": "code",
        "scope": SCOPE,
        "redirect_uri": redirect,
        "state": state,
    }
    return f"{url}?{urlencode(asked)}"


def code_in(address: str, *, state: str, realm: str) -> str:
    """The code in the address that the browser was sent to.

    A DeniedError where the person said no, or where the answer is not to our question.
    """
    given = {name: values[-1] for name, values in parse_qs(urlsplit(address).query).items()}
    if not hmac.compare_digest(given.get("state", "").encode(), state.encode()):
        raise DeniedError("the answer is not to this question", remedy="start again")
    if "error" in given:
        raise DeniedError(f"QuickBooks says: {given['error']}", remedy="start again and accept")
    if given.get("realmId", realm) != realm:
        raise ConfigurationError(
            f"company {given['realmId']} was chosen, and 'realm' in [erp] is {realm} "
            "(choose that company, or correct 'realm')"
        )
    if not given.get("code"):
        raise DeniedError("the answer holds no code", remedy="start again")
    return given["code"]


@dataclass(slots=True)
class Listener:
    """Waits on loopback for the browser; `address` is what it was sent to."""

    port: int
    path: str = "/callback"
    address: str = ""
    came: threading.Event = field(default_factory=threading.Event)

    @property
    def redirect(self) -> str:
        """What must be registered for the app."""
        return f"http://localhost:{self.port}{self.path}"

    def wait(self, seconds: float) -> str:
        """The address; a DeniedError when nobody came in time."""
        if not self.came.wait(seconds):
            raise DeniedError("nobody answered in the browser", remedy="start again")
        return self.address


@contextmanager
def listening(port: int) -> Iterator[Listener]:
    """Listen on loopback alone, on a port of our own."""
    listener = Listener(port)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = urlsplit(self.path).path == listener.path
            text = "Dunwell has its answer: this page may be closed." if known else "not here"
            body = _PAGE.format(text).encode()
            self.send_response(200 if known else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            if known:
                listener.address = self.path
                listener.came.set()

        def log_message(self, format: str, *args: object) -> None:
            """The code is in the address: it is written nowhere."""

    try:
        server = HTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        message = f"port {port} of this machine is taken: {error}"
        raise ConfigurationError(f"{message} (name another one with --port)") from error
    listener.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()

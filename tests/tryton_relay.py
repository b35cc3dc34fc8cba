"""What stands between us and Tryton on a bad day: a relay that is slow, or says something else."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Event, Thread
from typing import Literal

Trouble = Literal["late", "nonsense"]
PAGE = b"<html><body>Please log in to the network.</body></html>"


@contextmanager
def relayed(server: str, trouble: Trouble) -> Iterator[str]:
    """The address of a relay for one request: it passes it on, and keeps the answer to itself."""
    over = Event()

    class Relay(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            line = http.client.HTTPConnection(server, timeout=60)
            line.request("POST", self.path, body, dict(self.headers))
            line.getresponse().read()
            line.close()
            if trouble == "late":
                over.wait(60)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(PAGE)))
            self.end_headers()
            self.wfile.write(PAGE)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody wants to know."""

    with HTTPServer(("127.0.0.1", 0), Relay) as relay:
        thread = Thread(target=relay.handle_request)
        thread.start()
        try:
            yield f"127.0.0.1:{relay.server_port}"
        finally:
            over.set()
            thread.join()

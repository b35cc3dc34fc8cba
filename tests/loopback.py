"""A stand-in on loopback, for what must cross a real line: other processes and command lines."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer, make_server

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class _Handler(WSGIRequestHandler):
    def handle(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.parse_request():
            return
        files = (self.rfile, self.wfile, self.get_stderr())
        handler = _Answers(*files, self.get_environ())  # type: ignore[arg-type]
        handler.run(self.server.get_app())  # type: ignore[attr-defined]

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


class _Answers(ServerHandler):
    """Closes the line without an answer where the stand-in says so."""

    def handle_error(self) -> None:
        self.headers_sent = True

    def log_exception(self, exc_info: Any) -> None:
        """Nobody reads it."""


@contextmanager
def served(stand_in: WSGIApplication) -> Iterator[str]:
    """The stand-in on loopback; its address."""
    server = make_server("127.0.0.1", 0, stand_in, _Server, _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()

"""A tiny server that answers as it is told: what an Odoo, or something before it, sends back."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from dunwell_odoo.door import Door, Line

KEY = "5ec7e75ec7e75ec7e75ec7e75ec7e75ec7e75ec7"


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any

    @property
    def call(self) -> str:
        """`model.method`, whichever protocol; the path of anything else."""
        if isinstance(self.body, dict) and "params" in self.body:
            args = self.body["params"]["args"]
            if self.body["params"]["service"] == "object":
                return f"{args[3]}.{args[4]}"
            return str(self.body["params"]["method"])
        if "/json/2/" in self.path:
            return ".".join(self.path.rpartition("/json/2/")[2].split("/"))
        return self.path


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back; `cut` closes the line without a word."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


def data(value: object, status: int = 200) -> Answer:
    """An answer in JSON."""
    return Answer(json.dumps(value).encode(), status, {"Content-Type": "application/json"})


def page(status: int = 200) -> Answer:
    """A page for people."""
    return Answer(b"<!DOCTYPE html><p>Hello</p>", status, {"Content-Type": "text/html"})


class Odoo:
    """Says hello as an Odoo of a version does; everything else is up to `reply`.

    `reply` gets the request; what it returns that is no Answer goes back as the result.
    """

    def __init__(
        self, version: int = 19, reply: Callable[[Request], object] | None = None
    ) -> None:
        self.version, self.reply = version, reply or (lambda request: True)
        self.seen: list[Request] = []
        self.url = ""
        self._lock = threading.Lock()

    @property
    def calls(self) -> list[str]:
        """What was called, without the hello."""
        hello = ("/web/version", "version", "login", "res.users.context_get")
        return [request.call for request in self.seen if not request.call.endswith(hello)]

    def answer(self, request: Request) -> Answer:
        """The answer to one request."""
        with self._lock:
            self.seen.append(request)
        info = [self.version, 0, 0, "final", 0, ""]
        hello: dict[str, object] = {
            "version": {"server_version_info": info},
            "login": 7,
            "res.users.context_get": {"uid": 7},
        }
        if request.call.endswith("/web/version"):
            return data({"version_info": info}) if self.version >= 19 else page(404)
        given = hello.get(request.call)
        answer = self.reply(request) if given is None else given
        if isinstance(answer, Answer):
            return answer
        if request.path.endswith("/jsonrpc"):
            return data({"jsonrpc": "2.0", "id": 1, "result": answer})
        return data(answer)


def failure(
    version: int, name: str, status: int = 422, message: str = "niet toegestaan: Jansen BV"
) -> Answer:
    """An exception of Odoo as the protocol of a version carries it."""
    told = {"name": name, "message": message, "arguments": [message], "debug": "Traceback"}
    if version >= 19:
        return data(told, status)
    return data({"jsonrpc": "2.0", "id": 1, "error": {"code": 200, "message": "!", "data": told}})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Serving

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_CONNECT(self) -> None:
        """As a proxy: a tunnel, or what the server is told to say instead."""
        request = Request("CONNECT", self.path, dict(self.headers), None)
        refusal = self.server.odoo.reply(request)
        if isinstance(refusal, Answer):
            self._send(refusal)
            return
        self.server.odoo.seen.append(request)
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port))) as far:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=_pump, args=(far, self.connection), daemon=True)
            back.start()
            _pump(self.connection, far)
            back.join()
        self.close_connection = True

    def _serve(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(size)
        body = json.loads(raw) if raw else None
        self._send(self.server.odoo.answer(
            Request(self.command, self.path, dict(self.headers), body)
        ))  # fmt: skip

    def _send(self, answer: Answer) -> None:
        self.close_connection = True
        if answer.cut:
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        return


class Serving(ThreadingHTTPServer):
    """The server; a client that went away is no trouble."""

    odoo: Odoo
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        return


def _pump(near: socket.socket, far: socket.socket) -> None:
    try:
        while block := near.recv(65_536):
            far.sendall(block)
        far.shutdown(socket.SHUT_WR)
    except OSError:
        return


@contextmanager
def serving(odoo: Odoo, context: ssl.SSLContext | None = None) -> Iterator[Odoo]:
    """The server on a port of this machine; `url` says where."""
    server = Serving(("127.0.0.1", 0), _Handler)
    server.odoo = odoo
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "http" if context is None else "https"
    odoo.url = f"{scheme}://localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield odoo
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def door_to(odoo: Odoo, path: str = "", **line: Any) -> Iterator[Door]:
    """A door to it, which never sleeps."""
    door = Door(
        Line(odoo.url + path, **line),
        database="books",
        login="collector",
        key=KEY,
        sleep=lambda seconds: None,
    )
    try:
        yield door
    finally:
        door.close()

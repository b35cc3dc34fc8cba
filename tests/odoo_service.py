"""The door of the stand-in for Odoo: JSON-RPC and JSON-2 as one WSGI application."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.odoo_database import Database
from tests.odoo_env import Env
from tests.odoo_fields import ConflictFail, DeniedFail, Fail, UserFail, wrong
from tests.odoo_model import Model
from tests.odoo_troubles import ResetError, Trouble

PAGE = b"<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>"
TRIES = 5  # of a request that met another one

_JSON2 = re.compile(r"/json/2/([\w.]+)/(\w+)")


@dataclass
class Answer:
    """What goes back."""

    status: int
    body: bytes
    kind: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """One call of a method, by whichever protocol."""

    uid: int
    model: str
    method: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]


class Service:
    """The server. `calls` counts requests, `asked` has every call as "model.method"."""

    def __init__(self, database: Database, name: str = "kit") -> None:
        self.database, self.name = database, name
        self.troubles: list[Trouble] = []
        self.calls = 0
        self.asked: list[str] = []

    # -- the door -------------------------------------------------------------------------------

    def __call__(
        self, environ: Mapping[str, Any], start_response: Callable[..., object]
    ) -> Iterable[bytes]:
        size = int(environ.get("CONTENT_LENGTH") or 0)
        headers = {k[5:].replace("_", "-").title(): v for k, v in environ.items()
                   if k.startswith("HTTP_")}  # fmt: skip
        headers["Content-Type"] = environ.get("CONTENT_TYPE", "")
        body = environ["wsgi.input"].read(size) if size else b""
        answer = self.answer(environ["REQUEST_METHOD"], environ["PATH_INFO"], headers, body)
        told = {"Content-Type": answer.kind, "Content-Length": str(len(answer.body)),
                **answer.headers}  # fmt: skip
        start_response(f"{answer.status} -", list(told.items()))
        return [answer.body]

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer one request, with all that goes wrong on the way."""
        self.calls += 1
        snapshot = self.database.store.version
        line = self._line(path, body)
        trouble = next(iter([t for t in self.troubles if t.hits(line)]), None)
        what = trouble.what if trouble else ""
        if trouble and trouble.deed:
            trouble.deed()
        if what == "refused":
            raise ResetError("connection refused")
        if what in ("502", "403", "429"):
            return Answer(int(what), b"<html><h1>a proxy</h1></html>", "text/html")
        down = what in ("down", "conflict")
        answer = self._routed(method, path, headers, body, snapshot, what if down else "")
        if what == "reset":
            raise ResetError("connection reset by peer")
        if what == "page":
            return Answer(500, b"<html>Internal Server Error</html>", "text/html")
        if what == "truncated":
            return Answer(answer.status, answer.body[: len(answer.body) // 2], answer.kind)
        return Answer(200, b"") if what == "empty" else answer

    def _line(self, path: str, body: bytes) -> str:
        found = _JSON2.fullmatch(path)
        text = body.decode("utf-8", "replace")
        if found:
            name = f"{found[1]}.{found[2]}"
        else:
            try:
                params = json.loads(text)["params"]
                args = params["args"]
                name = (
                    f"{args[3]}.{args[4]}" if params["service"] == "object" else params["method"]
                )
            except (ValueError, KeyError, IndexError, TypeError):
                name = path
        self.asked.append(name)
        return f"{name} {text}"

    def _routed(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, snapshot: int,
        what: str,
    ) -> Answer:  # fmt: skip
        new = self.database.version >= 19
        if path == "/jsonrpc" and method == "POST":
            return self._json_rpc(body, snapshot, what)
        if path == "/web/version" and new:
            number = self.database.version
            info = [number, 0, 0, "final", 0, ""]
            return _told({"version_info": info, "version": f"{number}.0"})
        found = _JSON2.fullmatch(path)
        if not new or found is None or headers.get("X-Odoo-Database") != self.name:
            return Answer(404, PAGE, "text/html; charset=utf-8")
        if not headers.get("Content-Type", "").startswith("application/json"):
            return Answer(415, PAGE, "text/html; charset=utf-8")
        return self._json2(found[1], found[2], headers, body, snapshot, what)

    # -- JSON-RPC -------------------------------------------------------------------------------

    def _json_rpc(self, body: bytes, snapshot: int, what: str) -> Answer:
        asked = json.loads(body)
        try:
            params = asked["params"]
            found = self._served(
                params["service"], params["method"], params["args"], snapshot, what
            )
            return _told({"jsonrpc": "2.0", "id": asked.get("id"), "result": found})
        except Fail as fail:
            error = {"code": 200 if self.database.version < 19 else 0,
                     "message": "Odoo Server Error", "data": _data(fail)}  # fmt: skip
            return _told({"jsonrpc": "2.0", "id": asked.get("id"), "error": error})

    def _served(
        self, service: str, method: str, args: Sequence[Any], snapshot: int, what: str
    ) -> Any:
        number = self.database.version
        if service == "common" and method == "version":
            return {"server_version": f"{number}.0", "server_serie": f"{number}.0",
                    "server_version_info": [number, 0, 0, "final", 0, ""],
                    "protocol_version": 1}  # fmt: skip
        if service == "db" and method == "db_exist":
            return args[0] == self.name and what != "down"
        if args[0] != self.name or what == "down":
            message = f'FATAL:  database "{args[0]}" does not exist\n'
            raise Fail("psycopg2.OperationalError", message)
        if service == "common" and method in ("login", "authenticate"):
            return self.database.login(args[1], args[2]) or False
        if service != "object" or method != "execute_kw":
            raise Fail("builtins.AttributeError", f"Method not found: {method}")
        _, uid, key, model, name, given = args[:6]
        if self.database.by_key(key) != uid:
            raise UserFail("Access Denied", "odoo.exceptions.AccessDenied")
        kwargs = args[6] if len(args) > 6 and args[6] else {}
        found = self._repeated(Asked(uid, model, name, given, kwargs), snapshot, what)
        if isinstance(found, Model):
            single = name == "message_post" and number < 19
            one = name == "create" and isinstance(given[0] if given else kwargs.get("vals"), dict)
            return found.id if single or one else found.ids
        return found

    # -- JSON-2 ---------------------------------------------------------------------------------

    def _json2(
        self, model: str, method: str, headers: Mapping[str, str], body: bytes, snapshot: int,
        what: str,
    ) -> Answer:  # fmt: skip
        kind, _, key = headers.get("Authorization", "").partition(" ")
        uid = self.database.by_key(key) if kind.lower() == "bearer" else 0
        try:
            if what == "down":
                raise Fail("psycopg2.OperationalError", "connection refused")
            if not uid:
                raise Fail("werkzeug.exceptions.Unauthorized", "Invalid apikey", status=401)
            try:
                given = json.loads(body or b"{}")
            except ValueError as error:
                said = f"could not parse the body as json: {error}"
                raise Fail("werkzeug.exceptions.BadRequest", said, status=400) from None
            found = self._repeated(
                Asked(uid, model, method, (), given), snapshot, what, json2=True
            )
            return _told(found.ids if isinstance(found, Model) else found)
        except Fail as fail:
            return Answer(fail.status, json.dumps(_data(fail)).encode())

    # -- calls ----------------------------------------------------------------------------------

    def _repeated(self, asked: Asked, snapshot: int, what: str, *, json2: bool = False) -> Any:
        """A request that meets another one is done anew, seeing what that one did."""
        for attempt in range(TRIES):
            with self.database.store.lock:
                try:
                    if what == "conflict":
                        raise ConflictFail
                    with self.database.store.transaction(snapshot):
                        found = self._called(asked, json2=json2)
                        # before the transaction ends: reading relations is reading
                        return found if _records(found) else json.loads(_encoded(found))
                except ConflictFail:
                    if attempt == TRIES - 1:
                        raise
                    snapshot = self.database.store.version
        raise AssertionError

    def _called(self, asked: Asked, *, json2: bool) -> Any:
        kwargs = dict(asked.kwargs)
        context = kwargs.pop("context", None) or {}
        env = Env(self.database, asked.uid, context)
        lang = context.get("lang")
        langs = {row["code"] for row in self.database.store.rows["res.lang"].values()}
        if lang and lang not in langs and self.database.version >= 19:
            raise UserFail(f"Invalid language code: {lang}")
        if asked.model not in self.database.models:
            if json2:
                said = f"the model '{asked.model}' does not exist"
                raise Fail("werkzeug.exceptions.NotFound", said, status=404)
            raise UserFail(f"Object {asked.model} doesn't exist")
        records = env[asked.model]
        method = self._method(records, asked, json2=json2)
        args = list(asked.args)
        if json2 and "ids" in kwargs:
            if method.remote == "model":
                said = f"cannot call {asked.model}.{asked.method} with ids"
                raise Fail("werkzeug.exceptions.UnprocessableEntity", said, status=422)
            records = records.browse(_ids(kwargs.pop("ids")))
        elif method.remote == "multi" and not json2:
            if not args:
                raise Fail("builtins.IndexError", "list index out of range")
            records = records.browse(_ids(args.pop(0)))
        bound = getattr(records, asked.method)
        try:
            inspect.signature(bound).bind(*args, **kwargs)
        except TypeError as error:
            if json2:
                said = str(error)
                raise Fail("werkzeug.exceptions.UnprocessableEntity", said, status=422) from None
            raise Fail("builtins.TypeError", str(error)) from None
        return bound(*args, **kwargs)

    def _method(self, records: Model, asked: Asked, *, json2: bool) -> Any:
        if asked.method.startswith("_"):
            said = f"Private methods (such as {asked.method}) cannot be called remotely."
            raise DeniedFail(said)
        method = getattr(type(records), asked.method, None)
        if not hasattr(method, "remote") or (
            asked.method == "formatted_read_group" and self.database.version < 19
        ):
            said = f"The method '{asked.model}.{asked.method}' does not exist"
            if json2:
                raise Fail("werkzeug.exceptions.NotFound", said, status=404)
            raise Fail("builtins.AttributeError", said)
        return method


def _records(found: Any) -> bool:
    return isinstance(found, Model)


def _ids(given: Any) -> list[int]:
    ids = [given] if isinstance(given, int) else list(given or ())
    if not all(isinstance(one, int) for one in ids):
        raise wrong(f"invalid ids {ids!r}")
    return ids


def _encoded(value: Any) -> str:
    """Days and moments as text."""
    return json.dumps(value, default=str)


def _told(value: Any) -> Answer:
    return Answer(200, _encoded(value).encode())


def _data(fail: Fail) -> dict[str, Any]:
    return {"name": fail.name, "message": fail.message, "arguments": [fail.message],
            "context": {}, "debug": "Traceback (most recent call last): ..."}  # fmt: skip

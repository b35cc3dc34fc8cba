"""Raw calls to an Odoo as people's programs make them: to the stand-in, or to a live server."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx

from tests.odoo_service import Service
from tests.odoo_troubles import ResetError

PREFIX = "DUNWELL_ODOO_"
NAMES = ("URL", "DATABASE", "LOGIN", "API_KEY", "ADMIN_LOGIN", "ADMIN_API_KEY")
ABSENT = f"no Odoo is given by the environment ({', '.join(PREFIX + name for name in NAMES)})"


class InProcess(httpx.BaseTransport):
    """A way to the stand-in without a socket. `cut`: nobody is reached any more."""

    def __init__(self, service: Service) -> None:
        self.service, self.cut = service, False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.cut:
            raise httpx.ConnectError("the line is cut", request=request)
        headers = {name.title(): value for name, value in request.headers.items()}
        try:
            answer = self.service.answer(request.method, request.url.path, headers, request.read())
        except ResetError as error:
            kind = httpx.ConnectError if "refused" in str(error) else httpx.ReadError
            raise kind(str(error), request=request) from error
        told = {"Content-Type": answer.kind, **answer.headers}
        return httpx.Response(answer.status, headers=told, content=answer.body, request=request)


class Said(Exception):  # noqa: N818  # it is what Odoo said
    """An error that Odoo named; `status` is that of HTTP, 200 under JSON-RPC."""

    def __init__(self, name: str, message: str, status: int = 200) -> None:
        super().__init__(f"{name}: {message}")
        self.name, self.message, self.status = name, message, status


@dataclass(frozen=True)
class Rpc:
    """One user. `json2`: by JSON-2, which only knows keyword arguments; else by JSON-RPC."""

    client: httpx.Client
    base: str
    database: str
    login: str
    key: str
    json2: bool = False
    uid: int = 0

    def service(self, service: str, method: str, *args: Any) -> Any:
        """A call of JSON-RPC."""
        params = {"service": service, "method": method, "args": args}
        body = {"jsonrpc": "2.0", "method": "call", "params": params, "id": 1}
        answer = self.client.post(f"{self.base}/jsonrpc", json=body)
        found: Any = None
        with suppress(ValueError):
            found = answer.json()
        if not isinstance(found, dict):  # a page: Odoo never came to answer
            raise Said("", answer.text[:80], answer.status_code)
        if "error" in found:
            data = found["error"]["data"]
            raise Said(data["name"], data["message"])
        return found.get("result")

    def known(self) -> Rpc:
        """The same, knowing its own number."""
        uid = self.service("common", "login", self.database, self.login, self.key)
        return Rpc(self.client, self.base, self.database, self.login, self.key, self.json2, uid)

    def __call__(
        self,
        model: str,
        method: str,
        /,
        ids: Any = None,
        *,
        context: Any = None,
        **kwargs: Any,
    ) -> Any:
        """What a method says; `ids` are records, one or several."""
        if context is not None:
            kwargs["context"] = dict(context)
        if self.json2:
            return self._by_json2(model, method, ids, kwargs)
        args: list[Any] = [] if ids is None else [ids]
        named = {
            "vals_list",
            "vals",
        } & kwargs.keys()  # add-ons, and Odoo itself, name it otherwise
        args.extend(kwargs.pop(name) for name in named)
        call = (self.database, self.uid, self.key, model, method, args, kwargs)
        return self.service("object", "execute_kw", *call)

    def _by_json2(self, model: str, method: str, ids: Any, kwargs: dict[str, Any]) -> Any:
        if ids is not None:
            kwargs["ids"] = [ids] if isinstance(ids, int) else list(ids)
        headers = {"Authorization": f"bearer {self.key}", "X-Odoo-Database": self.database}
        answer = self.client.post(
            f"{self.base}/json/2/{model}/{method}", json=kwargs, headers=headers
        )
        if answer.status_code != 200:
            data: Any = None
            with suppress(ValueError):
                data = answer.json()
            if not isinstance(data, dict):
                raise Said("", answer.text[:80], answer.status_code)
            raise Said(data["name"], data["message"], answer.status_code)
        return answer.json()

    def create(
        self, model: str, /, context: Mapping[str, Any] | None = None, **values: Any
    ) -> int:
        """Make a record; its number."""
        found = self(model, "create", vals_list=[values], context=context or {})
        return int(found[0])

    def find(self, model: str, domain: Sequence[Any], *fields: str, **more: Any) -> list[Any]:
        """Records with some fields, relations as numbers."""
        asked = {"domain": domain, "fields": list(fields), "load": None, "order": "id", **more}
        return list(self(model, "search_read", **asked))

    def xid(self, name: str) -> int:
        """The number of a record that has an external id."""
        module, _, rest = name.partition(".")
        domain = [["module", "=", module], ["name", "=", rest]]
        (found,) = self.find("ir.model.data", domain, "res_id")
        return int(found["res_id"])


def given() -> Mapping[str, str] | None:
    """The Odoo of the environment, where there is one."""
    values = {name: os.environ.get(PREFIX + name, "") for name in NAMES}
    return values if all(values.values()) else None


def live(values: Mapping[str, str]) -> tuple[Rpc, Rpc, int]:
    """The engine's user and an administrator of a live Odoo, and its version."""
    client = httpx.Client(timeout=120, trust_env=False)
    base = values["URL"].rstrip("/")
    engine = Rpc(client, base, values["DATABASE"], values["LOGIN"], values["API_KEY"])
    version = int(engine.service("common", "version")["server_version_info"][0])
    admin = Rpc(client, base, engine.database, values["ADMIN_LOGIN"], values["ADMIN_API_KEY"])
    made = [each.known() for each in (engine, admin)]
    both = [Rpc(client, base, r.database, r.login, r.key, version >= 19, r.uid) for r in made]
    return both[0], both[1], version

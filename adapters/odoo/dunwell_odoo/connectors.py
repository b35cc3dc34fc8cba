"""The connectors that odoo-client-lib is given: its interface, over our one client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from odoolib.json2 import Json2Connection, Json2Connector, JsonModel
from odoolib.rpc import Connection, Connector, Service

from dunwell.errors import ContractBrokenError
from dunwell_odoo.faults import Asked, of_exception
from dunwell_odoo.rights import reads
from dunwell_odoo.wire import Wire


class QuietService(Service):  # type: ignore[misc]  # the library has no types
    """A service that does not write arguments to the debugging log: the key is one of them."""

    def __getattr__(self, method: str) -> Any:
        def proxy(*args: Any) -> Any:
            return self.connector.send(self.service_name, method, *args)

        return proxy


class RpcConnector(Connector):  # type: ignore[misc]
    """JSON-RPC, at one address with any prefix."""

    PROTOCOL = "jsonrpc"

    def __init__(self, wire: Wire, asked: Asked | None = None) -> None:
        """`asked` says what the next call is, where its name does not."""
        self.wire, self.url, self.asked = wire, f"{wire.base}/jsonrpc", asked

    def get_service(self, service_name: str) -> QuietService:
        """A service of the server: common, object, db."""
        return QuietService(self, service_name)

    def send(self, service_name: str, method: str, *args: Any) -> Any:
        """The result; an error of Odoo is one of `dunwell.errors`."""
        if self.asked is not None:
            asked = self.asked
        elif service_name == "object":
            asked = Asked(args[3], args[4], reads(args[4]))
        else:
            asked = Asked(service_name, method, reads=True)
        params = {"service": service_name, "method": method, "args": args}
        body = {"jsonrpc": "2.0", "method": "call", "params": params, "id": 1}
        return self.wire.ask(asked, "/jsonrpc", body, unwrap=_result)


def _result(asked: Asked, found: Any) -> Any:
    if not isinstance(found, dict):
        raise ContractBrokenError(f"what answers {asked} does not speak JSON-RPC")
    error = found.get("error")
    if error:
        data = error.get("data") if isinstance(error, dict) else None
        raise of_exception(asked, data if isinstance(data, dict) else {})
    return found.get("result")


class Json2Line(Json2Connector):  # type: ignore[misc]
    """JSON-2, at one address with any prefix."""

    PROTOCOL = "json2"

    def __init__(self, wire: Wire) -> None:
        self.wire, self.url = wire, f"{wire.base}/json/2/"


class QuietModel(JsonModel):  # type: ignore[misc]
    """A model whose calls go over our client, by keyword only: the library's look up the names
    of positional arguments, for which it needs an administrator.
    """

    def __getattr__(self, method: str) -> Any:
        def proxy(**kwargs: Any) -> Any:
            return self.put(Asked(self.model_name, method, reads(method)), kwargs)

        return proxy

    def put(self, asked: Asked, kwargs: Mapping[str, object]) -> Any:
        """Call a method of this model."""
        talk = self.connection
        path = f"/json/2/{self.model_name}/{asked.method}"
        return talk.connector.wire.ask(asked, path, kwargs, talk.bearer_header)

    def read(self, **kwargs: Any) -> Any:
        """A list also of one record, other than the library's."""
        return self.__getattr__("read")(**kwargs)


class Json2Talk(Json2Connection):  # type: ignore[misc]
    """A connection whose models are ours."""

    def get_model(self, model_name: str) -> QuietModel:
        """A model by its name."""
        return QuietModel(self, model_name)


__all__ = ["Connection", "Json2Line", "Json2Talk", "RpcConnector"]

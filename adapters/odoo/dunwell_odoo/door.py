"""The one door to an Odoo: every call leaves here, by the protocol that its version speaks."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import httpx

from dunwell.errors import AdapterError, ConfigurationError, DeniedError, UnavailableError
from dunwell_odoo.connectors import Connection, Json2Line, Json2Talk, RpcConnector
from dunwell_odoo.faults import (
    NEW_KEY,
    Asked,
    BrokenError,
    BusyError,
    GoneError,
    NotThereError,
    RefusedError,
)
from dunwell_odoo.rights import RIGHTS, missing, reads
from dunwell_odoo.wire import Line, Wire

Protocol = Literal["json2", "jsonrpc"]

OLDEST, JSON2_SINCE = (16, 0), (19, 0)


class Door:
    """Calls of models' methods, as one user of one database. Safe for threads.

    Nothing is asked before the first call; then the version once, and who we are once.
    `key` is an API key, or where JSON-RPC is spoken also a password.
    """

    def __init__(
        self,
        line: Line,
        *,
        database: str,
        login: str,
        key: str,
        protocol: Protocol | None = None,
        client: httpx.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.line, self.database, self.login = line, database, login
        self._key, self._chosen = key, protocol
        self._wire = Wire(line, client=client, sleep=sleep)
        self._version: tuple[int, int] | None = None
        self._enterprise = False
        self._talk: Connection | Json2Talk | None = None
        self._uid = 0
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"Door({self.line.base!r}, database={self.database!r}, login={self.login!r})"

    # -- who is there ---------------------------------------------------------------------------

    @property
    def calls(self) -> int:
        """How many requests were sent."""
        return self._wire.calls

    @property
    def version(self) -> tuple[int, int]:
        """Such as (17, 0)."""
        with self._lock:
            if self._version is None:
                info = self._ask_version()
                self._version = _version_of(info, self.line.base)
                self._enterprise = isinstance(info, list) and "e" in info[5:]
            return self._version

    @property
    def enterprise(self) -> bool:
        """Whether it says that it is Odoo Enterprise."""
        return self.version > (0, 0) and self._enterprise

    @property
    def protocol(self) -> Protocol:
        """What is spoken: JSON-2 from 19, JSON-RPC before."""
        if self._chosen is not None:
            return self._chosen
        return "json2" if self.version >= JSON2_SINCE else "jsonrpc"

    @property
    def uid(self) -> int:
        """Whose key it is. A DeniedError when nobody's."""
        self._connected()
        return self._uid

    def _ask_version(self) -> object:
        asked = Asked("web", "version", reads=True)
        try:  # since 19; before, or where the database is not told by the address, there is none
            found = self._wire.ask(asked, "/web/version")
            info = found.get("version_info") if isinstance(found, dict) else None
        except UnavailableError:
            raise
        except AdapterError:
            info = None
        if not info:
            common = RpcConnector(self._wire).get_service("common")
            found = common.version()
            info = found.get("server_version_info") if isinstance(found, dict) else None
        return info

    def _connected(self) -> Connection | Json2Talk:
        with self._lock:
            if self._talk is None:
                talk = self._json2() if self.protocol == "json2" else self._json_rpc()
                self._talk = talk
            return self._talk

    def _json2(self) -> Json2Talk:
        if not self._key.isascii() or not self._key.isprintable():
            raise DeniedError("an API key has only letters and digits", remedy=NEW_KEY)
        talk = Json2Talk(Json2Line(self._wire), self.database, self._key)
        try:
            found = talk.get_model("res.users").context_get()
        except NotThereError:  # the version was told, so there is an Odoo
            raise self._no_database() from None
        self._uid = int(found.get("uid") or 0) if isinstance(found, dict) else 0
        return talk

    def _json_rpc(self) -> Connection:
        connector = RpcConnector(self._wire)
        try:
            uid = connector.get_service("common").login(self.database, self.login, self._key)
        except (UnavailableError, RefusedError):
            if connector.get_service("db").db_exist(self.database) is False:
                raise self._no_database() from None
            raise
        if not uid:
            raise DeniedError(
                f"Odoo does not know the login '{self.login}' with this key, or the key expired",
                remedy=NEW_KEY,
            )
        self._uid = int(uid)
        return Connection(connector, self.database, self.login, self._key, self._uid)

    def _no_database(self) -> ConfigurationError:
        message = f"{self.line.base} has no database '{self.database}', or cannot reach it"
        return ConfigurationError(f"{message} (correct 'database')")

    # -- calls ----------------------------------------------------------------------------------

    def call(
        self,
        model: str,
        method: str,
        /,
        *,
        ids: Sequence[int] | None = None,
        context: Mapping[str, object] | None = None,
        **kwargs: object,
    ) -> Any:
        """What the method returns, as JSON; numbers with a point come as Decimal.

        `ids` are the records it is called on; None calls it on the model. Reads are asked again
        while the line breaks; writes never, once they may have arrived.

        Raises RefusedError, GoneError and BusyError (nothing was done), BrokenError (it may have
        been), DeniedError with who can grant what is missing, ConfigurationError.
        """
        return self._call(Asked(model, method, reads(method)), ids, context, kwargs)

    def ask(
        self,
        model: str,
        method: str,
        /,
        *,
        ids: Sequence[int] | None = None,
        context: Mapping[str, object] | None = None,
        **kwargs: object,
    ) -> Any:
        """A call that changes nothing, whatever its method is called: it may be repeated."""
        return self._call(Asked(model, method, reads=True), ids, context, kwargs)

    def _call(
        self,
        asked: Asked,
        ids: Sequence[int] | None,
        context: Mapping[str, object] | None,
        kwargs: dict[str, object],
    ) -> Any:
        talk = self._connected()
        try:
            return self._sent(talk, asked, ids, context, kwargs)
        except NotThereError:  # it was there before
            raise self._no_database() from None
        except RefusedError:
            if reads(asked.method) and asked.method not in RIGHTS and not self.has(asked.model):
                raise ConfigurationError(missing(asked.model)) from None
            raise

    def has(self, model: str) -> bool:
        """Whether a model is there: to ask for a right on it is refused otherwise."""
        try:
            self.may(model, "read")
        except RefusedError:
            return False
        return True

    def may(self, model: str, right: str) -> bool:
        """Whether the user has a right on a model: `read`, `write`, `create` or `unlink`."""
        if self.version >= (18, 0):
            return bool(self.call(model, "has_access", ids=[], operation=right))
        return bool(
            self.call(model, "check_access_rights", operation=right, raise_exception=False)
        )

    def _sent(
        self,
        talk: Connection | Json2Talk,
        asked: Asked,
        ids: Sequence[int] | None,
        context: Mapping[str, object] | None,
        kwargs: dict[str, object],
    ) -> Any:
        if context is not None:
            kwargs["context"] = context
        if isinstance(talk, Json2Talk):
            if ids is not None:
                kwargs["ids"] = list(ids)
            return talk.get_model(asked.model).put(asked, kwargs)
        args: list[object] = [] if ids is None else [list(ids)]
        # before JSON-2 overriding methods named their parameter as they liked
        values = {"create": "vals_list", "write": "vals"}.get(asked.method)
        if values in kwargs:
            args.append(kwargs.pop(values))
        connector = RpcConnector(self._wire, asked)
        return connector.get_service("object").execute_kw(
            self.database, self._uid, self._key, asked.model, asked.method, args, kwargs
        )

    def close(self) -> None:
        """Let go of the connections; safe to call twice."""
        self._wire.close()


def _version_of(info: object, base: str) -> tuple[int, int]:
    """The version from `[17, 0, 0, 'final', 0, '']`; on odoo.com 'saas~18' stands first."""
    if isinstance(info, list) and len(info) >= 2:
        digits = re.search(r"\d+", str(info[0]))
        if digits and isinstance(info[1], int):
            version = int(digits.group()), info[1]
            if version >= OLDEST:
                return version
            raise ConfigurationError(f"{base} is Odoo {version[0]}: 16 and later are spoken with")
    raise ConfigurationError(f"what answers at {base} does not tell its version: is it an Odoo?")


__all__ = ["BrokenError", "BusyError", "Door", "GoneError", "Line", "RefusedError"]

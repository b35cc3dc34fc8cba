"""Where facts about Odoo are asked: the stand-ins of two versions, and a live one where given."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.odoo_rpc import ABSENT, InProcess, Rpc, Said, given, live
from tests.odoo_service import Service
from tests.odoo_world import EXPIRED, KEYS, kit

WORLDS = ("stand-in 17", "stand-in 19", "live")


@dataclass
class World:
    """One Odoo: the engine's user with least rights, and an administrator."""

    version: int
    engine: Rpc
    admin: Rpc
    service: Service | None = None  # of a stand-in
    made: dict[str, int] = field(default_factory=dict)

    @property
    def new(self) -> bool:
        return self.version >= 19

    def partner(self, name: str = "Acme", **values: Any) -> int:
        """A company; everybody has an address unless told."""
        given = {"name": name, "is_company": True, "email": "ap@acme.example", **values}
        return self.admin.create("res.partner", **given)

    def subtype(self, *, internal: bool) -> int:
        """A subtype that nobody follows."""
        name = f"fact {internal}"
        if name not in self.made:
            self.made[name] = self.admin.create(
                "mail.message.subtype", name=name, default=False, internal=internal
            )
        return self.made[name]

    def person(self, *groups: str) -> Rpc:
        """Somebody with a few groups, who logs in with a password."""
        login = f"fact-{uuid.uuid4().hex[:12]}"
        field = "group_ids" if self.new else "groups_id"
        values = {"name": login, "login": login, "email": f"{login}@kit.example",
                  "password": f"{login} Aa1",
                  field: [[6, 0, [self.admin.xid(one) for one in groups]]]}  # fmt: skip
        made = self.admin.create("res.users", context={"no_reset_password": True}, **values)
        rpc = Rpc(self.admin.client, self.admin.base, self.admin.database, login,
                  f"{login} Aa1", uid=made)  # fmt: skip
        return rpc.known()

    def invoice(self, partner: int, amount: float = 900.0, **values: Any) -> int:
        """A posted invoice."""
        line = {"name": "Goods", "quantity": 1, "price_unit": amount, "tax_ids": [[6, 0, []]]}
        move = self.admin.create(
            "account.move",
            **{"move_type": "out_invoice", "partner_id": partner,
               "invoice_payment_term_id": False, "invoice_date": "2026-02-01",
               "invoice_date_due": "2026-03-01",
               "invoice_line_ids": [[0, 0, line]], **values},
        )  # fmt: skip
        self.admin("account.move", "action_post", [move])
        return move

    def receivable(self, move: int, *fields: str) -> list[Any]:
        """The lines of an invoice on which it is owed."""
        domain = [["move_id", "=", move], ["account_id.account_type", "=", "asset_receivable"]]
        return self.engine.find("account.move.line", domain, *fields)

    def receipt(self, partner: int, amount: float, **values: Any) -> int:
        """Money at the bank that pays for nothing yet; its open line."""
        company = self.admin.find("res.users", [["id", "=", self.admin.uid]], "company_id")
        mine = company[0]["company_id"]
        (journal,) = self.admin.find(
            "account.journal", [["type", "=", "bank"], ["company_id", "=", mine]],
            "default_account_id", limit=1,
        )  # fmt: skip
        domain = [["account_id.account_type", "=", "asset_receivable"],
                  ["move_type", "=", "out_invoice"], ["company_id", "=", mine]]  # fmt: skip
        (account,) = self.admin.find("account.move.line", domain, "account_id", limit=1)
        lines = [
            {"name": "in", "account_id": journal["default_account_id"], "debit": amount},
            {
                "name": "in",
                "account_id": account["account_id"],
                "credit": amount,
                "partner_id": partner,
            },
        ]
        move = self.admin.create(
            "account.move", move_type="entry", journal_id=journal["id"], date="2026-02-20",
            line_ids=[[0, 0, line] for line in lines], **values,
        )  # fmt: skip
        self.admin("account.move", "action_post", [move])
        return int(self.receivable(move, "id")[0]["id"])


def refused(rpc: Rpc, *args: Any, **kwargs: Any) -> str:
    """The name of the error that a call gets."""
    with pytest.raises(Said) as caught:
        rpc(*args, **kwargs)
    return caught.value.name


def stand_in(version: int) -> World:
    """A fresh stand-in."""
    service = Service(kit(version))
    client = httpx.Client(transport=InProcess(service))
    users = [
        Rpc(client, "http://odoo.example", "kit", login, KEYS[login]).known()
        for login in ("collector", "admin")
    ]
    engine, admin = (
        Rpc(r.client, r.base, r.database, r.login, r.key, version >= 19, r.uid) for r in users
    )
    return World(version, engine, admin, service)


def world(which: str) -> Iterator[World]:
    """The one that is asked for; a live one that nobody gives is skipped."""
    if which != "live":
        yield stand_in(int(which.split()[-1]))
        return
    values = given()
    if values is None:
        pytest.skip(ABSENT)
    engine, admin, version = live(values)
    yield World(version, engine, admin)


def names(rows: Sequence[Any]) -> list[str]:
    """The names of records."""
    return [row["name"] for row in rows]


__all__ = ["EXPIRED", "WORLDS", "World", "names", "refused", "stand_in", "world"]

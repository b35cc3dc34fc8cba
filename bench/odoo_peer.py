"""The peer on Odoo: `account_credit_control`, told to do what it does, and told so again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from tests.odoo_rpc import Rpc, Said, live

MODULE = "account_credit_control"
RUN, LINE = "credit.control.run", "credit.control.line"
SETTLE = 60
"""Seconds without a mail after which nothing more is waited for."""


def peer(values: Mapping[str, str]) -> None:
    """Install it, run it, look at what it left, and run it again the same day."""
    _, admin, _ = live(values)
    if not _installed(admin):
        print(f"{MODULE}: the server does not have it")
        return
    print(f"{MODULE}, its policy of three times")
    policy = _policy(admin)
    first = _run(admin, policy)
    sent = _settled(admin, first)
    told = Counter(row["state"] for row in sent)
    communications = {row["communication_id"] for row in sent if row["communication_id"]}
    done = {row["communication_id"] for row in sent if row["state"] == "sent"} - {False}
    print(f"  lines by state: {dict(told)}")
    print(f"  {len(communications)} communications, {len(done)} of them sent")
    second = _made(admin, policy)
    again = admin.find(LINE, [["run_id", "=", second]], "level")
    levels = Counter(row["level"] for row in again)
    print(f"  a second run the same day: {len(again)} more lines, by level {dict(levels)}")


def _installed(admin: Rpc) -> bool:
    admin("ir.module.module", "update_list")
    found = admin.find("ir.module.module", [["name", "=", MODULE]], "state")
    if not found or found[0]["state"] == "uninstallable":
        return False
    if found[0]["state"] != "installed":
        _timed("install", lambda: admin(
            "ir.module.module", "button_immediate_install", [found[0]["id"]]))  # fmt: skip
    return True


def _policy(admin: Rpc) -> int:
    """The policy that it brings, for all receivable accounts and the own company."""
    policy = admin.xid(f"{MODULE}.credit_control_3_time")
    domain = [["account_type", "=", "asset_receivable"]]
    accounts = [row["id"] for row in admin.find("account.account", domain, "name")]
    admin("credit.control.policy", "write", [policy], vals={"account_ids": [[6, 0, accounts]]})
    (own,) = admin.find("res.users", [["id", "=", admin.uid]], "company_id")
    company = own["company_id"]
    admin(
        "res.company", "write", [company],
        vals={"credit_policy_id": policy, "credit_control_tolerance": 0.1},
    )  # fmt: skip
    return policy


def _made(admin: Rpc, policy: int) -> int:
    (now,) = [admin("mail.message", "default_get", fields=["date"])["date"][:10]]
    made = admin.create(RUN, date=now, policy_ids=[[6, 0, [policy]]])
    _timed("lines", lambda: admin(RUN, "generate_credit_lines", [made]))
    return made


def _run(admin: Rpc, policy: int) -> int:
    made = _made(admin, policy)
    _timed("ready", lambda: admin(RUN, "set_to_ready_lines", [made]))
    _timed("send", lambda: admin(RUN, "run_channel_action", [made]))
    return made


def _timed(what: str, act: Callable[[], object]) -> None:
    begun, said = time.perf_counter(), ""
    try:
        act()
    except Said as error:
        said = f"  raised {error.name}"
    print(f"  {what:44}{time.perf_counter() - begun:8.2f} s{said}")


def _settled(admin: Rpc, run: int) -> list[dict[str, Any]]:
    """The lines when no more of them change."""
    fields = ("state", "communication_id", "level")
    begun, last, before = time.perf_counter(), time.perf_counter(), -1
    while True:
        found = admin.find(LINE, [["run_id", "=", run]], *fields)
        sent = sum(row["state"] == "sent" for row in found)
        if sent != before:
            last, before = time.perf_counter(), sent
        if time.perf_counter() - last > SETTLE:
            print(f"  {'until nothing moved any more':44}{last - begun:8.2f} s")
            return found
        time.sleep(3)

"""The peer on Odoo: `account_credit_control`, told to do what it does, and told so again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import httpx

from tests.odoo_rpc import Rpc, Said, live

MODULE = "account_credit_control"
RUN, LINE, LETTER = "credit.control.run", "credit.control.line", "credit.control.communication"
SETTLE, BETWEEN, LONG = 60, 3, 900
"""Seconds without any change after which nothing more is waited for, between two looks, and for
which no answer counts as work.
"""
Rows = list[dict[str, Any]]


def peer(values: Mapping[str, str]) -> None:
    """Install it, run it, look at what it left, and run it again the same day."""
    _, admin, _ = live(values)
    if not _installed(admin):
        print(f"{MODULE}: the server does not have it")
        return
    print(f"{MODULE}, its policy of three times")
    policy = _policy(admin)
    run = _made(admin, policy)
    _timed("ready", lambda: admin(RUN, "set_to_ready_lines", [run]))
    first = _sent(admin, run)
    told, stuck = _told(admin, first)
    print("  the same run told to send once more")
    _told(admin, _sent(admin, run))
    again = _found(admin, _made(admin, policy))
    print(
        f"  a second run the same day: {len(again)} more lines, by level {_count(again, 'level')}"
    )
    twice = sum(row["move_line_id"] in told for row in again)
    untold = sum(row["move_line_id"] in stuck for row in again)
    print(f"  of them {twice} for what was mailed today, {untold} for what is stuck a level below")


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
    """A run of today with its lines."""
    now = admin("mail.message", "default_get", fields=["date"])["date"][:10]
    made = admin.create(RUN, date=now, policy_ids=[[6, 0, [policy]]])
    _timed("lines", lambda: admin(RUN, "generate_credit_lines", [made]))
    return made


def _sent(admin: Rpc, run: int) -> Rows:
    """The lines after all was sent that is sent: at once, behind the call, and by the queue."""
    _timed("send", lambda: admin(RUN, "run_channel_action", [run]))
    found = _settled(admin, run)
    _timed("Odoo works off its queue", lambda: admin("mail.mail", "process_email_queue"))
    return _found(admin, run) or found


def _timed(what: str, act: Callable[[], object]) -> None:
    begun, said = time.perf_counter(), ""
    try:
        act()
    except (Said, httpx.HTTPError) as error:
        said = f"  ended with {error}"
    print(f"  {what:44}{time.perf_counter() - begun:8.2f} s{said}")


def _found(admin: Rpc, run: int) -> Rows:
    fields = ("state", "channel", "communication_id", "level", "move_line_id")
    return admin.find(LINE, [["run_id", "=", run]], *fields)


def _settled(admin: Rpc, run: int) -> Rows:
    """The lines when no more of them change. Looks that got no answer are counted."""
    begun = last = time.perf_counter()
    found: Rows = []
    looks, unanswered, heard = 0, 0, begun
    while time.perf_counter() - last <= SETTLE:
        looks += 1
        try:
            now = _found(admin, run)
        except (Said, httpx.HTTPError):
            unanswered, heard = unanswered + 1, time.perf_counter()
            last = max(last, min(heard, begun + LONG))
        else:
            if now != found:
                found, last = now, time.perf_counter()
        time.sleep(BETWEEN)
    print(f"  {'until nothing moved any more':44}{last - begun:8.2f} s")
    if unanswered:
        print(
            f"  {unanswered} of {looks} looks got an error page, the last {heard - begun:.0f} s on"
        )
    return found


def _told(admin: Rpc, lines: Rows) -> tuple[set[int], set[int]]:
    """Print what left and what did not; the items that were mailed, and those that are stuck."""
    written = {row["communication_id"] for row in lines} - {False}
    asked = [["model", "=", LETTER], ["res_id", "in", sorted(written)]]
    mails = admin.find("mail.mail", asked, "state", "res_id")
    left = {row["res_id"] for row in mails if row["state"] == "sent"}
    print(f"  {len(lines)} lines by channel and state: {_count(lines, 'channel', 'state')}")
    print(f"  {len(written)} communications; their mails: {_count(mails, 'state')}; "
          f"{len(written - {row['res_id'] for row in mails})} have no mail")  # fmt: skip
    told = {row["move_line_id"] for row in lines if row["communication_id"] in left}
    return told, {row["move_line_id"] for row in lines} - told


def _count(rows: Iterable[Mapping[str, Any]], *fields: str) -> dict[str, int]:
    return dict(Counter(" ".join(str(row[field]) for field in fields) for row in rows))

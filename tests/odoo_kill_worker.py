"""A whole run on an Odoo in a process of its own, made to be killed; see `test_odoo_kill.py`."""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from dunwell.facts import Registry
from dunwell.port import Channel
from dunwell.run.daily import run_daily
from dunwell.run.engine import Engine
from dunwell.testing.contract.ladder import house
from dunwell.testing.wording import PlainWording
from dunwell_mail.folder import FolderChannel
from dunwell_mail.settings import Sender
from dunwell_odoo.adapter import OdooAdapter
from dunwell_odoo.door import Door, Line
from dunwell_odoo.options import Options

LEASE = 6
"""Seconds: whoever goes on has to wait for so long."""


class Lossy(httpx.HTTPTransport):
    """A line that loses some answers, after Odoo has done what it was asked.

    `hasty` is the share of calls that are given up after a few milliseconds, while Odoo is at
    work on them, and commits.
    """

    def __init__(self, share: float, hasty: float, seed: int) -> None:
        super().__init__()
        self.share, self.hasty, self.good = share, hasty, True
        self.dice = random.Random(seed)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """As the line says; sometimes the answer is gone."""
        if not self.good and self.dice.random() < self.hasty:
            wait = self.dice.uniform(0.002, 0.1)
            request.extensions["timeout"] = {**request.extensions["timeout"], "read": wait}
        answer = super().handle_request(request)
        if not self.good and self.dice.random() < self.share:
            answer.read()
            raise httpx.ReadTimeout("nobody waited for the answer", request=request)
        return answer


def engine(order: dict[str, Any]) -> Engine:
    """An engine over the Odoo of an order; with a folder, messages become files in it."""
    url, database, login = order["url"], order["database"], order["login"]
    line = Lossy(order["share"], order["hasty"], order["seed"])
    client = httpx.Client(transport=line, timeout=60)
    door = Door(
        Line(url), database=database, login=login, key=order["key"], client=client,
        sleep=time.sleep if order["patient"] else lambda seconds: time.sleep(seconds / 20),
    )  # fmt: skip
    adapter = OdooAdapter(
        door,
        Options(
            url=url,
            database=database,
            login=login,
            remind="channel" if order["folder"] else "odoo",
        ),
    )
    rules = house(adapter.capabilities())
    adapter.describe()
    line.good = False  # who cannot even ask who it is does nothing at all
    channels: dict[str, Channel] = {}
    if order["folder"]:
        channels["email"] = FolderChannel(Path(order["folder"]), Sender("dunwell@c.example"))
    return Engine(
        adapter, rules, Registry(), PlainWording(), channels=channels, lease=LEASE, plain=True
    )


def say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


def main() -> None:
    made = engine(json.loads(sys.argv[1]))
    say("ready")
    sys.stdin.readline()
    run_daily(made)
    say("done")


if __name__ == "__main__":
    main()

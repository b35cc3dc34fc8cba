"""A whole run of Dunwell on QuickBooks Online in a process of its own, made to be killed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dunwell.facts import Registry
from dunwell.hooks import Settings
from dunwell.run.engine import Engine
from dunwell.testing.contract.ladder import house
from dunwell.testing.wording import PlainWording
from dunwell_mail.folder import open_folder
from dunwell_quickbooks.opening import opened

from tests.quickbooks_kit import NoPace, settings_for
from tests.workers import cycle, say


def engine(folder: Path, base: str, remind: str) -> Engine:
    """An engine on a company that is served somewhere; mail goes into a folder."""
    adapter = opened(settings_for(folder, base, remind=remind), pace=NoPace())
    sender = {"from": "dunwell@us.example", "folder": "mail"}
    channel = open_folder(Settings(sender, folder))
    return Engine(
        adapter, house(adapter.capabilities()), Registry(), PlainWording(),
        channels={"email": channel}, digests={"policies": "kill"}, plain=True, workers=1,
    )  # fmt: skip


def main() -> None:
    order = json.loads(sys.argv[1])
    made = engine(Path(order["folder"]), order["base"], order["remind"])
    say("ready")
    sys.stdin.readline()
    cycle(made, tell=True)
    made.adapter.close()


if __name__ == "__main__":
    main()

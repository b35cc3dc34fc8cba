"""A whole run of Dunwell in a process of its own, made to be killed; started by `test_kill.py`."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

from dunwell.casefile.plain import PlainWording
from dunwell.facts import Registry
from dunwell.hooks import Settings
from dunwell.port import Channel
from dunwell.run.engine import Engine
from dunwell.source.house import load_house
from dunwell_ledger.plugin import open_adapter
from dunwell_mail.folder import open_folder
from dunwell_mail.smtp import open_smtp

from tests.workers import cycle, say

HOUSE = Path(__file__).parent / "stories" / "corner_house.yaml"


def engine(folder: Path, now: datetime, port: int) -> Engine:
    """An engine over the ledger of a folder; port 0: mail goes into a folder too."""
    registry = Registry()
    house, problems = load_house([HOUSE], registry=registry, channels=["email"])
    assert house is not None, problems
    adapter = open_adapter(Settings({"path": "book.sqlite", "now": now.isoformat()}, folder))
    channel: Channel
    sender = {"from": "dunwell@acme.example"}
    if port:
        values = {**sender, "host": "127.0.0.1", "port": port, "tls": "none"}
        channel = open_smtp(Settings(values, folder))
    else:
        channel = open_folder(Settings({**sender, "folder": "mail"}, folder))
    return Engine(adapter, house, registry, PlainWording(), channels={"email": channel})


def main() -> None:
    order = json.loads(sys.argv[1])
    made = engine(Path(order["folder"]), datetime.fromisoformat(order["now"]), int(order["port"]))
    say("ready")
    sys.stdin.readline()
    cycle(made, tell=True)


if __name__ == "__main__":
    main()

"""What the columns reader hands to the rule network: which conditions hold, for the accounts where
anything may have to be done. Stages, segments and pauses are given by their place in the policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

_I, _T, _B = pl.Int32(), pl.String(), pl.Boolean()

SCHEMAS: Mapping[str, Mapping[str, pl.DataType]] = {
    # `account` is a number of its own in this run, `item` a number of the item
    "accounts": {"account": _I, "debtor": _T, "company": _T},
    "items": {"account": _I, "item": _I, "id": _T, "stage": _I, "waits": _B},
    # a segment whose condition holds; the first one counts
    "segments": {"account": _I, "segment": _I},
    # a pause that holds for an item today (its grace included); guards have `pause` -1 and a name
    "pauses": {"account": _I, "item": _I, "pause": _I, "guard": _T, "lift": _B, "listed": _B},
    # items for which a pause or guard held yesterday
    "yesterday": {"account": _I, "item": _I},
    # an adopt rule that holds for a live item without a stage: its place in the list, the stage
    "adopts": {"account": _I, "item": _I, "order": _I, "stage": _I},
    # ways in which a live, free item may move: kind is jump, next or repeat; `after` has passed
    "moves": {"account": _I, "item": _I, "kind": _T, "stage": _I, "cycle": _I},
    # the approval of a stage is needed for an item
    "approvals": {"account": _I, "item": _I, "stage": _I},
    # an item for which the `for` of a stage with a standing action holds and something is to pay;
    # `reached`: its stage is that one or later (not only adopted); `half`: a part of it is done;
    # `ahead`: it has not come to that stage yet, and would bring the action on its way past it
    "wants": {
        "account": _I,
        "item": _I,
        "name": _I,  # of the standing action, see `Signals.names`
        "stage": _I,
        "order": _I,  # of the action among all standing actions of the policy
        "reached": _B,
        "half": _B,
        "ahead": _B,
    },
    # a watch with a standing action whose condition holds
    "watching": {"account": _I, "name": _I, "order": _I, "watch": _T},
    # what is in force in the ERP, and what Dunwell remembers of its own: state "" means not its
    # own;
    # `ours`: the ERP still says what Dunwell wrote; `written_off`: its items were written off
    "standing": {
        "account": _I,
        "name": _I,
        "state": _T,
        "ours": _B,
        "in_force": _B,
        "written_off": _B,
    },
    # a watch that fires, with its occurrences and items
    "fires": {
        "account": _I,
        "watch": _T,
        "cycle": _I,
        "occurrences": pl.List(_T),
        "items": pl.List(_T),
    },
    # a veto in force, on an item or ("") the account
    "vetoes": {"account": _I, "veto": _T, "item": _T},
}


@dataclass(frozen=True, slots=True)
class Signals:
    """The frames of `SCHEMAS` for one policy.

    Every account in them is one where something may have to be done. `names` are the
    (kind, name) of standing actions; `actions` their (stage, watch, id) in the order of
    `order`.
    """

    policy: str
    frames: Mapping[str, pl.DataFrame]
    names: tuple[tuple[str, str], ...]
    actions: tuple[tuple[int, str, str], ...]

    def __getitem__(self, name: str) -> pl.DataFrame:
        """One frame; empty where nothing of its kind holds."""
        found = self.frames.get(name)
        return pl.DataFrame(schema=SCHEMAS[name]) if found is None else found

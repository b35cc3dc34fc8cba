"""Parties with the notes, tasks and holds of Dunwell."""

from __future__ import annotations

from trytond.model import ModelSQL, ModelView, Unique, fields
from trytond.pool import PoolMeta
from trytond.pyson import Eval


class Party(metaclass=PoolMeta):
    """A party; `dunwell_hold` says why nothing is sold to it."""

    __name__ = "party.party"

    dunwell_hold = fields.Char("Sales hold", help="While a text is here, no sale is confirmed.")
    dunwell_effects = fields.One2Many("dunwell.effect", "party", "Collection")


TASK = {"invisible": Eval("kind") != "task"}


class Effect(ModelSQL, ModelView):
    """A note or a task; its key is there once."""

    __name__ = "dunwell.effect"

    party = fields.Many2One("party.party", "Party", required=True, ondelete="CASCADE")
    key = fields.Char("Key", required=True)
    kind = fields.Selection([("note", "Note"), ("task", "Task")], "Kind", required=True)
    summary = fields.Char("Summary")
    text = fields.Text("Text")
    assignee = fields.Char("For", states=TASK)
    due = fields.Date("Until", states=TASK)
    state = fields.Selection(
        [(None, ""), ("open", "Open"), ("done", "Done"), ("cancelled", "Cancelled")],
        "State",
        states=TASK,
    )
    outcome = fields.Char("What came of it", states=TASK)
    ended = fields.Date("Ended", states=TASK)

    @classmethod
    def __setup__(cls) -> None:
        super().__setup__()
        table = cls.__table__()
        cls._sql_constraints += [
            ("key_unique", Unique(table, table.key), "dunwell.msg_key_unique"),
        ]
        cls._order.insert(0, ("id", "DESC"))
        cls.__access__.add("party")

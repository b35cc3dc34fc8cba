"""What runs inside Odoo, as text: the engine's server action, and the refusal of held orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from dunwell.errors import ContractBrokenError
from dunwell_odoo.door import Door
from dunwell_odoo.names import PARAMETER

_LINE = "# -- what Odoo evaluates ---"

Step = Mapping[str, object]


def source(name: str) -> str:
    """The code of a server action, as Odoo is given it."""
    text = files(__name__).joinpath(f"{name}.py").read_text("utf-8")
    _, _, code = text.partition(_LINE)
    return code.partition("\n")[2].strip()


def run(door: Door, action: int, steps: Sequence[Step]) -> list[Any]:
    """Run steps in one transaction under the engine's server action; one answer for each step.

    Whatever is raised, none of the steps was done, except with an UnansweredError: who knows.
    """
    given = {PARAMETER: {"steps": list(steps)}}
    found = door.call("ir.actions.server", "run", ids=[action], context=given)
    answers = found.get(PARAMETER) if isinstance(found, dict) else None
    if not isinstance(answers, list) or len(answers) != len(steps):
        raise ContractBrokenError("the server action in Odoo is not that of 'dunwell odoo setup'")
    return answers

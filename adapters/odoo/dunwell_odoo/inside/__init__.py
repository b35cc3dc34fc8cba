"""What runs inside Odoo, as text: the engine's server action, and the refusal of held orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from dunwell.errors import ContractBrokenError
from dunwell.log.keys import digest
from dunwell_odoo.door import Door
from dunwell_odoo.names import PARAMETER

PROTOCOL = 1
"""What the engine and its server action agree on; one with another number is not used."""

READS = ("describe", "read", "heads", "clock")
"""Steps that change nothing: they may be asked again."""

_LINE = "# -- what Odoo evaluates ---"

Step = Mapping[str, object]


def source(name: str) -> str:
    """The code of a server action, as Odoo is given it."""
    text = files(__name__).joinpath(f"{name}.py").read_text("utf-8")
    _, _, code = text.partition(_LINE)
    code = code.partition("\n")[2].strip()
    return code.replace('CODE = ""', f'CODE = "{digest(code)}"')


def current(code: object) -> bool:
    """Whether a server action that tells its code so is ours of today."""
    return f'CODE = "{code}"' in source("engine").splitlines()


def run(door: Door, action: int, steps: Sequence[Step]) -> list[Any]:
    """Run steps in one transaction under the engine's server action; one answer for each step.

    Whatever is raised, none of the steps was done, except with an UnansweredError: who knows.
    """
    given = {PARAMETER: {"steps": list(steps)}}
    call = door.ask if all(step["do"] in READS for step in steps) else door.call
    found = call("ir.actions.server", "run", ids=[action], context=given)
    answers = found.get(PARAMETER) if isinstance(found, dict) else None
    if not isinstance(answers, list) or len(answers) != len(steps):
        raise ContractBrokenError("the server action in Odoo is not that of 'dunwell odoo setup'")
    return answers

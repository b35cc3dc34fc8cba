"""The line that names what the set-up made: in the group's comment, where the engine may read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dunwell_odoo.names import LABELS, MODULE, REGISTER

FORMAT = 1
_SAYS = (
    "Dunwell's engine works as the members of this group; they may run its server action.\n"
    "Made by 'dunwell odoo setup', taken away by 'dunwell odoo setup --remove'. "
    "The next line is for the engine."
)


@dataclass(frozen=True, slots=True)
class Register:
    """Database ids by external id, and the modules that were installed for us."""

    ids: Mapping[str, int] = field(default_factory=dict)
    installed: tuple[str, ...] = ()


def written(register: Register) -> str:
    """The comment.

    >>> print(written(Register({f"{MODULE}.action_engine": 41}, ("sms",))).splitlines()[-1])
    dunwell-setup 1 action_engine=41 installed=sms
    """
    ids = [f"{xid.partition('.')[2]}={number}" for xid, number in sorted(register.ids.items())]
    installed = [f"installed={name}" for name in sorted(register.installed)]
    return f"{_SAYS}\n{REGISTER} {FORMAT} {' '.join([*ids, *installed])}"


def read(comment: str) -> Register | None:
    """What a comment says; None when it is none of ours, or of a later Dunwell.

    >>> read("dunwell-setup 1 action_engine=41 installed=sms")
    Register(ids={'__dunwell__.action_engine': 41}, installed=('sms',))
    """
    for line in comment.splitlines():
        first, *words = line.split()[:1], *line.split()[1:]
        if first == [REGISTER] and words[:1] == [str(FORMAT)]:
            pairs = [word.partition("=")[::2] for word in words[1:]]
            known = {f"{MODULE}.{name}": value for name, value in pairs}
            return Register(
                ids={
                    x: int(value) for x, value in known.items() if x in LABELS and value.isdigit()
                },
                installed=tuple(value for name, value in pairs if name == "installed"),
            )
    return None

"""`dunwell doctor`: what works here, what is missing, and who can grant it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import click

from dunwell.cli import exits
from dunwell.cli.output import as_json, count, examples, say, say_json, say_problems, say_table
from dunwell.cli.session import Session, format_option, pass_session
from dunwell.cli.wiring import Setup, open_adapter, open_channel
from dunwell.errors import AdapterError, DeniedError, Place, Problem, ProblemsError

if TYPE_CHECKING:
    from dunwell.model import Describe
    from dunwell.policy.tree import House
    from dunwell.port import Adapter, Capabilities

_SKEW = timedelta(minutes=5)


@dataclass(slots=True)
class Health:
    """What was found. `able` is False when no run can be done here."""

    erp: str
    describe: Describe | None = None
    capabilities: Capabilities | None = None
    channels: dict[str, tuple[str, Sequence[Problem]]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    able: bool = True


class Hour(click.ParamType[time]):
    """A time of the day as people write it."""

    name = "HH:MM"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> time:
        """Read `06:00`."""
        try:
            return value if isinstance(value, time) else time.fromisoformat(str(value))
        except ValueError:
            self.fail(f"'{value}' is not a time (write it like '06:00')", param, ctx)


@click.command(
    short_help="Say what works here and what is missing.",
    epilog=examples("dunwell doctor", "dunwell doctor --at 06:00"),
)
@click.option(
    "--at",
    "hours",
    type=Hour(),
    multiple=True,
    help="When 'dunwell run' is scheduled, in the zone of the house; may be given again.",
)
@format_option
@pass_session
def doctor(session: Session, hours: tuple[time, ...], form: str) -> None:
    """Say whether the ERP and the channels can be reached, what they can do, and what is missing.

    Does nothing in the ERP and sends nothing. Ends with 4 when a run could not be done.
    """
    setup = session.setup()
    health = examine(setup, hours)
    if form == "json":
        say_json(_json(health))
    else:
        _show(health)
    context = click.get_current_context()
    if not health.able:
        context.exit(exits.UNREACHABLE)
    if any(problem.level == "error" for problem in health.problems):
        context.exit(exits.PROBLEMS)


def examine(setup: Setup, hours: Sequence[time] = ()) -> Health:
    """Ask the ERP and the channels what they can do, and compare it with the policies."""
    health = Health(setup.config.erp.plugin)
    health.problems += setup.problems
    if any(problem.level == "error" for problem in setup.problems):
        health.able = False
        return health
    ask_erp(setup, health)
    for name in setup.config.channels:
        _ask_channel(setup, name, health)
    _policies(setup, health, hours)
    health.problems = list(dict.fromkeys(health.problems))
    return health


def ask_erp(setup: Setup, health: Health) -> None:
    """Ask the ERP who it is and what can be done there; what it does not tell is a problem."""
    try:
        adapter: Adapter = open_adapter(setup)
    except AdapterError as error:
        _unable(health, setup.config.erp.place, error)
        return
    try:
        health.capabilities = adapter.capabilities()
        health.describe = adapter.describe()
    except AdapterError as error:
        _unable(health, setup.config.erp.place, error)
    finally:
        adapter.close()
    if health.describe is not None:
        health.problems += _clock(health.describe, setup.config.erp.place)
        if health.describe.copied:
            health.able = False
            health.problems.append(Problem(setup.config.erp.place, health.describe.copied))


def _unable(health: Health, where: Place, error: AdapterError) -> None:
    health.able = False
    text, hint = str(error), ""
    if isinstance(error, DeniedError) and error.remedy:
        text, hint = text.removesuffix(f" ({error.remedy})"), error.remedy
    located = text.startswith(f"{where}: ")
    message = text.removeprefix(f"{where}: ") if located else text
    health.problems.append(Problem(where, message, hint))


def _clock(describe: Describe, where: Place) -> Iterator[Problem]:
    """The ERP's clock against ours: nothing depends on it, but one of the two is wrong."""
    apart = abs(describe.now - datetime.now(UTC))
    if apart > _SKEW:
        message = f"the ERP says that it is {describe.now:%Y-%m-%d %H:%M} UTC"
        hint = "one of the two clocks is wrong, or the ERP's is set on purpose"
        yield Problem(where, message, hint, level="warning")


def _ask_channel(setup: Setup, name: str, health: Health) -> None:
    table = setup.config.channels[name]
    try:
        channel = open_channel(setup, name)
    except AdapterError as error:
        health.channels[name] = (table.plugin, ())
        _unable(health, table.place, error)
        return
    try:
        found = list(channel.check())
    except AdapterError as error:
        found = [Problem(table.place, str(error))]
    finally:
        channel.close()
    placed = [p if p.where.file else replace(p, where=table.place) for p in found]
    health.channels[name] = (table.plugin, placed)
    health.problems += placed
    health.able = health.able and not any(problem.level == "error" for problem in placed)


def _policies(setup: Setup, health: Health, hours: Sequence[time]) -> None:
    from dunwell.cli.demands import demands
    from dunwell.cli.wiring import load
    from dunwell.port import Capability

    try:
        house, _, _ = load(setup)
    except ProblemsError as error:
        errors = sum(problem.level == "error" for problem in error.problems)
        message = f"the policies have {count(errors, 'problem')}"
        place = setup.config.toml.place("policies")
        health.problems.append(Problem(place, message, "'dunwell check' shows them"))
        return
    health.problems += _schedule(house, hours)
    if health.capabilities is None:
        return
    places = {"erp": setup.config.erp.place}
    health.problems += demands(
        house, health.capabilities, setup.config.channels, erp=health.erp, places=places
    )
    health.able = health.able and health.capabilities[Capability.APPEND].there


def _schedule(house: House, hours: Sequence[time]) -> Iterator[Problem]:
    """Windows that none of the scheduled runs meets: their messages would be put off for ever."""
    for policy in house.policies if hours else ():
        rules = house.contacts(policy)
        for channel, window in rules.windows.items():
            ends = window.end
            if any(window.start <= at and (ends == time(0) or at < ends) for at in hours):
                continue
            runs = ", ".join(f"{at:%H:%M}" for at in hours)
            until = "24:00" if ends == time(0) else f"{ends:%H:%M}"
            zone = house.calendars(policy).timezone or "UTC"
            message = f"no run at {runs} ({zone}) meets the window of '{channel}'"
            hint = f"schedule one between {window.start:%H:%M} and {until} of the debtors' zones"
            yield Problem(rules.place, message, hint, level="warning")


def _show(health: Health) -> None:
    told = health.describe
    state = "works" if told is not None else "does not answer"
    say(f"ERP '{health.erp}' {state}")
    if told is not None:
        bank = f"{told.bank_data_on}" if told.bank_data_on else "the ERP cannot tell"
        rows = [
            ("  tenant", told.tenant),
            ("  today", f"{told.on}"),
            ("  clock", f"{told.now:%Y-%m-%d %H:%M:%S} UTC"),
            ("  payments until", bank),
            *(("  note", note) for note in told.notes),
        ]
        say_rows(rows)
    if health.capabilities is not None:
        say()
        say_capabilities(health.capabilities)
    if health.channels:
        say()
        channels = [
            (name, via, "works" if not any(p.level == "error" for p in found) else "does not work")
            for name, (via, found) in health.channels.items()
        ]
        say_table(("channel", "via", "state"), channels)
    if health.problems:
        say()
        say_problems(health.problems)
    say()
    say(f"a run can{'' if health.able else 'not'} be done here")


def say_rows(rows: Sequence[tuple[str, str]]) -> None:
    """Names and values below each other."""
    longest = max(len(name) for name, _ in rows)
    for name, value in rows:
        say(f"{name:<{longest}}  {value}")


def say_capabilities(able: Capabilities) -> None:
    """What an ERP can do, how well, why not better, and who can change that."""
    say_table(("capability", "strength", "why", "what to do"), _capability_rows(able))


def capabilities_json(able: Capabilities) -> dict[str, object]:
    """The same for programs."""
    return {
        name: {"strength": level, "reason": why, "remedy": remedy}
        for name, level, why, remedy in _capability_rows(able)
    }


def _capability_rows(able: Capabilities) -> list[tuple[str, str, str, str]]:
    from dunwell.port import Capability

    rows = []
    for capability in Capability:
        strength = able[capability]
        why = strength.reason
        if capability is Capability.HOLD and able.hold_kinds:
            kinds = f"of {', '.join(able.hold_kinds)}"
            why = "; ".join(part for part in (kinds, why) if part)
        rows.append((capability.name.lower(), strength.level, why, strength.remedy))
    rows += [(name, s.level, s.reason, s.remedy) for name, s in able.carries.items()]
    return rows


def _json(health: Health) -> dict[str, object]:
    told, can = health.describe, health.capabilities
    return {
        "erp": health.erp,
        "able": health.able,
        "tenant": told.tenant if told else None,
        "today": told.on.isoformat() if told else None,
        "now": told.now.isoformat() if told else None,
        "bank_data_on": told.bank_data_on.isoformat() if told and told.bank_data_on else None,
        "notes": list(told.notes) if told else [],
        "capabilities": capabilities_json(can) if can else {},
        "hold_kinds": list(can.hold_kinds) if can else [],
        "channels": {
            name: {"via": via, "problems": [as_json(problem) for problem in found]}
            for name, (via, found) in health.channels.items()
        },
        "problems": [as_json(problem) for problem in health.problems],
    }

"""What the policies demand of the ERP and the channels, against what those can do."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from dunwell.cli.policies import actions, policy_actions
from dunwell.errors import Place, Problem
from dunwell.policy.tree import Action, House
from dunwell.port import Capabilities, Capability, Strength

_NEEDS = {
    "task": (Capability.TASK, "gives no tasks to people"),
    "note": (Capability.NOTE, "writes no notes"),
    "tag": (Capability.TAG, "does not tag customers"),
    "hold": (Capability.HOLD, "places no holds"),
}
_HOLDS = ("none", "advisory", "enforced")


def demands(
    house: House,
    capabilities: Capabilities,
    channels: Collection[str],
    *,
    erp: str,
    places: Mapping[str, Place],
) -> Iterator[Problem]:
    """Every action that this ERP cannot do, or not as strongly as the policy wants.

    `channels` are those of the configuration, `places` where its tables are: `erp`.
    """
    for action in actions(house):
        yield from _of_action(action, capabilities, erp)
    yield from _of_channels(house, capabilities, channels, erp)
    if capabilities[Capability.TASK].level == "channel" and "email" not in channels:
        yield from _of_tasks(house, erp)
    append = capabilities[Capability.APPEND]
    if not append.there:
        message = f"'{erp}' keeps no log: plans can be made and not applied"
        yield Problem(places["erp"], message, _remedy(append), level="warning")


def _of_action(action: Action, capabilities: Capabilities, erp: str) -> Iterator[Problem]:
    need = _NEEDS.get(action.kind)
    if need is None:
        return
    strength = capabilities[need[0]]
    if not strength.there:
        message = f"'{erp}' {need[1]}"
        yield Problem(action.place, message, _remedy(strength) or "leave the action out")
    elif action.kind == "hold":
        yield from _of_hold(action, capabilities, strength, erp)


def _of_hold(
    action: Action, capabilities: Capabilities, strength: Strength, erp: str
) -> Iterator[Problem]:
    kinds = capabilities.hold_kinds
    if action.hold not in kinds:
        message = f"'{erp}' places no hold of the kind '{action.hold}'"
        yield Problem(action.place, message, f"it can: {', '.join(kinds)}" if kinds else "")
    if action.strength and _rank(strength.level) < _rank(action.strength):
        message = f"a hold in '{erp}' is {strength.level}, and the policy wants {action.strength}"
        yield Problem(action.place, message, _remedy(strength))


def _rank(level: str) -> int:
    return _HOLDS.index(level) if level in _HOLDS else 0


def _of_channels(
    house: House, capabilities: Capabilities, channels: Collection[str], erp: str
) -> Iterator[Problem]:
    """Policies whose messages neither a configured channel carries nor the ERP itself."""
    remind, own = capabilities[Capability.REMIND], capabilities.carries
    carried = {*channels}
    if remind.there:
        carried |= {"email", *(name for name, strength in own.items() if strength.there)}
    for policy in house.policies:
        first = next((a for a in policy_actions(policy) if a.kind == "remind"), None)
        if first is None:
            continue
        wanted = house.contacts(policy).channels
        missing = [name for name in wanted if name not in carried]
        hint = "add " + ", ".join(f"[channels.{name}]" for name in missing) + " to dunwell.toml"
        hint = f"{remind.remedy}, or {hint}" if remind.remedy and not remind.there else hint
        why = [said for name in missing if name in own and (said := _remedy(own[name]))]
        hint = "; ".join(why) if remind.there and len(why) == len(missing) else hint
        if len(missing) == len(wanted):
            listed = " or ".join(f"'{name}'" for name in wanted)
            itself = "neither does" if remind.there else "and"
            rest = "" if remind.there else " sends no messages itself"
            yield Problem(
                first.place, f"no channel carries {listed}, {itself} '{erp}'{rest}", hint
            )
        elif missing:
            listed = ", ".join(f"'{name}'" for name in missing)
            yield Problem(first.place, f"no channel carries {listed}", hint, level="warning")


def _of_tasks(house: House, erp: str) -> Iterator[Problem]:
    """Tasks that are written down, and of which nobody hears."""
    first = next((action for action in actions(house) if action.kind == "task"), None)
    if first is not None:
        message = f"'{erp}' keeps tasks and tells nobody, and no channel carries 'email'"
        hint = "add [channels.email] to dunwell.toml"
        yield Problem(first.place, message, hint, level="warning")


def _remedy(strength: Strength) -> str:
    return "; ".join(part for part in (strength.reason, strength.remedy) if part)

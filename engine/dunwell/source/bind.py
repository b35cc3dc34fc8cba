"""Turn nodes into a pydantic model; blame every fault on its line and column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError

from dunwell.errors import Place, Problem
from dunwell.source.limits import MOST_PROBLEMS, first_problems
from dunwell.source.locate import Spot, at_tag, locate
from dunwell.source.nodes import ListNode, MapNode, Node, ScalarNode
from dunwell.source.placed import PlacedModel, set_places
from dunwell.source.schema import choices_of
from dunwell.source.suggest import suggest
from dunwell.source.words import Saying, must_be, say, shape_in_words

__all__ = ["PlacedModel", "bind", "plain"]

Model = TypeVar("Model", bound=BaseModel)
Plain: TypeAlias = "str | list[Plain] | dict[str, Plain]"

_MOST_ERRORS: Final = 10 * MOST_PROBLEMS


@dataclass(frozen=True, slots=True)
class _Fault:
    """One of pydantic's errors, at its spot and in our words."""

    spot: Spot
    kind: str
    saying: Saying

    @property
    def place(self) -> Place:
        key = self.spot.key
        if self.kind == "extra_forbidden" and key is not None:
            return key.place
        return self.spot.place


def bind(
    node: Node, model: type[Model], *, context: Mapping[str, object] | None = None
) -> tuple[Model | None, list[Problem]]:
    """Make the model of a node, or say everything that is wrong with it, sorted by place.

    All scalars reach the model as text. A validator that raises ValueError("message | hint")
    gets a problem with that message and hint. The places of PlacedModels are set.
    """
    try:
        bound = model.model_validate(plain(node), context=dict(context) if context else None)
    except ValidationError as error:
        return None, _problems(error, node, model)
    set_places(bound, node)
    return bound, []


def plain(node: Node) -> Plain:
    """The node as texts, lists and dicts; nodes from `source.yaml` are never nested deeply."""
    if isinstance(node, ScalarNode):
        return node.text
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    data: dict[str, Plain] = {}
    for key, value in node.entries:
        data.setdefault(key.text, plain(value))
    return data


def _problems(error: ValidationError, node: Node, model: type[BaseModel]) -> list[Problem]:
    choices = choices_of(model)
    faults = []
    for details in error.errors(include_url=False, include_input=False)[:_MOST_ERRORS]:
        spot = locate(node, choices, details["loc"])
        saying = say(details, spot)
        if details["type"] == "union_tag_invalid":
            field = details["ctx"]["discriminator"]
            name = field.strip("'") if field.startswith("'") else None
            spot = at_tag(spot, name, str(details["ctx"]["tag"]))
        faults.append(_Fault(spot, details["type"], saying))
    kept = _without_misspelt(_settle(faults, depth=0))
    problems = {Problem(fault.place, fault.saying.message, fault.saying.hint) for fault in kept}
    return first_problems(list(problems))


def _settle(faults: Sequence[_Fault], *, depth: int) -> list[_Fault]:
    """Of each union keep what helps: the faults of the member that the user most likely meant."""
    kept = [fault for fault in faults if len(fault.spot.branches) <= depth]
    unions: dict[tuple[str | int, ...], dict[str, list[_Fault]]] = {}
    for fault in faults:
        if len(fault.spot.branches) > depth:
            branch = fault.spot.branches[depth]
            unions.setdefault(branch.union, {}).setdefault(branch.label, []).append(fault)
    for members in unions.values():
        kept += _likeliest(
            [_settle(member, depth=depth + 1) for member in members.values()], depth=depth
        )
    return kept


def _likeliest(members: Sequence[list[_Fault]], *, depth: int) -> list[_Fault]:
    if len(members) == 1:
        return members[0]
    fitting = [member for member in members if member[0].spot.branches[depth].fits]
    if not fitting:
        first = members[0][0]
        shapes = dict.fromkeys(member[0].spot.branches[depth].shape for member in members)
        expected = " or ".join(shape_in_words(shape) for shape in shapes)
        return [replace(first, saying=must_be(first.spot, expected))]
    wanted = dict.fromkeys(fault.saying.expected for member in fitting for fault in member)
    if all(wanted) and all(len(member) == 1 for member in fitting):
        first = fitting[0][0]
        if all(member[0].place == first.place for member in fitting):
            return [replace(first, saying=must_be(first.spot, _or(list(wanted))))]
    if isinstance(fitting[0][0].spot.node, ScalarNode):
        return min(fitting, key=lambda member: bool(member[0].saying.expected))
    return min(fitting, key=_strangeness)


def _or(wanted: Sequence[str]) -> str:
    return (", or " if any("," in part for part in wanted) else " or ").join(wanted)


def _strangeness(member: Sequence[_Fault]) -> tuple[int, int]:
    """How little the keys that were written look like this member of a union."""
    return sum(fault.kind in ("missing", "extra_forbidden") for fault in member), len(member)


def _without_misspelt(faults: Sequence[_Fault]) -> list[_Fault]:
    """Where an unknown key means a required one, do not also ask for that one."""
    explained: set[tuple[int, str]] = set()
    kept = []
    for fault in faults:
        holder = fault.spot.holder
        if fault.kind == "extra_forbidden" and isinstance(holder, MapNode):
            meant = _meant(fault, holder)
            if meant is not None:
                explained.add((id(holder), meant))
                fault = replace(
                    fault, saying=Saying(fault.saying.message, f"did you mean '{meant}'?")
                )
        kept.append(fault)
    return [
        fault
        for fault in kept
        if fault.kind != "missing"
        or (id(fault.spot.node), str(fault.spot.missing)) not in explained
    ]


def _meant(fault: _Fault, holder: MapNode) -> str | None:
    """The key that was meant, of those that are not written beside it."""
    key = fault.spot.key
    if key is None or fault.saying.hint.startswith("write"):
        return None
    return suggest(key.text, [name for name in fault.spot.allowed if holder.get(name) is None])

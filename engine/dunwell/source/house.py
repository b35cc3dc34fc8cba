"""Load the house and its policies from files: all that finance writes, or all problems."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel

from dunwell.errors import NOWHERE, Problem
from dunwell.facts import Registry
from dunwell.policy import house_file, language, tree
from dunwell.policy.reach import Domain
from dunwell.source import build
from dunwell.source.bind import bind
from dunwell.source.checks import Around, check_calendar, check_contact, never
from dunwell.source.comparisons import Words
from dunwell.source.limits import first_problems
from dunwell.source.names import names, texts, twice
from dunwell.source.nodes import MapNode, Node, ScalarNode
from dunwell.source.policy_file import read_pauses, read_policy
from dunwell.source.reserved import without_reserved
from dunwell.source.suggest import hint_for, suggest
from dunwell.source.text import read_text
from dunwell.source.yaml import read

_M = TypeVar("_M", bound=BaseModel)
Kind = Literal["house", "policy", "test"]
_KINDS: tuple[Kind, ...] = ("test", "house", "policy")  # a test names its policy too


@dataclass(slots=True)
class _Files:
    """The documents of all files by kind, and what is wrong with them."""

    houses: list[MapNode] = field(default_factory=list)
    policies: list[MapNode] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def load_house(
    paths: Sequence[Path],
    *,
    registry: Registry,
    channels: Collection[str],
    calendars: Collection[str] = (),
) -> tuple[tree.House | None, list[Problem]]:
    """The house of these files, and the problems of all of them, sorted by place.

    Files hold a house, policies, or both as several documents; tests among them are passed by.
    Without a house there is one with the policies in the order of the files and nothing else.
    `channels` and `calendars` are those that plugins bring. The house is None when a problem is
    an error; warnings stop nothing. More than 100 problems are not shown.
    """
    files = _read_files(paths)
    problems = files.problems
    for extra in files.houses[1:]:
        place = build.place_of(extra, "house")
        problems.append(Problem(place, "a second house", f"one is at {files.houses[0].place}"))
    house = files.houses[0] if files.houses else None
    roles = None if house is None else [key.text for key, _ in _mapping(house, "roles")]
    around = Around(Domain(registry), channels, calendars, roles)
    found = {name.text: name for name in _policy_names(files.policies)}
    problems += twice("policy", _policy_names(files.policies))
    policies = []
    for node in files.policies:
        model = _bound(node, language.Policy, problems)
        policy, faults = read_policy(node, model, around)
        policies.append(policy)
        problems += faults
    if house is None:
        loaded = _without_house(policies, files)
    else:
        problems += _check_listed(house, policies, found)
        loaded = _read_house(house, policies, around, problems)
    ordered = sorted(set(problems))
    if any(problem.level == "error" for problem in ordered):
        return None, first_problems(ordered)
    return loaded, ordered


def _read_files(paths: Sequence[Path]) -> _Files:
    files = _Files()
    for path in dict.fromkeys(paths):
        text, faults = read_text(path)
        files.problems += faults
        if text is None:
            continue
        documents, faults = read(text, file=str(path))
        files.problems += faults
        for node in documents:
            _sort_in(node, files)
    return files


def _sort_in(node: Node, files: _Files) -> None:
    kind = kind_of(node)
    if isinstance(node, MapNode) and kind is not None:
        if kind != "test":
            target = files.houses if kind == "house" else files.policies
            target.append(without_reserved(node, files.problems, is_policy=kind == "policy"))
        return
    if isinstance(node, ScalarNode) and node.is_empty:
        return
    hint = "begin with 'house: NAME' or 'policy: NAME'"
    place = node.place
    if isinstance(node, MapNode) and node.entries:
        key = node.entries[0][0]
        place = key.place
        meant = suggest(key.text, _KINDS)
        hint = f"did you mean '{meant}'?" if meant else hint
    files.problems.append(Problem(place, "this is neither a house nor a policy", hint))


def kind_of(node: Node) -> Kind | None:
    """What a document is, by the first word that says so; None when none does."""
    if not isinstance(node, MapNode):
        return None
    return next((kind for kind in _KINDS if node.entry(kind) is not None), None)


def _policy_names(nodes: Iterable[MapNode]) -> Iterator[ScalarNode]:
    for node in nodes:
        yield from texts(node.get("policy"))


def _mapping(node: MapNode, key: str) -> list[tuple[ScalarNode, Node]]:
    value = node.get(key)
    return value.entries if isinstance(value, MapNode) else []


def _bound(node: MapNode, model: type[_M], problems: list[Problem]) -> _M | None:
    bound, faults = bind(node, model)
    problems += faults
    return bound


def _without_house(policies: Sequence[tree.Policy], files: _Files) -> tree.House | None:
    if policies:
        return tree.House(policies[0].name, tuple(policies), place=policies[0].place)
    if not files.problems:
        files.problems.append(Problem(NOWHERE, "no policy in these files", "name its file"))
    return None


def _read_house(
    node: MapNode, policies: Sequence[tree.Policy], around: Around, problems: list[Problem]
) -> tree.House | None:
    words = Words(
        around.registry,
        segments=list(dict.fromkeys(s.name for policy in policies for s in policy.segments)),
        stages=list(dict.fromkeys(s.name for policy in policies for s in policy.ladder)),
        one_policy=False,
        problems=problems,
    )
    model = _bound(node, house_file.House, problems)
    problems += check_contact(node, around)
    problems += check_calendar(node, around)
    problems += _check_budget(node)
    pauses = read_pauses(node, words, around.domain)
    vetoes = _vetoes(node, words, around.domain)
    if model is None:
        return None
    by_name = {policy.name: policy for policy in policies}
    return tree.House(
        name=model.house,
        policies=tuple(by_name[name] for name in model.policies if name in by_name),
        calendar=build.calendar(node) or tree.CalendarRules(),
        bank_data_within=model.require.bank_data_within if model.require else None,
        limits=build.limits(node),
        budget=build.budget(node),
        roles=dict(model.roles),
        contact=build.contact(node) or tree.ContactRules(),
        pause=pauses,
        veto=vetoes,
        place=node.place,
    )


def _vetoes(node: MapNode, words: Words, domain: Domain) -> tuple[tree.Veto, ...]:
    words.problems.extend(twice("veto", names(node, "veto", "veto")))
    return tuple(
        build.checked(
            node, "veto", house_file.Veto, build.veto, words,
            check=lambda _, veto: never(veto.when, domain),
        )
    )  # fmt: skip


def _check_budget(node: MapNode) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for entry in build.budget(node):
        within = str(entry.within)
        if within in seen:
            message = f"two budgets within '{within}': {seen[within]} and {entry.contacts}"
            yield Problem(entry.place, message, "leave one out")
        seen[within] = entry.contacts


def _check_listed(
    house: MapNode, policies: Sequence[tree.Policy], found: dict[str, ScalarNode]
) -> Iterator[Problem]:
    """Policies that the house names and nobody wrote, that nobody asks, or that leave some out."""
    listed = list(texts(house.get("policies")))
    for again in twice("policy", listed):
        yield replace(again, hint="leave one out")
    by_name = {policy.name: policy for policy in policies}
    takes_all = ""
    for name in listed:
        policy = by_name.get(name.text)
        if policy is None:
            hint = hint_for(name.text, by_name) or "name its file too"
            yield Problem(name.place, f"unknown policy '{name.text}'", hint)
            continue
        if takes_all and takes_all != name.text:
            message = f"'{name.text}' is never asked: '{takes_all}' applies to all accounts"
            yield Problem(name.place, message, f"put '{takes_all}' last")
        if policy.applies_to == tree.ALWAYS:
            takes_all = takes_all or name.text
    for text, node in found.items():
        if listed and text not in {name.text for name in listed}:
            message = f"the policy '{text}' is not listed in 'policies' of the house"
            yield Problem(node.place, message, "no account will ever have it", level="warning")
    last = by_name.get(listed[-1].text) if listed else None
    if last is not None and not takes_all:
        yield Problem(
            listed[-1].place,
            f"accounts to which not even '{last.name}' applies have no policy",
            "put a policy without 'applies_to' last if that is not meant",
            level="warning",
        )

"""Read one policy document into the tree, with everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dunwell.errors import Problem
from dunwell.policy import language, tree
from dunwell.policy.reach import Domain
from dunwell.source import build
from dunwell.source.checks import (
    Around,
    check_calendar,
    check_contact,
    check_segments,
    check_stage,
    check_watch,
    never,
)
from dunwell.source.comparisons import Words
from dunwell.source.names import names, stage_names, texts, twice
from dunwell.source.nodes import MapNode


def read_policy(
    node: MapNode, model: language.Policy | None, around: Around
) -> tuple[tree.Policy, list[Problem]]:
    """The policy of a document, without its faulty parts, and all problems of its content.

    `model` is what the whole document binds to; its absence means that its shape is wrong, which
    has been told already.
    """
    segments = [name.text for name in names(node, "segments", "segment")]
    stages = [name.text for name in names(node, "ladder", "stage")]
    domain = Domain(around.registry, {"segment": segments}, stages)
    words = Words(around.registry, segments, stages)
    before = len(words.problems)
    applies_to = build.condition(node, "applies_to", words, "account")
    if len(words.problems) == before:
        words.problems.extend(never(applies_to, domain))
    sound = applies_to if len(words.problems) == before else tree.ALWAYS
    around = replace(around, domain=domain, applies_to=sound)
    words.problems.extend(stage_names(node))
    words.problems.extend(twice("segment", names(node, "segments", "segment")))
    words.problems.extend(check_contact(node, around))
    words.problems.extend(check_calendar(node, around))
    policy = tree.Policy(
        name=_text(node, "policy"),
        currency=model.currency if model else "",
        description=(model.description or "") if model else "",
        applies_to=applies_to,
        segments=tuple(_segments(node, words, around)),
        adopt=tuple(_adopt(node, words, around)),
        ladder=tuple(_stages(node, words, around)),
        watch=tuple(_watches(node, words, around)),
        pause=read_pauses(node, words, domain) if node.get("pause") is not None else None,
        contact=build.contact(node),
        calendar=build.calendar(node),
        place=node.place,
    )
    if model and not model.ladder and not model.watch:
        place = build.place_of(node, "policy")
        message = f"the policy '{policy.name}' does nothing"
        words.report(place, message, "add a 'ladder' or a 'watch'")
    return policy, words.problems


def read_pauses(node: MapNode, words: Words, domain: Domain) -> tuple[tree.Pause, ...]:
    """The pauses of a house or a policy."""
    words.problems.extend(twice("pause", names(node, "pause", "pause")))
    words.problems.extend(
        Problem(name.place, f"the pause '{name.text}' is built in", "choose another name")
        for name in names(node, "pause", "pause")
        if name.text in tree.BUILT_IN_PAUSES
    )
    return tuple(
        build.checked(
            node, "pause", language.Pause, build.pause, words,
            check=lambda _, pause: never(pause.when, domain),
        )
    )  # fmt: skip


def _segments(node: MapNode, words: Words, around: Around) -> Iterator[tree.Segment]:
    found = []
    for entry, model in build.parts(node, "segments", language.Segment):
        segment = build.segment(entry, model, words)
        if segment is not None:
            found.append((entry, segment))
            yield segment
    words.problems.extend(check_segments(found, around))


def _adopt(node: MapNode, words: Words, around: Around) -> Iterator[tree.Adopt]:
    def make(entry: MapNode, model: language.Adopt | None, words: Words) -> tree.Adopt | None:
        adopt = build.adopt(entry, model, words)
        words.known_stages(texts(entry.get("at")))
        return adopt

    return build.checked(
        node, "adopt", language.Adopt, make, words,
        check=lambda _, adopt: never(adopt.when, around.domain, and_also=around.applies_to),
    )  # fmt: skip


def _stages(node: MapNode, words: Words, around: Around) -> Iterator[tree.Stage]:
    return build.checked(
        node, "ladder", language.Stage, build.stage, words,
        check=lambda entry, stage: check_stage(entry, stage, around),
    )  # fmt: skip


def _watches(node: MapNode, words: Words, around: Around) -> Iterator[tree.Watch]:
    return build.checked(
        node, "watch", language.Watch, build.watch, words,
        check=lambda entry, watch: check_watch(entry, watch, around),
    )  # fmt: skip


def _text(node: MapNode, key: str) -> str:
    return next((name.text for name in texts(node.get(key))), "")

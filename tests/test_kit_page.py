"""The page of the adapter kit lists what is public, all of it, and its example runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dunwell import testing
from dunwell.errors import UnavailableError
from dunwell.testing import Erp, Fault, HostileAdapter, MemoryAdapter, People, Sabotage, contract
from dunwell.testing.contract import AdapterContract, EngineContract, Harness
from dunwell.testing.hostile import What

PAGE = (Path(__file__).parents[1] / "docs" / "adapter-kit.md").read_text("utf-8")


def cells(column: int, *, after: str = "## What is promised", until: str = "") -> set[str]:
    """The names in a column of all tables from a text on, until another one."""
    part = PAGE.partition(after)[2]
    part = part.partition(until)[0] if until else part
    rows = [line.split("|") for line in part.splitlines() if line.startswith("|")]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row[column])}


def public(kind: type) -> set[str]:
    """The members that a class has for its users."""
    return {name for name in vars(kind) if not name.startswith("_")} | {
        name for name in kind.__annotations__ if not name.startswith("_")
    }


def test_every_public_name_is_on_the_page_and_no_other() -> None:
    named = cells(1) - public(Harness) - cells(1, after="| in the class |", until="\n\n")
    exported = {*testing.__all__, *contract.__all__}
    aside = {"Harness", "MemoryHarness", "Face", "absent"}  # told of beside the tables
    assert named | aside == exported
    for name in aside:
        assert f"`{name}" in PAGE, name


def test_every_member_of_a_harness_and_of_people_is_on_the_page() -> None:
    assert public(Harness) - {"groups"} == cells(1, after="## The harness", until="| of `People`")
    assert public(People) == cells(2, after="| of `People`", until="\n\n")


def test_every_number_that_a_class_may_set_is_on_the_page() -> None:
    numbers = {
        name
        for kind in (*AdapterContract.__mro__, *EngineContract.__mro__)
        for name, note in vars(kind).get("__annotations__", {}).items()
        if "ClassVar" in str(note)
    }
    assert numbers == cells(3, after="## The contract", until="| in the class")
    assert numbers == cells(1, after="| in the class |", until="\n\n")


def test_every_kind_of_fault_is_on_the_page() -> None:
    for what in What.__args__:  # type: ignore[attr-defined] # a Literal
        assert f"`{what}`" in PAGE, what


def test_the_example_of_the_page() -> None:
    erp = Erp()
    adapter = HostileAdapter(MemoryAdapter(erp), Sabotage(Fault("read", "down", nth=2)))
    assert list(adapter.read("customers")) == []
    with pytest.raises(UnavailableError):
        list(adapter.read("items"))
    assert list(adapter.read("items")) == [], "the third call finds the ERP again"

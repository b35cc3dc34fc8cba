"""The plans of many debtors, made in other processes: the same as if they were made here."""

from __future__ import annotations

import os
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from dunwell.cli.wording import TemplateWording
from dunwell.command import AccountPlan, Command
from dunwell.decide import judging
from dunwell.hooks import VetoPlugin
from dunwell.message import MessageFacts, Templates
from dunwell.policy.tree import House
from dunwell.run import debtors
from dunwell.run.engine import Engine
from dunwell.run.plan import make_plan
from dunwell.run.summary import summarize
from dunwell.run.words import Rendered
from dunwell.testing import Erp
from dunwell.testing.wording import PlainWording

from tests.explain_kit import ON, REGISTRY, book, engine, load


@pytest.fixture
def house(tmp_path: Path) -> House:
    return load(tmp_path)


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (judging, debtors):
        monkeypatch.setattr(module, "WORTH", 1)
        monkeypatch.setattr(module, "SIZE", 2)


def people() -> Erp:
    """Seven customers: one quiet, one left alone, one paid for by another, one to be approved."""
    erp = book()
    for number, late in enumerate((7, 2, 20, 44, 60, 9, 8)):
        name = f"C{number}"
        erp.customer(name, payer="C0" if number == 6 else "")
        erp.invoice(f"F-{number}", customer=name, due=ON - timedelta(late), amount="1500 EUR")
    erp.rows["items"]["F-5"]["balance"] = -1
    return erp


def with_words(house: House, workers: int) -> Engine:
    return replace(
        engine(house, people()), wording=TemplateWording(Templates()), plain=False, workers=workers
    )


def test_the_plan_is_the_same_with_any_number_of_processes(house: House) -> None:
    alone = make_plan(with_words(house, 1))
    shared = make_plan(with_words(house, 2))
    assert alone.plan.digest == shared.plan.digest
    assert alone.plan.accounts == shared.plan.accounts
    assert {account.debtor for account in alone.plan.accounts} == {"C0", "C2", "C3", "C4", "C5"}
    assert summarize(alone, REGISTRY) == summarize(shared, REGISTRY)


@dataclass
class Counting:
    """A plugin's veto that remembers what it was asked, and lets two messages pass."""

    asked: list[str] = field(default_factory=list)

    def __call__(self, command: Command, account: AccountPlan, on: date) -> str | None:
        self.asked.append(f"{os.getpid()} {account.debtor} {command.action}")
        return None if len(self.asked) <= 2 else "two are enough"


def test_vetoes_in_code_are_asked_in_this_process_and_in_order(house: House) -> None:
    plans, vetoes = [], (Counting(), Counting())
    for workers, veto in zip((1, 2), vetoes, strict=True):
        made = with_words(house, workers)
        plans.append(make_plan(replace(made, vetoes=[VetoPlugin("counting", veto)])).plan)
    assert vetoes[0].asked == vetoes[1].asked
    assert vetoes[0].asked == sorted(vetoes[0].asked)
    assert plans[0].accounts == plans[1].accounts
    assert sum(len(account.commands) for account in plans[0].accounts) == 2


class Homebound(PlainWording):
    """Words that cannot be handed to another process, or that kill it there."""

    def __init__(self, ends: bool) -> None:
        self.ends = ends

    def __reduce__(self) -> tuple[object, tuple[int]]:
        if self.ends:
            return os._exit, (1,)
        raise pickle.PicklingError

    def message(self, template: str, languages: Sequence[str], facts: MessageFacts) -> Rendered:
        return Rendered(f"{template} from {os.getpid()}", "", "", "en")


@pytest.mark.parametrize("ends", [True, False])
def test_what_no_other_process_can_word_is_worded_here(house: House, ends: bool) -> None:
    made = replace(with_words(house, 2), wording=Homebound(ends))
    commands = [c for account in make_plan(made).plan.accounts for c in account.commands]
    subjects = {command.message.subject for command in commands if command.message}
    assert subjects
    assert all(subject.endswith(f"from {os.getpid()}") for subject in subjects)


def test_templates_are_handed_over_as_they_were_read(tmp_path: Path) -> None:
    path = tmp_path / "first_notice.en.j2"
    path.write_text("{% block subject %}Ours{% endblock %}{% block text %}x{% endblock %}")
    read = Templates((tmp_path,), ("es",))
    path.unlink()
    copy = pickle.loads(pickle.dumps(read))
    assert copy.digest() == read.digest()
    assert (copy.folders, copy.house, copy.problems) == (read.folders, read.house, read.problems)
    facts = MessageFacts(ON, customer=None, company=None)  # type: ignore[arg-type]
    assert copy.render("first_notice", "en", facts) == read.render("first_notice", "en", facts)

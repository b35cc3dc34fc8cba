"""The plan file: it can be kept, sent and lost, and nobody can change what it means."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from dunwell.policy.tree import Limits
from dunwell.run.apply import apply
from dunwell.run.plan import make_plan
from dunwell.run.planfile import Plan, StoppedError, load, write
from dunwell.testing.contract.engine_base import EngineBase
from dunwell.testing.contract.office import Office


class PlanContract(EngineBase):
    """Refused when altered, stale or of another place; done once otherwise."""

    def test_a_plan_comes_back_from_its_file_as_it_was(
        self, office: Office, tmp_path: Path
    ) -> None:
        office.books()
        plan = office.plan()
        assert any(account.commands for account in plan.accounts)
        assert _kept(plan, tmp_path) == plan
        assert (tmp_path / "plan").stat().st_mode & 0o777 == 0o600

    def test_a_plan_with_any_byte_changed_is_refused(self, office: Office, tmp_path: Path) -> None:
        office.books("Called")
        plan, file = office.plan(), tmp_path / "plan"
        write(plan, file)
        whole = file.read_bytes()
        for place in range(len(whole)):
            flipped = bytes([whole[place] ^ (1 << place % 8)])
            file.write_bytes(whole[:place] + flipped + whole[place + 1 :])
            try:
                assert load(file) == plan, f"byte {place} means something else now"
            except StoppedError:
                continue

    def test_a_plan_cut_off_anywhere_or_with_a_line_too_many_is_refused(
        self, office: Office, tmp_path: Path
    ) -> None:
        office.books("Called")
        plan, file = office.plan(), tmp_path / "plan"
        write(plan, file)
        whole = file.read_bytes()
        lines = whole.splitlines(keepends=True)
        altered = [whole[:end] for end in range(0, len(whole), 7)]
        altered += [b"".join([*lines[:n], *lines[n + 1 :]]) for n in range(len(lines))]
        altered += [b"".join([*lines[:n], lines[n], *lines[n:]]) for n in range(len(lines))]
        altered += [whole * 2, whole + b"\n", b"", b"\n"]
        for data in altered:
            file.write_bytes(data)
            with pytest.raises(StoppedError):
                load(file)

    def test_a_plan_of_another_erp_is_refused(self, office: Office) -> None:
        self._refused(office, "made for 'another'", tenant="another")

    def test_a_plan_of_another_day_is_refused(self, office: Office) -> None:
        office.books()
        plan = office.plan()
        office.sleep(timedelta(days=1))
        with pytest.raises(StoppedError, match="and today is"):
            office.apply(plan)

    def test_a_plan_that_has_expired_is_refused(self, office: Office) -> None:
        past = office.adapter.describe().now
        self._refused(office, "expired", expires=past)

    def test_a_plan_of_an_older_policy_is_refused(self, office: Office) -> None:
        self._refused(office, "policies changed", digests={"policies": "older"})

    def test_a_plan_over_a_limit_stops_before_its_first_effect(self, office: Office) -> None:
        books = office.books()
        made = office.engine()
        tight = replace(made, house=replace(made.house, limits=Limits(commands=2)))
        with pytest.raises(StoppedError, match="the limit is 2"):
            apply(tight, make_plan(tight).plan)
        assert [office.sent(c) for c in books.customers.values()] == [[], [], [], []]
        assert {office.memory(c).head for c in books.customers.values()} == {0}

    def _refused(self, office: Office, why: str, **header: object) -> None:
        books = office.books()
        plan = office.plan()
        other = replace(plan, header=msgspec.structs.replace(plan.header, **header))
        with pytest.raises(StoppedError, match=why):
            office.apply(other)
        assert {office.memory(c).head for c in books.customers.values()} == {0}

    def test_receipts_are_one_each_in_the_order_of_the_plan(self, office: Office) -> None:
        office.books()
        books = office.books()
        plan = office.plan()
        shut = _changed(plan, books.customers["Held"], -1, not_after=plan.header.made)
        receipts = office.apply(shut)
        told = [(r.debtor, r.company, r.command) for r in receipts]
        assert told == [(a.debtor, a.company, c) for a in shut.accounts for c in a.commands]
        late = {r.result.reason for r in receipts if r.command.not_after is not None}
        assert late == {"window"}

    def test_a_command_that_the_erp_refuses_does_not_stop_the_others(self, office: Office) -> None:
        office.books()
        books = office.books()
        poison = books.customers["Called"]
        plan = _changed(office.plan(), poison, 0, kind="hold", name="no such hold", message=None)
        receipts = office.apply(plan)
        mine = [r for r in receipts if r.debtor == poison]
        refused = {r.result.status for r in mine if r.command.kind == "hold"}
        assert refused <= {"rejected", "failed"}
        assert {r.result.status for r in receipts if r.debtor != poison} == {"done"}
        assert len(receipts) == sum(len(account.commands) for account in plan.accounts)


def _kept(plan: Plan, folder: Path) -> Plan:
    write(plan, folder / "plan")
    return load(folder / "plan")


def _changed(plan: Plan, debtor: str, which: int, **command: object) -> Plan:
    """The plan, with one command of one customer changed."""
    accounts = []
    for account in plan.accounts:
        if account.debtor == debtor:
            commands = list(account.commands)
            commands[which] = msgspec.structs.replace(commands[which], **command)
            account = msgspec.structs.replace(account, commands=tuple(commands))
        accounts.append(account)
    return replace(plan, accounts=tuple(accounts))

"""Holds and tags: Dunwell takes back what it placed, and nothing that a person did."""

from __future__ import annotations

import pytest

from dunwell.money import Money
from dunwell.port import Adapter, Capability
from dunwell.testing.contract.base import ContractBase, requires
from dunwell.testing.contract.deeds import do, hold, one, prepare, rows, statuses, tag
from dunwell.testing.harness import Harness
from dunwell.testing.people import People

MARK = "[dunwell 1] overdue"
DONE = ("done", "already_done")


def marks(adapter: Adapter, customer: str, company: str = "") -> list[str]:
    """The marks of the blocks on a customer, those for one company where it is named."""
    found = [row for row in rows(adapter, "holds") if row["customer"] == customer]
    if company:
        found = [row for row in found if row["company"] in (None, company)]
    return sorted(str(row["value"]) for row in found)


def kind(adapter: Adapter) -> str:
    """A kind of hold that the adapter can place."""
    return adapter.capabilities().hold_kinds[0]


def tags(adapter: Adapter, customer: str) -> list[str]:
    """The tags of a customer, sorted."""
    found = one(adapter, "customers", customer)["tags"]
    assert isinstance(found, list)
    return sorted(found)


class HoldContract(ContractBase):
    """Who owns a block."""

    @requires(Capability.HOLD)
    def test_a_hold_stands_with_its_mark(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        for name in adapter.capabilities().hold_kinds:
            assert statuses(do(adapter, debtor, hold(name, f"[dunwell] {name}"))) == ["done"]
        found = rows(harness.open(), "holds", debtors=[debtor])
        stand = {str(row["kind"]): row["value"] for row in found}
        assert stand == {name: f"[dunwell] {name}" for name in adapter.capabilities().hold_kinds}

    @requires(Capability.HOLD)
    def test_hold_and_release_leave_nothing_behind(self, adapter: Adapter, people: People) -> None:
        debtor = people.customer()
        do(adapter, debtor, hold(kind(adapter)))
        assert statuses(do(adapter, debtor, hold(kind(adapter), release=True))) == ["done"]
        assert marks(adapter, debtor) == []

    @requires(Capability.HOLD)
    def test_a_hold_that_stands_already_stands_once(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        do(adapter, debtor, hold(kind(adapter)))
        (status,) = statuses(do(adapter, debtor, hold(kind(adapter))))
        assert status in DONE
        assert marks(adapter, debtor) == [MARK]

    @requires(Capability.HOLD)
    def test_releasing_what_a_person_lifted_is_no_failure(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        do(adapter, debtor, hold(kind(adapter)))
        people.lift_hold(debtor, kind(adapter))
        (status,) = statuses(do(adapter, debtor, hold(kind(adapter), release=True)))
        assert status in DONE
        assert marks(adapter, debtor) == []

    @requires(Capability.HOLD)
    def test_a_persons_hold_survives_ours_and_its_release(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        people.place_hold(debtor, kind(adapter))
        theirs = marks(adapter, debtor)
        do(adapter, debtor, hold(kind(adapter)))
        do(adapter, debtor, hold(kind(adapter), release=True))
        assert marks(adapter, debtor) == theirs
        assert len(theirs) == 1

    @requires(Capability.HOLD)
    @requires(Capability.EFFECT, "atomic", "looked_up")
    def test_what_a_person_lifted_is_not_placed_again_under_the_same_key(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        effects = prepare(adapter, debtor, hold(kind(adapter)))
        adapter.execute(effects)
        people.lift_hold(debtor, kind(adapter))
        assert statuses(adapter.execute(effects)) == ["already_done"]
        assert marks(adapter, debtor) == []

    @requires(Capability.HOLD)
    def test_a_mark_that_a_person_changed_is_left_alone(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        do(adapter, debtor, hold(kind(adapter)))
        people.change_hold(debtor, kind(adapter), "Ana: keep it")
        (status,) = statuses(do(adapter, debtor, hold(kind(adapter), release=True)))
        assert marks(adapter, debtor) == ["Ana: keep it"]
        assert status != "done", "nothing was released"

    @requires(Capability.HOLD)
    def test_another_company_is_free_or_the_scope_says_so(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor, ours, other = people.customer(), people.company("A"), people.company("B")
        do(adapter, debtor, hold(kind(adapter)), company=ours)
        assert marks(adapter, debtor, ours) == [MARK]
        blocked = marks(adapter, debtor, other) != []
        assert blocked == (adapter.capabilities().hold_scope == "customer")

    @requires(Capability.HOLD)
    def test_a_kind_of_hold_that_is_not_declared_is_not_placed(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        (status,) = statuses(do(adapter, debtor, hold("electricity")))
        assert status in ("rejected", "failed")
        assert marks(adapter, debtor) == []

    @requires(Capability.HOLD)
    def test_a_credit_limit_is_afterwards_what_it_was(
        self, adapter: Adapter, people: People
    ) -> None:
        if "credit" not in adapter.capabilities().hold_kinds:
            pytest.skip("the adapter declares no hold of credit")
        for limit in (None, 0, 500_000):
            given = None if limit is None else Money(limit, "EUR")
            debtor = people.customer(f"Limit {limit}", credit_limit=given)
            assert one(adapter, "customers", debtor)["credit_limit"] == limit
            do(adapter, debtor, hold("credit"))
            do(adapter, debtor, hold("credit", release=True))
            assert one(adapter, "customers", debtor)["credit_limit"] == limit

    @requires(Capability.TAG)
    def test_a_tag_comes_and_goes_beside_the_others(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer(tags=["vip"])
        assert statuses(do(adapter, debtor, tag("at_agency"))) == ["done"]
        assert tags(adapter, debtor) == ["at_agency", "vip"]
        (status,) = statuses(do(adapter, debtor, tag("at_agency")))
        assert status in DONE
        assert statuses(do(adapter, debtor, tag("at_agency", remove=True))) == ["done"]
        assert tags(adapter, debtor) == ["vip"]

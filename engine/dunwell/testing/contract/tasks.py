"""Tasks, and what people say: each way in which one can end is a fact of its own."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

from dunwell.money import Money
from dunwell.port import Adapter, Capability
from dunwell.testing.contract.base import ContractBase, requires
from dunwell.testing.contract.deeds import finish, one, prepare, rows, statuses, task
from dunwell.testing.harness import Harness
from dunwell.testing.people import People


def assigned(adapter: Adapter, people: People, debtor: str, *names: str) -> str:
    """Give a task to the first of some people; its key."""
    day = adapter.describe().on + timedelta(days=2)
    effects = prepare(adapter, debtor, task("Call Acme", assign=names, due=day))
    results = adapter.execute(effects)
    finish(adapter, debtor, results)
    assert statuses(results) == ["done"]
    return effects[0].key


def state(adapter: Adapter, key: str) -> tuple[object, object] | None:
    """State and outcome of a task; None when it is gone."""
    found = [row for row in rows(adapter, "tasks") if row["key"] == key]
    return (found[0]["state"], found[0]["outcome"]) if found else None


class TaskContract(ContractBase):
    """Tasks, promises, disputes, exclusions."""

    @requires(Capability.TASK)
    def test_a_task_has_an_owner_and_a_due_date(self, adapter: Adapter, people: People) -> None:
        debtor, ana = people.customer(), people.person("Ana", email="ana@acme.example")
        assigned(adapter, people, debtor, ana)
        (face,) = people.faces(debtor)
        assert (face.owner, face.due) == (ana, adapter.describe().on + timedelta(days=2))
        assert "Call Acme" in face.text

    @requires(Capability.TASK)
    def test_a_task_goes_to_the_first_who_exists(self, adapter: Adapter, people: People) -> None:
        debtor, ana = people.customer(), people.person("Ana", email="ana@acme.example")
        luis = people.person("Luis", email="luis@acme.example")
        assigned(adapter, people, debtor, "gone@acme.example", luis, ana)
        assert [face.owner for face in people.faces(debtor)] == [luis]

    @requires(Capability.TASK)
    def test_a_new_task_is_open(self, adapter: Adapter, people: People) -> None:
        debtor, ana = people.customer(), people.person("Ana", email="ana@acme.example")
        key = assigned(adapter, people, debtor, ana)
        (row,) = rows(adapter, "tasks", debtors=[debtor])
        assert (row["key"], row["state"], row["customer"]) == (key, "open", debtor)

    @requires(Capability.TASK)
    def test_a_finished_task_is_done_with_its_outcome(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        debtor, ana = people.customer(), people.person("Ana", email="ana@acme.example")
        key = assigned(adapter, people, debtor, ana)
        people.finish_task(key, "no answer")
        assert state(harness.open(), key) == ("done", "no answer")

    @requires(Capability.TASK)
    def test_a_cancelled_task_is_cancelled(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        debtor, ana = people.customer(), people.person("Ana", email="ana@acme.example")
        key = assigned(adapter, people, debtor, ana)
        people.cancel_task(key)
        assert state(harness.open(), key) == ("cancelled", None)

    @requires(Capability.TASK)
    def test_a_deleted_task_is_gone(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        debtor, ana = people.customer(), people.person("Ana", email="ana@acme.example")
        key = assigned(adapter, people, debtor, ana)
        people.delete_task(key)
        assert state(harness.open(), key) is None

    def test_a_promise_is_read_as_it_was_noted(self, adapter: Adapter, people: People) -> None:
        debtor, on = people.customer(), adapter.describe().on
        by = on + timedelta(days=9)
        item = people.invoice(customer=debtor)
        promise = people.promise(debtor, Money(45_000, "EUR"), by=by, items=[item])
        row = one(adapter, "promises", promise)
        wanted = {
            "customer": debtor,
            "made": on,
            "by": by,
            "amount": 45_000,
            "currency": "EUR",
            "items": [item],
            "ended": None,
        }
        assert {name: row[name] for name in wanted} == wanted

    def test_what_is_noted_counts_on_the_companys_own_day_at_any_hour(
        self, harness: Harness, people: People
    ) -> None:
        debtor = people.customer()
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # one of them is a day off UTC
            harness.live_in(zone)
            with closing(harness.open()) as adapter:
                on = adapter.describe().on
                promise = people.promise(debtor, "450 EUR", by=on + timedelta(days=2))
                assert one(adapter, "promises", promise)["made"] == on, zone

    def test_a_moved_promise_is_ended_and_another_counts(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor, on = people.customer(), adapter.describe().on
        old = people.promise(debtor, "450 EUR", by=on + timedelta(days=2))
        new = people.move_promise(old, by=on + timedelta(days=9))
        found = rows(adapter, "promises", debtors=[debtor])
        ends = {row["id"]: (row["by"], row["ended"]) for row in found}
        assert len(found) == 2, "the old one does not vanish, nor does it change"
        assert ends == {
            old: (on + timedelta(days=2), on),
            new: (on + timedelta(days=9), None),
        }

    def test_a_withdrawn_promise_is_ended(self, adapter: Adapter, people: People) -> None:
        debtor, on = people.customer(), adapter.describe().on
        promise = people.promise(debtor, "450 EUR", by=on + timedelta(days=2))
        people.withdraw_promise(promise)
        assert one(adapter, "promises", promise)["ended"] == on

    def test_a_dispute_is_read_until_it_ends(self, adapter: Adapter, people: People) -> None:
        item = people.invoice(customer=people.customer())
        part = people.dispute(item, "100 EUR", reason="damaged")
        row = one(adapter, "disputes", part)
        assert (row["item"], row["amount"], row["ended"]) == (item, 10_000, None)
        people.end_dispute(part)
        left = [row for row in rows(adapter, "disputes") if row["ended"] is None]
        assert left == []

    def test_a_dispute_of_all_has_no_amount(self, adapter: Adapter, people: People) -> None:
        item = people.invoice(customer=people.customer())
        assert one(adapter, "disputes", people.dispute(item))["amount"] is None

    def test_an_exclusion_is_read_until_it_ends(self, adapter: Adapter, people: People) -> None:
        debtor, until = people.customer(), adapter.describe().on + timedelta(days=30)
        exclusion = people.exclude(debtor, reason="insolvent", until=until)
        row = one(adapter, "exclusions", exclusion)
        assert (row["customer"], row["item"], row["until"]) == (debtor, None, until)
        people.end_exclusion(exclusion)
        on = adapter.describe().on
        left = [r for r in rows(adapter, "exclusions") if r["until"] is None or r["until"] >= on]  # type: ignore[operator]
        assert left == []

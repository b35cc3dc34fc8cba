"""Reading: what people see in the ERP is what the tables say, and nothing else."""

from __future__ import annotations

from datetime import timedelta

from dunwell.model import TABLES, frame, page_problems
from dunwell.money import Money
from dunwell.port import Adapter, Capability
from dunwell.testing.contract.base import ContractBase, requires
from dunwell.testing.contract.deeds import one, rows
from dunwell.testing.harness import Harness
from dunwell.testing.people import People


def a_little_of_everything(people: People) -> None:
    """A customer with something in most tables."""
    debtor = people.customer()
    item = people.invoice("F-1", customer=debtor)
    people.pay(item, "100 EUR")
    people.invoice("F-2", customer=debtor)


def ids(adapter: Adapter, table: str, *, debtors: list[str] | None = None) -> list[str]:
    """The identifiers in a table, sorted."""
    return sorted(str(row["id"]) for row in rows(adapter, table, debtors=debtors))


class ReadingContract(ContractBase):
    """The tables of the published schema."""

    def test_an_instance_says_whose_books_it_reads(
        self, harness: Harness, adapter: Adapter
    ) -> None:
        said, again = adapter.describe(), harness.open().describe()
        assert said.tenant
        assert (said.tenant, said.system) == (again.tenant, again.system)
        assert said.now.utcoffset() == timedelta(0), "instants are UTC"
        assert abs(said.now.date() - said.on) <= timedelta(days=1)

    def test_pages_fit_the_published_schema(self, adapter: Adapter, people: People) -> None:
        a_little_of_everything(people)
        for table in TABLES:
            for page in adapter.read(table):
                assert list(page_problems(table, frame(table, page))) == []

    def test_rows_have_unique_ids(self, adapter: Adapter, people: People) -> None:
        a_little_of_everything(people)
        for table in TABLES:
            if TABLES[table].key == "id":
                found = ids(adapter, table)
                assert len(found) == len(set(found)), table

    def test_an_open_item_is_read_as_it_was_issued(self, adapter: Adapter, people: People) -> None:
        debtor, on = people.customer(), adapter.describe().on
        due = on - timedelta(days=3)
        issued = on - timedelta(days=33)
        item = people.invoice("F-77", customer=debtor, amount="900.50 EUR", issued=issued, due=due)
        row = one(adapter, "items", item)
        wanted = {
            "customer": debtor,
            "number": "F-77",
            "issued": issued,
            "due": due,
            "currency": "EUR",
            "amount": 90_050,
            "balance": 90_050,
        }
        assert {name: row[name] for name in wanted} == wanted

    def test_every_item_has_a_known_customer(self, adapter: Adapter, people: People) -> None:
        a_little_of_everything(people)
        parent = people.customer("Parent")
        people.invoice(customer=people.customer("Branch", payer=parent))
        known = set(ids(adapter, "customers"))
        assert {str(row["customer"]) for row in rows(adapter, "items")} <= known
        assert parent in known

    def test_an_archived_customer_that_owes_is_still_known(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        item = people.invoice(customer=debtor)
        people.archive(debtor)
        assert one(adapter, "items", item)["customer"] == debtor
        assert debtor in ids(adapter, "customers")

    def test_a_paid_item_is_not_open(self, adapter: Adapter, people: People) -> None:
        debtor = people.customer()
        paid, left = (people.invoice(n, customer=debtor) for n in ("F-1", "F-2"))
        people.pay(paid)
        assert ids(adapter, "items") == [left]

    def test_a_payment_taken_back_opens_the_item_again(
        self, adapter: Adapter, people: People
    ) -> None:
        item = people.invoice(customer=people.customer(), amount="900 EUR")
        people.reverse(people.pay(item))
        assert one(adapter, "items", item)["balance"] == 90_000
        assert rows(adapter, "settlements") == []

    def test_an_item_without_a_due_date_is_listed(self, adapter: Adapter, people: People) -> None:
        item = people.invoice_without_due_date("F-1", customer=people.customer())
        assert one(adapter, "items", item)["due"] is None

    def test_each_instalment_is_an_item_of_one_document(
        self, adapter: Adapter, people: People
    ) -> None:
        on = adapter.describe().on
        parts = [(on + timedelta(days=30 * n), Money(10_000 + n, "EUR")) for n in range(3)]
        items = people.instalments("F-1", parts, customer=people.customer())
        found = [one(adapter, "items", item) for item in items]
        assert [(row["due"], row["amount"]) for row in found] == [
            (day, amount.minor) for day, amount in parts
        ]
        assert {row["kind"] for row in found} == {"instalment"}
        assert len({row["document"] for row in found}) == 1
        assert found[0]["document"] is not None

    def test_a_branch_names_its_payer(self, adapter: Adapter, people: People) -> None:
        parent = people.customer("Parent")
        branch = people.customer("Branch", payer=parent)
        people.invoice(customer=branch)
        people.invoice(customer=parent)
        assert one(adapter, "customers", branch)["payer"] == parent
        assert one(adapter, "customers", parent)["payer"] in (None, "", parent)

    def test_items_name_the_company_they_are_owed(self, adapter: Adapter, people: People) -> None:
        debtor, other = people.customer(), people.company("Other")
        here = people.invoice("F-1", customer=debtor)
        there = people.invoice("F-2", customer=debtor, company=other)
        known = ids(adapter, "companies")
        companies = [str(one(adapter, "items", item)["company"]) for item in (here, there)]
        assert companies[1] == other
        assert companies[0] != other
        assert set(companies) <= set(known)

    def test_reading_twice_gives_the_same(self, adapter: Adapter, people: People) -> None:
        a_little_of_everything(people)
        for table in TABLES:
            assert rows(adapter, table) == rows(adapter, table)

    def test_identifiers_mean_the_same_to_a_new_instance(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        a_little_of_everything(people)
        for table in ("customers", "items", "settlements"):
            assert ids(adapter, table) == ids(harness.open(), table)

    def test_a_change_is_seen_at_once(self, adapter: Adapter, people: People) -> None:
        debtor = people.customer()
        item = people.invoice(customer=debtor)
        assert one(adapter, "items", item)["balance"] == 90_000
        people.pay(item, "100 EUR")
        people.change_email(debtor, "new@acme.example")
        assert one(adapter, "items", item)["balance"] == 80_000
        assert one(adapter, "customers", debtor)["email"] == "new@acme.example"

    @requires(Capability.REFRESH)
    def test_a_refresh_reads_the_debtors_asked_for_with_their_branches(
        self, adapter: Adapter, people: People
    ) -> None:
        parent, other = people.customer("Parent"), people.customer("Other")
        branch = people.customer("Branch", payer=parent)
        mine = [people.invoice(customer=customer) for customer in (parent, branch)]
        theirs = people.invoice(customer=other)
        assert ids(adapter, "items", debtors=[parent]) == sorted(mine)
        assert ids(adapter, "customers", debtors=[parent]) == sorted([parent, branch])
        assert ids(adapter, "items", debtors=[other]) == [theirs]
        assert ids(adapter, "items", debtors=[]) == []

    @requires(Capability.REFRESH)
    def test_a_refresh_of_disputes_follows_their_items(
        self, adapter: Adapter, people: People
    ) -> None:
        one_, two = people.customer("One"), people.customer("Two")
        mine = people.dispute(people.invoice(customer=one_))
        people.dispute(people.invoice(customer=two))
        assert ids(adapter, "disputes", debtors=[one_]) == [mine]

    def test_settlements_since_a_day_leave_out_older_ones(
        self, adapter: Adapter, people: People
    ) -> None:
        item, on = people.invoice(customer=people.customer()), adapter.describe().on
        people.pay(item, "100 EUR", on=on - timedelta(days=40))
        edge = people.pay(item, "100 EUR", on=on - timedelta(days=30))
        new = people.pay(item, "100 EUR", on=on)
        since = on - timedelta(days=30)
        found = [str(row["id"]) for row in rows(adapter, "settlements", since=since)]
        assert sorted(found) == sorted([edge, new])

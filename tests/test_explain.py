"""Every account can be explained: why this, why not that, and what comes next on which date."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from dunwell.log.entry import Entry
from dunwell.model import Describe
from dunwell.policy.tree import House
from dunwell.render.explain import explain_lines
from dunwell.run.apply import apply, read_log
from dunwell.run.desk import approve
from dunwell.run.explain import explain
from dunwell.run.find import Subject, find
from dunwell.run.plan import make_plan
from dunwell.run.reports import AccountReport, Explanation, ItemReport
from dunwell.testing import Crash, Erp, HostileAdapter, MemoryChannel, Sabotage

from tests.explain_kit import ON, POLICY, book, engine, load

LATE = ON - timedelta(7)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return load(tmp_path)


def told(house: House, erp: Erp, word: str = "Acme", **options: date) -> Explanation:
    made = engine(house, erp)
    (subject,) = find(made.adapter, word, on=ON)
    return explain(made, subject, **options)


def account(told: Explanation) -> AccountReport:
    (found,) = told.accounts
    return found


def item(told: Explanation, number: str = "F-1") -> ItemReport:
    return next(i for a in told.accounts for i in a.items if i.number == number)


def text(told: Explanation, **options: bool) -> str:
    return "\n".join(explain_lines(told, **options))


def run(house: House, erp: Erp, channel: MemoryChannel | None = None) -> None:
    made = engine(house, erp, channel)
    apply(made, make_plan(made).plan)


def acme(*, due: date = LATE, **columns: object) -> Erp:
    erp = book()
    erp.customer("Acme", **columns)  # type: ignore[arg-type]
    erp.invoice("F-1", customer="Acme", due=due, issued=due - timedelta(30))
    return erp


def test_an_item_that_rises_says_so_and_shows_what_let_it(house: House) -> None:
    found = told(house, acme())
    assert item(found).status == "rises"
    assert item(found).says == "rises to notice today"
    (when,) = [gate for gate in item(found).gates if gate.what == "when"]
    assert when.holds
    assert when.clause is not None
    assert (when.clause.fact, when.clause.value) == ("days_past_due", "7")
    assert when.clause.needs == "at_least 5"
    assert when.clause.place.endswith("policy.yaml:22:12")


def test_an_item_that_waits_shows_the_fact_the_threshold_and_the_day(house: House) -> None:
    found = told(house, acme(due=ON - timedelta(2)))
    assert item(found).status == "waits"
    assert item(found).next_stage == "notice"
    assert (item(found).comes, item(found).comes_on) == ("notice", ON + timedelta(3))
    shown = text(found)
    assert "waits for notice" in shown
    assert "no  days_past_due 2 (at_least 5)" in shown
    assert "comes next: notice on 2026-03-07" in shown


def test_the_segment_and_the_policy_are_explained_with_those_that_do_not_apply(
    house: House,
) -> None:
    erp = acme(type="public")
    found = account(told(house, erp))
    assert found.policy == "public"
    assert [(p.name, p.holds) for p in found.policies] == [("business", False), ("public", True)]
    found = account(told(house, acme()))
    assert found.segment == "standard"
    assert [(s.name, s.holds) for s in found.segments] == [
        ("strategic", False),
        ("standard", True),
    ]
    assert found.segments[0].clause.value == "none"


def test_a_threshold_by_segment_is_shown_as_it_is_for_this_customer(house: House) -> None:
    shown = text(told(house, acme(tags=["vip"])))
    assert "no  days_past_due 7 (at_least 10)" in shown


def test_after_and_pay_by_are_shown_with_the_day_on_which_they_pass(house: House) -> None:
    erp = acme()
    run(house, erp)
    erp.on = ON + timedelta(2)
    gates = {gate.what: gate for gate in item(told(house, erp)).gates}
    assert gates["pay_by"].says == "the customer was given until 2026-03-11"
    assert gates["after"].says == "7 days since 2026-03-04: from 2026-03-11 on"
    assert not gates["after"].holds
    assert item(told(house, erp)).since == ON


def test_a_paused_item_names_its_pause_with_the_condition_and_its_end(house: House) -> None:
    erp = acme()
    erp.promise("Acme", "900 EUR", by=ON + timedelta(2))
    found = item(told(house, erp))
    assert found.status == "paused"
    (reason,) = found.reasons
    assert (reason.name, reason.kind) == ("promised", "pause")
    assert reason.clause is not None
    assert reason.clause.value == "open"
    # by Friday, then two business days of grace, and it rests on the day after
    assert found.paused_until == found.comes_on == date(2026, 3, 12)
    assert "nothing silences it from 2026-03-12 on" in text(told(house, erp))


def test_grace_is_said_to_be_grace(house: House) -> None:
    erp = acme()
    erp.promise("Acme", "900 EUR", by=ON + timedelta(2))
    erp.on = ON + timedelta(5)  # Monday
    (reason,) = item(told(house, erp)).reasons
    assert reason.says == "held on 2026-03-06, and for 2 business days more as its grace"


def test_a_person_who_said_leave_them_alone_is_quoted(house: House) -> None:
    erp = acme()
    erp.exclude("Acme", reason="insolvency talks")
    found = item(told(house, erp))
    assert found.status == "paused"
    assert found.reasons[0].kind == "guard"
    assert found.reasons[0].says == "insolvency talks, since 2026-03-04, without an end"
    assert found.paused_until is None
    assert "comes next: nothing that can be foreseen" in text(told(house, erp))


def test_a_wholly_disputed_item_is_explained_by_its_dispute(house: House) -> None:
    erp = acme()
    erp.dispute("F-1", reason="quality")
    found = item(told(house, erp))
    assert found.status == "disputed"
    assert found.reasons[0].says == "disputed since 2026-03-04: quality"


def test_an_item_that_credits_cover_is_not_chased(house: House) -> None:
    erp = acme()
    erp.credit("CN-1", "900 EUR", customer="Acme", item="F-1")
    assert item(told(house, erp)).status == "covered"


def test_an_item_without_a_due_date_is_never_chased(house: House) -> None:
    erp = acme()
    erp.invoice_without_due_date("F-2", customer="Acme")
    found = item(told(house, erp), "F-2")
    assert found.status == "no_due_date"
    assert found.gates == ()


def test_a_stage_that_is_not_for_the_item_is_said_to_be_passed_by(house: House) -> None:
    erp = acme(tags=["vip"], due=ON - timedelta(20))
    run(house, erp)
    erp.on = ON + timedelta(1)
    found = item(told(house, erp))
    assert found.next_stage == "stop"
    assert [(p.name, p.holds) for p in found.passed_by] == [("call", False)]
    assert "call is not for it" in text(told(house, erp))


def test_a_jump_is_shown_with_what_it_lacks(house: House) -> None:
    found = item(told(house, acme()))
    (jump,) = found.jumps
    assert (jump.name, jump.holds) == ("stop", False)
    assert [part.holds for part in jump.clause.parts] == [None, False]
    assert "?   promise not known (is broken)" in text(told(house, acme()))


def large() -> Erp:
    erp = acme(due=ON - timedelta(40))
    erp.invoice("F-2", customer="Acme", due=ON - timedelta(41), amount="2000 EUR")
    erp.promise("Acme", "2900 EUR", by=ON - timedelta(8), made=ON - timedelta(20))
    return erp


def test_a_step_that_waits_for_a_yes_says_whose(house: House) -> None:
    found = told(house, large())
    assert item(found).status == "waits_for_approval"
    assert item(found).says == "stop waits for a yes of credit_manager"
    assert "stop waits for a yes of credit_manager for" in text(found)


def test_what_people_said_of_a_step_is_shown(house: House) -> None:
    erp = large()
    made = engine(house, erp)
    approve(made, make_plan(made).plan, by="luis", yes=False, because="they call back")
    found = told(house, erp)
    assert [(w.yes, w.by, w.because) for w in found.words] == [(False, "luis", "they call back")]
    assert "luis said no: they call back" in text(found)


def test_the_owner_of_a_hold_is_told_from_the_log(house: House) -> None:
    erp = large()
    made = engine(house, erp)
    approve(made, make_plan(made).plan, by="luis")
    run(house, erp)
    (hold,) = account(told(house, erp)).standing
    assert (hold.kind, hold.name, hold.in_force, hold.owner) == ("hold", "orders", True, "dunwell")
    erp.lift_hold("Acme")
    (hold,) = account(told(house, erp)).standing
    assert (hold.in_force, hold.owner) == (False, "person")
    assert "a person has lifted or changed it since" in hold.says


def test_a_hold_of_a_person_is_left_to_the_person(house: House) -> None:
    erp = acme()
    erp.place_hold("Acme", by="marta")
    (hold,) = account(told(house, erp)).standing
    assert (hold.owner, hold.says) == (
        "person",
        "placed by marta on 2026-03-04; Dunwell leaves it as it is",
    )


def test_a_veto_is_shown_with_its_condition(house: House) -> None:
    (veto,) = account(told(house, acme(tags=["partner"]))).vetoes
    assert veto.name == "no_holds_on_partners: no hold"
    assert veto.clause.value == "partner"


def test_the_contact_budget_is_shown_with_the_day_on_which_it_is_free(house: House) -> None:
    erp = acme()
    erp.call("Acme", "promised to look")
    found = told(house, erp)
    day, fortnight = found.budgets
    assert (day.contacts, day.used, day.free_on) == (1, (ON,), ON + timedelta(1))
    assert fortnight.free_on == ON
    assert "a person  phone: promised to look" in text(found)
    assert "is put off: 1 of 1 contacts within 1 day are used" in text(found)


def test_where_a_message_would_go_is_said_and_why_nowhere(house: House) -> None:
    assert account(told(house, acme())).recipient == "ap@acme.example by email"
    assert account(told(house, acme(email=""))).hours == "there is no address"


def test_a_bounced_address_is_named_as_the_reason(house: House) -> None:
    erp, channel = acme(), MemoryChannel(on=ON)
    channel.behave["ap@acme.example"] = "refuse"
    run(house, erp, channel)
    assert account(told(house, erp)).hours == "every address is known to bounce"


def test_a_customer_who_owes_nothing_is_answered(house: House) -> None:
    erp = book()
    erp.customer("Acme")
    found = told(house, erp)
    assert found.accounts == ()
    assert "owes nothing" in text(found)


def test_an_account_without_a_policy_says_which_were_asked(house: House) -> None:
    found = account(told(house, acme(type="consumer")))
    assert found.policy == ""
    assert found.left_alone == ("no policy covers it",)
    assert [p.holds for p in found.policies] == [False, False]
    assert "policy: none of the policies applies" in text(told(house, acme(type="consumer")))


def test_an_item_that_does_not_add_up_leaves_its_account_alone(house: House) -> None:
    erp = acme()
    erp.change("items", "F-1", balance=100_000)
    found = account(told(house, erp))
    assert "does not add up" in found.left_alone[0]
    assert found.items == ()


def test_a_log_that_cannot_be_read_is_said(house: House) -> None:
    erp = acme()
    made = engine(house, erp)
    broken = Entry("Acme", None, 1, "outcome", "k", erp.now, "dunwell", body="{", nonce="n")
    made.adapter.append([broken])
    found = told(house, erp)
    assert "its log cannot be read" in account(found).left_alone[0]
    assert found.notes == ("nothing is decided for this customer as things are",)
    assert "LEFT ALONE its log cannot be read" in text(found)


def test_a_run_that_is_still_at_work_is_said_with_its_end(house: House) -> None:
    erp = acme()
    made = engine(house, erp)
    plan = make_plan(made).plan
    with pytest.raises(Crash):
        apply(replace(made, adapter=_dies_after_the_claim(made.adapter)), plan)
    assert read_log(made, None)[0]["Acme"].claim is not None
    (alone,) = account(told(house, erp)).left_alone
    assert alone == (
        "a run that began at 2026-03-04 08:00 UTC is at work on it (remind); "
        "from 08:15 UTC on it can be recovered"
    )


def _dies_after_the_claim(adapter: object) -> HostileAdapter:
    class Dies(HostileAdapter):
        def append(self, entries):  # type: ignore[no-untyped-def]
            super().append(entries)
            raise Crash("killed")

    return Dies(adapter, Sabotage())  # type: ignore[arg-type]


def test_an_unknown_outcome_heads_its_account_with_the_key(house: House) -> None:
    erp, channel = acme(), MemoryChannel(on=ON, blind=True)
    channel.behave["ap@acme.example"] = "lost"
    run(house, erp, channel)
    (doubt,) = account(told(house, erp)).unknown
    assert "nobody knows whether remind of notice was done" in doubt
    assert "dunwell resolve" in doubt


def test_another_day_can_be_explained(house: House) -> None:
    found = told(house, acme(due=ON + timedelta(10)), as_of=ON + timedelta(15))
    assert item(found).status == "rises"
    assert found.on == ON + timedelta(15)


def test_stale_bank_data_is_noted_and_does_not_hinder(tmp_path: Path) -> None:
    strict = load(
        tmp_path, POLICY.replace("policies:", "require: {bank_data_within: 1 day}\npolicies:", 1)
    )
    erp = acme()
    erp.bank_data_on = ON - timedelta(9)
    found = told(strict, erp)
    assert "a run would stop: bank data is of 2026-02-23" in found.notes[0]
    assert item(found).status == "rises"


def test_a_day_foreseen_is_the_day_on_which_it_happens(house: House) -> None:
    erp = acme(due=ON - timedelta(1))
    erp.promise("Acme", "900 EUR", by=ON + timedelta(4))
    expected = [
        (c.on, c.what, c.stage)
        for c in told(house, erp).coming
        if c.what not in ("put_off", "waits")
    ]
    happened = []
    for _ in range(120):
        made = engine(house, erp)
        plan = make_plan(made).plan
        commands = [receipt.command for receipt in apply(made, plan)]
        happened += [(erp.on, command.kind, command.source) for command in commands]
        erp.on += timedelta(1)
    within = [event for event in expected if event[0] < ON + timedelta(120)]
    assert within == happened
    assert [stage for _, _, stage in happened] == ["notice", "call", "stop", "stop", "stop"]


def test_the_assumption_of_what_comes_is_stated(house: House) -> None:
    assert "as if nobody paid, promised, wrote or decided anything" in text(told(house, acme()))


def test_nothing_is_done_by_explaining(house: House) -> None:
    erp = acme()
    before = repr(erp.rows), list(erp.logbook.newest(None, 100))
    told(house, erp)
    assert (repr(erp.rows), list(erp.logbook.newest(None, 100))) == before


def test_only_the_invoice_that_was_asked_for_is_told_in_full(house: House) -> None:
    erp = acme()
    erp.invoice("F-2", customer="Acme", due=LATE)
    shown = text(told(house, erp, "F-2"))
    assert "\n  F-2  due" in shown
    assert "\n  F-1  due" not in shown
    assert "and 1 other open item (--all shows them)" in shown
    assert "\n  F-1  due" in text(told(house, erp, "F-2"), every=True)


def test_hostile_names_are_harmless(house: House) -> None:
    evil = "Evil\x1b[2J\u202eLMTH"
    erp = book()
    erp.customer(evil, id="C1")
    erp.invoice("F\x07-1", customer="C1", due=LATE, id="I1")
    erp.call("C1", "hi\r\n\x1b[31m")
    erp.exclude("C1", reason="why\x9b")
    shown = text(told(house, erp, "C1"), every=True, trace=True)
    assert all(char.isprintable() for char in shown.replace("\n", ""))


# -- who is meant -------------------------------------------------------------------------------


def named(*pairs: tuple[str, str]) -> Erp:
    erp = book()
    for key, name in pairs:
        erp.customer(name, id=key)
    return erp


def who(house: House, erp: Erp, word: str) -> list[Subject]:
    return find(engine(house, erp).adapter, word, on=ON)


def test_a_customer_is_found_by_number_name_part_of_a_name_and_invoice(house: House) -> None:
    erp = named(("C1", "Acme SL"), ("C2", "Bolt GmbH"))
    erp.invoice("F-1", customer="C1", id="I1")
    for word in ("C1", "acme  sl", "acme", "F-1", "I1"):
        assert [s.debtor for s in who(house, erp, word)] == ["C1"], word
    assert who(house, erp, "F-1")[0].items == ("I1",)
    assert who(house, erp, "nobody") == who(house, erp, " ") == []


def test_a_whole_name_wins_over_a_part_of_one(house: House) -> None:
    erp = named(("C1", "Acme"), ("C2", "Acme Holding"))
    assert [s.debtor for s in who(house, erp, "Acme")] == ["C1"]
    assert [s.debtor for s in who(house, erp, "acm")] == ["C1", "C2"]


def test_a_number_that_a_customer_and_an_invoice_share_can_be_told_apart(house: House) -> None:
    erp = named(("1001", "Acme"), ("1002", "Bolt"))
    erp.invoice("1001", customer="1002")
    assert [s.debtor for s in who(house, erp, "1001")] == ["1001"]
    assert [s.debtor for s in who(house, erp, "invoice:1001")] == ["1002"]
    assert [s.debtor for s in who(house, erp, "customer:1001")] == ["1001"]


def test_whoever_pays_for_a_customer_is_the_one_explained(house: House) -> None:
    erp = named(("C1", "Parent"))
    erp.customer("Child", id="C2", payer="C1")
    erp.invoice("F-1", customer="C2", due=LATE)
    (subject,) = who(house, erp, "C2")
    assert (subject.debtor, subject.how) == ("C1", "customer C2, which Parent (C1) pays for")
    assert "pays for Child (C2) too" in text(told(house, erp, "C2"))


def test_an_invoice_that_is_paid_leads_to_its_customer(house: House) -> None:
    erp = acme()
    erp.pay("F-1")
    (subject,) = who(house, erp, "F-1")
    assert subject.how == "invoice F-1, settled on 2026-03-04"


def test_a_number_that_two_customers_share_is_ambiguous(house: House) -> None:
    erp = named(("C1", "Acme"), ("C2", "Bolt"))
    erp.invoice("F-1", customer="C1", id="I1")
    erp.invoice("F-1", customer="C2", id="I2")
    assert [s.debtor for s in who(house, erp, "F-1")] == ["C1", "C2"]


def test_the_clock_of_the_erp_says_which_day_is_explained(house: House) -> None:
    erp = acme()
    described = engine(house, erp).adapter.describe()
    assert isinstance(described, Describe)
    assert told(house, erp).on == described.on

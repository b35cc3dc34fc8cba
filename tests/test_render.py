"""What is printed: harmless whatever a customer is called, aligned, the same every time."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.log.entry import Entry
from dunwell.render.amounts import money, stacked, sums
from dunwell.render.log import log_lines, log_values
from dunwell.render.outcomes import applied_lines, run_line
from dunwell.render.plan import plan_lines
from dunwell.render.text import cut, fitted, listed, safe, table, width
from dunwell.run.clauses import Cash
from dunwell.run.outcomes import Applied, OutcomeRow, Ran, ReceiptLine
from dunwell.run.totals import (
    AccountLine,
    Alone,
    Doubt,
    Line,
    Paused,
    PutOff,
    Row,
    Summary,
    WaitingRow,
)

ON = date(2026, 3, 4)
AT = datetime(2026, 3, 4, 9, tzinfo=UTC)
EVIL = "Evil\x1b[2J\x07\r\n\u202eLMTH\u2066\u200b Ltd\x9b31m"
EUR = (Cash("1234.50", "EUR"),)


def summary(**changes: object) -> Summary:
    values: dict[str, object] = {
        "version": 1, "on": ON, "tenant": "ledger:1", "system": "ledger", "made": AT,
        "expires": AT.replace(hour=21), "reader": "network", "only": "", "judged": 10,
        "touched": 1, "customers": 1, "working": 1, "in_flight": 0, "commands": 2, "unlimited": 1,
        "messages": 1,
        "money": EUR, "over": (),
        "problems": (), "unknown": (), "paused": (), "waiting": (), "put_off": (),
        "left_alone": (),
        "rows": (
            Row("remind", "first_notice", "notice", "business", 1, 1, EUR),
            Row("hold", "orders", "stop", "business", 1, 1, EUR),
        ),
        "accounts": (
            AccountLine("C1", "main", "Acme", "business", "standard", EUR, (
                Line("remind", "first_notice", "notice", "ap@acme.example", "email", "en",
                     ("F-1", "F-2"), EUR, "days_past_due 7 (F-1)"),
            )),
        ),
    }  # fmt: skip
    return Summary(**{**values, **changes})  # type: ignore[arg-type]


def shown(value: Summary, **options: bool) -> str:
    return "\n".join(plan_lines(value, **options))  # type: ignore[arg-type]


def test_a_plan_reads_from_what_matters_most_to_the_single_account() -> None:
    assert (
        shown(summary())
        == """\
Plan of 2026-03-04 for ledger:1
  2 commands for 1 of 10 accounts
  1 more command that no limit counts: releases, and what only the log knows
  1 message demands 1,234.50 EUR
  made 09:00 UTC, to be applied until 21:00 UTC; read by the network

What it does
  what               stage   commands  customers         money
  send first_notice  notice         1          1  1,234.50 EUR
  hold orders        stop           1          1  1,234.50 EUR

Accounts
  Acme (C1, main, standard)  1,234.50 EUR
    send first_notice to ap@acme.example for F-1, F-2  [notice: days_past_due 7 (F-1)]"""
    )


def test_unknown_outcomes_and_limits_come_before_everything_else() -> None:
    doubt = Doubt("k.1", "C1", "main", "Acme", "remind stop", ON)
    text = shown(summary(unknown=(doubt,), over=("510 commands, and the limit is 500",)))
    assert text.index("UNKNOWN") < text.index("OVER THE LIMIT") < text.index("What it does")
    assert "k.1" in text
    assert "dunwell resolve KEY" in text
    assert "510 commands, and the limit is 500" in text


def test_customers_of_a_run_that_is_still_at_work_are_counted_at_the_head() -> None:
    text = shown(summary(in_flight=2))
    assert text.index("IN FLIGHT: 2 customers") < text.index("What it does")


def test_who_gets_nothing_is_shown_with_the_reason() -> None:
    text = shown(
        summary(
            paused=(Paused("promised", "business", 3, EUR),),
            waiting=(WaitingRow("stop", "credit_manager", 2, 3, EUR, date(2026, 2, 20), 1),),
            put_off=(PutOff("notice is put off: closed", 4),),
            left_alone=(Alone("C9", "main", "Broken", "item 'F-9' does not add up"),),
        )
    )
    assert "  promised      3  1,234.50 EUR" in text
    assert "  stop   credit_manager          2      3  1,234.50 EUR  12 days        1" in text
    assert "  notice is put off: closed          4" in text
    assert "  Broken (C9): item 'F-9' does not add up" in text


def test_many_who_are_left_alone_for_one_reason_are_told_in_one_line() -> None:
    why = "no exchange rate from USD to EUR"
    alone = tuple(Alone(f"C{n}", "main", f"Name {n}", why) for n in range(30))
    value = summary(left_alone=(*alone, Alone("C99", "main", "Odd", "it does not add up")))
    text = shown(value)
    assert f"  30 accounts: {why}: Name 0 (C0), Name 1 (C1) and 28 more" in text
    assert "  Odd (C99): it does not add up" in text
    assert shown(value, every=True).count(why) == 30


def test_a_plan_without_commands_says_so() -> None:
    text = shown(summary(rows=(), accounts=(), commands=0, touched=0, messages=0))
    assert "nothing is to be done for the 10 accounts judged" in text


def test_only_the_first_accounts_are_shown_unless_all_are_wanted() -> None:
    account = summary().accounts[0]
    many = summary(accounts=(account,) * 25, working=25)
    assert shown(many).count("Acme (C1") == 20
    assert "the first 20 of 25 by money; --all shows them" in shown(many)
    assert shown(many, every=True).count("Acme (C1") == 25


def test_a_hostile_name_does_nothing_to_the_terminal() -> None:
    account = AccountLine(EVIL, EVIL, EVIL, EVIL, EVIL, EUR, (
        Line("remind", EVIL, EVIL, EVIL, EVIL, EVIL, (EVIL,), EUR, EVIL),
    ), (EVIL,))  # fmt: skip
    text = shown(
        summary(
            accounts=(account,),
            rows=(Row("remind", EVIL, EVIL, EVIL, 1, 1, EUR),),
            unknown=(Doubt(EVIL, EVIL, EVIL, EVIL, EVIL, ON),),
            left_alone=(Alone(EVIL, EVIL, EVIL, EVIL),),
            put_off=(PutOff(EVIL, 1),),
            waiting=(WaitingRow(EVIL, EVIL, 1, 1, EUR, ON, 0),),
            paused=(Paused(EVIL, EVIL, 1, EUR),),
            problems=(EVIL,),
            tenant=EVIL,
            only=EVIL,
            over=(EVIL,),
        ),
        every=True,
    )
    assert "Evil[2J LMTH Ltd31m" in text
    assert all(unicodedata.category(c) not in ("Cc", "Cf") for c in text.replace("\n", ""))


@given(st.text())
def test_safe_text_is_one_line_without_anything_invisible(text: str) -> None:
    made = safe(text)
    inside = made.removeprefix("\u2068").removesuffix("\u2069")
    assert not {unicodedata.category(c) for c in inside} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert len(made.splitlines()) <= 1


@given(st.text(), st.integers(1, 40))
def test_text_is_cut_to_the_columns_of_a_terminal(text: str, columns: int) -> None:
    assert width(cut(safe(text), columns)) <= columns


def test_text_from_right_to_left_is_set_apart_from_the_sums_beside_it() -> None:
    assert safe("אבג 12") == "\u2068אבג 12\u2069"
    assert width(safe("אבג 12")) == 6


def test_a_pile_of_marks_is_flattened() -> None:
    assert len(safe("a" + "\u0301" * 500)) == 4


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), max_size=6))
def test_the_columns_of_a_table_stand_below_each_other(rows: list[tuple[str, str]]) -> None:
    marked = [(a.replace("|", ""), "|") for a, _ in rows]
    lines = list(table(("name", "mark"), marked))
    places = {width(line[: line.rindex("|")]) for line in lines[1:]}
    assert len(places) <= 1


def test_money_has_its_thousands_set_apart_and_currencies_never_mix() -> None:
    both = (Cash("1234567.50", "EUR"), Cash("900", "JPY"))
    assert money(both[0]) == "1,234,567.50 EUR"
    assert sums(both) == "1,234,567.50 EUR + 900 JPY"
    assert stacked(both) == ("1,234,567.50 EUR", "900 JPY")
    assert sums(()) == "0"


def test_a_list_of_many_says_how_many_more_there_are() -> None:
    assert listed(["F-1", "F-2", "F-3"], most=2) == "F-1, F-2 and 1 more"
    assert listed(["F-1"]) == "F-1"


def receipt(status: str, reason: str = "", detail: str = "") -> ReceiptLine:
    return ReceiptLine(
        "C1", "main", "Acme", "remind", "first_notice", "notice", "k.1", status, reason, "", detail
    )


def applied(*receipts: ReceiptLine, waiting: int = 0) -> Applied:
    rows = tuple(OutcomeRow(r.status, r.reason, r.kind, 1) for r in receipts)
    done, skipped, failed, unknown = (
        sum(r.status == s for r in receipts) for s in ("done", "skipped", "failed", "unknown")
    )
    return Applied(1, ON, "digest", done, skipped, failed, unknown, waiting, rows, receipts)


def test_receipts_are_counted_and_failures_told_one_by_one() -> None:
    done = applied(
        receipt("done"), receipt("skipped", "window"), receipt("failed", "later", "mailbox full")
    )
    assert (
        "\n".join(applied_lines(done))
        == """\
1 of 3 commands done, 1 skipped, 1 failed, 0 unknown

  status   what    commands  why
  done     remind         1
  skipped  remind         1  outside the hours in which the customer may be contacted
  failed   remind         1  it may work later; the next run tries again

Failed or unknown
  Acme (C1): remind first_notice: failed later: mailbox full"""
    )


def test_an_unknown_outcome_shows_the_key_that_settles_it() -> None:
    text = "\n".join(applied_lines(applied(receipt("unknown"))))
    assert "[k.1]" in text
    assert "dunwell resolve KEY --sent|--not-sent" in text


def test_what_waits_after_an_apply_is_said_last() -> None:
    lines = list(applied_lines(applied(waiting=2)))
    assert lines[0] == "nothing was to be done"
    assert lines[-1].startswith("2 steps wait for a yes")


def test_a_run_is_one_line_for_monitoring() -> None:
    ran = Ran(
        1, ON, done=12, skipped=3, failed=0, unknown=1, waiting=2, paused=40, reader="network",
        seconds=3.2,
    )  # fmt: skip
    assert run_line(ran) == (
        "2026-03-04 done=12 skipped=3 failed=0 unknown=1 waiting=2 paused=40 in 3.2s "
        "reader=network"
    )


def test_the_reader_of_the_line_is_one_word() -> None:
    ran = Ran(1, ON, reader="evaluator stands in: no compiler")
    assert run_line(ran).endswith("reader=evaluator")


def test_a_run_that_stopped_says_why_in_its_line() -> None:
    assert run_line(Ran(1, ON, stopped="over a\nlimit")) == "2026-03-04 stopped: over a limit"
    assert run_line(Ran(1, None, stopped="no ERP")) == "- stopped: no ERP"


def test_the_log_names_who_wrote_what_and_when() -> None:
    ours = Entry("C1", None, 2, "outcome", "k", AT, "dunwell", text="remind notice: done")
    theirs = Entry("C1", None, None, "contact", "p", AT, "person", "in", "call", text=EVIL)
    text = "\n".join(log_lines([ours, theirs], {"C1": "Acme"}))
    assert text.splitlines()[1:] == [
        "2026-03-04 09:00  Acme (C1)  dunwell  2 outcome        remind notice: done",
        "2026-03-04 09:00  Acme (C1)  person   from them, call  Evil[2J LMTH Ltd31m",
    ]
    assert log_values([ours])[0].position == 2


def test_an_empty_log_says_so() -> None:
    assert list(log_lines([], {})) == ["the log is empty"]


@pytest.mark.parametrize("columns", [52, 60, 80, 200])
def test_a_table_fits_a_narrow_terminal_and_loses_no_word(columns: int) -> None:
    head = ("capability", "why", "what to do")
    rows = [
        ("hold", "a hold is a row in the table of holds", "let the order entry system read it"),
        ("append", "", "a-single-word-that-is-longer-than-any-terminal-is-wide-" + "x" * 40),
    ]
    lines = list(table(head, fitted(head, rows, columns), indent=""))
    assert max(width(line) for line in lines) <= columns
    for word in ("system", "table", "holds"):
        assert word in " ".join(lines)

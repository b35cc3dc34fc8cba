"""plan, apply, run, explain, log, approve, resolve: what they print, do, refuse, and end with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dunwell.cli import main
from dunwell.decide.chain import available
from dunwell.log.entry import (
    Claimed,
    Entry,
    OutcomeBody,
    State,
    UnknownState,
    encode,
)
from dunwell.log.keys import effect_key
from dunwell_ledger import people
from dunwell_ledger.adapter import LedgerAdapter
from dunwell_ledger.clock import Clock
from dunwell_ledger.store import Ledger, create, open_ledger

from tests.explain_kit import ON, POLICY

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
CONFIG = """\
policies = ["policy.yaml"]
[erp]
adapter = "ledger"
path = "ledger.sqlite"
today = "{on}"
now = "{on}T09:00:00Z"
[channels.email]
via = "folder"
folder = "outbox"
from = "receivables@company.example"
[run]
workers = 1
"""
WHO = ("--by", "luis", "--because", "agreed")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DUNWELL_CONFIG", raising=False)
    Path("policy.yaml").write_text(POLICY, encoding="utf-8")
    today(ON)
    fill(create(Path("ledger.sqlite"), identity="test"))


def today(on: date) -> None:
    """Set the clock of the ledger."""
    Path("dunwell.toml").write_text(CONFIG.format(on=on), encoding="utf-8")


def fill(ledger: Ledger) -> None:
    """C1 gets a notice, C2 waits for a yes, C3 has promised, C4 is not covered by a policy."""
    company = {"id": "main", "name": "Nordwind", "currency": "EUR", "timezone": "Europe/Madrid"}
    customers = [("C1", "Acme", "business"), ("C2", "Bolt", "business"),
                 ("C3", "Cold", "business"), ("C4", "Dora", "consumer")]  # fmt: skip
    with ledger.writing() as book:
        people.add(book, "companies", [company])
        people.add(book, "customers", [
            {"id": id_, "name": name, "type": type_, "country": "ES", "language": "es",
             "email": f"{id_.lower()}@customer.example"}
            for id_, name, type_ in customers
        ])  # fmt: skip
        people.add(book, "items", [
            item("F-1", "C1", 90_000, days=7),
            item("F-2", "C2", 300_000, days=50),
            item("F-3", "C3", 50_000, days=30),
            item("F-4", "C4", 10_000, days=30),
        ])  # fmt: skip
        for customer, number, by in (("C2", "F-2", -10), ("C3", "F-3", 5)):
            row: dict[str, str | int | None] = {
                   "id": f"promise:{number}", "customer": customer, "company": "main",
                   "made": str(ON - timedelta(20)), "by": str(ON + timedelta(by)),
                   "currency": "EUR", "amount": 300_000, "items": f'["{number}"]'}  # fmt: skip
            people.add(book, "promises", [row])
    ledger.close()


def item(number: str, customer: str, amount: int, *, days: int) -> dict[str, str | int | None]:
    due = ON - timedelta(days)
    return {"id": number, "number": number, "customer": customer, "company": "main",
            "currency": "EUR", "amount": amount, "issued": str(due - timedelta(30)),
            "due": str(due)}  # fmt: skip


def call(*words: str, code: int = 0) -> Result:
    """Run a command and expect an exit code."""
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def parsed(*words: str, code: int = 0) -> Mapping[str, object]:
    made = json.loads(call(*words, "--format", "json", code=code).stdout)
    assert isinstance(made, dict)
    return made


def mails() -> list[str]:
    return sorted(p.name for p in Path("outbox").rglob("*.eml")) if Path("outbox").exists() else []


# -- plan ---------------------------------------------------------------------------------------


def test_a_plan_says_what_to_whom_how_much_and_who_gets_nothing() -> None:
    shown = call("plan").stdout
    assert "Plan of 2026-03-04 for ledger:test" in shown
    assert "2 commands for 2 of 3 accounts" in shown
    assert "1 message demands 900.00 EUR" in shown
    assert "  stop   credit_manager          1      1  3,000.00 EUR  0 days" in shown
    assert "  promised      1  500.00 EUR" in shown
    assert "no policy covers debtor 'C4' with company 'main'" in shown
    assert "send first_notice to c1@customer.example for F-1  [notice: days_past_due 7]" in shown


def test_a_plan_does_nothing() -> None:
    call("plan")
    assert mails() == []
    assert call("log").stdout == "the log is empty\n"


def test_a_plan_of_one_customer_is_only_about_that_customer() -> None:
    shown = call("plan", "--only", "Acme").stdout
    assert "only C1" in shown
    assert "Bolt" not in shown


def test_a_plan_as_of_another_day_is_a_what_if_that_cannot_be_applied() -> None:
    shown = call("plan", "--as-of", "2026-03-20", "--out", "later.plan").stdout
    assert "Plan of 2026-03-20" in shown
    refused = call("apply", "later.plan", code=5)
    assert "this plan is of 2026-03-20 and today is 2026-03-04 in the ERP" in refused.stderr


def test_a_plan_file_is_for_its_owner_only() -> None:
    shown = call("plan", "--out", "today.plan").stdout
    assert Path("today.plan").stat().st_mode & 0o777 == 0o600
    assert "written to today.plan; do it with 'dunwell apply today.plan'" in shown
    assert "dunwell approve today.plan" in shown


def test_a_date_that_is_none_is_a_usage_error() -> None:
    assert "'soon' is not a date" in call("plan", "--as-of", "soon", code=2).stderr
    for day in ("0001-01-01", "9999-12-31"):
        assert f"'{day}' is not between" in call("plan", "--as-of", day, code=2).stderr


def test_the_plan_for_programs_has_always_the_same_fields() -> None:
    made = parsed("plan")
    assert list(made) == [
        "version", "on", "tenant", "system", "made", "expires", "reader", "only", "judged",
        "touched", "customers", "commands", "unlimited", "messages", "money", "over", "problems",
        "unknown", "in_flight", "rows", "paused", "waiting", "put_off", "left_alone", "working",
        "accounts", "tells",
    ]  # fmt: skip
    assert made["money"] == [{"amount": "900.00", "currency": "EUR"}]
    account = made["accounts"][0]  # type: ignore[index]
    assert list(account) == [
        "customer", "company", "name", "policy", "segment", "money", "lines", "notes",
    ]  # fmt: skip
    assert list(account["lines"][0]) == [
        "kind", "name", "source", "to", "channel", "language", "items", "money", "why",
        "not_before", "not_after",
    ]  # fmt: skip


def test_what_is_put_off_is_told_once_for_all_customers() -> None:
    ledger = open_ledger(Path("ledger.sqlite"))
    with ledger.writing() as book:
        people.contact(book, "C1", "call", "asked", at=NOW - timedelta(hours=1))
    ledger.close()
    shown = call("plan").stdout
    assert "  notice is put off: all contacts within 1 day are used          1" in shown


def test_every_account_of_a_plan_can_be_cross_checked() -> None:
    assert "Plan of 2026-03-04" in call("plan", "--verify", "all").stdout


# -- apply --------------------------------------------------------------------------------------


def test_a_plan_is_applied_once_and_the_second_time_does_nothing() -> None:
    call("plan", "--out", "today.plan")
    first = call("apply", "today.plan", code=6).stdout
    assert "2 of 2 commands done, 0 skipped, 0 failed, 0 unknown" in first
    assert "1 step waits for a yes: dunwell approve" in first
    assert len(mails()) == 1
    second = call("apply", "today.plan", code=6).stdout
    assert "0 of 2 commands done, 2 skipped" in second
    assert "done by now, or the facts have changed since the plan was made" in second
    assert len(mails()) == 1


def test_receipts_for_programs_have_always_the_same_fields() -> None:
    call("plan", "--only", "C1", "--out", "today.plan")
    made = parsed("apply", "today.plan")
    assert list(made) == [
        "version", "on", "plan", "done", "skipped", "failed", "unknown", "waiting", "rows",
        "receipts",
    ]  # fmt: skip
    assert list(made["receipts"][0]) == [  # type: ignore[index]
        "customer", "company", "name", "kind", "what", "source", "key", "status", "reason",
        "delivery", "detail",
    ]  # fmt: skip


def test_an_altered_plan_is_refused_before_anything_is_done() -> None:
    call("plan", "--out", "today.plan")
    plan = Path("today.plan")
    plan.write_text(plan.read_text("utf-8").replace("c1@customer", "x1@customer"), "utf-8")
    assert "the plan was altered" in call("apply", "today.plan", code=5).stderr
    assert mails() == []


def test_a_plan_under_other_policies_is_refused() -> None:
    call("plan", "--out", "today.plan")
    Path("policy.yaml").write_text(POLICY.replace("at_least: 40", "at_least: 41"), "utf-8")
    refused = call("apply", "today.plan", code=5)
    assert "policies changed since the plan was made" in refused.stderr


@pytest.mark.parametrize("words", [("apply",), ("approve", *WHO)])
def test_a_plan_that_is_not_there_is_wrong_usage(words: tuple[str, ...]) -> None:
    assert "'nothing.plan' does not exist" in call(*words, "nothing.plan", code=2).stderr
    Path("folder.plan").mkdir()
    assert "'folder.plan' is a directory" in call(*words, "folder.plan", code=2).stderr


def test_a_plan_for_a_folder_that_is_not_there_is_wrong_usage_before_any_work() -> None:
    result = call("plan", "--out", "nowhere/today.plan", code=2)
    assert "there is no folder 'nowhere' to write 'today.plan' into" in result.stderr
    assert result.stdout == ""


def test_a_plan_that_cannot_be_written_is_told_by_the_name_that_the_user_gave(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(draft: Path, path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(draft), None, str(path))

    monkeypatch.setattr(Path, "replace", refused)
    result = call("plan", "--out", "today.plan", code=1)
    assert result.stderr == "error: 'today.plan': permission denied\n"
    assert sorted(path.name for path in Path().glob("*plan*")) == []


def limited() -> None:
    limits = "limits: {commands: 1}\npolicies:"
    Path("policy.yaml").write_text(POLICY.replace("policies:", limits, 1), "utf-8")


def test_a_plan_over_a_limit_is_shown_and_refused() -> None:
    limited()
    shown = call("plan", "--out", "today.plan").stdout
    assert "OVER THE LIMIT: apply refuses this plan" in shown
    assert "2 commands, and the limit is 1" in shown
    assert "exceeds a limit: 2 commands" in call("apply", "today.plan", code=5).stderr
    assert mails() == []


def test_a_plan_for_one_customer_is_no_share_of_all_accounts() -> None:
    share = "limits: {share_of_accounts: 10 %}\npolicies:"
    Path("policy.yaml").write_text(POLICY.replace("policies:", share, 1), "utf-8")
    assert "of them" in call("run", code=5).stdout
    assert "OVER THE LIMIT" not in call("plan", "--only", "C1", "--out", "one.plan").stdout
    call("apply", "one.plan")
    assert len(mails()) == 1


def test_a_what_if_is_planned_on_old_facts_and_says_that_a_run_would_stop() -> None:
    fresh = "require: {bank_data_within: 2 business days}\npolicies:"
    Path("policy.yaml").write_text(POLICY.replace("policies:", fresh, 1), "utf-8")
    call("ledger", "pay", "C4", "1 EUR", "F-4", "--on", str(ON))
    call("plan")
    later = call("plan", "--as-of", str(ON + timedelta(20))).stdout
    assert f"a run would stop: bank data is of {ON}" in later
    today(ON + timedelta(20))
    assert f"bank data is of {ON} and the house demands it" in call("plan", code=5).stderr


# -- run ----------------------------------------------------------------------------------------

LINE = re.compile(
    r"2026-03-04 done=(\d+) skipped=(\d+) failed=(\d+) unknown=(\d+) waiting=(\d+) paused=(\d+)"
    r" in \d+\.\ds reader=(\S+)\n"
)


def counts(*words: str, code: int) -> tuple[str, ...]:
    found = LINE.fullmatch(call("run", *words, code=code).stdout)
    assert found is not None
    return found.groups()[:6]


def test_a_run_prints_one_line_and_the_next_one_finds_nothing() -> None:
    assert counts(code=6) == ("2", "0", "0", "0", "1", "1")
    assert counts(code=6) == ("0", "0", "0", "0", "1", "1")
    assert len(mails()) == 1


def test_the_details_of_a_run_go_to_the_error_stream() -> None:
    result = call("run", "-v", code=6)
    assert LINE.fullmatch(result.stdout)
    assert "What it does" in result.stderr
    assert "2 of 2 commands done" in result.stderr


def test_a_run_for_programs_has_always_the_same_fields() -> None:
    made = parsed("run", code=6)
    assert list(made) == [
        "version", "on", "done", "skipped", "failed", "unknown", "waiting", "paused",
        "left_alone", "recovered", "collected", "reader", "problems", "stopped", "exit_code",
        "seconds",
    ]  # fmt: skip
    assert (made["done"], made["exit_code"]) == (2, 6)


def test_a_run_over_a_limit_says_so_in_its_line() -> None:
    limited()
    line = call("run", code=5).stdout
    assert line == (
        "2026-03-04 stopped: the plan exceeds a limit: 2 commands, and the limit is 1\n"
    )
    assert mails() == []


def test_a_run_without_its_erp_says_so_in_its_line() -> None:
    Path("ledger.sqlite").unlink()
    line = call("run", code=4).stdout
    assert line.startswith("- stopped: ")
    assert "there is no ledger" in line
    assert parsed("run", code=4)["exit_code"] == 4


def test_problems_in_the_policies_end_a_run_with_their_lines() -> None:
    Path("policy.yaml").write_text(POLICY.replace("days_past_due", "days_past_du"), "utf-8")
    assert "policy.yaml:22:12: unknown fact 'days_past_du'" in call("run", code=1).stderr


# -- approve ------------------------------------------------------------------------------------


def test_a_yes_lets_the_next_run_do_what_waited() -> None:
    call("plan", "--out", "today.plan")
    said = call("approve", "today.plan", *WHO).stdout
    assert "yes to 1 step, written into the log" in said
    assert "  stop   Bolt (C2)  3,000.00 EUR" in said
    assert counts(code=0) == ("3", "0", "0", "0", "0", "1")
    assert "hold orders, in force: placed by Dunwell" in call("explain", "C2").stdout


def test_a_no_silences_a_step_until_its_day() -> None:
    call("plan", "--out", "today.plan")
    said = call("approve", "today.plan", "--no", "--until", "2026-03-10", *WHO).stdout
    assert "no, until 2026-03-10 to 1 step" in said
    assert counts(code=0)[4] == "0"
    assert "refused until 2026-03-10" in call("explain", "C2").stdout
    today(date(2026, 3, 11))
    assert "waiting=1" in call("run", code=6).stdout


def test_a_word_can_be_said_for_one_customer_or_stage() -> None:
    call("plan", "--out", "today.plan")
    wrong = call("approve", "today.plan", "--only", "C1", *WHO, code=2)
    assert "nothing of 'C1' waits in this plan" in wrong.stderr
    wrong = call("approve", "today.plan", "--stage", "call", *WHO, code=2)
    assert "no step to stage 'call' waits in this plan" in wrong.stderr
    made = parsed("approve", "today.plan", "--only", "bolt", "--stage", "stop", *WHO)
    assert list(made) == ["version", "yes", "by", "steps"]
    assert made["steps"] == [
        {
            "customer": "C2", "name": "Bolt", "stage": "stop", "role": "credit_manager",
            "items": ["F-2"], "money": [{"amount": "3000.00", "currency": "EUR"}],
        }
    ]  # fmt: skip


def test_a_word_needs_a_name_and_a_reason() -> None:
    call("plan", "--out", "today.plan")
    assert "'--by'" in call("approve", "today.plan", "--because", "x", code=2).stderr
    assert "'--because'" in call("approve", "today.plan", "--by", "x", code=2).stderr
    wrong = call("approve", "today.plan", "--until", "2026-03-10", *WHO, code=2)
    assert "'--until' goes with '--no'" in wrong.stderr
    for words in (["--by", " ", "--because", "x"], ["--by", "x", "--because", ""]):
        wrong = call("approve", "today.plan", *words, code=2)
        assert "there is nothing in it" in wrong.stderr
        assert "there is nothing in it" in call("resolve", "k", "--sent", *words, code=2).stderr


def test_a_no_that_is_over_before_it_is_said_is_refused() -> None:
    call("plan", "--out", "today.plan")
    wrong = call("approve", "today.plan", "--no", "--until", "2026-03-03", *WHO, code=2)
    assert "a no until 2026-03-03 is over: today is 2026-03-04 in the ERP" in wrong.stderr


def test_a_plan_where_nothing_waits_needs_no_yes() -> None:
    call("plan", "--only", "C1", "--out", "today.plan")
    assert call("approve", "today.plan", *WHO).stdout == "nothing waits for a yes in this plan\n"


# -- unknown outcomes ---------------------------------------------------------------------------


def doubtful() -> str:
    """Let it be unknown whether the notice to C1 left; gives its key."""
    adapter = LedgerAdapter(open_ledger(Path("ledger.sqlite")), clock=Clock(ON, NOW))
    key = effect_key("claim", 1)
    command = Claimed(key, "main", "remind", "remind", "business", "notice", ("F-1",))
    state = State(unknowns=(UnknownState(command, ON),))
    body = OutcomeBody("ledger:test", "claim", ON, (), state)
    entry = Entry("C1", None, 1, "outcome", "claim.outcome", NOW, "dunwell", body=encode(body),
                  text="remind notice: unknown", nonce="n")  # fmt: skip
    adapter.append([entry])
    adapter.close()
    return key


def test_what_nobody_knows_heads_the_plan_and_is_settled_by_a_person() -> None:
    key = doubtful()
    shown = call("plan").stdout
    assert shown.index("UNKNOWN") < shown.index("What it does")
    assert key in shown
    assert f"dunwell resolve {key}" in call("explain", "C1").stdout
    said = call("resolve", key, "--not-sent", "--by", "ana", "--because", "not in the mailbox")
    assert said.stdout == f"noted in the log of C1: {key} was not sent\n"
    assert "UNKNOWN" not in call("plan").stdout
    wrong = call("resolve", key, "--sent", "--by", "ana", "--because", "x", code=2)
    assert f"no outcome is unknown under the key '{key}'" in wrong.stderr


def test_a_run_ends_with_3_while_an_outcome_is_unknown() -> None:
    key = doubtful()
    assert counts(code=3)[3] == "1"
    made = parsed("resolve", key, "--sent", "--by", "ana", "--because", "seen")
    assert made == {"version": 1, "customer": "C1", "key": key, "sent": True, "by": "ana"}
    assert counts(code=6)[3] == "0"


def test_resolve_asks_for_what_is_true() -> None:
    said = ("resolve", "k", "--by", "ana", "--because", "x")
    for words in (said, (*said, "--sent", "--not-sent")):
        assert "say either '--sent' or '--not-sent'" in call(*words, code=2).stderr


# -- explain and log ----------------------------------------------------------------------------


def test_a_customer_is_explained_by_name_and_an_invoice_by_its_number() -> None:
    by_name = call("explain", "acme").stdout
    assert by_name.startswith("Acme (C1) on 2026-03-04, asked for as customer C1\n")
    assert "rises to notice today" in by_name
    by_invoice = call("explain", "F-3").stdout
    assert "left alone: promised" in by_invoice
    assert "comes next: " in by_invoice


@pytest.mark.skipif(available() is not None, reason=f"no rule network here: {available()}")
def test_rules_that_fired_are_shown_when_asked_for() -> None:
    assert "Fired by the rule network" not in call("explain", "C1").stdout
    assert "rise" in call("explain", "C1", "--trace").stdout.split("Fired by the rule network")[1]


def test_whoever_may_be_meant_is_listed_and_nobody_is_said_so() -> None:
    several = call("explain", "o", code=2).stderr
    assert "'o' may mean 3 customers; write the number of one:" in several
    assert "  C2  Bolt  (customer C2)" in several
    assert "nobody is meant by 'xyz'" in call("explain", "xyz", code=2).stderr


def test_an_explanation_for_programs_has_always_the_same_fields() -> None:
    made = parsed("explain", "C1")
    assert list(made) == [
        "version", "on", "customer", "name", "asked", "accounts", "contacts", "budgets", "words",
        "tags", "customers", "coming", "looked_until", "assumption", "notes", "asked_items",
    ]  # fmt: skip
    account = made["accounts"][0]  # type: ignore[index]
    assert list(account) == [
        "company", "company_name", "policy", "policies", "segment", "segments", "overdue",
        "exposure", "credits", "left_alone", "items", "standing", "vetoes", "watches",
        "recipient", "hours", "unknown", "plan", "trace",
    ]  # fmt: skip
    assert account["items"][0]["comes"] == "notice"


def test_a_customer_that_no_policy_covers_is_explained() -> None:
    shown = call("explain", "Dora").stdout
    assert "LEFT ALONE no policy covers it" in shown
    assert "no  customer_type consumer (is business)" in shown


def test_the_log_shows_what_dunwell_and_people_did() -> None:
    ledger = open_ledger(Path("ledger.sqlite"))
    with ledger.writing() as book:
        people.contact(book, "C1", "call", "asked for a copy", at=NOW - timedelta(days=3))
    ledger.close()
    call("run", code=6)
    shown = call("log", "C1").stdout.splitlines()
    assert shown[1].startswith("2026-03-04 09:00  Acme (C1)  dunwell  2 outcome")
    assert shown[3] == "2026-03-01 09:00  Acme (C1)  person   to them, call  asked for a copy"
    made = parsed("log", "Acme", "--limit", "1")
    assert [list(e) for e in made["entries"]] == [[  # type: ignore[attr-defined]
        "at", "customer", "company", "by", "kind", "direction", "channel", "position", "key",
        "text", "body",
    ]]  # fmt: skip


# -- whatever happens ---------------------------------------------------------------------------


def test_a_hostile_name_is_harmless_everywhere() -> None:
    evil = "Evil\x1b[2J\u202e\r\nLMTH"
    ledger = open_ledger(Path("ledger.sqlite"))
    with ledger.writing() as book:
        people.add(book, "customers", [{"id": "C1", "name": evil, "type": "business",
                                        "email": "c1@customer.example"}])  # fmt: skip
    ledger.close()
    for words in (("plan",), ("explain", "C1"), ("log", "C1"), ("run", "-v"), ("explain", "evil")):
        result = CliRunner().invoke(main, list(words))
        assert "\x1b[2J" not in result.output
        assert "\u202e" not in result.output
        assert "\r" not in result.output


def test_a_fault_inside_ends_with_3_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("unexpected")

    monkeypatch.setattr("dunwell.run.plan.make_plan", broken)
    result = call("plan", code=3)
    assert "this is a fault of Dunwell: RuntimeError: unexpected" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("method", ["describe", "capabilities", "read", "heads"])
@pytest.mark.parametrize("words", [("plan",), ("run",), ("explain", "C1")])
def test_a_foreign_error_of_an_adapter_is_an_erp_that_cannot_be_reached(
    monkeypatch: pytest.MonkeyPatch, method: str, words: tuple[str, ...]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("odd row")

    monkeypatch.setattr(LedgerAdapter, method, broken)
    result = call(*words, code=4)
    told = result.stderr + result.stdout
    assert f"the adapter 'ledger' failed at '{method}" in told
    assert "RuntimeError: odd row" in told
    assert "fault of Dunwell" not in told


def test_a_foreign_error_in_the_middle_of_a_table_is_one_of_the_adapter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> Iterator[object]:
        yield from ()
        raise KeyError("n")

    monkeypatch.setattr(LedgerAdapter, "read", broken)
    result = call("plan", code=4)
    assert "the adapter 'ledger' failed at 'read companies': KeyError: 'n'" in result.stderr


def test_a_foreign_error_of_a_channel_that_says_what_came_back_stops_no_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("odd mail")

    monkeypatch.setattr("dunwell_mail.folder.FolderChannel.outcomes", broken)
    result = call("run", "-v", code=6)
    assert "the channel 'folder' failed at 'outcomes': RuntimeError: odd mail" in result.stderr
    assert mails() != []


def test_without_a_configuration_every_command_says_what_to_do() -> None:
    Path("dunwell.toml").unlink()
    for words in (("plan",), ("run",), ("explain", "C1"), ("log",)):
        assert "dunwell init DIR" in call(*words, code=1).stderr


@pytest.mark.parametrize(
    "name", ["plan", "apply", "run", "approve", "resolve", "explain", "log", "demo"]
)
def test_the_help_of_every_command_has_an_example(name: str) -> None:
    assert f"  dunwell {name}" in call(name, "--help").stdout


# -- demo ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_demo_does_the_main_job_and_the_last_run_finds_nothing() -> None:
    shown = call("demo", "there").stdout
    runs = re.findall(r"^2026-03-04 done=(\d+) skipped=(\d+) failed=0 unknown=0", shown, re.M)
    assert runs[-1] == ("0", "0")
    for command in ("ledger sample", "plan", "apply", "run", "explain", "log"):
        assert f"$ dunwell {command}" in shown
    assert "Go on from here" in shown
    assert len(list(Path("there/outbox").rglob("*.eml"))) > 50
    again = call("demo", "elsewhere").stdout
    same = [re.sub(r"in \d+\.\ds|elsewhere|there", "", text) for text in (shown, again)]
    assert same[0] == same[1]


def test_the_demo_leaves_a_folder_with_something_in_it_alone() -> None:
    assert "is not empty" in call("demo", ".", code=2).stderr

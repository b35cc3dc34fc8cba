"""A made-up book in mid-life, of any size, the same on every machine: for benchmarks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import polars as pl

from dunwell.calendar import Duration
from dunwell.decide.gathering import BOUNCES, CONTACTS, ITEMS, STANDING, WATCHES
from dunwell.decide.memories import Memories
from dunwell.log.entry import ContactState, ItemState, StandingState, State
from dunwell.log.fold import NOTHING, Memory
from dunwell.model import Book, Describe, frame
from dunwell.money import Money
from dunwell.policy.tree import (
    ALWAYS,
    Action,
    Approve,
    BySegment,
    CalendarRules,
    Condition,
    Every,
    House,
    Pause,
    Policy,
    Repeat,
    Segment,
    Some,
    Stage,
    Test,
    Veto,
    Watch,
)

ON = date(2026, 3, 31)
STEP = 14
"""Days between two stages of the ladder."""


@dataclass(frozen=True)
class Made:
    """A book, what is remembered, and the house that judges it."""

    book: Book
    memories: Memories
    house: House


def made(items: int = 1_000_000, accounts: int = 200_000, *, seed: int = 7) -> Made:
    """So many open items over so many accounts; most stand at a stage already, about one account
    in twenty has something to do today.
    """
    rows = pl.DataFrame({"n": pl.int_range(items, eager=True)})
    rows = rows.with_columns(
        _id("I", pl.col("n")).alias("id"),
        (_dice(pl.col("n"), seed, 1) % accounts).alias("c"),
        (_dice(pl.col("n"), seed, 2) % 160 - 12).cast(pl.Int32).alias("late"),
        (_dice(pl.col("n"), seed, 3) % 400_000 + 100).cast(pl.Int64).alias("amount"),
        (_dice(pl.col("n"), seed, 4) % 100).alias("kind"),
    )
    tables = {
        "companies": frame("companies", {"id": ["ES"], "name": ["Acme"], "currency": ["EUR"]}),
        "customers": _customers(accounts, seed),
        "items": _items(rows, seed),
        "credits": _credits(rows, items // 50),
        "settlements": _settlements(accounts, seed),
        "promises": _promises(rows),
        "disputes": _disputes(rows),
        "rates": frame(
            "rates",
            {"company": ["ES"], "currency": ["USD"], "on": [date(2026, 1, 1)], "rate": ["0.92"]},
        ),
    }
    now = datetime(ON.year, ON.month, ON.day, 6, tzinfo=UTC)
    memories = _memories(rows, accounts, seed)
    return Made(Book(Describe("bench", "bench", ON, now), tables), memories, house())


def _id(letter: str, number: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit(f"{letter}-"), number.cast(pl.String).str.zfill(7))


def _dice(number: pl.Expr, seed: int, throw: int) -> pl.Expr:
    """The same numbers on every machine and in every version, unlike a hash."""
    mixed = number.cast(pl.Int64) * 2_654_435_761 + (seed * 1_000_003 + throw) * 40_503
    mixed = (mixed % 4_294_967_291) * 48_271 % 2_147_483_647
    return mixed * 16_807 % 2_147_483_647


def _customers(accounts: int, seed: int) -> pl.DataFrame:
    n = pl.int_range(accounts, eager=True)
    rows = pl.DataFrame({"n": n}).with_columns(
        _id("C", pl.col("n")).alias("id"),
        (_dice(pl.col("n"), seed, 11) % 100).alias("kind"),
    )
    vip = (
        pl.when(pl.col("kind") < 3).then(pl.lit(["vip"])).otherwise(pl.lit([], pl.List(pl.String)))
    )
    page = rows.select(
        "id",
        pl.concat_str(pl.lit("Customer "), pl.col("n").cast(pl.String)).alias("name"),
        pl.when(pl.col("kind") == 50)
        .then(pl.lit("public"))
        .otherwise(pl.lit("business"))
        .alias("type"),
        pl.lit("ES").alias("country"),
        vip.alias("tags"),
        pl.concat_str(pl.col("id"), pl.lit("@customer.example")).alias("email"),
        pl.when(pl.col("kind") % 3 == 0).then(5_000_000).alias("credit_limit"),
        pl.lit("EUR").alias("credit_currency"),
    )
    return frame("customers", page)


def _items(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    due = pl.lit(ON) - pl.duration(days=pl.col("late"))
    part_paid = pl.col("kind") % 10 == 3
    page = rows.select(
        "id",
        _id("C", pl.col("c")).alias("customer"),
        pl.lit("ES").alias("company"),
        pl.concat_str(pl.lit("F"), pl.col("n").cast(pl.String)).alias("number"),
        pl.lit("invoice").alias("kind"),
        (due - pl.duration(days=30)).cast(pl.Date).alias("issued"),
        due.cast(pl.Date).alias("due"),
        pl.when(pl.col("kind") < 5).then(pl.lit("USD")).otherwise(pl.lit("EUR")).alias("currency"),
        "amount",
        pl.when(part_paid).then(pl.col("amount") // 2).otherwise("amount").alias("balance"),
        pl.when(part_paid).then(pl.lit(ON - timedelta(9))).alias("last_payment"),
        pl.when(pl.col("kind") == 7).then(pl.lit("pending")).alias("collection"),
    )
    shuffled = page.with_columns(
        _dice(pl.col("number").str.slice(1).cast(pl.Int64), seed, 5).alias("x")
    )
    return frame("items", shuffled.sort("x").drop("x"))


def _credits(rows: pl.DataFrame, count: int) -> pl.DataFrame:
    few = rows.head(count)
    page = few.select(
        _id("K", pl.col("n")).alias("id"),
        _id("C", pl.col("c")).alias("customer"),
        pl.lit("ES").alias("company"),
        pl.lit("credit_note").alias("kind"),
        pl.lit("EUR").alias("currency"),
        (-(pl.col("amount") // 3)).alias("balance"),
        pl.when(pl.col("n") % 4 == 0).then(pl.col("id")).alias("item"),
    )
    return frame("credits", page)


def _settlements(accounts: int, seed: int) -> pl.DataFrame:
    rows = pl.DataFrame({"n": pl.int_range(accounts * 3, eager=True)})
    page = rows.select(
        _id("S", pl.col("n")).alias("id"),
        _id("P", pl.col("n")).alias("item"),
        _id("C", _dice(pl.col("n"), seed, 21) % accounts).alias("customer"),
        pl.lit("ES").alias("company"),
        (pl.lit(ON) - pl.duration(days=_dice(pl.col("n"), seed, 22) % 360 + 1))
        .cast(pl.Date)
        .alias("on"),
        pl.lit("EUR").alias("currency"),
        pl.lit(50_000).alias("amount"),
        pl.lit("payment").alias("kind"),
        (pl.lit(ON) - pl.duration(days=_dice(pl.col("n"), seed, 23) % 360 + 1))
        .cast(pl.Date)
        .alias("due"),
        pl.lit(True).alias("closes"),
    )
    return frame("settlements", page)


def _promises(rows: pl.DataFrame) -> pl.DataFrame:
    few = rows.filter(pl.col("kind") == 20)
    page = few.select(
        _id("Q", pl.col("n")).alias("id"),
        _id("C", pl.col("c")).alias("customer"),
        pl.lit("ES").alias("company"),
        pl.lit(ON - timedelta(10)).alias("made"),
        (pl.lit(ON - timedelta(8)) + pl.duration(days=pl.col("n") % 20)).cast(pl.Date).alias("by"),
        pl.lit("EUR").alias("currency"),
        "amount",
        pl.concat_list("id").alias("items"),
    )
    return frame("promises", page)


def _disputes(rows: pl.DataFrame) -> pl.DataFrame:
    few = rows.filter(pl.col("kind") == 21)
    page = few.select(
        _id("D", pl.col("n")).alias("id"),
        pl.col("id").alias("item"),
        pl.lit(ON - timedelta(20)).alias("since"),
        pl.when(pl.col("n") % 2 == 0).then(pl.col("amount") // 4).alias("amount"),
        pl.lit("quality").alias("reason"),
    )
    return frame("disputes", page)


def _memories(rows: pl.DataFrame, accounts: int, seed: int) -> Memories:
    """Every late item is where its days brought it; one in a hundred is a stage behind, and
    due.
    """
    steps = (pl.col("late") - 5) // STEP
    behind = (_dice(pl.col("n"), seed, 31) % 97 == 0).cast(pl.Int32)
    known = rows.with_columns((pl.min_horizontal(steps, 11) - behind).alias("place"))
    known = known.filter(pl.col("place") >= 0).with_columns(
        pl.min_horizontal(pl.col("late") - 5 - pl.col("place") * STEP, 60).alias("ago")
    )
    items = known.select(
        _id("C", pl.col("c")).alias("debtor"),
        pl.col("id").alias("item"),
        pl.lit("bench").alias("ladder"),
        pl.concat_str(pl.lit("stage_"), pl.col("place").cast(pl.String)).alias("stage"),
        pl.lit(0, pl.Int64).alias("cycle"),
        (pl.lit(ON) - pl.duration(days=pl.max_horizontal("ago", 1))).cast(pl.Date).alias("on"),
        pl.lit(None, pl.Date).alias("pay_by"),
        pl.lit("").alias("adopted"),
        pl.lit(None, pl.String).alias("part"),
        pl.lit("").alias("past"),
    )
    debtors = items.select("debtor").unique().sort("debtor")
    contacts = debtors.select("debtor", pl.lit(ON - timedelta(9)).alias("on"))
    contacts = contacts.with_columns(pl.lit(None, CONTACTS["at"]).alias("at"))
    stopped = items.filter(pl.col("stage").is_in(["stage_8", "stage_9", "stage_10", "stage_11"]))
    standing = stopped.select("debtor").unique().sort("debtor").select(
        "debtor", pl.lit("ES").alias("company"), pl.lit("hold").alias("action"),
        pl.lit("orders").alias("name"), pl.lit("override").alias("state"),
        pl.lit("x").alias("value"),
    )  # fmt: skip
    return Memories(
        items.select(list(ITEMS)),
        contacts,
        pl.DataFrame(schema=BOUNCES),
        pl.DataFrame(schema=WATCHES),
        standing.select(list(STANDING)),
        single=_Singly(items, set(debtors["debtor"]), set(standing["debtor"])),
    )


class _Singly:
    """The same memories one by one, as the evaluator reads them; found by where they begin."""

    def __init__(self, items: pl.DataFrame, known: set[str], held: set[str]) -> None:
        items = items.sort("debtor", "item")
        runs = items.select(pl.col("debtor").rle().struct.unnest())
        self.items = items.select("item", "ladder", "stage", "cycle", "on")
        ends = runs["len"].cum_sum()
        self.spans = dict(
            zip(runs["value"], zip(ends - runs["len"], runs["len"], strict=True), strict=True)
        )
        self.known, self.held = known, held

    def __call__(self, debtor: str) -> Memory:
        """What is remembered of one debtor."""
        if debtor not in self.known:
            return NOTHING
        begin, length = self.spans[debtor]
        rows = self.items.slice(begin, length).rows()
        stop = StandingState("ES", "hold", "orders", "override", "x", 0, ON)
        state = State(
            items=tuple(ItemState(*row) for row in rows),
            standing=(stop,) if debtor in self.held else (),
            contacts=(ContactState(ON - timedelta(9), "email", "ES"),),
        )
        return Memory(state, head=2, decided=2)


def _at_least(fact: str, value: object, **more: Duration) -> Test:
    return Test(fact, "at_least", value, **more)  # type: ignore[arg-type]


def house() -> House:
    """Twelve stages, six segments, four pauses, a veto and two watches."""
    year = Duration(12, "months")
    history: Callable[[int, int], Condition] = lambda paid, share: Every(  # noqa: E731
        (
            _at_least("invoices_paid", paid, within=year),
            Test("late_share", "over", Fraction(share, 100), year),
        )
    )
    segments = (
        Segment("strategic", Test("customer_tag", "is", "vip")),
        Segment("public", Test("customer_type", "is", "public")),
        Segment("habitual", history(5, 60)),
        Segment("sloppy", history(3, 50)),
        Segment("large", _at_least("exposure", Money(3_000_000, "EUR"))),
        Segment("standard"),
    )
    pauses = (
        Pause("promised", Test("promise", "is", "open"), Duration(2, "business days")),
        Pause("just_paid", Every((Test("days_since_payment", "at_most", 2),
                                  _at_least("paid_share", Fraction(1, 2))))),
        Pause("leftover", Test("balance", "under", Money(300, "EUR")), listed=True, lift=True),
        Pause("disputed_late", Every((Test("is_disputed", "is", True),
                                      Test("dispute_age", "under", 30)))),
    )  # fmt: skip
    return House(
        "bench",
        (Policy("bench", "EUR", _ladder(), segments=segments, watch=_watches()),),
        calendar=CalendarRules(("ES",), "Europe/Madrid", "next_business_day"),
        pause=pauses,
        veto=(Veto("public", ("hold",), Test("customer_type", "is", "public")),),
    )


def _ladder() -> tuple[Stage, ...]:
    remind = Action("remind", "remind", template="t")
    hold = Action("hold", "hold:orders", hold="orders")
    stages = []
    for n in range(12):
        days = 5 + n * STEP
        first = BySegment({"strategic": days + 5, "habitual": max(0, days - 3)}, days)
        conditions: tuple[Condition, ...] = (Test("days_past_due", "at_least", first),)
        if n > 3:
            conditions += (_at_least("overdue", Money(5_000, "EUR")),)
        mild = Test("segment", "not", "strategic") if n > 7 else ALWAYS
        broken = Every((Test("promise", "is", "broken"), _at_least("days_past_due", 60)))
        stages.append(
            Stage(
                f"stage_{n}",
                (remind, hold) if n == 8 else (remind,),
                Every(conditions),
                for_=mild,
                after=Duration(7, "days"),
                jump=broken if n == 8 else None,
                repeat=Repeat(Duration(60, "days"), 2) if n == 11 else None,
                approve=Approve("boss", _at_least("overdue", Money(1_000_000, "EUR")))
                if n > 8
                else None,
            )
        )
    return tuple(stages)


def _watches() -> tuple[Watch, ...]:
    task = (Action("task", "task", summary="s"),)
    return (
        Watch("bounced", Test("bounced", "is", True), task),
        Watch("credit", Some((Test("credit_use", "over", Fraction(2)),)), task,
              Repeat(Duration(1, "months"), on_day=15)),
    )  # fmt: skip

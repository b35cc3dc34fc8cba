"""The query language of the stand-in for QuickBooks Online: what it takes, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Entity = dict[str, Any]

_MADE = ("MetaData.CreateTime", "MetaData.LastUpdatedTime")
FILTERS: Mapping[str, frozenset[str]] = {
    "Invoice": frozenset(
        ("Id", "DocNumber", "TxnDate", "DueDate", "Balance", "TotalAmt", "CustomerRef",
         "SalesTermRef", *_MADE)
    ),
    "CreditMemo": frozenset(("Id", "DocNumber", "TxnDate", "TotalAmt", "CustomerRef", *_MADE)),
    "Payment": frozenset(("Id", "TxnDate", "TotalAmt", "CustomerRef", *_MADE)),
    "Customer": frozenset(
        ("Id", "DisplayName", "GivenName", "FamilyName", "CompanyName", "Active", "Balance",
         *_MADE)
    ),
    "Attachable": frozenset(("Id", "FileName", *_MADE)),
    "Term": frozenset(("Id", "Name", "Active", *_MADE)),
    "CustomerType": frozenset(("Id", "Name", *_MADE)),
    "ExchangeRate": frozenset(("SourceCurrencyCode", "AsOfDate", "MetaData.LastUpdatedTime")),
    "CompanyInfo": frozenset(),
    "Preferences": frozenset(),
}  # fmt: skip
NAME_LISTS = ("Customer", "Term")
MAX_ROWS, DEFAULT_ROWS = 1000, 100

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<op><=|>=|!=|=|<|>)|(?P<mark>[(),*])"
    r"|(?P<word>[A-Za-z0-9_.:+-]+))"
)


class QueryFaultError(Exception):
    """A query that the service refuses, with its code."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True)
class Query:
    """A query that was understood."""

    entity: str
    count: bool
    tests: Sequence[tuple[str, str, Sequence[str]]]
    order: tuple[str, bool] | None
    start: int
    limit: int

    def run(
        self, rows: Iterable[Entity], shown: Callable[[Entity], Entity] = lambda row: row
    ) -> list[Entity]:
        """The rows that it asks for; without an order the newest change comes first.

        `shown` adds to a row what is computed, which is done for as few rows as can be.
        """
        tests = list(self.tests)
        if self.entity in NAME_LISTS and not any(name == "Active" for name, _, _ in tests):
            tests.append(("Active", "=", ["true"]))
        late = [test for test in tests if test[0] == "Balance"]
        tests = [test for test in tests if test not in late]
        found = [row for row in rows if all(_holds(row, *test) for test in tests)]
        if late:
            found = [row for row in map(shown, found) if all(_holds(row, *t) for t in late)]
        name, descending = self.order or ("MetaData.LastUpdatedTime", True)
        found.sort(key=lambda row: _order(name, row), reverse=descending)
        if self.count:
            return found
        found = found[self.start - 1 : self.start - 1 + self.limit]
        return found if late else list(map(shown, found))


def parse(text: str) -> Query:
    """Read a query; what the service does not know is a QueryFaultError."""
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        text = text.strip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise QueryFaultError(
                    "4000", f"QueryParserError: Encountered {text[at : at + 12]!r}"
                )
            kind = match.lastgroup or ""
            self.tokens.append((kind, match[kind]))
            at = match.end()
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, *words: str) -> str:
        if self.at >= len(self.tokens):
            raise QueryFaultError("4000", "QueryParserError: Encountered <EOF>")
        kind, value = self.tokens[self.at]
        if words and value.upper() not in words:
            raise QueryFaultError("4000", f'QueryParserError: Encountered "{value}" at {self.at}')
        self.at += 1
        return value if kind != "word" or not words else value.upper()

    def query(self) -> Query:
        self.take("SELECT")
        count = self.peek().upper() == "COUNT"
        if count:
            for word in ("COUNT", "(", "*", ")"):
                self.take(word)
        elif self.peek() == "*":
            self.take("*")
        else:
            self.take()
            while self.peek() == ",":
                self.take(",")
                self.take()
        self.take("FROM")
        entity = {name.lower(): name for name in FILTERS}.get(self.take().lower(), "")
        if not entity:
            raise QueryFaultError("4001", "invalid context declaration")
        tests = self.tests(entity) if self.peek().upper() == "WHERE" else []
        order, start, limit = None, 1, DEFAULT_ROWS
        if self.peek().upper() == "ORDERBY":
            self.take("ORDERBY")
            order = (self.named(entity, self.take()), False)
            if self.peek().upper() in ("ASC", "DESC"):
                order = (order[0], self.take("ASC", "DESC") == "DESC")
        if self.peek().upper() == "STARTPOSITION":
            start = self.number("STARTPOSITION", 1, 10**9)
        if self.peek().upper() == "MAXRESULTS":
            limit = self.number("MAXRESULTS", 1, MAX_ROWS)
        if self.at < len(self.tokens):
            raise QueryFaultError("4000", f'QueryParserError: Encountered "{self.peek()}"')
        return Query(entity, count, tests, order, start, limit)

    def number(self, word: str, low: int, high: int) -> int:
        self.take(word)
        value = self.take()
        if not value.isdigit() or not low <= int(value) <= high:
            raise QueryFaultError("4000", f"QueryValidationError: value {value} of {word}")
        return int(value)

    def named(self, entity: str, name: str) -> str:
        if name not in FILTERS[entity]:
            raise QueryFaultError("4001", f"property '{name}' is not queryable")
        return name

    def tests(self, entity: str) -> list[tuple[str, str, list[str]]]:
        self.take("WHERE")
        found = [self.test(entity)]
        while self.peek().upper() == "AND":
            self.take("AND")
            found.append(self.test(entity))
        return found

    def test(self, entity: str) -> tuple[str, str, list[str]]:
        name = self.named(entity, self.take())
        op = self.take("=", "<", ">", "<=", ">=", "IN", "LIKE")
        if name == "Id" and op not in ("=", "IN"):
            raise QueryFaultError("4001", "property 'Id' takes only = and IN")
        if op != "IN":
            return name, op, [self.value()]
        self.take("(")
        values = [self.value()]
        while self.peek() == ",":
            self.take(",")
            values.append(self.value())
        self.take(")")
        return name, op, values

    def value(self) -> str:
        kind = self.tokens[self.at][0] if self.at < len(self.tokens) else ""
        value = self.take()
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", value[1:-1])
        if value.lower() in ("true", "false"):
            return value.lower()
        raise QueryFaultError(
            "4000", f'QueryParserError: Encountered "{value}" (quote all values)'
        )


def look(row: Entity, name: str) -> Any:
    """A property by its dotted name; a reference is its value."""
    value: Any = row
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, dict):
        value = value.get("value")
    return value


def _typed(name: str, value: Any) -> Any:
    if name.startswith("MetaData."):
        moment = datetime.fromisoformat(str(value))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    if name in ("Balance", "TotalAmt"):
        return Decimal(str(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _order(name: str, row: Entity) -> tuple[Any, int]:
    value = look(row, name)
    number = int(row.get("Id", 0))  # exchange rates have none
    if name == "Id":
        return number, number
    return ("" if value is None else _typed(name, value)), number


_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


def _holds(row: Entity, name: str, op: str, values: Sequence[str]) -> bool:
    found = look(row, name)
    if found is None:
        return False
    try:
        mine = _typed(name, found)
        if op == "IN":
            return mine in [_typed(name, value) for value in values]
        if op == "LIKE":
            pattern = ".*".join(re.escape(part) for part in values[0].split("%"))
            return re.fullmatch(pattern, str(mine), re.DOTALL) is not None
        return _TESTS[op](mine, _typed(name, values[0]))
    except (ValueError, ArithmeticError) as error:
        raise QueryFaultError("4000", f"QueryValidationError: value of {name}") from error

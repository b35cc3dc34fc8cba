"""The wire: every call to Tinybooks, in pages, with the errors that the port knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import islice
from typing import TypeVar

from dunwell.errors import (
    ContractBrokenError,
    DeniedError,
    UnansweredError,
    UnavailableError,
)
from dunwell_tinybooks.erp import LIMIT, Document, Draft, Tinybooks

_T = TypeVar("_T")


class Client:
    """Asks Tinybooks; it never tries anything twice, that is the engine's business."""

    def __init__(self, erp: Tinybooks) -> None:
        self._erp = erp

    def about(self) -> Document:
        """The name of the books and the clock of the ERP."""
        with translated():
            return self._erp.about()

    def pages(
        self,
        kind: str,
        *,
        where: Mapping[str, Sequence[str]] | None = None,
        since: date | None = None,
        archived: bool | None = False,
        newest: bool = False,
    ) -> Iterator[list[Document]]:
        """All documents of a kind, page by page: each call asks beyond the last number it saw.

        Numbers do not move, so a document that is paid, created or deleted meanwhile hides no
        other one; "rows 100 to 199" would.
        """
        last: int | None = None
        while True:
            with translated():
                page = self._erp.find(
                    kind, where=where, since=since, archived=archived, beyond=last, newest=newest
                )
            if page.documents:
                yield page.documents
            if not page.more:
                return
            last = page.documents[-1]["n"]

    def chosen(
        self,
        kind: str,
        field: str,
        values: Sequence[str],
        *,
        where: Mapping[str, Sequence[str]] | None = None,
        since: date | None = None,
        archived: bool | None = False,
    ) -> Iterator[list[Document]]:
        """The same for documents with one of these values in a field, however many there are."""
        for part in parts(values):
            yield from self.pages(
                kind, where={**(where or {}), field: part}, since=since, archived=archived
            )

    def references(self, names: Sequence[str]) -> set[str]:
        """Which of these references are taken."""
        found: set[str] = set()
        for part in parts(names):
            with translated():
                found |= self._erp.references(part)
        return found

    def create(self, drafts: Sequence[Draft]) -> list[str]:
        """Create documents; "" for each whose reference is taken."""
        answers: list[str] = []
        for part in parts(drafts):
            with translated(changes=True, begun=bool(answers)):
                answers += self._erp.create(part)
        return answers

    def archive(self, numbers: Sequence[int]) -> None:
        """Put documents away."""
        for part in parts(numbers):
            with translated(changes=True):
                self._erp.archive(part)


@contextmanager
def translated(*, changes: bool = False, begun: bool = False) -> Iterator[None]:
    """Say in the port's words what went wrong: it may be tried again, or one must look.

    `begun`: a part of it is done already, so the whole must not be tried again.
    """
    try:
        yield
    except PermissionError as error:
        raise DeniedError(str(error), remedy="an administrator of Tinybooks") from error
    except (ConnectionError, TimeoutError, ValueError) as error:
        sent = not isinstance(error, ConnectionError)
        if begun or (changes and sent):
            raise UnansweredError("no answer to be understood: it may be done or not") from error
        if isinstance(error, ValueError):
            raise ContractBrokenError("Tinybooks answered nonsense") from error
        raise UnavailableError(f"Tinybooks cannot be reached: {error}") from error


def parts(values: Sequence[_T]) -> Iterator[list[_T]]:
    """As many at a time as one call may bring."""
    rest = iter(values)
    while part := list(islice(rest, LIMIT)):
        yield part

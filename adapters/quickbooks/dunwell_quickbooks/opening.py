"""From the settings to an adapter, or to the tokens alone."""

from __future__ import annotations

import time
from collections.abc import Callable

import requests

from dunwell.hooks import Settings
from dunwell_quickbooks.adapter import QuickBooksAdapter
from dunwell_quickbooks.calendar import ServiceClock
from dunwell_quickbooks.company import Company
from dunwell_quickbooks.door import Door, Line
from dunwell_quickbooks.options import Options, read_options
from dunwell_quickbooks.pace import Pace
from dunwell_quickbooks.querying import PAGE
from dunwell_quickbooks.tokens import FileStore, KeyringStore, Tokens


def opened(
    settings: Settings,
    *,
    session: requests.Session | None = None,
    tick: Callable[[], float] = time.monotonic,
    moment: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    pace: Pace | None = None,
    page: int = PAGE,
    page_rows: int = 10_000,
) -> QuickBooksAdapter:
    """The adapter that the settings name; nothing is asked yet."""
    options = read_options(settings.values, settings.folder)
    clock = ServiceClock(tick)
    pace = pace or Pace(
        per_second=options.requests_per_second,
        per_minute=options.requests_per_minute,
        file=options.pace_file,
        sleep=sleep,
    )
    door = Door(
        Line(options.api_base, options.realm),
        tokens_of(options, settings, session=session),
        pace,
        session=session,
        sleep=sleep,
        heard=clock.hear,
    )
    company = Company(options, door, clock, cache_file=options.cache_file, page=page)
    return QuickBooksAdapter(company, page_rows=page_rows, tick=moment)


def tokens_of(
    options: Options, settings: Settings, *, session: requests.Session | None = None
) -> Tokens:
    """The tokens of a company, wherever they are kept."""
    keyring = options.token_store == "keyring"
    return Tokens(
        KeyringStore(options.realm) if keyring else FileStore(options.token_file),
        options.folder / f"{options.realm}.lock",
        url=options.token_url,
        client=options.client_id,
        secret=lambda: settings.secret("client_secret"),
        first=lambda: settings.secret("refresh_token"),
        session=session,
    )

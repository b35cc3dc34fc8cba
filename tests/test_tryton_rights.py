"""A Tryton user with the least rights, and who grants what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from dunwell.errors import DeniedError
from dunwell.port import Adapter, Capability
from dunwell.testing.contract.deeds import do, statuses, tag, task
from dunwell_tryton.adapter import TrytonAdapter
from dunwell_tryton.client import Client

from tests.tryton_kit import TrytonHarness, secret
from tests.tryton_server import ABSENT, Server, is_set_up

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not is_set_up(), reason=ABSENT)]

LEAST = ("Collection", "Party Administration", "Account Credit Limit")
Login = Callable[..., Adapter]


@pytest.fixture
def harness(tryton: Server) -> TrytonHarness:
    return TrytonHarness(tryton, "bare")


@pytest.fixture
def with_groups(harness: TrytonHarness) -> Iterator[Login]:
    """The engine's user, in no groups but some; afterwards in its own again, as Tryton keeps in
    mind who is in which.
    """
    desk, login = harness.desk, harness.user
    (user,) = desk.rows("res.user", [["login", "=", login]], ["groups"])

    def change(how: str, groups: object) -> None:
        values = {"groups": [[how, groups]]}
        desk.call("model.res.user.write", [user["id"]], values, changes=True)

    def made(*names: str) -> Adapter:
        groups = [row["id"] for row in desk.rows("res.group", [["name", "in", names]], ["id"])]
        change("remove", user["groups"])
        change("add", groups)
        return TrytonAdapter(Client(desk.url, desk.database, login, secret(login)))

    yield made
    change("add", user["groups"])


def test_with_the_least_rights_nothing_is_left_to_be_granted(harness: TrytonHarness) -> None:
    with closing(harness.open()) as adapter:
        able = adapter.capabilities()
    remedies = {strength.remedy for strength in able.strengths.values() if strength.remedy}
    assert not any("the group" in remedy for remedy in remedies), remedies
    assert able[Capability.TASK].level == "native"


@pytest.mark.parametrize(
    ("lacks", "capability", "level", "said"),
    [
        ("Party Administration", Capability.TAG, "native", "'Party Administration'"),
        ("Account Credit Limit", Capability.HOLD, "none", "'Account Credit Limit'"),
    ],
)
def test_who_grants_what_a_user_lacks_is_said(
    with_groups: Login, lacks: str, capability: Capability, level: str, said: str
) -> None:
    with closing(with_groups(*(name for name in LEAST if name != lacks))) as adapter:
        strength = adapter.capabilities()[capability]
    assert strength.level == level
    assert "an administrator of Tryton" in strength.remedy
    assert said in strength.remedy


def test_who_may_read_no_books_is_told_so_at_once(with_groups: Login) -> None:
    with (
        closing(with_groups("Party Administration")) as adapter,
        pytest.raises(DeniedError, match="may not read") as caught,
    ):
        adapter.describe()
    assert "'account.move'" in str(caught.value)
    assert "'Accounting'" in caught.value.remedy


def test_who_may_make_no_categories_tags_by_those_that_are_there(
    harness: TrytonHarness, with_groups: Login
) -> None:
    people = harness.people
    debtor, _ = people.customer("One"), people.customer("Two", tags=["known"])
    with closing(with_groups("Collection", "Account Credit Limit")) as adapter:
        results = do(adapter, debtor, tag("known"), tag("unheard of"))
    assert statuses(results) == ["done", "rejected"]
    assert "may make none" in results[1].detail


def test_a_bell_rings_for_whoever_gets_a_task(harness: TrytonHarness) -> None:
    people = harness.people
    debtor, ana = people.customer(), people.person("Ana", email="ana@acme.example")
    with closing(harness.open()) as adapter:
        do(adapter, debtor, task("call them", assign=(ana,)))
    rows = harness.desk.rows("res.notification", [], ["label", "user.email"])
    assert [(row["label"], row["user."]["email"]) for row in rows] == [("call them", ana)]

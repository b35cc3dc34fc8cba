"""A message in the folder is there whole, once, and can be looked up."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from datetime import UTC, date, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from dunwell.command import Message
from dunwell.errors import ConfigurationError
from dunwell.hooks import Settings
from dunwell.port import Channel, Found, Sending
from dunwell_mail.folder import FolderChannel, open_folder
from dunwell_mail.plugin import dunwell_channels
from dunwell_mail.settings import Sender

SENDER = Sender("ar@company.example")


def sending(key: str, address: str = "ana@acme.example") -> Sending:
    return Sending(key, Message("t", "en", "email", address, "Ana", "S", "T\n"))


@pytest.fixture
def channel(tmp_path: Path) -> FolderChannel:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return FolderChannel(tmp_path / "out", SENDER, clock=lambda: at)


def test_each_message_is_a_file_named_by_its_key(channel: FolderChannel) -> None:
    results = channel.send([sending("k-0"), sending("k-1")])
    assert [(r.key, r.status, r.delivery) for r in results] == [
        ("k-0", "done", "accepted"),
        ("k-1", "done", "accepted"),
    ]
    assert sorted(p.name for p in channel.folder.iterdir()) == ["k-0.eml", "k-1.eml"]
    mail = message_from_bytes((channel.folder / "k-0.eml").read_bytes())
    assert mail["X-Dunwell-Key"] == "k-0"
    assert mail["Date"] == "Mon, 02 Mar 2026 00:00:00 +0000"


def test_a_message_sent_twice_is_written_once(channel: FolderChannel) -> None:
    channel.send([sending("k-0")])
    before = (channel.folder / "k-0.eml").read_bytes()
    (again,) = channel.send([sending("k-0", "other@acme.example")])
    assert again.status == "already_done"
    assert (channel.folder / "k-0.eml").read_bytes() == before


def test_a_look_up_is_exact(channel: FolderChannel) -> None:
    channel.send([sending("k-0")])
    assert list(channel.look_up(["k-0", "k-1"])) == [Found.PRESENT, Found.ABSENT]
    assert not channel.blind
    assert channel.outcomes(since=date(2026, 1, 1)) == ()
    channel.close()
    channel.close()


def test_many_writers_of_one_key_make_one_file(channel: FolderChannel) -> None:
    statuses: list[str] = []
    gate = threading.Barrier(8)

    def write() -> None:
        gate.wait()
        statuses.extend(r.status for r in channel.send([sending("k-0")]))

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == ["already_done"] * 7 + ["done"]


@pytest.mark.parametrize("step", ["write", "fsync", "link"])
def test_a_failure_before_the_end_leaves_nothing_and_may_be_tried_again(
    channel: FolderChannel, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on /secret/path")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdopen" if step == "write" else step, fail)
        (result,) = channel.send([sending("k-0")])
    assert (result.status, result.reason) == ("failed", "later")
    assert result.detail == "it could not be written: ENOSPC"
    assert list(channel.look_up(["k-0"])) == [Found.ABSENT]
    assert list(channel.folder.iterdir()) == []
    assert channel.send([sending("k-0")])[0].status == "done"


def test_a_bad_address_fails_for_ever_and_does_not_sink_the_others(
    channel: FolderChannel,
) -> None:
    results = channel.send([sending("k-0", "nobody"), sending("k-1")])
    assert [(r.status, r.reason, r.delivery) for r in results] == [
        ("failed", "never", "refused"),
        ("done", "", "accepted"),
    ]


def test_a_key_that_is_a_path_is_not_followed(channel: FolderChannel) -> None:
    (result,) = channel.send([sending("../evil")])
    assert (result.status, result.reason) == ("failed", "never")


def test_check_says_whether_the_folder_can_be_written(channel: FolderChannel) -> None:
    assert channel.check() == []
    assert list(channel.folder.iterdir()) == []
    blocked = channel.folder / "file"
    blocked.write_text("x")
    (problem,) = FolderChannel(blocked, SENDER).check()
    assert problem.message.startswith("the folder takes no message: E")


def opened(values: Mapping[str, Any], folder: Path) -> Channel:
    return open_folder(Settings(values, folder))


def test_settings_are_checked_when_the_channel_is_opened(tmp_path: Path) -> None:
    good = {"via": "folder", "folder": "out", "from": "ar@company.example"}
    channel = opened(good, tmp_path)
    assert isinstance(channel, Channel)
    assert isinstance(channel, FolderChannel)
    assert channel.folder == tmp_path / "out"
    for change, words in (
        ({"folder": ""}, "the setting 'folder' is missing"),
        ({"from": "nobody"}, "'from' is not an e-mail address"),
        ({"foldr": "x"}, "did you mean 'folder'"),
        ({"password": "x"}, "does not belong in the file"),
        ({"reply_to": 3}, "'reply_to' is text in quotes"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            opened({**good, **change}, tmp_path)


def test_both_ways_of_e_mail_are_registered() -> None:
    found = [(p.name, p.channel) for p in dunwell_channels()]
    assert found == [("smtp", "email"), ("folder", "email")]

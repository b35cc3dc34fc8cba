"""What becomes of a message when the conversation with the mail server breaks at any step."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from dunwell.command import Message
from dunwell.errors import UnavailableError
from dunwell.hooks import Settings
from dunwell.log.entry import Result
from dunwell.port import Sending
from dunwell_mail.smtp import SmtpChannel, open_smtp

ANA = "ana@acme.example"


def sending(key: str, address: str = ANA, text: str = "T\n") -> Sending:
    return Sending(key, Message("t", "en", "email", address, "Ana", "S", text), "C-1")


def channel(port: int, **values: Any) -> SmtpChannel:
    table = {"host": "127.0.0.1", "port": port, "tls": "none", "from": "ar@company.example"}
    settings = Settings({**table, **values}, Path("/nowhere"), lambda name: None)
    made = open_smtp(settings)
    assert isinstance(made, SmtpChannel)
    return made


def short(result: Result) -> tuple[str, str, str]:
    return result.status, result.reason, result.delivery


@dataclass
class Script:
    """What the scripted server does: at `at` it hangs up, goes silent, or answers `answer`.

    `at` is greet, EHLO, MAIL, RCPT, DATA, body (some of it read), dot (all of it read), or idle
    (after a mail). Only the first `times` connections follow the script, each from its mail
    number `after` on.
    """

    at: str
    act: str = "hang_up"  # or "silence", or an answer
    times: int = 1
    after: int = 0
    connections: int = 0
    accepted: list[bytes] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


@contextlib.contextmanager
def scripted(script: Script) -> Iterator[int]:
    """Run the scripted server, a thread for each connection; its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()
    threads: list[threading.Thread] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            script.connections += 1
            talk = Talk(connection, script, over, follows=script.connections <= script.times)
            threads.append(threading.Thread(target=talk.run))
            threads[-1].start()

    threads.append(threading.Thread(target=serve))
    threads[0].start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in threads:
            thread.join(10)
            assert not thread.is_alive()


class EndError(Exception):
    """The server has hung up."""


@dataclass
class Talk:
    """One conversation of the scripted server."""

    connection: socket.socket
    script: Script
    over: threading.Event
    follows: bool
    mails: int = 0

    def run(self) -> None:
        with (
            contextlib.suppress(OSError, EndError),
            self.connection,
            self.connection.makefile("rb") as reader,
        ):
            self.answer("greet", "220 scripted")
            for raw in reader:
                self.script.said.append(raw.decode("latin-1").strip())
                self.command(raw.split()[0].upper().decode("latin-1"), reader)

    def command(self, verb: str, reader: BinaryIO) -> None:
        if verb == "EHLO":
            self.answer(verb, "250-scripted\r\n250-DSN\r\n250 SIZE 1000000")
        elif verb == "DATA" and self.answer(verb, "354 go"):
            self.act("body")
            mail = b"".join(iter(reader.readline, b".\r\n"))
            if self.answer("dot", "250 2.0.0 OK"):
                self.script.accepted.append(mail)
                self.mails += 1
            self.act("idle")
        elif verb == "QUIT":
            self.say("221 bye")
            raise EndError
        elif verb != "DATA":
            self.answer(verb, "250 2.0.0 OK")

    def answer(self, at: str, usual: str) -> bool:
        """Answer as usual, unless the script has something else for this step."""
        if self.act(at):
            return False
        self.say(usual)
        return True

    def act(self, at: str) -> bool:
        if not self.follows or self.script.at != at or self.mails < self.script.after:
            return False
        if self.script.act == "silence":
            self.over.wait(20)
        if self.script.act in ("silence", "hang_up"):
            raise EndError
        self.say(self.script.act)
        if self.script.act.startswith("421"):
            raise EndError
        return True

    def say(self, words: str) -> None:
        self.connection.sendall(words.encode() + b"\r\n")


@pytest.mark.parametrize("act", ["hang_up", "silence"])
@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA"])
def test_a_break_before_the_final_dot_leaves_nothing_and_may_be_tried_again(
    at: str, act: str
) -> None:
    script = Script(at, act)
    with scripted(script) as port:
        mail = channel(port, timeout=1, final_timeout=1)
        (broken,) = mail.send([sending("k-0")])
        (again,) = mail.send([sending("k-0")])
        mail.close()
    assert short(broken) == ("failed", "later", "")
    assert short(again) == ("done", "", "accepted")
    assert len(script.accepted) == 1


def test_a_break_inside_the_text_is_never_taken_for_sent() -> None:
    script = Script("body")
    with scripted(script) as port:
        mail = channel(port, timeout=5, final_timeout=5)
        # far more than fits into the buffers on the way
        (broken,) = mail.send([sending("k-0", text="x" * 20_000_000)])
        mail.close()
    assert short(broken) == ("failed", "later", "")
    assert script.accepted == []


@pytest.mark.parametrize("act", ["hang_up", "silence", "999 what"])
def test_a_break_after_the_final_dot_is_unknown_and_never_sent_again(act: str) -> None:
    script = Script("dot", act)
    with scripted(script) as port:
        mail = channel(port, timeout=1, final_timeout=1)
        (broken,) = mail.send([sending("k-0")])
        (again,) = mail.send([sending("k-0")])
        (other,) = mail.send([sending("k-1")])
        mail.close()
    assert short(broken) == short(again) == ("unknown", "", "")
    assert other.status == "done"
    assert len(script.accepted) == 1


@pytest.mark.parametrize(
    ("at", "becomes"),
    [
        ("MAIL", ("done", "", "accepted")),
        ("RCPT", ("failed", "later", "")),
        ("DATA", ("failed", "later", "")),
        ("dot", ("unknown", "", "")),
    ],
)
def test_on_a_used_connection_only_what_was_not_begun_is_said_again(
    at: str, becomes: tuple[str, str, str]
) -> None:
    script = Script(at, times=9, after=1)
    with scripted(script) as port:
        mail = channel(port)
        results = mail.send([sending("k-0"), sending("k-1")])
        mail.close()
    assert [short(r) for r in results] == [("done", "", "accepted"), becomes]
    assert len(script.accepted) == (2 if becomes[0] == "done" else 1)


def test_a_refusal_after_the_final_dot_is_an_answer() -> None:
    script = Script("dot", "421 4.3.2 shutting down")
    with scripted(script) as port:
        mail = channel(port)
        results = mail.send([sending("k-0"), sending("k-1")])
        mail.close()
    assert [short(r) for r in results] == [("failed", "later", ""), ("done", "", "accepted")]


@pytest.mark.parametrize("act", ["hang_up", "421 idle too long"])
def test_a_server_that_hangs_up_between_messages_is_called_again(act: str) -> None:
    script = Script("idle", act)
    with scripted(script) as port:
        mail = channel(port)
        results = mail.send([sending("k-0"), sending("k-1")])
        mail.close()
    assert [r.status for r in results] == ["done", "done"]
    assert script.connections == 2
    assert len(script.accepted) == 2


def test_the_key_is_the_envelope_id_where_the_server_reports() -> None:
    script = Script("never")
    with scripted(script) as port:
        mail = channel(port, return_path="bounces@company.example")
        mail.send([sending("k-0")])
        mail.close()
    (mail_line,) = [said for said in script.said if said.startswith("MAIL")]
    assert mail_line.startswith("MAIL FROM:<bounces@company.example> SIZE=")
    assert mail_line.endswith(" ENVID=k-0 RET=HDRS")
    assert f"RCPT TO:<{ANA}> NOTIFY=FAILURE" in script.said
    assert script.said[0] == "ehlo company.example"


@pytest.mark.parametrize(
    ("at", "act"),
    [("greet", "hang_up"), ("EHLO", "hang_up"), ("greet", "silence"), ("greet", "554 go away")],
)
def test_nothing_was_sent_when_the_server_is_not_there_at_first(at: str, act: str) -> None:
    with scripted(Script(at, act, times=9)) as port:
        mail = channel(port, timeout=1)
        with pytest.raises(UnavailableError):
            mail.send([sending("k-0")])
        (problem,) = mail.check()
        assert "mail server" in problem.message


def test_a_server_that_vanishes_in_the_middle_fails_the_rest_for_later() -> None:
    script = Script("idle")
    with scripted(script) as port:
        mail = channel(port, timeout=1)
        (first,) = mail.send([sending("k-0")])
    results = mail.send([sending("k-1", "no address"), sending("k-2"), sending("k-3")])
    mail.close()
    assert first.status == "done"
    assert [short(r) for r in results] == [
        ("failed", "never", "refused"),
        ("failed", "later", ""),
        ("failed", "later", ""),
    ]

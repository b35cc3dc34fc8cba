"""What the exit code of `dunwell` says, and which error ends with which."""

from __future__ import annotations

from dunwell.errors import AdapterError, DunwellError, ProblemsError

DONE = 0
PROBLEMS = 1  # in files, or a policy test failed
USAGE = 2
FAILED = 3  # some commands failed or are unknown; or a fault of Dunwell
UNREACHABLE = 4  # the ERP cannot be reached or refuses
STOPPED = 5  # a limit, a stale plan or an altered one: nothing was done
WAITING = 6  # done, but commands wait for approval
INTERRUPTED = 130  # by the person at the keyboard

MEANINGS = {
    DONE: "done",
    PROBLEMS: "problems in files, or failing policy tests",
    USAGE: "wrong usage",
    FAILED: "some commands failed or are unknown",
    UNREACHABLE: "the ERP cannot be reached or refuses",
    STOPPED: "stopped by a limit, a stale plan or an altered one",
    WAITING: "done, but commands wait for approval",
}
"""As documented; the help of `dunwell` shows them."""


def code_of(error: DunwellError) -> int:
    """The exit code of an error that a user may meet."""
    if isinstance(error, ProblemsError):
        return PROBLEMS
    if isinstance(error, AdapterError):
        return UNREACHABLE
    from dunwell.run.planfile import StoppedError

    return STOPPED if isinstance(error, StoppedError) else FAILED

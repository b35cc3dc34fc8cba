"""Brings the two ways for e-mail to leave: a mail server, or files in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dunwell.hooks import ChannelPlugin, Settings, hookimpl

if TYPE_CHECKING:
    from dunwell.port import Channel


@hookimpl
def dunwell_channels() -> Sequence[ChannelPlugin]:
    """`via = "smtp"` and `via = "folder"`."""
    return (
        ChannelPlugin("smtp", "email", _open_smtp),
        ChannelPlugin("folder", "email", _open_folder),
    )


# Every start of `dunwell` reads this module: what is heavy is imported when it is needed.


def _open_smtp(settings: Settings) -> Channel:
    from dunwell_mail.smtp import open_smtp

    return open_smtp(settings)


def _open_folder(settings: Settings) -> Channel:
    from dunwell_mail.folder import open_folder

    return open_folder(settings)

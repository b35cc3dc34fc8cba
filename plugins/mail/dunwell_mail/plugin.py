"""Brings the two ways for e-mail to leave: a mail server, or files in a folder."""

from __future__ import annotations

from collections.abc import Sequence

from dunwell.hooks import ChannelPlugin, hookimpl
from dunwell_mail.folder import open_folder
from dunwell_mail.smtp import open_smtp


@hookimpl
def dunwell_channels() -> Sequence[ChannelPlugin]:
    """`via = "smtp"` and `via = "folder"`."""
    return (
        ChannelPlugin("smtp", "email", open_smtp),
        ChannelPlugin("folder", "email", open_folder),
    )

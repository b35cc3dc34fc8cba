"""Read a text file, or say in plain words why it is not one."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from pathlib import Path
from typing import Final

from dunwell.errors import Place, Problem
from dunwell.source.limits import MOST_BYTES, MOST_PROBLEMS

LINE_BREAK: Final = re.compile(r"\r\n|\r|\n")

# What no text holds: control characters, line ends that editors do not count, stray byte order
# marks, halves of characters, and the two marks that show a reviewer another order of words.
FORBIDDEN: Final = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\u202c\u202f-\ud7ff"
    "\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_OTHER_ENCODINGS: Final = (b"\xff\xfe", b"\xfe\xff")
_SAVE_AS_UTF8: Final = "save it as plain text in UTF-8"
_TOO_LARGE: Final = "the file is larger than 2 MiB"


def read_text(path: Path | str) -> tuple[str | None, list[Problem]]:
    """The text of a UTF-8 file, without byte order mark; None when it cannot be used at all.

    Characters that no text holds are each a problem and are replaced by U+FFFD in the text.
    """
    where = Place(str(path))
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None, [Problem(where, "this is not a file", "name a file")]
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None, [Problem(where, "there is no such file", "check the name and the folder")]
    except IsADirectoryError:
        return None, [Problem(where, "this is a folder", "name a file in it")]
    except PermissionError:
        return None, [Problem(where, "the file may not be read", "check who may read it")]
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return None, [Problem(where, f"the file cannot be read: {reason}")]
    except ValueError:  # a NUL in the path
        return None, [Problem(where, "this is not the name of a file")]
    return decode(data, file=str(path))


def decode(data: str | bytes, *, file: str) -> tuple[str | None, list[Problem]]:
    """Turn the bytes of a file into text; see `read_text`. A text is only checked."""
    where = Place(file)
    if len(data) > MOST_BYTES:
        return None, [Problem(where, _TOO_LARGE, "split it")]
    if isinstance(data, str):
        return _checked(data.removeprefix("\ufeff"), file=file, from_bytes=False)
    if data.startswith(_OTHER_ENCODINGS):
        return None, [Problem(where, "the file is UTF-16, not UTF-8", _SAVE_AS_UTF8)]
    data = data.removeprefix(b"\xef\xbb\xbf")
    # A byte that is not UTF-8 becomes half a character, which `_checked` finds with its place.
    return _checked(data.decode("utf-8", "surrogateescape"), file=file, from_bytes=True)


def character(char: str) -> str:
    """The name of an unprintable character, for a message."""
    names = {"\0": "NUL", "\x85": "next line", "\ufeff": "byte order mark"}
    try:
        name = names.get(char) or unicodedata.name(char).lower()
    except ValueError:
        name = "a control character"
    return f"U+{ord(char):04X}, {name}"


def _checked(text: str, *, file: str, from_bytes: bool) -> tuple[str | None, list[Problem]]:
    if FORBIDDEN.search(text) is None:
        return text, []
    problems: list[Problem] = []
    for number, line in enumerate(LINE_BREAK.split(text), start=1):
        match = FORBIDDEN.search(line)
        if match is None:
            continue
        where = Place(file, number, match.start() + 1)  # one a line is enough to find them all
        if "\0" in line:
            return None, [*problems, Problem(where, "the file is not text", _SAVE_AS_UTF8)]
        problems.append(_forbidden(match[0], where, from_bytes=from_bytes))
        if len(problems) > MOST_PROBLEMS:
            return None, problems
    return FORBIDDEN.sub("\ufffd", text), problems


def _forbidden(char: str, where: Place, *, from_bytes: bool) -> Problem:
    if from_bytes and "\udc80" <= char <= "\udcff":
        message = f"the byte 0x{ord(char) - 0xDC00:02X} is not UTF-8"
        return Problem(where, message, "save the file as UTF-8")
    return Problem(where, f"an invisible character ({character(char)})", "delete it")


def _open_without_waiting(name: str, flags: int) -> int:
    """Open a path; a named pipe must not make us wait for its writer."""
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))

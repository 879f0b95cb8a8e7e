"""Files that are there whole or not at all: written beside the place where they belong, then put there."""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final, cast

from saveline.core.errors import CannotWrite
from saveline.core.writable import NO_TEXT

_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
INSTEAD: Final = "�"
"""What stands for a character that a file cannot hold."""


@contextmanager
def whole(target: Path, *, folders: bool = True) -> Iterator[Path]:
    """Where to write what is to become ``target``. It takes its place when all went well; else nothing is left of it,
    and what was there before stays. Without ``folders`` that of the target has to be there; else it is made. Raises
    CannotWrite where the file system refuses."""
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        if folders:
            target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            raise IsADirectoryError(0, "it is a folder")
        part.unlink(missing_ok=True)
        part.open("x").close()  # made anew: never through a link that lies there
        yield part
        with part.open("rb+") as stream:
            os.fsync(stream.fileno())
        part.replace(target)
    except OSError as error:
        raise CannotWrite(str(target), error.strerror or str(error)) from error
    finally:
        with suppress(OSError):  # where the folder is none, that was said already
            part.unlink(missing_ok=True)


@contextmanager
def packed(path: Path, name: str) -> Iterator[IO[bytes]]:
    """``path`` opened for writing; compressed where the file's final ``name`` ends in ``.gz``, as readers expect."""
    with path.open("wb") as stream:
        if name.endswith(".gz"):
            # Without a name or a moment in it: the same log gives the same file.
            with gzip.GzipFile("", "wb", compresslevel=3, fileobj=stream, mtime=0) as smaller:
                yield cast(IO[bytes], smaller)  # it has all of it that is written with
        else:
            yield stream


def sound(text: str) -> str:
    """``text`` as UTF-8 and every table can hold it: NUL and halves of letters are replaced."""
    return NO_TEXT.sub(INSTEAD, text) if NO_TEXT.search(text) else text


def sound_xml(text: str) -> str:
    """``text`` with only those characters that XML 1.0 allows."""
    return _NO_XML.sub(INSTEAD, text)

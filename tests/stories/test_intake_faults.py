"""Files as they come in real life, with everything wrong in them that can be: every good line goes in, every bad one is
named with its line, column and reason."""

from __future__ import annotations

import csv
from pathlib import Path

import sqlalchemy as sa

import models
from saveline.actions.intake import import_files
from saveline.files.sources import Wanted
from tests.goldens import golden
from tests.world import World

HEAD = b"key,name,segment,arr,renewal,health,plan,trial_end"
BAD_ACCOUNTS: dict[str, bytes] = {
    "negative ARR": b"x,X,smb,-1200,,,,",
    "ARR that is no number": b"x,X,smb,NaN,,,,",
    "infinite ARR": b"x,X,smb,inf,,,,",
    "separators of thousands": b'x,X,smb,"1,234.50",,,,',
    "a currency": b"x,X,smb,\xe2\x82\xac1200,,,,",
    "a unit": b"x,X,smb,1200 USD,,,,",
    "underscores, which Python takes for a number": b"x,X,smb,1_200,,,,",
    "digits of another script": "x,X,smb,١٢٠٠,,,,".encode(),
    "ARR beyond all bounds": b"x,X,smb,9e15,,,,",
    "a formula in the name": b"x,=HYPERLINK(A1),smb,1,,,,",
    "a formula after a space": b"x, @SUM(A1),smb,1,,,,",
    "a formula in full-width letters": "x,＝1＋1,smb,1,,,,".encode(),
    "a formula after a tab": b"x,\t=1+1,smb,1,,,,",
    "a pipe to a program": b"x,|calc,smb,1,,,,",
    "a day that is not in the calendar": b"x,X,smb,1,2026-02-30,,,",
    "a date of another country": b"x,X,smb,1,30/11/2026,,,",
    "a date of no country": b"x,X,smb,1,soon,,,",
    "a date without end": b"x,X,smb,1,9999-12-31,,,",
    "a wrong date in a column of one's own": b"x,X,smb,1,,,,2026-13-01",
    "health above 100": b"x,X,smb,1,,101,,",
    "health in words": b"x,X,smb,1,,good,,",
    "no key": b",X,smb,1,,,,",
    "no name": b"x,,smb,1,,,,",
    "a key that was there": b"good1,X,smb,1,,,,",
    "a field too few": b"x,X,smb,1,,,",
    "a field too many": b"x,X,smb,1,,,,,",
    "Latin-1": b"x,Caf\xe9,smb,1,,,,",
    "half of a UTF-8 letter": b"x,Caf\xc3,smb,1,,,,",
    "a NUL": b"x,X\x00,smb,1,,,,",
    "a quote that is not closed": b'x,"X,smb,1,,,,',
    "a quote in the middle": b'x,"X"Y,smb,1,,,,',
    "a name that is too long": b"x," + b"X" * 201 + b",smb,1,,,,",
    "10 MB in one field": b"x,X,smb,1,,," + b"p" * 10_000_000 + b",",
    "10 MB in one field with quotes": b'x,X,smb,1,,,"' + b"p" * 10_000_000 + b'",',
    "two things at once": b"x,=X,smb,-1,never,,,",
}
BAD_SIGNALS: dict[str, bytes] = {
    "an unknown account": b"god1,nps,2026-11-01,1,,",
    "no account": b",nps,2026-11-01,1,,",
    "no date": b"good1,nps,,1,,",
    "an hour that there is not": b"good1,nps,2026-11-01 25:00,1,,",
    "a number of seconds": b"good1,nps,1762000000,1,,",
    "a kind in several words": b"good1,Champion left,2026-11-01,1,,",
    "a value in words": b"good1,nps,2026-11-01,low,,",
    "a formula in the note": b"good1,nps,2026-11-01,1,\"+cmd|' /C calc'!A0\",",
    "the same signal again": b"good1,nps,2026-11-01T00:00:00+00:00,1,,",
    "a note that is too long": b"good1,nps,2026-11-02,1," + b"n" * 4001 + b",",
}
GOOD_NOTE = b'good3,escalation,2026-11-03,,"two lines,\nand a ""quote""",t3'


def account(no: int) -> bytes:
    """A line that is in order, as files write them in different ways."""
    ways = [b'"Caf\xc3\xa9 ""%d"""', b"Plain %d", b'5" pipes %d', b"'quoted' %d"]
    return b"good%d," % no + ways[no % 4] % no + b",smb,12e3,2027-01-31,%d,,2026-12-01" % (no % 101)


def planted(path: Path, head: bytes, bad: dict[str, bytes], good: list[bytes]) -> None:
    """The file: a good line before each bad one and after the last, so that any damage shows."""
    lines = [head]
    for i, fault in enumerate(bad.values()):
        lines += [good[i], fault]
    path.write_bytes(b"\n".join([*lines, *good[len(bad) :]]) + b"\n")


def test_forty_faults_cost_no_good_line(on_both: World, tmp_path: Path) -> None:
    """Planted, each red: not giving lines back after a broken quote; reading the file as Latin-1; stopping at the first
    bad line; ``float()`` for numbers; looking only at a cell's first character for formulas.
    """
    accounts, signals = tmp_path / "accounts.csv", tmp_path / "signals.csv"
    good = [account(i) for i in range(1, len(BAD_ACCOUNTS) + 3)]
    planted(accounts, HEAD, BAD_ACCOUNTS, good)
    observed = [b"good%d,nps,2026-11-01,%d,," % (i, i) for i in range(1, len(BAD_SIGNALS) + 1)]
    planted(signals, b"account,kind,at,value,note,key", BAD_SIGNALS, [*observed, GOOD_NOTE])
    assert len(BAD_ACCOUNTS) + len(BAD_SIGNALS) >= 40

    result = import_files(on_both.desk, on_both.settings.workspace, Wanted((accounts, signals)))

    told = [str(p).removeprefix(f"{tmp_path}/") for p in result.problems]
    golden("intake/forty_faults.txt", "\n".join(told))
    assert [(f.lines, f.rejected) for f in result.files] == [
        (len(good) + len(BAD_ACCOUNTS), len(BAD_ACCOUNTS)),
        (len(observed) + 1 + len(BAD_SIGNALS), len(BAD_SIGNALS)),
    ]
    with on_both.desk.reading() as conn:
        names = dict(conn.execute(sa.text("SELECT key, name FROM account")).tuples().all())
        rows = conn.execute(sa.select(models.metadata.tables["signal"])).all()
    assert names == {
        f"good{i}": [f'Café "{i}"', f"Plain {i}", f'5" pipes {i}', f"'quoted' {i}"][i % 4]
        for i in range(1, len(good) + 1)
    }
    assert sorted(r.value for r in rows if r.kind == "nps") == list(range(1, len(observed) + 1))
    assert [(r.note, r.source_key) for r in rows if r.kind == "escalation"] == [('two lines,\nand a "quote"', "t3")]


def test_every_bad_line_is_in_the_file_of_rejected_lines(lite: World, tmp_path: Path) -> None:
    """With its number and reason, short, readable, and safe to open in a spreadsheet."""
    accounts = tmp_path / "accounts.csv"
    planted(accounts, HEAD, BAD_ACCOUNTS, [account(i) for i in range(1, len(BAD_ACCOUNTS) + 2)])
    import_files(lite.desk, lite.settings.workspace, Wanted((accounts,)))
    rejected = tmp_path / "accounts.csv.rejected.csv"
    assert rejected.stat().st_size < 20_000
    golden("intake/rejected.csv", rejected.read_text().replace("p" * 900, "…"))
    with rejected.open(newline="") as stream:
        rows = list(csv.DictReader(stream, strict=True))
    assert [int(r["line"]) for r in rows] == list(range(3, 3 + 2 * len(BAD_ACCOUNTS), 2))
    for cell in (c for r in rows for c in r.values()):
        assert cell.lstrip()[:1] not in {*"=+-@|", "＝"} or cell.lstrip("-").isdigit()

"""The inbox folder: what has arrived is read once and put away, and a bad arrival spoils only itself.

Planted bugs that turned these tests red: files that are not moved, an arrival whose fault stops the next one, a file
that still grows taken for whole, rejected lines left behind in the inbox, and two arrivals of one second in one folder.
"""

from __future__ import annotations

import threading
from pathlib import Path

import sqlalchemy as sa

from saveline.actions.inbox import read_inbox
from tests.world import World

ACCOUNTS = "key,name,segment,arr,renewal,plan\nacme,Acme,enterprise,80000,2027-03-20,gold\n"
TEAM = "account,role,person\nacme,csm,ana@x.example\n"
SIGNALS = "account,kind,at\nacme,champion_left,2026-11-20\n"
MAPPING = "tables: {c: {file: customers.csv}}\naccounts: {from: c, key: Nr, name: Kunde, arr: {column: Umsatz}}\n"


def inbox(world: World) -> Path:
    folder = world.settings.workspace / "inbox"
    folder.mkdir(exist_ok=True)
    return folder


def put(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_csv", ".csv").replace("_yaml", ".yaml")).write_text(text)


def lying(folder: Path) -> list[str]:
    """Every file below, relative."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def count(world: World, table: str) -> int:
    with world.desk.reading() as conn:
        return int(conn.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one())


def look(world: World) -> list[tuple[tuple[str, ...], str]]:
    """What a look reads: the files of each arrival, and why it was refused."""
    return [(r.files, r.refused) for r in read_inbox(world.desk, world.settings.workspace).reads]


def test_what_arrives_together_is_read_together_once_and_put_away(on_both: World) -> None:
    put(inbox(on_both), accounts_csv=ACCOUNTS, team_csv=TEAM, signals_csv=SIGNALS, notes_txt="not ours")
    assert look(on_both) == [(("accounts.csv", "signals.csv", "team.csv"), "")]
    assert (on_both.deal().stage, on_both.deal().owner_id) == ("triage", on_both.person("ana"))
    assert lying(inbox(on_both)) == [
        "done/2026-11-20T100000/accounts.csv",
        "done/2026-11-20T100000/signals.csv",
        "done/2026-11-20T100000/team.csv",
        "notes_txt",
    ]
    assert look(on_both) == []
    assert count(on_both, "import_run") == 1


def test_an_empty_or_missing_inbox_costs_nothing(lite: World) -> None:
    assert look(lite) == []
    inbox(lite)
    assert look(lite) == []


def test_rejected_lines_go_with_their_file_and_are_not_read_again(lite: World) -> None:
    put(inbox(lite), accounts_csv=ACCOUNTS + "globex,,smb,1,,\n")
    assert look(lite) == [(("accounts.csv",), "")]
    assert lying(inbox(lite)) == [
        "done/2026-11-20T100000/accounts.csv",
        "done/2026-11-20T100000/accounts.csv.rejected.csv",
    ]
    assert count(lite, "account") == 1


def test_one_that_cannot_be_read_is_put_aside_and_the_others_go_in(on_both: World) -> None:
    put(inbox(on_both), accounts_csv=ACCOUNTS)
    put(inbox(on_both) / "crm", mapping_yaml="accounts: {from: nowhere}\n", customers_csv="Nr,Kunde\n1,Eins\n")
    put(inbox(on_both) / "erp", mapping_yaml=MAPPING, customers_csv="Nr,Kunde,Umsatz\n7,Sieben,1200\n")
    reads = look(on_both)
    assert [(files, bool(refused)) for files, refused in reads] == [
        (("accounts.csv",), False),
        (("mapping.yaml", "customers.csv"), True),
        (("mapping.yaml", "customers.csv"), False),
    ]
    assert "mapping.yaml:1:" in reads[1][1]
    folder = inbox(on_both)
    assert lying(folder) == [
        "done/2026-11-20T100000-2/customers.csv",
        "done/2026-11-20T100000-2/mapping.yaml",
        "done/2026-11-20T100000/accounts.csv",
        "refused/2026-11-20T100000/customers.csv",
        "refused/2026-11-20T100000/mapping.yaml",
        "refused/2026-11-20T100000/reason.txt",
    ]
    assert (folder / "refused/2026-11-20T100000/reason.txt").read_text() == f"{reads[1][1]}\n"
    with on_both.desk.reading() as conn:
        keys = conn.execute(sa.text("SELECT key FROM account ORDER BY key")).scalars().all()
    assert keys == ["7", "acme"]
    assert look(on_both) == []


def test_a_file_without_headings_is_refused_with_its_reason(lite: World) -> None:
    put(inbox(lite), accounts_csv="")
    [(files, refused)] = look(lite)
    assert files == ("accounts.csv",)
    assert "accounts.csv:1:1" in refused
    assert lying(inbox(lite)) == ["refused/2026-11-20T100000/accounts.csv", "refused/2026-11-20T100000/reason.txt"]


def test_a_file_that_is_still_being_written_is_left_for_the_next_look(lite: World) -> None:
    path = inbox(lite) / "accounts.csv"
    path.write_text(ACCOUNTS)
    stop = threading.Event()

    def write_on() -> None:
        line = 0
        with path.open("a") as stream:
            while not stop.wait(0.05):
                stream.write(f"more{line},More,smb,1,,\n")
                stream.flush()
                line += 1

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        assert look(lite) == []
    finally:
        stop.set()
        writer.join(10)
    assert count(lite, "account") == 0
    assert look(lite) == [(("accounts.csv",), "")]
    assert count(lite, "account") > 5


def test_what_was_read_but_not_put_away_is_read_again_and_changes_nothing(on_both: World) -> None:
    """As after a crash between the import and the move."""
    files = {"accounts_csv": ACCOUNTS, "team_csv": TEAM, "signals_csv": SIGNALS}
    put(inbox(on_both), **files)
    look(on_both)
    before = on_both.history()
    on_both.pass_time(minutes=1)
    put(inbox(on_both), **files)
    [read] = read_inbox(on_both.desk, on_both.settings.workspace).reads
    assert read.result is not None
    assert {kind: (c.added, c.changed) for kind, c in read.result.counts.items()} == {
        "accounts": (0, 0),
        "team": (0, 0),
        "signals": (0, 0),
    }
    assert (count(on_both, "deal"), on_both.history()) == (1, before)

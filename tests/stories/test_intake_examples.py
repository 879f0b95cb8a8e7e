"""The examples that come with Saveline, imported as their READMEs say, and the command that does it."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import pty
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import typer

from saveline.actions.intake import ImportResult, import_files
from saveline.cli import import_, main
from saveline.files import shipped
from saveline.files.sources import Wanted
from tests.stories.test_intake import everything
from tests.world import World, world

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
MAPPING = EXAMPLES / "ravenstack" / "mapping.yaml"
RAVENSTACK = Path(os.environ.get("SAVELINE_RAVENSTACK", "nowhere"))
CAUSES = {"champion_left", "service_failure", "value_not_seen", "price_pressure", "silent_account"}


@pytest.fixture
def sample(database_url: str, tmp_path: Path) -> Iterator[World]:
    """The sample workspace that comes with Saveline, on the day of the sample portfolio."""
    folder = tmp_path / "workspace"
    with world(folder, database_url) as built:
        for name in ("saveline.yaml", "people.yaml"):
            shutil.copy(shipped.folder(name), folder / name)
        shutil.rmtree(folder / "playbooks")
        shutil.copytree(shipped.folder("playbooks"), folder / "playbooks")
        yield built


def brought_in(sample: World, *paths: Path, mapping: Path | None = None) -> ImportResult:
    return import_files(sample.desk, sample.settings.workspace, Wanted(paths, mapping))


def cents(sample: World) -> dict[str, int]:
    with sample.desk.reading() as conn:
        return dict(conn.execute(sa.text("SELECT key, arr_cents FROM account")).tuples().all())


def test_the_sample_portfolio_has_deals_of_every_cause(sample: World) -> None:
    result = brought_in(sample, EXAMPLES / "portfolio")
    assert [str(p) for p in result.problems] == []
    assert {kind: c.added for kind, c in result.counts.items()} == {
        kind: (EXAMPLES / "portfolio" / f"{kind}.csv").read_text().count("\n") - 1
        for kind in ("accounts", "team", "contacts", "touchpoints", "signals")
    }
    assert result.counts["accounts"].added == 60
    assert 18 <= len(result.opened) <= 25
    heaviest = Counter(o.causes[0] for o in result.opened)
    assert set(heaviest) == CAUSES
    assert min(heaviest.values()) >= 3
    runways = sorted(_runway(sample, o.deal) for o in result.opened)
    assert (runways[0] < 40, runways[-1] > 240, len([r for r in runways if r > 90]) >= 5) == (True, True, True)
    before = everything(sample)
    assert brought_in(sample, EXAMPLES / "portfolio").opened == ()
    assert everything(sample) == before


def _runway(sample: World, deal: int) -> int:
    found, account = sample.loaded(deal)
    assert account.renewal is not None
    assert found.opened_at is not None
    return (account.renewal - found.opened_at.date()).days


def test_the_sample_portfolio_is_what_its_script_writes(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_portfolio", EXAMPLES / "portfolio" / "make_portfolio.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_portfolio"] = module
    try:
        spec.loader.exec_module(module)
        module.write(tmp_path)
    finally:
        del sys.modules["make_portfolio"]
    made = sorted(tmp_path.glob("*.csv"))
    assert [p.name for p in made] == ["accounts.csv", "contacts.csv", "signals.csv", "team.csv", "touchpoints.csv"]
    for path in made:
        assert path.read_bytes() == (EXAMPLES / "portfolio" / path.name).read_bytes(), path.name


@pytest.mark.skipif(
    not RAVENSTACK.is_dir(), reason="the RavenStack files are not here: SAVELINE_RAVENSTACK names their folder"
)
def test_ravenstack_comes_in_by_a_mapping_alone(sample: World) -> None:
    """ARR is recomputed here from the files by hand; a second import changes no row."""
    sample.clock.set(datetime(2024, 10, 1, 9, tzinfo=UTC))
    result = brought_in(sample, RAVENSTACK, mapping=MAPPING)
    assert [str(p) for p in result.problems] == []
    assert [f.lines for f in result.files] == [500, 5000, 2000, 25000, 600]
    assert result.counts["accounts"].added == 500
    assert cents(sample) == _live_arr()
    with sample.desk.reading() as conn:
        kinds = dict(conn.execute(sa.text("SELECT kind, count(*) FROM signal GROUP BY kind")).tuples().all())
        latest = conn.execute(sa.text("SELECT max(at) FROM signal")).scalar_one()
    assert {"escalation", "downgrade", "usage_drop", "low_usage", "csat", "intent_to_leave"} <= set(kinds)
    assert str(latest) < "2024-10-01 09"
    assert 40 <= len(result.opened) <= 100
    for opened in result.opened:
        lines = opened.sum.splitlines()
        assert sum(int(line.split()[0]) for line in lines[:-1]) == opened.score >= 60
        assert lines[-1].split() == [str(opened.score), "in", "all"]
        assert cents(sample)[opened.account] > 0
    before = everything(sample)
    again = brought_in(sample, RAVENSTACK, mapping=MAPPING)
    assert {(c.added, c.changed) for c in again.counts.values()} == {(0, 0)}
    assert everything(sample) == before


def _live_arr() -> dict[str, int]:
    with (RAVENSTACK / "ravenstack_accounts.csv").open(newline="") as stream:
        found = {row["account_id"]: 0 for row in csv.DictReader(stream)}
    with (RAVENSTACK / "ravenstack_subscriptions.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            if row["start_date"] <= "2024-10-01" and not "" < row["end_date"] <= "2024-10-01":
                found[row["account_id"]] += int(row["arr_amount"]) * 100
    return found


LINES = {
    "ravenstack_accounts.csv": """account_id,account_name,industry,country,signup_date,plan_tier,seats
A-1,One,EdTech,UK,2023-05-01,Enterprise,40
A-2,Two,FinTech,US,2023-06-01,Basic,5
A-3,Three,FinTech,US,2024-10-05,Pro,9
""",
    "ravenstack_subscriptions.csv": """subscription_id,account_id,start_date,end_date,plan_tier,\
seats,arr_amount,is_trial,downgrade_flag,billing_frequency
S-1,A-1,2023-05-01,,Enterprise,40,12000,False,False,annual
S-2,A-1,2024-09-20,,Pro,20,6000,False,True,monthly
S-3,A-1,2023-05-01,2024-10-01,Pro,20,99999,False,False,annual
S-4,A-2,2024-10-02,,Basic,5,600,False,True,annual
S-5,A-2,2024-02-29,,Basic,5,0,True,False,annual
S-6,A-9,2024-01-01,,Basic,5,700,False,False,annual
""",
    "ravenstack_support_tickets.csv": """ticket_id,account_id,submitted_at,closed_at,priority,\
first_response_time_minutes,satisfaction_score,escalation_flag
T-1,A-1,2024-09-30,2024-09-30 19:00:00,urgent,90,,True
T-2,A-1,2024-09-29,2024-10-03 08:00:00,low,,3.0,False
T-3,A-2,2024-09-30,2024-09-30 19:00:00,high,10,,True
T-4,A-1,2024-10-02,2024-10-02 19:00:00,high,10,,True
""",
    "ravenstack_feature_usage.csv": """usage_id,subscription_id,usage_date,usage_count
U-1,S-1,2024-08-20,40
U-2,S-2,2024-09-25,15
U-3,S-1,2024-10-02,99
""",
    "ravenstack_churn_events.csv": """churn_event_id,account_id,churn_date,reason_code,is_reactivation,feedback_text
C-1,A-1,2024-10-02,budget,False,
C-2,A-2,2024-09-15,pricing,False,too expensive
C-3,A-2,2024-09-16,pricing,True,
""",
}


CASES = """SELECT source_key, substr(CAST(opened_at AS TEXT), 1, 16), substr(CAST(first_response_at AS TEXT), 1, 16),
substr(CAST(resolved_at AS TEXT), 1, 16), satisfaction, CAST(escalated AS INTEGER) FROM support_case
ORDER BY source_key"""
"""In the clock of Greenwich, where both databases keep moments."""


def test_the_mapping_of_ravenstack_line_by_line(sample: World, tmp_path: Path) -> None:
    """On lines of our own, so that what it means is checked where the data set is not at hand."""
    sample.clock.set(datetime(2024, 10, 1, 9, tzinfo=UTC))
    for name, text in LINES.items():
        (tmp_path / name).write_text(text)
    result = brought_in(sample, tmp_path, mapping=MAPPING)
    assert [str(p).rpartition("/")[2] for p in result.problems] == [
        "ravenstack_subscriptions.csv:7:2: unknown account 'A-9'; expected A-1, A-2 or A-3; did you mean 'A-3'?",
        "ravenstack_support_tickets.csv:1:1: warning: none of 4 lines becomes a row of signals; "
        "expected some not later than as_of, that where and only_if let through",
        "ravenstack_churn_events.csv:1:1: warning: none of 3 lines becomes a row of signals; "
        "expected some not later than as_of, that where and only_if let through",
        "ravenstack_subscriptions.csv:7:1: warning: unknown account 'A-9': its rows count for nothing; "
        "expected a known account",
    ]
    with sample.desk.reading() as conn:
        rows = conn.execute(sa.text("SELECT key, segment, country, arr_cents, renewal FROM account ORDER BY key")).all()
        signals = conn.execute(
            sa.text("SELECT kind, source_key, value, note FROM signal ORDER BY kind, source_key")
        ).all()
        paid = conn.execute(
            sa.text("SELECT source_key, starts_on, ends_on, arr_cents FROM subscription ORDER BY source_key")
        ).all()
        left = conn.execute(sa.text('SELECT source_key, "on", reason, note FROM departure')).all()
        cases = conn.execute(sa.text(CASES)).all()
    assert [tuple(map(str, r)) for r in paid] == [
        ("S-1", "2023-05-01", "None", "1200000"),
        ("S-2", "2024-09-20", "None", "600000"),
        ("S-3", "2023-05-01", "2024-10-01", "9999900"),
    ]
    assert [tuple(map(str, r)) for r in cases] == [
        ("T-1", "2024-09-29 23:00", "2024-09-30 00:30", "2024-09-30 18:00", "None", "1"),
        ("T-2", "2024-09-28 23:00", "None", "2024-10-03 07:00", "3.0", "0"),
        ("T-3", "2024-09-29 23:00", "2024-09-29 23:10", "2024-09-30 18:00", "None", "1"),
    ]
    assert [tuple(map(str, r)) for r in left] == [("C-2", "2024-09-15", "pricing", "too expensive")]
    assert [tuple(map(str, r)) for r in rows] == [
        ("A-1", "enterprise", "GB", "1800000", str(date(2025, 5, 1))),
        ("A-2", "smb", "US", "0", "None"),
        ("A-3", "mid_market", "US", "0", "None"),
    ]
    assert [tuple(s) for s in signals] == [
        ("downgrade", "S-2", None, "to Pro, 20 seats"),
        ("escalation", "T-1", None, "urgent ticket T-1"),
        ("first_response_hours", "T-1", 1.5, ""),
        ("usage_drop", "2024-10", 62.5, "sum of usage_count in 30 days: 15, 40 in the 30 days before"),
    ]
    assert [(o.account, o.causes) for o in result.opened] == [
        ("A-1", ("price_pressure", "value_not_seen", "service_failure"))
    ]


@pytest.fixture
def run(lite: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """``saveline import …`` in the workspace; gives the exit status, what was printed, and the complaints."""
    app = typer.Typer()
    app.callback()(lambda: None)
    import_.register(app)
    monkeypatch.setattr(main, "app", app)
    database = lite.settings.database
    monkeypatch.setenv("SAVELINE_WORKSPACE", str(lite.settings.workspace))
    monkeypatch.setenv("SAVELINE_DATABASE_URL", database)
    monkeypatch.setenv("SAVELINE_CLOCK", str(lite.settings.clock))
    monkeypatch.setenv("COLUMNS", "200")

    def saveline(*arguments: str) -> tuple[int, str, str]:
        status = main.main(["import", *arguments])
        told = capsys.readouterr()
        return status, told.out, told.err

    return saveline


ACCOUNT = "key,name,arr\nacme,Acme,80000\n"
SIGNAL = "account,kind,at\nacme,champion_left,2026-11-20\n"


def test_the_command_prints_counts_problems_and_the_sum(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text(ACCOUNT + "x,,1\n")
    (tmp_path / "signals.csv").write_text(SIGNAL)
    status, out, err = run(str(tmp_path))
    lines = [line.rstrip() for line in out.splitlines()]
    assert (status, err) == (1, "")
    assert lines[0].split() == ["read", "added", "changed", "unchanged", "rejected", "left", "out"]
    assert lines[1].split() == ["accounts", "1", "1", "0", "0", "1", "0"]
    assert lines[3] == f"{tmp_path}/accounts.csv:3:2: name is empty; expected a value"
    assert lines[4] == f"1 bad line is in {tmp_path}/accounts.csv.rejected.csv, with the reasons."
    assert lines[5] == "1 deal opened"
    assert lines[7].split() == ["1", "Acme", "60", "champion_left", "champion-left"]
    assert lines[8:] == [
        "How Acme came to 60:",
        "   60  Champion left, 20 Nov 2026 (60 points 0 days ago, half as many every 90 days)",
        "   60  in all",
    ]


def test_exit_status_and_json(run: Callable[..., Any], tmp_path: Path) -> None:
    good, bad = tmp_path / "accounts.csv", tmp_path / "bad.csv"
    good.write_text(ACCOUNT)
    bad.write_text(ACCOUNT + "x,X,-1\n")
    status, out, _ = run(str(good), "--dry-run")
    assert status == 0
    assert "Nothing was written: a dry run." in out
    status, out, _ = run(str(bad), "--strict")
    assert status == 1
    assert "Nothing was written: --strict, and not every line is in order." in out
    status, out, _ = run(str(good), "--json")
    assert (status, json.loads(out)["counts"]["accounts"]["added"]) == (0, 1)
    status, out, _ = run(str(bad), "--json")
    found = json.loads(out)
    assert (status, found["counts"]["accounts"]["unchanged"], found["problems"][0]["line"]) == (1, 1, 3)
    status, _, err = run(str(tmp_path / "gone.csv"))
    assert (status, err) == (
        1,
        f"{tmp_path}/gone.csv:1:1: cannot be read: No such file or directory; expected a CSV file\n",
    )
    assert run()[0] == 2
    assert run("--map", "m.yaml", "--as", "accounts")[0] == 2
    status, _, err = run("--map", str(tmp_path / "m.yaml"))
    assert status == 1
    assert "m.yaml:1:1: cannot be read" in err


def test_a_long_file_shows_how_far_it_is_to_those_who_watch(lite: World, tmp_path: Path) -> None:
    """On a real terminal, and only there: the bar never gets among what is printed."""
    lines = "".join(f"a{i},Account {i},{i},{'n' * 60}\n" for i in range(30_000))
    (tmp_path / "accounts.csv").write_text("key,name,arr,note\n" + lines)
    environment = {
        **os.environ,
        "SAVELINE_WORKSPACE": str(lite.settings.workspace),
        "SAVELINE_DATABASE_URL": lite.settings.database,
        "TERM": "xterm",
    }
    ours, theirs = pty.openpty()
    # Read while it runs: a terminal that nobody reads is soon full, and whoever writes to it then waits for ever.
    with ThreadPoolExecutor(1) as pool:
        seen = pool.submit(_read_all, ours)
        done = subprocess.run(
            [str(Path(sys.executable).with_name("saveline")), "import", str(tmp_path), "--dry-run"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=theirs,
            check=False,
        )
        os.close(theirs)
    os.close(ours)
    assert b"Reading" in seen.result()
    assert done.returncode == 0
    assert b"accounts" in done.stdout
    assert b"Reading" not in done.stdout


def _read_all(terminal: int) -> bytes:
    """Everything written to a terminal until its other end is closed, which a read there answers with an error."""
    found = b""
    with suppress(OSError):
        while part := os.read(terminal, 4096):
            found += part
    return found

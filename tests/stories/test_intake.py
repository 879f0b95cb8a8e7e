"""Files in, deals out: what a retention manager sees of an import, from the first to the hundredth."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import models
from saveline.actions import loading
from saveline.actions.intake import ImportResult, import_files
from saveline.core.errors import Invalid
from saveline.files import rejected
from saveline.files.sources import Wanted
from saveline.store import load
from saveline.store.intake import write_rows
from tests.world import World

ACCOUNTS = """key,name,segment,arr,renewal,plan
acme,Acme,enterprise,80000,2027-03-20,gold
globex,Globex,smb,12000.50,,silver
initech,Initech,smb,9000,2027-01-31,
"""
TEAM = """account,role,person
acme,csm,ana@x.example
acme,sponsor,chris@x.example
globex,csm,ana@x.example
"""
SIGNALS = """account,kind,at,value,note,key
acme,champion_left,2026-11-18,,Jo Lind left,c1
acme,nps,2026-11-01,4,,n1
globex,nps,2026-11-01,9,,n2
"""
FILES = {"accounts.csv": ACCOUNTS, "team.csv": TEAM, "signals.csv": SIGNALS}
FACTS = (
    models.Account,
    models.AccountRole,
    models.Contact,
    models.Signal,
    models.Touchpoint,
    models.Deal,
    models.DealCause,
    models.Task,
    models.Event,
    models.Notice,
    models.Person,
)


def bring_in(world: World, folder: Path, files: dict[str, str] = FILES, **wanted: Any) -> ImportResult:
    """Put files into a folder of their own, and import it."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return import_files(world.desk, world.settings.workspace, Wanted((folder,), **wanted))


def everything(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of facts: what a second import must leave as it is, to the last column."""
    with world.desk.reading() as conn:
        tables = [models.metadata.tables[str(m.__tablename__)] for m in FACTS]
        return {t.name: sorted(tuple(r) for r in conn.execute(sa.select(t))) for t in tables}


def test_an_account_at_risk_becomes_a_deal_with_its_sum(on_both: World, tmp_path: Path) -> None:
    result = bring_in(on_both, tmp_path / "in")
    assert [str(p) for p in result.problems] == []
    assert {kind: (c.read, c.added) for kind, c in result.counts.items()} == {
        "accounts": (3, 3),
        "team": (3, 3),
        "signals": (3, 3),
    }
    (opened,) = result.opened
    assert (opened.account, opened.causes) == ("acme", ("champion_left", "value_not_seen"))
    assert opened.sum.splitlines() == [
        "   59  Champion left, 18 Nov 2026 (60 points 2 days ago, half as many every 90 days): Jo Lind left",
        "   25  NPS detractor, 1 Nov 2026",
        "   84  in all",
    ]
    deal, account = on_both.loaded(opened.deal)
    assert (deal.score, deal.arr_cents, deal.causes) == (84, 8_000_000, opened.causes)
    assert account.team == {"csm": on_both.person("ana"), "sponsor": on_both.person("chris")}
    assert (account.renewal, account.fields) == (date(2027, 3, 20), {"plan": "gold"})
    assert [t.kind for t in on_both.told("ana")][:1] == ["stage_entered"]
    assert "assigned" in [t.kind for t in on_both.told("ana")]


def test_a_second_import_writes_nothing(on_both: World, tmp_path: Path) -> None:
    """Also later, when moments have fallen due meanwhile: bringing those about is the engine's work, not an import's.

    Planted: bringing a running deal up to date although nothing about it is new.
    """
    bring_in(on_both, tmp_path / "in")
    before = everything(on_both)
    on_both.clock.set(on_both.now + timedelta(days=3))
    result = bring_in(on_both, tmp_path / "in")
    assert everything(on_both) == before
    assert {(c.added, c.changed) for c in result.counts.values()} == {(0, 0)}
    assert (result.opened, result.joined) == ((), ())


def test_every_import_leaves_a_record(on_both: World, tmp_path: Path) -> None:
    bring_in(on_both, tmp_path / "in")
    bring_in(on_both, tmp_path / "in", {"signals.csv": SIGNALS + "acme,nps,never,1,,n9\n"})
    with on_both.desk.reading() as conn:
        rows = conn.execute(sa.select(models.metadata.tables["import_run"])).all()
    assert len(rows) == 2
    assert '"deals_opened":1' in rows[0].counts
    assert "signals.csv:5:3: at is 'never'; expected a date like 2026-11-30" in rows[1].problems


def test_a_new_signal_joins_the_running_deal_as_a_further_cause(on_both: World, tmp_path: Path) -> None:
    bring_in(on_both, tmp_path / "in")
    more = SIGNALS + "acme,escalation,2026-11-19,,Export fails,t1\n"
    result = bring_in(on_both, tmp_path / "in", {"signals.csv": more})
    assert [(j.account, j.cause) for j in result.joined] == [("acme", "service_failure")]
    assert on_both.deal().causes == ("champion_left", "value_not_seen", "service_failure")
    assert on_both.deal().score == 84 + 24
    assert on_both.history().count("cause_added") == 1
    assert bring_in(on_both, tmp_path / "in", {"signals.csv": more}).joined == ()


def test_facts_of_an_account_that_change_are_looked_at_by_its_deal(on_both: World, tmp_path: Path) -> None:
    """The play's condition on the account decides anew; a change that touches no condition writes nothing there."""
    play = on_both.settings.workspace / "playbooks" / "champion-left.yaml"
    play.write_text(
        play.read_text().replace(
            "exit: answers.diagnosis.root_cause is defined",
            "exit: answers.diagnosis.root_cause is defined and account.health is not none and account.health > 50",
        )
    )
    bring_in(on_both, tmp_path / "in")
    on_both.done("ana", "diagnosis", root_cause="product_gap", summary="No export.")
    assert on_both.deal().stage == "triage"
    bring_in(on_both, tmp_path / "in", {"accounts.csv": ACCOUNTS.replace("gold", "platinum")})
    assert on_both.deal().stage == "triage"
    health = "key,name,health\nacme,Acme,70\n"
    result = bring_in(on_both, tmp_path / "in", {"accounts.csv": health})
    assert result.counts["accounts"].changed == 1
    assert on_both.deal().stage == "stabilise"
    assert on_both.loaded()[1].fields == {"plan": "platinum"}, "columns that a file does not have keep their values"


def test_what_was_dealt_with_in_a_deal_opens_no_second_one(on_both: World, tmp_path: Path) -> None:
    """Planted: counting signals from before the close."""
    bring_in(on_both, tmp_path / "in")
    on_both.clock.set(on_both.now + timedelta(days=5))
    on_both.close_deal("ana", "lost", evidence="their mail")
    on_both.clock.set(on_both.now + timedelta(hours=1))
    late = SIGNALS + "acme,champion_left,2026-11-20,,known late,c2\n"
    assert bring_in(on_both, tmp_path / "in", {"signals.csv": late}).opened == ()
    new = late + "acme,champion_left,2026-11-26,,the next one too,c3\n"
    on_both.clock.set(on_both.now + timedelta(days=1))
    (opened,) = bring_in(on_both, tmp_path / "in", {"signals.csv": new}).opened
    assert opened.sum.count("Champion left") == 1
    assert opened.score == 60


def test_facts_alone_open_no_second_deal_soon_after_a_close(on_both: World, tmp_path: Path) -> None:
    """Nobody has met them for months: that was so before the close too. After the cool-down it counts again."""
    settings = on_both.settings.workspace / "saveline.yaml"
    settings.write_text(
        settings.read_text().replace("points: 35, cause: silent_account", "points: 70, cause: silent_account")
    )
    met = {"accounts.csv": ACCOUNTS, "touchpoints.csv": "account,at,how\ninitech,2026-06-01,call\n"}
    (opened,) = bring_in(on_both, tmp_path / "in", met).opened
    assert (opened.account, opened.causes) == ("initech", ("silent_account",))
    on_both.close_deal("ana", "let_go")
    on_both.clock.set(on_both.now + timedelta(days=59))
    assert bring_in(on_both, tmp_path / "in", met).opened == ()
    on_both.clock.set(on_both.now + timedelta(days=1))
    assert [(o.account, o.deal) for o in bring_in(on_both, tmp_path / "in", met).opened] == [("initech", 2)]


def test_a_call_makes_an_account_less_silent(on_both: World, tmp_path: Path) -> None:
    files = {
        "accounts.csv": ACCOUNTS,
        "contacts.csv": "account,email,name,champion\nacme,Jo@Acme.example,Jo Lind,yes\n",
        "touchpoints.csv": "account,at,how,person,contact\n"
        "acme,2026-08-01,call,ana@x.example,jo@acme.example\nacme,2026-11-27,visit,,\n",
    }
    result = bring_in(on_both, tmp_path / "in", files)
    assert [str(p) for p in result.problems] == []
    with on_both.desk.reading() as conn:
        rows = conn.execute(sa.select(models.metadata.tables["touchpoint"])).all()
    assert [(r.how, r.person_id is None, r.contact_id is None) for r in rows] == [
        ("call", False, False),
        ("visit", True, True),
    ]
    assert result.opened == ()
    nps = {"signals.csv": "account,kind,at,value\nacme,nps,2026-11-20,2\n"}
    (opened,) = bring_in(on_both, tmp_path / "in", nps).opened
    assert opened.score == 25 + 35, "the visit is a week ahead, so the last contact is that of August"
    on_both.clock.set(datetime(2026, 11, 28, 9, tzinfo=UTC))


def test_strict_refuses_the_whole_for_one_bad_line(on_both: World, tmp_path: Path) -> None:
    bring_in(on_both, tmp_path / "in", {"accounts.csv": ACCOUNTS})
    before = everything(on_both)
    bad = {**FILES, "signals.csv": SIGNALS + "acmee,nps,2026-11-01,1,,n5\n"}
    result = bring_in(on_both, tmp_path / "in", bad, strict=True)
    assert (result.written, result.in_order, result.opened) == (False, False, ())
    assert [str(p).partition("in/")[2] for p in result.problems] == [
        "signals.csv:5:1: unknown account 'acmee'; expected acme, globex or initech; did you mean 'acme'?"
    ]
    assert everything(on_both) == before
    assert not (tmp_path / "in" / "signals.csv.rejected.csv").exists()
    assert bring_in(on_both, tmp_path / "in", FILES, strict=True).written


def test_a_dry_run_says_what_would_happen_and_writes_nothing(on_both: World, tmp_path: Path) -> None:
    before = everything(on_both)
    people = {"people.csv": "email,name,manager\nzoe@x.example,Zoe Park,ana@x.example\n"}
    files = {**FILES, **people, "team.csv": TEAM + "initech,csm,zoe@x.example\nx,csm,ana@x.example\n"}
    result = bring_in(on_both, tmp_path / "in", files, dry_run=True)
    assert not result.written
    assert [(o.account, o.score) for o in result.opened] == [("acme", 84)]
    assert result.counts["team"].added == 4
    assert len(result.problems) == 1
    assert everything(on_both) == before
    assert "zoe" not in (on_both.settings.workspace / "people.yaml").read_text()
    assert not list((tmp_path / "in").glob("*.rejected.csv"))


def test_a_crash_in_the_middle_leaves_nothing(on_both: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All or nothing, people.yaml included. Planted: committing batch by batch."""
    before = everything(on_both)
    calls = []

    def fail(*args: Any) -> Any:
        calls.append(args[1])
        if args[1] == "signals":
            raise RuntimeError("the disk is gone")
        return write_rows(*args)

    monkeypatch.setattr(loading, "write_rows", fail)
    people = {"people.csv": "email,name\nzoe@x.example,Zoe Park\n"}
    with pytest.raises(RuntimeError, match="the disk is gone"):
        bring_in(on_both, tmp_path / "in", {**FILES, **people})
    assert calls == ["accounts", "team", "signals"]
    assert everything(on_both) == before
    assert "zoe" not in (on_both.settings.workspace / "people.yaml").read_text()


def test_people_come_through_people_yaml_and_can_be_named_at_once(on_both: World, tmp_path: Path) -> None:
    path = on_both.settings.workspace / "people.yaml"
    text = path.read_text()
    people = (
        "email,name,department,manager,zone,hours,capacity\n"
        "Zoe@x.example,Zoe Park,customer_success,bob@x.example,Europe/Paris,,7\n"
        'ana@x.example,Ana Ruiz,,,,"mon-thu 9-13, 14-18",\n'
        "bob@x.example,Bob Okafor,,,,,\n"
        "kay@x.example,Kay,,nobody@x.example,,,\n"
        "lou@x.example,Lou,suport,,Europe/Lisbonn,mon-fri,\n"
    )
    files = {"accounts.csv": ACCOUNTS, "people.csv": people, "team.csv": TEAM + "initech,csm,zoe@x.example\n"}
    result = bring_in(on_both, tmp_path / "in", files)
    assert result.people == ("added zoe@x.example", "changed ana@x.example (hours)")
    assert [str(p).partition("in/")[2].split(";")[0] for p in result.problems] == [
        "people.csv:5:4: unknown person 'nobody@x.example'",
        "people.csv:6:3: unknown department 'suport'",
        "people.csv:6:5: unknown time zone 'Europe/Lisbonn'",
        "people.csv:6:6: hours are 'mon-fri'",
    ]
    counts = result.counts["people"]
    assert (counts.read, counts.added, counts.changed, counts.unchanged, counts.rejected) == (3, 1, 1, 1, 2)
    before, after = text.splitlines(), path.read_text().splitlines()
    assert [line for line in before if "ana@" not in line] == [x for x in after if "ana@" not in x and "zoe@" not in x]
    assert after[-1] == (
        "  - {email: zoe@x.example, name: Zoe Park, department: customer_success, manager: bob@x.example, "
        "zone: Europe/Paris, capacity: 7}"
    )
    with on_both.desk.reading() as conn:
        zoe = on_both.desk.people(conn).by_email["zoe@x.example"]
        (initech,) = [a for a in load.accounts(conn, [1, 2, 3]) if a.key == "initech"]
    assert (zoe.capacity, zoe.manager_id, initech.team) == (7, on_both.person("bob"), {"csm": zoe.id})
    again = bring_in(on_both, tmp_path / "in", files)
    assert (again.people, path.read_text().splitlines()) == ((), after)


def test_bad_lines_are_mended_in_the_file_of_rejected_lines_and_imported_from_it(lite: World, tmp_path: Path) -> None:
    bad = ACCOUNTS.replace("80000", "€80000").replace("Globex", "=2+5")
    bring_in(lite, tmp_path / "in", {"accounts.csv": bad})
    bad_lines = tmp_path / "in" / "accounts.csv.rejected.csv"
    assert bad_lines.read_text() == (
        "key,name,segment,arr,renewal,plan,line,reason\n"
        "acme,Acme,enterprise,€80000,2027-03-20,gold,2,"
        "\"arr is '€80000'; expected a number like 1234.50, without currency or unit\"\n"
        "globex,'=2+5,smb,12000.50,,silver,3,"
        "name is '=2+5'; expected a text that a spreadsheet does not take for a formula\n"
    )
    mended = bad_lines.read_text().replace("€", "").replace("'=2+5,", "Globex,")
    bad_lines.write_text(mended)
    result = import_files(lite.desk, lite.settings.workspace, Wanted((bad_lines,)))
    assert (result.problems, result.counts["accounts"].added) == ((), 2)
    again = bring_in(lite, tmp_path / "in", {"accounts.csv": ACCOUNTS})
    assert again.counts["accounts"].unchanged == 3
    assert not bad_lines.exists(), "when every line is good, the old file of rejected lines goes"


def test_a_file_with_nothing_but_bad_lines_is_given_up(
    on_both: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the wrong file; what was read before it is not kept either."""
    monkeypatch.setattr(rejected, "MOST_BAD", 5)
    files = {**FILES, "signals.csv": SIGNALS + "nobody,nps,2026-11-01,1,,\n" * 6}
    with pytest.raises(Invalid, match=r"signals\.csv:10:1: more than 5 lines are bad"):
        bring_in(on_both, tmp_path / "in", files)
    assert everything(on_both)["account"] == []


def test_a_folder_without_any_file_and_a_file_of_no_known_kind_are_refused(lite: World, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no CSV file is here"):
        bring_in(lite, tmp_path / "in", {})
    with pytest.raises(Invalid) as caught:
        bring_in(lite, tmp_path / "in", {"a.csv": "acount,kind,at\nx,y,z\n", "b.csv": "key,name,arr\n"})
    assert "as signals it lacks account; expected the columns of" in str(caught.value)
    assert "did you mean 'acount'?" in str(caught.value)
    with pytest.raises(Invalid, match=r"unknown kind 'acounts'.*did you mean 'accounts'"):
        bring_in(lite, tmp_path / "in", {"a.csv": "key,name\n"}, kind="acounts")


def test_columns_and_kinds_that_nothing_is_done_with_are_warned_of(lite: World, tmp_path: Path) -> None:
    files = {
        "accounts.csv": "key,name,segement\nacme,Acme,smb\n",
        "signals.csv": "account,kind,at\nacme,champoin_left,2026-11-01\n",
    }
    result = bring_in(lite, tmp_path / "in", files)
    assert result.in_order
    assert [str(p).partition("in/")[2] for p in result.problems] == [
        "accounts.csv:1:3: warning: the column 'segement' is not read; expected key, name, segment, vertical, region, "
        "country, arr, renewal, health, left_on, plan or trial_end; did you mean 'segment'?",
        "signals.csv:2:1: warning: no risk rule counts signals of kind 'champoin_left'; expected champion_left, csat, "
        "escalation or nps; did you mean 'champion_left'?",
    ]


def test_a_playbook_that_is_not_in_order_does_not_cost_the_import(on_both: World, tmp_path: Path) -> None:
    (on_both.settings.workspace / "playbooks" / "champion-left.yaml").write_text("playbook: champion-left\n")
    result = bring_in(on_both, tmp_path / "in")
    assert result.counts["accounts"].added == 3
    assert (result.in_order, result.opened) == (False, ())
    assert "no playbook applies" in str(result.problems[0])

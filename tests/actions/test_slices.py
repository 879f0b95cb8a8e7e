"""The report of a slice, from the database: the accounts that belong to it, as they were known, and what it leaves out.

Planted bugs that turned these tests red: accounts sliced as they are now, what others pay and answer counted, the
slice left out of the key under which it is kept, a department's report that tells of every deal's year, a slice taken
from the deals of the slice before it, a report that is built while nobody else can write, and a department without the
saves that rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from sqlalchemy.engine import Connection

from saveline.actions import reports, slicing
from saveline.core.errors import UnknownWord
from saveline.core.periods import Period, parse
from saveline.core.report import Amount, StageReport
from saveline.core.slices import UNKNOWN, Slice
from saveline.core.stories import Story
from tests.stories.test_afterwards import bring_in, saved, watched
from tests.world import World

ZONE = "Europe/Lisbon"
WEEK, NEXT = parse("2026-W47", ZONE), parse("2026-W48", ZONE)
TUESDAY = datetime(2026, 11, 24, 9, tzinfo=UTC)
ENTERPRISE, SMALL = Slice(segment="enterprise"), Slice(segment="smb")


def lived(world: World, folder: Path) -> None:
    """Acme (enterprise) and Globex (smb) became deals; both pay for more than a year, were met and have answered."""
    bring_in(
        world,
        folder,
        accounts="key,name,arr,segment,region\nacme,Acme,80000,enterprise,EU\nglobex,Globex,12000,smb,\n",
        subscriptions="account,key,starts_on,arr\nacme,a,2025-01-01,80000\nglobex,g,2025-01-01,12000\n",
        signals="account,kind,at,value,key\nacme,nps,2026-11-18,9,n1\nglobex,nps,2026-11-18,2,n2\n",
        touchpoints="account,at,how,key\nacme,2026-11-17,call,1\nacme,2026-11-18,call,2\nglobex,2026-11-18,call,3\n",
    )
    for account_id in (1, 2):
        world.open(account_id)
    world.at(TUESDAY)


def of(world: World, wanted: Slice) -> StageReport:
    return reports.build(world.desk, WEEK, wanted)


def test_a_segment_has_its_deals_and_what_its_accounts_pay_and_say(on_both: World, tmp_path: Path) -> None:
    lived(on_both, tmp_path)
    large, small = of(on_both, ENTERPRISE), of(on_both, SMALL)
    assert (large.opened, small.opened) == (Amount(1, 80_000_00), Amount(1, 12_000_00))
    assert of(on_both, Slice(region=UNKNOWN)).opened == small.opened
    for report, arr, nps, calls in ((large, 80_000_00, (1, 0), 2), (small, 12_000_00, (0, 1), 1)):
        assert report.customers is not None
        assert report.customers.year.end.arr_cents == arr
        assert report.voice is not None
        assert report.voice.contacts is not None
        answered = report.voice.surveys.nps[-1].net
        assert (answered.promoters, answered.detractors) == nps
        assert [(h.touchpoints, h.accounts) for h in report.voice.contacts.by_how] == [(calls, 1)]
        assert report.voice.contacts.all.accounts == 1


def test_who_owns_a_deal_does_not_say_what_customers_pay(on_both: World, tmp_path: Path) -> None:
    lived(on_both, tmp_path)
    report = of(on_both, Slice(segment="enterprise", owner="bob@x.example"))
    assert (report.opened, report.customers, report.voice) == (Amount(1, 80_000_00), None, None)
    assert [(c.dimension, c.title) for c in report.slice] == [("segment", "enterprise"), ("owner", "Bob Okafor")]
    assert of(on_both, Slice(owner="dora@x.example")).opened == Amount()
    team = of(on_both, Slice(department="customer_success"))
    assert team.opened == Amount(2, 92_000_00)
    assert [max(step.came for step in r.pipeline.funnel) for r in (report, team) if r.pipeline] == [1, 2]
    assert of(on_both, Slice(department="finance")).pipeline is None


def test_a_slice_of_a_past_week_does_not_change_when_an_account_goes_into_another(
    on_both: World, tmp_path: Path
) -> None:
    lived(on_both, tmp_path / "a")
    then = [msgspec.json.encode(of(on_both, wanted)) for wanted in (ENTERPRISE, SMALL)]
    bring_in(on_both, tmp_path / "b", accounts="key,name,arr,segment\nacme,Acme,80000,smb\n")
    on_both.setting("people.yaml", "Ana Ruiz", "Ana Ruiz Lopez")
    assert [msgspec.json.encode(of(on_both, wanted)) for wanted in (ENTERPRISE, SMALL)] == then
    following = reports.build(on_both.desk, NEXT, SMALL)
    assert (following.before, following.at_risk) == (Amount(2, 92_000_00), Amount(2, 92_000_00))


def test_a_slice_is_kept_beside_the_whole(lite: World, tmp_path: Path) -> None:
    lived(lite, tmp_path)
    made = [reports.publish(lite.desk, WEEK, wanted)[0] for wanted in (Slice(), ENTERPRISE)]
    keys = ["stage_report:2026-W47", "stage_report:2026-W47:segment=enterprise"]
    assert [reports.key_of(WEEK, w) for w in (Slice(), ENTERPRISE)] == keys
    with lite.desk.reading() as conn:
        assert [reports.kept(conn, key) for key in keys] == made


def test_slices_that_are_made_together_are_what_they_are_alone(on_both: World, tmp_path: Path) -> None:
    lived(on_both, tmp_path)
    asked = (ENTERPRISE, SMALL, Slice(), Slice(owner="bob@x.example"), Slice(department="customer_success"))
    assert reports.build_all(on_both.desk, WEEK, asked) == [of(on_both, wanted) for wanted in asked]


def test_a_department_has_the_saves_it_worked_on_though_nothing_happens_to_them(on_both: World) -> None:
    watched(on_both)
    on_both.open()
    saved(on_both)
    on_both.pass_time(days=20)
    week, departments = parse("2026-W51", ZONE), ("customer_success", "finance", "leadership", "engineering")
    asked = (Slice(), *(Slice(department=d) for d in departments))
    expected = [1, 1, 1, 1, 0]
    assert [r.watched.deals for r in reports.build_all(on_both.desk, week, asked)] == expected
    assert [reports.build(on_both.desk, week, wanted).watched.deals for wanted in asked] == expected
    with on_both.desk.reading() as conn:
        (of_whole,), (of_all,) = (reports.told_in(conn, week, some) for some in (asked[:1], asked))
    assert (len(of_whole.now.tasks), len(of_all.now.tasks)) == (0, len(on_both.deal().tasks))


def test_others_write_while_a_report_is_built(lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a long history it takes seconds, and on SQLite one at a time can write."""
    lived(lite, tmp_path)
    read, seen = reports.told_in, list[int]()

    def meanwhile(conn: Connection, period: Period, slices: Sequence[Slice]) -> list[Story]:
        seen.append(lite.open(lite.account("initech")))
        return read(conn, period, slices)

    monkeypatch.setattr(reports, "told_in", meanwhile)
    report, queued = reports.publish(lite.desk, WEEK)
    assert (len(seen), report.opened.deals, queued) == (1, 2, 1)


def test_words_are_checked_against_what_is_known(lite: World, tmp_path: Path) -> None:
    lived(lite, tmp_path)
    asked = {"segment": "Enterprise", "department": "finance", "cause": "price_pressure", "region": UNKNOWN}
    assert slicing.checked(lite.desk, asked) == Slice(
        segment="enterprise", department="finance", cause="price_pressure", region=UNKNOWN
    )
    with pytest.raises(UnknownWord, match=r"'enterprize' is not a known segment: .* Did you mean 'enterprise'\?"):
        slicing.checked(lite.desk, {"segment": "enterprize"})
    with pytest.raises(UnknownWord, match=r"Did you mean 'champion-left'\?"):
        slicing.checked(lite.desk, {"play": "champion_left"})

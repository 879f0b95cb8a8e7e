"""Other systems tell what they know: rows go in as those of a CSV do, a deal opens at once, and nothing twice.

Planted bugs that turned stories red: see their docstrings.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import httpx
import pytest

import models
from saveline.actions import tokens
from tests.web.api import LEFT, System, count, deals, signals
from tests.web.serving import served
from tests.world import World


@pytest.fixture
def both(on_both: World) -> Iterator[tuple[World, System]]:
    """A world on each database, and a system that may do everything."""
    with served(on_both) as client:
        on_both.account()
        yield on_both, System(on_both, client)


@pytest.fixture
def helpdesk(lite: World, web: httpx.Client) -> System:
    lite.account()
    return System(lite, web)


# --- what goes in -----------------------------------------------------------------------------------------------------


def test_a_signal_opens_a_deal_and_its_tasks_are_given_out(both: tuple[World, System]) -> None:
    world, system = both
    answer = system.post("signals", LEFT)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    told = answer.json()
    assert (told["read"], told["added"], told["refused"]) == (1, 1, 0)
    assert [(d["deal"], d["account"], d["score"], d["play"]) for d in told["opened"]] == [
        (1, "acme", 60, "champion-left")
    ]
    assert world.deal().state == "open"
    assert world.told("ana", "assigned")


def test_the_same_call_again_changes_nothing(both: tuple[World, System]) -> None:
    """Planted: every call kept among the imports. The second left a trace."""
    world, system = both
    system.post("signals", [LEFT])
    before = (world.history(), len(world.told()), count(world, models.ImportRun))
    told = system.post("signals", [LEFT]).json()
    assert (told["added"], told["changed"], told["unchanged"], told["opened"]) == (0, 0, 1, [])
    assert (world.history(), len(world.told()), count(world, models.ImportRun)) == before


def test_accounts_and_touchpoints_go_in_by_their_keys(both: tuple[World, System]) -> None:
    world, system = both
    made = system.post("accounts", {"key": "globex", "name": "Globex", "arr": 1234.56, "renewal": "2027-01-31"})
    assert made.json()["added"] == 1
    changed = system.post("accounts", {"key": "globex", "health": 12, "plan": "gold"})
    assert (changed.json()["changed"], changed.json()["added"]) == (1, 0)
    met = {"account": "globex", "at": "2026-11-19T10:00:00+01:00", "how": "call", "person": "ana@x.example"}
    assert system.post("touchpoints", met).json()["added"] == 1
    deal = world.open(2)
    account = world.loaded(deal)[1]
    assert (account.name, account.arr_cents, account.health) == ("Globex", 123_456, 12)
    assert (account.renewal, account.fields) == (date(2027, 1, 31), {"plan": "gold"})


def test_a_csv_and_a_call_with_the_same_rows_are_one(helpdesk: System, lite: World) -> None:
    from saveline.actions.intake import import_files
    from saveline.files.sources import Wanted

    helpdesk.post("signals", LEFT)
    file = lite.settings.workspace / "signals.csv"
    file.write_text("account,kind,at,key\nacme,champion_left,2026-11-20T08:00:00Z,t-1\n")
    done = import_files(lite.desk, lite.settings.workspace, Wanted((file,)))
    assert (done.counts["signals"].unchanged, done.counts["signals"].added) == (1, 0)


def test_an_amount_is_read_as_it_stands(helpdesk: System, lite: World) -> None:
    """By way of a binary fraction 1.005 would be 1.00, and a large amount lose its cents."""
    for i, (said, cents) in enumerate((("1.005", 100), ("1.015", 102), ("9999999999999.99", 999_999_999_999_999))):
        body = f'{{"key": "k{i}", "name": "K", "arr": {said}}}'
        headers = {"Authorization": f"Bearer {helpdesk.token}", "content-type": "application/json"}
        assert helpdesk.client.post("/api/v1/accounts", content=body, headers=headers).status_code == 200
        assert lite.loaded(lite.open(2 + i))[1].arr_cents == cents


# --- what does not ----------------------------------------------------------------------------------------------------


def test_good_rows_go_in_and_bad_ones_come_back_with_their_reasons(both: tuple[World, System]) -> None:
    world, system = both
    rows = [
        LEFT,
        {**LEFT, "account": "acmee"},
        {**LEFT, "acount": "acme", "key": "t-2"},
        {**LEFT, "at": "yesterday", "key": "t-3"},
        LEFT,
        "no row",
    ]
    answer = system.post("signals", rows)
    assert answer.status_code == 207
    told = answer.json()
    assert (told["read"], told["added"], told["refused"], signals(world)) == (6, 1, 5, 1)
    assert [(e["index"], e["field"], e["what"], e["nearest"]) for e in told["errors"]] == [
        (1, "account", "unknown account 'acmee'", "acme"),
        (2, "acount", "an unknown field", "contact"),
        (3, "at", "at is 'yesterday'", ""),
        (4, "account", "account 'acme', kind 'champion_left', key 't-1' is there twice, first as row 0", ""),
        (5, "", "a row is 'no row'", ""),
    ]
    assert told["errors"][2]["expected"] == "a date like 2026-11-30"


def test_all_of_them_or_none(both: tuple[World, System]) -> None:
    """Planted: ``strict`` asked only where no row is good. The good row was there."""
    world, system = both
    answer = system.post("signals?strict=true", [LEFT, {**LEFT, "account": "nobody"}])
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert (answer.json()["detail"], signals(world), deals(world)) == (
        "1 of 2 rows cannot be used. Nothing was written.",
        0,
        0,
    )


MET = {"account": "acme", "at": "2026-11-20", "how": "call"}
BAD_ROWS: tuple[tuple[str, dict[str, object], str, str], ...] = (
    ("signals", {"account": "acme", "kind": "nps"}, "at", "a text with a moment like 2026-11-30T09:00:00Z"),
    ("signals", {**LEFT, "kind": "Champion left"}, "kind", "a word of small letters, digits and _"),
    ("signals", {**LEFT, "value": "7"}, "value", "a number"),
    ("signals", {**LEFT, "value": 1e16}, "value", "a number up to 10^15"),
    ("signals", {**LEFT, "at": 1763625600}, "at", "a text with a moment like"),
    ("signals", {**LEFT, "at": "1969-12-31"}, "at", "a date from 1970 to 2199"),
    ("signals", {**LEFT, "at": "2026-02-30"}, "at", "that is in the calendar"),
    ("signals", {**LEFT, "note": "x" * 4001}, "note", "at most 4,000 characters"),
    ("signals", {**LEFT, "note": "a\0b"}, "note", "text without a NUL character"),
    ("signals", {**LEFT, "note": "a\x1b[2J"}, "note", "text without the control character 0x1b"),
    ("signals", {**LEFT, "note": "=HYPERLINK(1)"}, "note", "a text that a spreadsheet does not take for a formula"),
    ("signals", {**LEFT, "note": {"deep": []}}, "note", "a text"),
    ("signals", {**LEFT, "key": 7}, "key", "a text"),
    ("signals", {**LEFT, "account": None}, "account", "a value"),
    ("signals", {**LEFT, "account": "  "}, "account", "a value"),
    ("accounts", {"key": "new"}, "key", "one with it"),
    ("accounts", {"key": "acme", "arr": -1}, "arr", "an amount that is not negative"),
    ("accounts", {"key": "acme", "arr": True}, "arr", "a number like 1234.50"),
    ("accounts", {"key": "acme", "health": 101}, "health", "a number from 0 to 100"),
    ("accounts", {"key": "acme", "plan": ["gold"]}, "plan", "a text"),
    ("touchpoints", {**MET, "person": "x"}, "person", "an e-mail"),
    ("touchpoints", {**MET, "person": "x@x.example"}, "person", "ana@x.example"),
    ("touchpoints", {**MET, "contact": "m@a.example"}, "contact", "a contact of this account"),
)  # fmt: skip


def test_a_row_is_refused_in_words(helpdesk: System, lite: World) -> None:
    for kind, row, field, expected in BAD_ROWS:
        answer = helpdesk.post(kind, row)
        assert answer.status_code == 422, row
        [error] = answer.json()["errors"]
        assert (error["index"], error["field"]) == (0, field)
        assert expected in error["expected"]
    assert signals(lite) == 0


def test_half_a_letter_is_refused(helpdesk: System, lite: World) -> None:
    """No database takes it, and no answer could be written with it."""
    for said in (r'"note": "a\ud800"', r'"a\udfff": 1', r'"key": "\ud83d"'):
        body = f'{{"account": "acme", "kind": "nps", "at": "2026-11-20", {said}}}'
        headers = {"Authorization": f"Bearer {helpdesk.token}", "content-type": "application/json"}
        answer = helpdesk.client.post("/api/v1/signals", content=body, headers=headers)
        assert (answer.status_code, signals(lite)) == (422, 0), answer.text


BAD_BODIES = (
    (b"", 400, "no JSON: Expecting value in line 1, column 1"),
    (b"{", 400, "no JSON"),
    (b"\xff\xfe{\x00", 400, "not UTF-8: byte 0 is 0xff"),
    (b"\xef\xbb\xbf{}", 400, "no JSON"),
    (b'{"value": NaN}', 400, "NaN is no number"),
    (b'{"value": -Infinity}', 400, "Infinity is no number"),
    (b'{"value": ' + b"9" * 5_000 + b"}", 422, "5,000 digits"),
    (b'{"a": 1, "a": 2}', 422, "'a' stands twice"),
    (b"[" * 100_000, 422, "too deep"),
    (b"[" * 400 + b"]" * 400, 422, "too deep"),
    (b"[]", 422, "0 rows: expected 1 to 1,000"),
    (b"[" + b"{}," * 1_000 + b"{}]", 422, "1,001 rows"),
    (b"null", 422, "1 of 1 rows"),
    (b"[" + b"1," * 400_000 + b"1]", 422, "400,001 rows"),
)


def test_a_body_is_refused_in_words(helpdesk: System) -> None:
    headers = {"Authorization": f"Bearer {helpdesk.token}", "content-type": "application/json"}
    for body, status, words in BAD_BODIES:
        answer = helpdesk.client.post("/api/v1/signals", content=body, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), body[:99]
        assert words in answer.json()["detail"]


def test_bodies_that_are_too_long_or_no_json_are_not_read(helpdesk: System) -> None:
    headers = {"Authorization": f"Bearer {helpdesk.token}", "content-type": "application/json"}

    def post(content: object, **more: str) -> httpx.Response:
        return helpdesk.client.post("/api/v1/signals", content=content, headers={**headers, **more})  # type: ignore[arg-type]  # bytes, or parts of them

    assert post(b" " * 1_000_001).status_code == 413
    assert post(b" " * 10_000 for _ in range(101)).status_code == 413
    assert post(b"{}", **{"content-type": "text/plain"}).status_code == 415
    assert post(b"{}", **{"content-type": "application/json; charset=latin-1"}).status_code == 415
    assert post(b"{}", **{"content-encoding": "gzip"}).status_code == 415
    assert post(b"{}", **{"content-type": "Application/JSON; charset=UTF-8"}).status_code == 422


def test_what_is_not_there_is_a_problem_too(helpdesk: System) -> None:
    asked = helpdesk.client.get("/api/v1/signals")
    assert (asked.status_code, asked.headers["allow"]) == (405, "POST")
    assert asked.headers["content-type"] == "application/problem+json"
    assert helpdesk.client.post("/api/v1/deals").status_code == 404
    assert helpdesk.post("signals?dry_run=1", LEFT).status_code == 422
    assert helpdesk.post("signals?strict=yes", LEFT).status_code == 422


# --- once -------------------------------------------------------------------------------------------------------------


def test_a_call_with_a_key_is_answered_again_and_not_done_again(both: tuple[World, System]) -> None:
    world, system = both
    first = system.post("signals", LEFT, key="k-1")
    again = system.post("signals", LEFT, key="k-1")
    assert again.json() == first.json()
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert (signals(world), deals(world)) == (1, 1)


def test_a_key_belongs_to_one_call(both: tuple[World, System]) -> None:
    world, system = both
    system.post("signals", LEFT, key="k-1")
    other = system.post("signals", {**LEFT, "key": "t-2"}, key="k-1")
    assert (other.status_code, signals(world)) == (422, 1)
    assert "belongs to another call" in other.json()["detail"]
    assert system.post("signals?strict=true", LEFT, key="k-1").status_code == 422
    assert system.post("signals", {**LEFT, "key": "t-3"}, key='"k-2"').status_code == 200
    assert system.post("signals", {**LEFT, "key": "t-3"}, key="k-2").headers["idempotency-replayed"] == "true"


def test_what_was_refused_can_be_mended_under_the_same_key(helpdesk: System, lite: World) -> None:
    assert helpdesk.post("signals", {**LEFT, "account": "acmee"}, key="k-1").status_code == 422
    assert (helpdesk.post("signals", LEFT, key="k-1").status_code, signals(lite)) == (200, 1)


def test_a_key_without_sense_is_refused(helpdesk: System) -> None:
    for key in ("", "a b", "x" * 201, "é"):
        headers = {b"Authorization": f"Bearer {helpdesk.token}".encode(), b"Idempotency-Key": key.encode()}
        assert helpdesk.client.post("/api/v1/signals", json=LEFT, headers=headers).status_code == 422, key


def test_ten_calls_at_once_with_one_key_are_one(both: tuple[World, System]) -> None:
    """Planted: whether a key is new asked of the number of rows, which PostgreSQL's driver does not tell: all ten
    were answered afresh."""
    world, system = both
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: system.post("signals", LEFT, key="k-1"), range(10)))
    assert {a.status_code for a in answers} <= {200, 409}
    fresh = [a for a in answers if a.status_code == 200 and "idempotency-replayed" not in a.headers]
    assert (len(fresh), signals(world), deals(world), count(world, models.ImportRun)) == (1, 1, 1, 1)
    assert all(a.headers["retry-after"] == "1" for a in answers if a.status_code == 409)
    assert system.post("signals", LEFT, key="k-1").json() == fresh[0].json()


def test_ten_calls_at_once_without_a_key_are_one_too(both: tuple[World, System]) -> None:
    """Planted: no second try for whoever lost. On PostgreSQL some were answered with 503."""
    world, system = both
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: system.post("signals", LEFT), range(10)))
    assert [a.status_code for a in answers] == [200] * 10
    assert sum(a.json()["added"] for a in answers) == 1
    assert (signals(world), deals(world), len(world.told("ana", "assigned"))) == (1, 1, 2)


# --- acting -----------------------------------------------------------------------------------------------------------


def test_a_task_is_done_for_somebody(both: tuple[World, System]) -> None:
    world, system = both
    system.post("signals", LEFT)
    task = next(t for t in world.deal().tasks if t.state == "open")
    assert system.post(f"tasks/1.{task.no}/seen", {"by": "ana@x.example"}).json()["events"] == ["task_seen"]
    body = {"by": "ana@x.example", "body": "Called them."}
    said = system.post(f"tasks/1.{task.no}/comment", body, key="c-1")
    assert said.json()["words"].endswith("has a comment of Ana Ruiz (20 Nov 10:00).")
    assert system.post(f"tasks/1.{task.no}/comment", body, key="c-1").headers["idempotency-replayed"] == "true"
    assert count(world, models.Comment) == 1


def test_whoever_has_no_part_in_a_task_may_not_act_by_a_program_either(helpdesk: System, lite: World) -> None:
    helpdesk.post("signals", LEFT)
    task = next(t for t in lite.deal().tasks if t.state == "open")
    before = lite.history()

    def act(word: str, **body: object) -> httpx.Response:
        return helpdesk.post(f"tasks/1.{task.no}/{word}", body)

    refused = act("cannot", by="dora@x.example", reason="no")
    assert (refused.status_code, "has no part in it" in refused.json()["detail"]) == (403, True)
    assert act("seen", by="ana@x.exampel").status_code == 404
    assert act("snooze", by="ana@x.example", until=1, reason="x").status_code == 422
    assert act("snooze", by="ana@x.example", until="soon", reason="x").status_code == 409
    assert act("comment", by="ana@x.example", body="a\0b").status_code == 422
    assert act("seen", by="ana@x.example", more=1).json()["errors"] == [
        {"field": "more", "what": "Extra inputs are not permitted"}
    ]
    assert helpdesk.post("tasks/1.999/seen", {"by": "ana@x.example"}).status_code == 404
    assert helpdesk.post("tasks/999999999999999.1/seen", {"by": "ana@x.example"}).status_code == 404
    assert helpdesk.post("tasks/1.1/delete", {"by": "ana@x.example"}).status_code == 404
    assert helpdesk.post("tasks/٣.1/seen", {"by": "ana@x.example"}).status_code == 404
    assert lite.history() == before


def test_a_program_without_the_scope_may_not_act(lite: World, web: httpx.Client) -> None:
    lite.open()
    system = System(lite, web, "narrow", "signals")
    assert system.post("tasks/1.1/seen", {"by": "ana@x.example"}).status_code == 403


def test_a_token_that_was_used_says_when(helpdesk: System, lite: World) -> None:
    assert tokens.listed(lite.desk)[0].used_at is None
    helpdesk.post("signals", LEFT)
    assert tokens.listed(lite.desk)[0].used_at == lite.now

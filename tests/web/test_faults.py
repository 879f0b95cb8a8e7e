"""Faults 13 and 14 for links, on both databases: presses at once, and links that are not what they seem."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import httpx
import pytest
import sqlalchemy as sa

from saveline.store.rows import EVENT
from tests.web.serving import address, everything, fields, link, served
from tests.world import World

MANY = 40
SCANS = 150


@pytest.fixture
def client(on_both: World) -> Iterator[httpx.Client]:
    on_both.open()
    with served(on_both) as client:
        yield client


def pressed_at_once(client: httpx.Client, page: str, form: dict[str, str]) -> list[httpx.Response]:
    """The answers to the same form, sent by many at the same moment, each followed to the page that it leads to."""
    ready = Barrier(MANY)

    def one(_: int) -> httpx.Response:
        ready.wait(30)
        return client.post(page, data=form, follow_redirects=True)

    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(one, range(MANY)))


def kinds(world: World) -> Counter[str]:
    with world.desk.reading() as conn:
        return Counter(conn.execute(sa.select(EVENT.c.kind)).scalars())


def test_fault_13_of_many_presses_at_once_one_acts_and_the_others_are_told(
    on_both: World, client: httpx.Client
) -> None:
    """Found, not planted: ``inbound.remember`` said of every press on PostgreSQL that it was new, and 40 comments were
    written. Planted: the key of a press with a number of its own instead of the form's."""
    page, before = link(on_both, "ana"), kinds(on_both)
    done = fields(client.get(page).text, "done") | {"a.root_cause": "price", "a.summary": "Too dear."}
    answers = pressed_at_once(client, page, done)
    assert Counter(a.status_code for a in answers) == {200: MANY}
    assert all("is done, thanks to Ana Ruiz" in a.text for a in answers)
    assert sum("pressing once more has changed nothing" in a.text for a in answers) == MANY - 1
    assert (kinds(on_both) - before)["task_done"] == 1

    comment = fields(client.get(page).text, "comment") | {"body": "Once."}
    answers = pressed_at_once(client, page, comment)
    assert Counter(a.status_code for a in answers) == {200: MANY}
    assert (kinds(on_both) - before)["commented"] == 1


def test_fault_13_of_two_people_at_once_one_is_told_of_the_other(on_both: World, client: httpx.Client) -> None:
    """Other links, so other presses: the task's own state is what tells the second."""
    on_both.pass_time(days=1)
    pages = [link(on_both, "ana"), address(on_both, "task", 2, on_both.person("bob"), on_both.now)]
    form = {"do": "done", "once": "1", "a.root_cause": "price", "a.summary": "Too dear."}
    with ThreadPoolExecutor(MANY) as pool:
        codes = list(pool.map(lambda i: client.post(pages[i % 2], data=form), range(MANY)))
    found = Counter(c.status_code for c in codes)
    assert set(found) == {303, 409}
    assert found[409] == MANY // 2, "one link acts, and is told so; the other is told by whom"
    assert kinds(on_both)["task_done"] == 1


def test_scanners_change_nothing(on_both: World, client: httpx.Client) -> None:
    """Planted: a page that marks its task as seen when it is opened."""
    pages = [
        *(link(on_both, "ana") + f"?do={do}" for do in ("", "done", "seen", "help", "claim", "x")),
        link(on_both, "ana", "deal"),
        link(on_both, "ana", "mine"),
        address(on_both, "unsubscribe", 1, on_both.person("ana"), on_both.now),
    ]
    before = everything(on_both)
    for i in range(SCANS):
        client.request("HEAD" if i % 3 else "GET", pages[i % len(pages)])
    assert everything(on_both) == before


def test_fault_14_what_is_forged_old_cut_or_huge_is_refused_and_changes_nothing(
    on_both: World, client: httpx.Client
) -> None:
    """Planted: the purpose left out of the salt (a link to look at a deal acts on its task), and no limit on bodies."""
    page = link(on_both, "ana")
    token = page.removeprefix("/task/")
    before = everything(on_both)
    for forged in forgeries(token, link(on_both, "ana", "deal").removeprefix("/deal/")):
        for method in ("GET", "POST"):
            answer = client.request(
                method, f"/task/{forged}", data={"do": "seen", "once": ""} if method == "POST" else None
            )
            assert answer.status_code == 401, forged[:80]
    form = fields(client.get(page).text, "comment")
    huge = client.post(page, data=form | {"body": "x" * 10_000_000})
    assert huge.status_code == 413
    assert client.post(page, data=form | {"body": "x" * 5_000}).status_code == 422
    for body in (b"\xff\xfe\x00", b"do=s%ff%00en&once=", b'{"do": "seen"}', b"do=" + b"x" * 900_000, b"&" * 500):
        answer = client.post(page, content=body, headers={"content-type": "application/x-www-form-urlencoded"})
        assert answer.status_code in (400, 422), body[:20]
    broken = client.post(page, content=b"no parts", headers={"content-type": "multipart/form-data; boundary=x"})
    assert broken.status_code == 400
    assert client.post(page, content=b"x", headers={"content-type": "multipart/form-data"}).status_code == 400
    assert client.delete(page).status_code == 405
    on_both.clock.set(on_both.now + timedelta(days=46))
    assert client.get(page).status_code == 410
    assert client.post(page, data={"do": "seen", "once": ""}).status_code == 410
    on_both.clock.set(on_both.now - timedelta(days=46))
    assert everything(on_both) == before


def forgeries(token: str, deals: str) -> list[str]:
    """Tokens that were not made for this page: other contents, another key, another purpose, cut, long, not ASCII."""
    payload, signature = token.split(".")
    data = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    later = base64.urlsafe_b64encode(json.dumps([*data[:3], data[3] * 2]).encode()).decode().rstrip("=")
    other = base64.urlsafe_b64encode(json.dumps([data[0], data[1] + 1, *data[2:]]).encode()).decode().rstrip("=")
    return [
        f"{later}.{signature}",
        f"{other}.{signature}",
        deals,
        token[:-5],
        token[: len(token) // 2],
        token + "x" * 50,
        f"{payload}.",
        f".{signature}",
        "x",
        "%00",
        "%ff%fe",
        "täsk-%E2%80%AE",
        "a/b/../c",
        "A" * 5_000,
        token.replace(".", "/"),
    ]


def test_a_links_last_letters_can_differ_and_it_is_used_once_all_the_same(on_both: World, client: httpx.Client) -> None:
    """Planted: presses remembered by the text of the token. The last character of a signature carries two bits that
    nobody looks at, so four texts are the same link."""
    page = link(on_both, "ana")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    same = [f"{page[:-1]}{x}" for x in letters if client.get(f"{page[:-1]}{x}").status_code == 200]
    assert len(same) == 4
    form = fields(client.get(page).text, "comment") | {"body": "Once."}
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda p: client.post(p, data=form), same))
    assert kinds(on_both)["commented"] == 1


@pytest.mark.parametrize("seconds", [1.0])
def test_a_database_that_is_busy_for_a_moment_is_waited_for(
    on_both: World, client: httpx.Client, seconds: float
) -> None:
    page = link(on_both, "ana")
    form = fields(client.get(page).text, "seen")
    with ThreadPoolExecutor(1) as pool:
        with on_both.desk.writing() as conn:
            on_both.desk.locked(conn, 1)
            waiting = pool.submit(client.post, page, data=form)
            conn.exec_driver_sql("SELECT 1")
            assert not waiting.done()
        assert waiting.result().status_code == 303


@pytest.mark.fault
def test_a_database_that_stays_busy_is_answered_in_time_and_what_was_typed_is_kept(
    on_both: World, client: httpx.Client
) -> None:
    page = link(on_both, "ana")
    form = fields(client.get(page).text, "comment") | {"body": "Long and dear to me."}
    with on_both.desk.writing() as conn:
        on_both.desk.locked(conn, 1)
        answer = client.post(page, data=form, timeout=30)  # and it is still locked
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "The database is busy" in answer.text
    assert "Long and dear to me." in answer.text
    assert kinds(on_both)["commented"] == 0

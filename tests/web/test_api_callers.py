"""Who may call the API: tokens that are shown once and taken back, and webhooks that are signed.

Planted bugs that turned stories red: see their docstrings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

import models
from saveline.actions import tokens
from saveline.actions.doctor import examine
from saveline.core.errors import Refusal
from saveline.files import shipped
from saveline.store.rows import table
from saveline.web import callers
from tests.web.api import LEFT, OTHER, SECRET, System, deals, signals, signed
from tests.web.serving import served
from tests.world import World

HELPDESK = "webhooks: {helpdesk: {secret: ['${HELPDESK_OLD}', '${HELPDESK_SECRET}'], scopes: [signals]}}\n"


@pytest.fixture
def helpdesk(on_both: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """A world whose settings name a helpdesk that signs its calls."""
    monkeypatch.setenv("HELPDESK_SECRET", SECRET)
    on_both.setting("saveline.yaml", "default_play:", HELPDESK + "default_play:")
    on_both.account()
    with served(on_both) as client:
        yield client


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_is_kept_nowhere_and_worth_nothing_once_revoked(lite: World, web: httpx.Client) -> None:
    """Planted: only whether a token is there looked at. It was good after it had been revoked."""
    lite.account()
    system = System(lite, web)
    assert len(system.token) >= 43 + len("saveline_")
    with lite.desk.reading() as conn:
        [row] = conn.execute(sa.select(table(models.ApiToken))).all()
    assert system.token.removeprefix("saveline_") not in str(tuple(row))
    assert system.post("signals", LEFT).status_code == 200
    tokens.revoke(lite.desk, "helpdesk")
    refused = system.post("signals", {**LEFT, "key": "t-2"})
    assert (refused.status_code, signals(lite)) == (401, 1)
    assert refused.headers["www-authenticate"] == 'Bearer realm="saveline"'


def test_a_token_does_what_it_is_for_and_nothing_else(lite: World, web: httpx.Client) -> None:
    lite.account()
    system = System(lite, web, "billing", "accounts")
    refused = system.post("signals", LEFT)
    assert (refused.status_code, signals(lite)) == (403, 0)
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
    assert system.post("accounts", {"key": "acme", "health": 9}).status_code == 200


def test_strangers_are_told_how_to_say_who_they_are(lite: World, web: httpx.Client) -> None:
    lite.account()
    given = ("", "Bearer", "Bearer x", "bearer saveline_", "Basic YTpi", "Bearer é", "x" * 9_000)
    for authorization in given:
        headers = {"Authorization": authorization.encode()}
        answer = web.post("/api/v1/signals", json=LEFT, headers=headers)  # type: ignore[arg-type]  # bytes, see above
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json"), authorization
    assert web.post("/api/v1/signals", json=LEFT).status_code == 401
    assert signals(lite) == 0


def test_whoever_fails_too_often_waits_and_a_known_token_does_not(
    lite: World, web: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: the limit left out where a token is given. The 31st guess was answered like the first. Planted: a token
    that stayed known after it was revoked; whoever still had it could ask without end."""
    lite.account()
    system = System(lite, web)
    assert system.post("signals", LEFT).status_code == 200
    guess = {"Authorization": "Bearer saveline_guess"}
    asked = [web.post("/api/v1/signals", json=LEFT, headers=guess) for _ in range(callers.MOST_FAILURES + 5)]
    assert [a.status_code for a in asked] == [401] * callers.MOST_FAILURES + [429] * 5
    assert 1 <= int(asked[-1].headers["retry-after"]) <= 60
    assert web.post("/api/v1/signals", json=LEFT).status_code == 429
    assert signed(web, LEFT, lite.now).status_code == 429
    assert system.post("signals", LEFT).status_code == 200
    tokens.revoke(lite.desk, "helpdesk")
    assert [system.post("signals", LEFT).status_code for _ in range(2)] == [401, 429], "it is known no more"


def test_a_token_has_a_name_and_a_purpose(lite: World) -> None:
    for name, scopes, words in (
        ("Help desk", ["signals"], "is no name for a token"),
        ("helpdesk", [], "Say what the token is for"),
        ("helpdesk", ["signal"], "Did you mean 'signals'?"),
    ):
        with pytest.raises(Refusal, match=words.replace("?", r"\?")):
            tokens.create(lite.desk, name, scopes)
    tokens.create(lite.desk, "helpdesk", ["act", "signals"])
    assert tokens.listed(lite.desk)[0].scopes == ("signals", "act")
    with pytest.raises(Refusal, match="is in use"):
        tokens.create(lite.desk, "helpdesk", ["signals"])
    tokens.revoke(lite.desk, "helpdesk")
    first = tokens.listed(lite.desk)[0].revoked_at
    lite.pass_time(hours=1)
    assert tokens.revoke(lite.desk, "helpdesk").revoked_at == first
    with pytest.raises(Refusal, match="its name stays with it"):
        tokens.create(lite.desk, "helpdesk", ["signals"])
    with pytest.raises(Refusal, match="Did you mean 'helpdesk'"):
        tokens.revoke(lite.desk, "helpdesc")


# --- signatures -------------------------------------------------------------------------------------------------------


def test_a_helpdesk_that_signs_its_calls_opens_a_deal(helpdesk: httpx.Client, on_both: World) -> None:
    answer = signed(helpdesk, LEFT, on_both.now)
    assert (answer.status_code, [d["account"] for d in answer.json()["opened"]]) == (200, ["acme"])
    again = signed(helpdesk, LEFT, on_both.now + timedelta(seconds=9))
    assert (again.json(), again.headers["idempotency-replayed"]) == (answer.json(), "true")
    assert (signals(on_both), deals(on_both)) == (1, 1)


def test_the_id_of_a_message_is_used_once(helpdesk: httpx.Client, on_both: World) -> None:
    """Planted: the id taken from Idempotency-Key, which nobody signs. The second was done."""
    signed(helpdesk, LEFT, on_both.now)
    other = signed(helpdesk, {**LEFT, "key": "t-2"}, on_both.now)
    assert (other.status_code, signals(on_both)) == (422, 1)


def test_a_secret_can_be_replaced_while_both_are_good(
    helpdesk: httpx.Client, on_both: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELPDESK_OLD", OTHER)
    assert signed(helpdesk, LEFT, on_both.now, secret=OTHER).status_code == 200
    assert signed(helpdesk, {**LEFT, "key": "t-2"}, on_both.now, id="msg_2").status_code == 200
    monkeypatch.delenv("HELPDESK_OLD")
    assert signed(helpdesk, {**LEFT, "key": "t-3"}, on_both.now, id="msg_3", secret=OTHER).status_code == 401


def test_what_is_forged_old_early_or_for_something_else_changes_nothing(helpdesk: httpx.Client, on_both: World) -> None:
    """Planted: a tolerance to one side only; the signature compared without the body. Each let one in."""
    on_both.clock.set(on_both.now)
    good = signed(helpdesk, LEFT, on_both.now).request
    with on_both.desk.writing() as conn:
        conn.execute(sa.delete(table(models.Signal)))
        conn.execute(sa.delete(table(models.Inbound)))

    def send(content: bytes | None = None, **changed: str | None) -> int:
        headers = {**good.headers, **{k.replace("_", "-"): v for k, v in changed.items()}}
        del headers["content-length"]
        kept = {k: v.encode() for k, v in headers.items() if v is not None}
        body = good.content if content is None else content
        return helpdesk.post("/api/v1/signals", content=body, headers=kept).status_code  # type: ignore[arg-type]  # bytes: some of these are no text

    at, signature = good.headers["webhook-timestamp"], good.headers["webhook-signature"]
    assert send(good.content + b" ") == 401
    assert send(json.dumps({**LEFT, "key": "t-9"}).encode()) == 401
    assert send(b"\xff\xfe") == 401
    for timestamp in ("0", str(int(at) + 1), "soon", "-1", "1e9", "٣", "", "9" * 12, "9" * 400, None):
        assert send(webhook_timestamp=timestamp) == 401, timestamp
    for wrong in (signature[:-2], "v2" + signature[2:], "v1,", "v1", ",", "", "é", "v1,é", "x x" * 500, None):
        assert send(webhook_signature=wrong) == 401, wrong
    for message in ("msg_2", "", "é", "x" * 201, None):
        assert send(webhook_id=message) == 401, message
    for seconds in (-301, 301):
        assert signed(helpdesk, LEFT, on_both.now + timedelta(seconds=seconds)).status_code in (401, 429)
    assert signals(on_both) == 0


def test_one_of_several_signatures_is_enough(helpdesk: httpx.Client, on_both: World) -> None:
    good = signed(helpdesk, LEFT, on_both.now).request
    headers = {**good.headers, "webhook-signature": f"v1a,x v1,AAAA {good.headers['webhook-signature']}"}
    again = helpdesk.post("/api/v1/signals", content=good.content, headers=headers)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (200, "true")


def test_a_webhook_sends_what_it_may(helpdesk: httpx.Client, on_both: World) -> None:
    assert signed(helpdesk, {"key": "acme", "health": 1}, on_both.now, path="accounts").status_code == 403


def test_five_minutes_are_good_in_both_directions(helpdesk: httpx.Client, on_both: World) -> None:
    for i, seconds in enumerate((-299, 299)):
        at = on_both.now + timedelta(seconds=seconds)
        assert signed(helpdesk, {**LEFT, "key": f"t-{i}"}, at, id=f"msg_{i}").status_code == 200


def test_a_secret_that_is_missing_or_weak_lets_nobody_in_and_the_doctor_says_so(
    lite: World, web: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: seven bytes taken for a secret. Whoever guessed them was let in."""
    lite.account()
    lite.setting("saveline.yaml", "default_play:", HELPDESK + "default_play:")
    for secret in ("whsec_", "whsec_aHVudGVyMg==", "hunter2", "é"):
        monkeypatch.setenv("HELPDESK_SECRET", secret)
        signs = secret if "==" in secret else SECRET
        assert signed(web, LEFT, lite.now, secret=signs).status_code == 401
        checks = examine(lite.settings, lambda: lite.desk, shipped.folder("migrations"))
        said = [c.words for c in checks if c.id == "webhook-secret"]
        assert said[0] == "The webhook helpdesk: the environment has no HELPDESK_OLD"
        assert said[1].startswith("The webhook helpdesk: HELPDESK_SECRET is no secret of a webhook: expected whsec_")
        assert secret not in said[1].replace("expected whsec_", "")

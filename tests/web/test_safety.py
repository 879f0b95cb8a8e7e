"""What stands before every answer, asked over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest


def test_what_is_not_there_is_a_page_or_json_by_what_is_asked_for(web: httpx.Client) -> None:
    page = web.get("/nothing", headers={"accept": "text/html"})
    assert page.status_code == 404
    assert "There is no such page." in page.text
    assert web.get("/nothing", headers={"accept": "application/json"}).json() == {"error": "There is no such page."}
    assert web.get("/api/v1/nothing").json()["detail"] == "There is no such page."


def test_every_answer_keeps_itself_to_itself(web: httpx.Client) -> None:
    for answer in (web.get("/nothing"), web.get("/healthz"), web.post("/nothing", content=b"x" * 1_000_001)):
        headers = answer.headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "strict-transport-security" in headers  # this world's pages are reached by https
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers
    first, second = (web.get("/nothing").headers["content-security-policy"] for _ in range(2))
    assert first != second, "a nonce is used once"


@pytest.mark.parametrize("size", [1_000_001, 10_000_000])
def test_a_body_that_is_too_long_is_refused_by_what_it_says_and_by_what_comes(web: httpx.Client, size: int) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(size // 1_000):
            yield b"x" * 1_000
        yield b"x"

    assert web.post("/task/x", content=b"x" * size).status_code == 413
    assert web.post("/task/x", content=parts()).status_code == 413
    assert web.get("/healthz").status_code == 200


def test_a_form_of_another_site_is_refused(web: httpx.Client) -> None:
    def post(**headers: str) -> int:
        return web.post("/task/x", headers={k.replace("_", "-"): v for k, v in headers.items()}).status_code

    assert post(sec_fetch_site="cross-site") == 403
    assert post(sec_fetch_site="same-site") == 403
    assert post(origin="https://evil.example") == 403
    assert post(origin="null") == 403
    ours = {post(sec_fetch_site="same-origin"), post(origin="https://save.x.example"), post()}
    assert 403 not in ours


def test_the_auditor_says_how_it_goes(web: httpx.Client) -> None:
    answer = web.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"health": "green", "findings": []})

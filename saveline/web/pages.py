"""The pages behind signed links: a task, a deal, one's own tasks, and the end of a kind of message.

To look changes nothing, however often and by whoever: mail programs follow links before their readers do. What is sent
goes through :mod:`saveline.actions.presses`, and is answered with the page that says what came of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.exc import OperationalError

from saveline.actions import own_link
from saveline.actions.desk import Desk
from saveline.actions.tasks import TaskRef
from saveline.core.errors import Refusal, UnknownTask
from saveline.notify.links import Purpose
from saveline.notify.message import is_address
from saveline.runtime import Runtime
from saveline.store import inbound
from saveline.web import pressing, show
from saveline.web.drawn import draw
from saveline.web.forms import Errors, Form
from saveline.web.pressing import SOURCE, Told, Typed
from saveline.web.refused import BUSY, RETRY_SECONDS
from saveline.web.sent import Unusable
from saveline.web.too_old import RENEW, renew
from saveline.web.visit import Scene, TooOld, Visit, opened, scene

LOOK = ["GET", "HEAD"]


def router(runtime: Runtime) -> APIRouter:
    """``{token:path}``: a token that somebody has put a slash into is forged, and not another page."""
    routes = APIRouter()

    @routes.api_route("/task/{token:path}", methods=LOOK)
    def task(request: Request, token: str, do: str = "", did: str = "", again: str = "") -> Response:
        return _look(request, runtime.kept_desk(), "task", token, (do, did, again))

    @routes.post("/task/{token:path}")
    def act_on_task(request: Request, token: str, typed: Typed) -> Response:
        return _posted(request, runtime.kept_desk(), "task", token, typed)

    @routes.api_route("/deal/{token:path}", methods=LOOK)
    def deal(request: Request, token: str, do: str = "", did: str = "", again: str = "") -> Response:
        return _look(request, runtime.kept_desk(), "deal", token, (do, did, again))

    @routes.post("/deal/{token:path}")
    def act_on_deal(request: Request, token: str, typed: Typed) -> Response:
        return _posted(request, runtime.kept_desk(), "deal", token, typed)

    return routes


def _look(request: Request, desk: Desk, purpose: Purpose, token: str, asked: tuple[str, str, str]) -> Response:
    do, did, again = asked
    with desk.reading() as conn:
        visit = opened(desk, conn, purpose, token)
        told = pressing.told(conn, visit, did, again=bool(again))
        seen = _scene(desk, conn, visit)
    offers = pressing.chosen(pressing.offered(seen), do)
    return _drawn(request, seen, offers, told)


def _scene(desk: Desk, conn: Any, visit: Visit) -> Scene:
    seen = scene(desk, conn, visit)
    if visit.task_no and seen.task is None:
        raise UnknownTask(f"{visit.deal_id}.{visit.task_no}")
    return seen


def _posted(request: Request, desk: Desk, purpose: Purpose, token: str, typed: Mapping[str, str]) -> Response:
    key = pressing.key_of(typed)
    try:
        with desk.reading() as conn:
            visit = opened(desk, conn, purpose, token)
            before = inbound.result(conn, SOURCE, f"{visit.grant.jti}:{key}")
            seen = _scene(desk, conn, visit)
    except TooOld as old:
        if key != RENEW:
            raise
        renew(desk, old.grant)
        return _to(f"/{purpose}/{quote(token)}?did={RENEW}")
    if before is not None:
        return _to(pressing.page_of(visit, did=key, again="1"))
    if typed["do"] == "own_link" and visit.reader is None:
        return _own_link(request, desk, seen, typed)
    try:
        pressed = pressing.act(desk, seen, typed)
    except (Unusable, Refusal) as error:
        status, errors = pressing.faults(seen, typed, error)
    except OperationalError:
        status, errors = 503, {"": BUSY}
    else:
        return _to(pressing.page_of(visit, did=key, again="1" if pressed.repeated else ""))
    return _refilled(request, desk, visit, typed, (status, errors))


def _refilled(
    request: Request, desk: Desk, visit: Visit, typed: Mapping[str, str], fault: tuple[int, Errors]
) -> Response:
    """The page as things are now, with what was typed."""
    status, errors = fault
    with desk.reading() as conn:
        seen = _scene(desk, conn, visit)
    offers, told, lost = pressing.filled(seen, typed, errors)
    answer = _drawn(request, seen, offers, told, lost=lost, status=status)
    if status == 503:
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def _own_link(request: Request, desk: Desk, seen: Scene, typed: Mapping[str, str]) -> Response:
    address, visit = typed.get("address", ""), seen.visit
    if not is_address(address):
        errors = {"address": "Expected an address like ana@example.com."}
        return _refilled(request, desk, visit, typed, (422, errors))
    own_link.mail_own_link(desk, TaskRef(visit.deal_id, visit.task_no), visit.grant.jti, address)
    return _to(pressing.page_of(visit, did=pressing.ASKED))


def _to(page: str) -> Response:
    return RedirectResponse(page, 303)


def _drawn(
    request: Request,
    seen: Scene,
    offers: Sequence[Form],
    told: Told | None,
    *,
    lost: Sequence[str] = (),
    status: int = 200,
) -> Response:
    view = show.task_page(seen) if seen.task is not None else show.deal_page(seen)
    comment = next((f for f in offers if f.verb == "comment"), None)
    others = [f for f in offers if f is not comment]
    page = draw(
        "task.html" if seen.task is not None else "deal.html",
        request.scope,
        **show.page(seen.case.workspace.company, seen.visit.reader),
        **view,
        path=pressing.page_of(seen.visit),
        told=told,
        lost=lost,
        first=others[0] if others and others[0].verb in _FIRST else None,
        others=[f for f in others if f.verb not in _FIRST],
        comment=comment,
    )
    return HTMLResponse(page, status)


_FIRST = ("done", "claim", "own_link")
"""What a page is there for, in a panel of its own; everything else opens when it is asked for."""

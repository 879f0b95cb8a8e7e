"""Pages about the reader alone: their open tasks, and the end of a kind of message."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from saveline.actions.desk import Desk
from saveline.actions.unsubscribing import ENDABLE, subscribe_again, unsubscribe
from saveline.core.facts import Person
from saveline.core.people import People
from saveline.core.phrases import due, money
from saveline.runtime import Runtime
from saveline.store import boards, unsubscribed
from saveline.store.boards import TaskLine
from saveline.web.drawn import draw
from saveline.web.pages import LOOK
from saveline.web.pressing import Typed
from saveline.web.show import View, page
from saveline.web.visit import Visit, opened, own_page

_NOTHING = "Whoever gets a message from Saveline acts by the links in it. There is nothing to see here without one."
_NOBODY = "This link is nobody's own. Open it from a message of your own."


def router(runtime: Runtime) -> APIRouter:
    routes = APIRouter()

    @routes.api_route("/", methods=LOOK)
    def root(request: Request) -> Response:
        said = draw("refused.html", request.scope, **page("", None), title="Saveline", words=_NOTHING)
        return HTMLResponse(said)

    @routes.api_route("/mine/{token:path}", methods=LOOK)
    def mine(request: Request, token: str) -> Response:
        return _mine(request, runtime.kept_desk(), token)

    @routes.api_route("/unsubscribe/{token:path}", methods=LOOK)
    def look_at_kind(request: Request, token: str) -> Response:
        return _kind(request, runtime.kept_desk(), token)

    @routes.post("/unsubscribe/{token:path}")
    def end_kind(token: str, typed: Typed) -> Response:
        return _end(runtime.kept_desk(), token, typed)

    return routes


def _mine(request: Request, desk: Desk, token: str) -> Response:
    with desk.reading() as conn:
        visit = opened(desk, conn, "mine", token)
        reader, people = _own(visit), desk.people(conn)
        lines = boards.open_tasks(conn, reader.id, reader.department)
    groups = list(_groups(desk, people, reader, visit.now, lines))
    view = {**page(desk.workspace.company, reader), "title": "Your tasks", "groups": groups, "open": len(lines)}
    return HTMLResponse(draw("mine.html", request.scope, **view))


def _own(visit: Visit) -> Person:
    if visit.reader is None:
        raise HTTPException(404, _NOBODY)
    return visit.reader


def _groups(desk: Desk, people: People, reader: Person, now: datetime, lines: list[TaskLine]) -> Iterator[View]:
    """Late, today, this week, later, offered: each with its lines, and none that is empty."""
    local = people.calendar(reader.id).local
    here = local(now)
    found: dict[str, list[View]] = {"Late": [], "Today": [], "In a week": [], "Later": [], "Anybody's": []}
    for line in lines:
        at = local(line.due_at)
        days = (at.date() - here.date()).days
        when = "Late" if at < here else "Today" if days <= 0 else "In a week" if days < 7 else "Later"
        group = when if line.assignee_id == reader.id else "Anybody's"
        found[group].append(_line(desk, reader, here, at, line))
    department = people.department(reader.department)
    for title, shown in found.items():
        if shown:
            named = f"Anybody's in {department}" if title == "Anybody's" and department else title
            yield {"title": named, "late": title == "Late", "tasks": shown}


def _line(desk: Desk, reader: Person, here: datetime, at: datetime, line: TaskLine) -> View:
    links = desk.links
    return {
        "title": line.title,
        "account": line.account,
        "arr": money(line.arr_cents, desk.workspace.currency),
        "due": due(at, here),
        "late": at < here,
        "url": own_page(links, line.deal_id, line.no, reader, here) if links else "",
    }


# --- the end of a kind of message -------------------------------------------------------------------------------------


def _kind(request: Request, desk: Desk, token: str) -> Response:
    with desk.reading() as conn:
        visit = opened(desk, conn, "unsubscribe", token)
        reader = _own(visit)
        ended = visit.kind in unsubscribed.kinds(conn, reader.id)
    view: dict[str, Any] = {"kind": ENDABLE.get(visit.kind, ""), "ended": ended, "path": request.url.path}
    status = 200 if visit.kind in ENDABLE else 404
    seen = draw("unsubscribe.html", request.scope, **page(desk.workspace.company, reader), **view)
    return HTMLResponse(seen, status)


def _end(desk: Desk, token: str, typed: Typed) -> Response:
    """With one click (RFC 8058) from a mail program, which wants no page; or from the page."""
    with desk.reading() as conn:
        visit = opened(desk, conn, "unsubscribe", token)
    reader = _own(visit)
    if typed.get("do") == "again":
        subscribe_again(desk, reader.id, visit.kind)
    else:
        unsubscribe(desk, reader.id, visit.kind)
    if typed.get("List-Unsubscribe") == "One-Click":
        return PlainTextResponse("Done.\n")
    return RedirectResponse(f"/unsubscribe/{token}", 303)

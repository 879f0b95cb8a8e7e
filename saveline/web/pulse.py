"""The page of the monthly question: to look at it answers nothing, one press of a number does.

Who comes by one of the numbers of a mail finds that one marked. Browsers keep what stands after the ``#`` to
themselves, so the number is in no log of this server, nor of one before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from saveline.actions import checkin as actions
from saveline.actions.checkin import SAID
from saveline.actions.desk import Desk
from saveline.actions.unsubscribing import subscribe_again, unsubscribe
from saveline.core.checkin import ENOUGH, KIND, SCALE, Question
from saveline.core.facts import Person
from saveline.core.pulse import FEWEST
from saveline.core.tongue import Tongue
from saveline.notify.checkin import KEPT
from saveline.notify.languages import tongue
from saveline.runtime import Runtime
from saveline.store import outbox, unsubscribed
from saveline.web.drawn import draw
from saveline.web.pages import LOOK
from saveline.web.pressing import Typed
from saveline.web.show import page
from saveline.web.visit import Visit, opened

_NOT_ASKED = "This link asks nothing. Open it from a message of your own."
_NO_ANSWER = "This form has no answer from 1 to 5. Nothing was changed."
_AGAIN = "again"


def router(runtime: Runtime) -> APIRouter:
    routes = APIRouter()

    @routes.api_route("/pulse/{token:path}", methods=LOOK)
    def look(request: Request, token: str, did: str = "") -> Response:
        return _look(request, runtime.kept_desk(), token, did)

    @routes.post("/pulse/{token:path}")
    def answer(token: str, typed: Typed) -> Response:
        return _answer(runtime.kept_desk(), token, typed)

    return routes


def _look(request: Request, desk: Desk, token: str, did: str) -> Response:
    with desk.reading() as conn:
        visit = opened(desk, conn, KIND, token)
        reader = _asked(visit)
        month = outbox.notice(conn, visit.grant.notice_id).ordinal
        became = actions.stands(desk, conn, month, reader.id).became
        ended = KIND in unsubscribed.kinds(conn, reader.id)
    if became == "before" and did == "counted":
        became = "counted"
    words, question = tongue(reader.language or desk.workspace.language), desk.workspace.pulse or Question()
    view = {
        **page(desk.workspace.company, reader),
        **_words(words, question),
        "title": words.say(question.words),
        "language": words.code,
        "told": _told(words, became),
        "ended": ended,
        "path": request.url.path,
    }
    return HTMLResponse(draw("pulse.html", request.scope, **view))


def _asked(visit: Visit) -> Person:
    if visit.reader is None or visit.kind != KIND:
        raise HTTPException(404, _NOT_ASKED)
    return visit.reader


def _words(words: Tongue, question: Question) -> dict[str, Any]:
    say = words.say
    return {
        "scale": [str(n) for n in SCALE],
        "low": say(question.low),
        "high": say(question.high),
        "kept": say(KEPT, fewest=FEWEST),
        "kept_label": say("What becomes of your answer"),
        "opening": say("Press your number: nothing is counted before you do."),
        "enough": say("Do not ask me again"),
        "again": say("Ask me again"),
        "not_again": say("You will not be asked again."),
    }


def _told(words: Tongue, became: actions.Became | None) -> dict[str, str] | None:
    if became is None:
        return None
    return {"words": words.say(SAID[became]), "tone": "good" if became == "counted" else "warn", "more": ""}


def _answer(desk: Desk, token: str, typed: Mapping[str, str]) -> Response:
    with desk.reading() as conn:
        visit = opened(desk, conn, KIND, token)
        reader = _asked(visit)
        month = outbox.notice(conn, visit.grant.notice_id).ordinal
    here = f"/pulse/{quote(token)}"
    match typed.get("do", ""):
        case verb if verb == ENOUGH:
            unsubscribe(desk, reader.id, KIND)
        case verb if verb == _AGAIN:
            subscribe_again(desk, reader.id, KIND)
        case _:
            value = typed.get("value", "")
            if value not in map(str, SCALE):
                raise HTTPException(400, _NO_ANSWER)
            if actions.answer(desk, month, reader.id, int(value)) == "counted":
                here += "?did=counted"
    return RedirectResponse(here, 303)

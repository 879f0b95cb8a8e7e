"""What a link whose time is over still shows: how to get a new one, mailed to whom it was made for."""

from __future__ import annotations

from typing import Final

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from saveline.actions import own_link
from saveline.actions.desk import Desk
from saveline.actions.tasks import TaskRef
from saveline.core.errors import UnknownNotice
from saveline.notify.links import Grant
from saveline.store import outbox
from saveline.web.drawn import draw
from saveline.web.refused import answer, wants_json
from saveline.web.show import page
from saveline.web.visit import OLD, TooOld

RENEW: Final = "renew."
"""The press that asks for a new link."""


async def answered(request: Request, error: Exception) -> Response:
    """410, with a button that mails a new one where the link was a person's own."""
    assert isinstance(error, TooOld)
    grant = error.grant
    if wants_json(request.scope):
        return answer(request.scope, 410, OLD)
    own = bool(grant.person_id) and grant.purpose in ("task", "deal")
    sent = request.query_params.get("did") == RENEW
    seen = draw("too_old.html", request.scope, **page("", None), own=own, sent=sent, path=request.url.path)
    return HTMLResponse(seen, 410)


def renew(desk: Desk, grant: Grant) -> None:
    """Mail a new link to whoever the old one was made for; at most one an hour and task."""
    ref = TaskRef(grant.deal_id, grant.task_no)
    if grant.notice_id:
        with desk.reading() as conn:
            try:
                notice = outbox.notice(conn, grant.notice_id)
            except UnknownNotice:
                return
        ref = TaskRef(notice.deal_id, notice.task_no if grant.purpose == "task" else 0)
    if ref.deal_id and grant.person_id:
        own_link.renew_link(desk, ref, grant.person_id)

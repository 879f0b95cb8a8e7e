"""What a page's form sent, done once; and the page again, with what was typed, where it could not be done."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Annotated, Final, TypeAlias
from urllib.parse import quote

from fastapi import Depends, HTTPException, Request
from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.actions.presses import Press, Pressed, press
from saveline.actions.tasks import TaskRef
from saveline.core.errors import AnswersRefused, Missing, Refusal, UnknownWord
from saveline.core.facts import Fact
from saveline.notify.message import cleaned
from saveline.store import inbound
from saveline.web import forms, sent
from saveline.web.forms import Errors, Form, Question
from saveline.web.refused import status_of
from saveline.web.sent import Unusable
from saveline.web.visit import Scene, Visit

SOURCE: Final = "link"
ASKED: Final = "own_link.sent"
ON_ITS_WAY: Final = "If this address belongs to somebody here, a link of their own is on its way to it."
AGAIN: Final = "It was done before: pressing once more has changed nothing."
_MOST_FIELDS: Final = 100
_ONCE = re.compile(r"[A-Za-z0-9_-]{0,40}")
_DID = re.compile(r"[a-z_]{1,20}\.[A-Za-z0-9_-]{0,40}")


class Told(Fact, frozen=True):
    """What came of a press, above the page. ``tone``: good, warn or bad."""

    words: str
    tone: str = "good"
    more: str = ""


async def typed(request: Request) -> dict[str, str]:
    """The texts of a form, without control characters. Raises an answer of 400 for what is no form."""
    async with request.form(max_files=0, max_fields=_MOST_FIELDS) as given:
        return {k: _text(v) for k, v in given.items() if isinstance(v, str)}


Typed: TypeAlias = Annotated[dict[str, str], Depends(typed)]


def _text(value: str) -> str:
    return str(cleaned(value.replace("\r\n", "\n").replace("\r", "\n"))).strip()


def offered(scene: Scene) -> list[Form]:
    """All forms of a page, the first of them the one that it is there for."""
    if scene.visit.reader is None:
        address = Question("address", "Your e-mail address", "email")
        hint = "This page came in a message to many. A link of your own is mailed to you, and by that you can act."
        return [Form("own_link", "Act on it", "Mail me my link", "", (address,), hint=hint)]
    fresh = secrets.token_urlsafe(9)
    return forms.offered(scene, fresh) if scene.task is not None else [forms.comment_form(fresh)]


def chosen(offers: list[Form], do: str) -> list[Form]:
    """The forms with that open to which a button of a message leads."""
    verb, outcome = _BUTTONS.get(do, (do, ""))
    return [f.opened(outcome) if f.verb == verb else f for f in offers]


_BUTTONS: Final[Mapping[str, tuple[str, str]]] = {
    "approve": ("done", "approved"),
    "refuse": ("done", "refused"),
    "decide": ("done", ""),
    "close": ("done", ""),
}


def told(conn: Connection, visit: Visit, did: str, *, again: bool) -> Told | None:
    """What is to be said above the page after the press that ``did`` names. Only what is remembered is said."""
    if did == ASKED:
        return Told(ON_ITS_WAY)
    words = inbound.result(conn, SOURCE, f"{visit.grant.jti}:{did}") if _DID.fullmatch(did) else None
    return Told(words, "warn" if again else "good", AGAIN if again else "") if words else None


def key_of(given: Mapping[str, str]) -> str:
    """What tells this press from others by the same link: the verb, and which form it was."""
    verb, once = given.get("do", ""), given.get("once", "")
    key = f"{verb}.{once if _ONCE.fullmatch(once) else ''}"
    if not _DID.fullmatch(key):
        raise HTTPException(400, "This form does not say what is to be done. Nothing was changed.")
    return key


def act(desk: Desk, scene: Scene, given: Mapping[str, str]) -> Pressed:
    """Do what the form wants. Raises Unusable, Refusal."""
    visit, verb = scene.visit, given.get("do", "")
    form = next((f for f in offered(scene) if f.verb == verb), None)
    intent = sent.wanted(scene, form, given)
    ref = TaskRef(visit.deal_id, visit.task_no)
    return press(desk, Press(SOURCE, f"{visit.grant.jti}:{key_of(given)}", ref, visit.by, intent))


def faults(scene: Scene, given: Mapping[str, str], error: Unusable | Refusal) -> tuple[int, Errors]:
    """``(status, what is wrong)`` of what could not be done."""
    if isinstance(error, Unusable):
        return 422, error.errors
    status = 422 if isinstance(error, (AnswersRefused, Missing, UnknownWord)) else status_of(error)
    return status, sent.problems(scene, given, error)


def filled(scene: Scene, given: Mapping[str, str], errors: Errors) -> tuple[list[Form], Told | None, list[str]]:
    """The forms with what was typed; what is wrong where its form is gone meanwhile, and what was typed into it."""
    offers, verb = offered(scene), given.get("do", "")
    if any(f.verb == verb for f in offers):
        return [f.with_typed(given, errors) if f.verb == verb else f for f in offers], None, []
    words = " ".join(errors.values())
    lost = [v for k, v in given.items() if k.startswith("a.") or k in ("reason", "note", "body")]
    return offers, Told(words, "bad"), [v for v in lost if v]


def page_of(visit: Visit, **query: str) -> str:
    """The address of a link's page, relative: behind a proxy the server does not know its own."""
    asked = "&".join(f"{k}={quote(v)}" for k, v in query.items() if v)
    return f"/{visit.grant.purpose}/{quote(visit.token)}" + (f"?{asked}" if asked else "")

"""What Slack tells us, as plain values: a button was pushed, a form was sent, a command was typed, a Home was opened.

Nothing here raises whatever arrives: what cannot be read, or is nothing to us, is None. Nor does anything here give a
right: a payload names a notice or a task and a member of Slack, and who may do what is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

import msgspec

from saveline.core.facts import Fact

LONGEST: Final = 20_000
"""Characters of an answer that are read."""
_ABOUT: Final = re.compile(r"(\d{1,15})(?:\.(\d{1,6}))?(?: (\S{1,200}))?")
_VERB: Final = re.compile(r"[a-z_]{1,20}")


class Target(Fact, frozen=True):
    """What a button is about: the notice that was sent, or a task of a list; and with which outcome it is to end."""

    notice_id: int = 0
    deal_id: int = 0
    no: int = 0
    outcome: str = ""

    def __str__(self) -> str:
        about = str(self.notice_id) if self.notice_id else f"{self.deal_id}.{self.no}"
        return f"{about} {self.outcome}".strip()


class Where(Fact, frozen=True):
    """The conversation, and the thread in it, where somebody pushed something: they are answered there."""

    channel: str = ""
    thread: str = ""


class Pushed(Fact, frozen=True):
    """A button of ``post``. ``key`` names this push among all, ``trigger`` allows one modal within three seconds."""

    user: str
    verb: str
    target: Target
    key: str
    trigger: str = ""
    where: Where = Where()
    post: str = ""


class Submitted(Fact, frozen=True):
    """A modal that was sent. ``answers`` by question, ``key`` is the modal's own name."""

    user: str
    verb: str
    target: Target
    key: str
    answers: Mapping[str, str] = {}
    where: Where = Where()


class Asked(Fact, frozen=True):
    """``/saveline`` and what was typed after it."""

    user: str
    text: str
    where: Where = Where()


class HomeOpened(Fact, frozen=True):
    user: str


class Challenge(Fact, frozen=True):
    """Slack asks whether this is the right address: the word is to be sent back."""

    word: str


Interaction: TypeAlias = Pushed | Submitted
Happened: TypeAlias = HomeOpened | Challenge


# --- as Slack writes it -----------------------------------------------------------------------------------------------


class _Id(msgspec.Struct, frozen=True):
    id: str = ""


class _Option(msgspec.Struct, frozen=True):
    value: str = ""


class _Action(msgspec.Struct, frozen=True):
    action_id: str = ""
    action_ts: str = ""
    value: str | None = None
    selected_option: _Option | None = None


class _Container(msgspec.Struct, frozen=True):
    channel_id: str = ""
    message_ts: str = ""
    thread_ts: str = ""


class _Answer(msgspec.Struct, frozen=True):
    value: str | None = None
    selected_option: _Option | None = None
    selected_user: str | None = None
    selected_date: str | None = None
    selected_date_time: int | None = None


class _State(msgspec.Struct, frozen=True):
    values: dict[str, dict[str, _Answer]] = {}


class _View(msgspec.Struct, frozen=True):
    id: str = ""
    private_metadata: str = ""
    state: _State | None = None


class _Payload(msgspec.Struct, frozen=True):
    type: str = ""
    user: _Id = _Id()
    trigger_id: str = ""
    container: _Container | None = None
    actions: list[_Action] = []
    view: _View | None = None


class Kept(Fact, frozen=True):
    """What a modal carries from its opening to its sending."""

    verb: str
    about: str
    where: Where = Where()

    def text(self) -> str:
        return msgspec.json.encode(self).decode()


class _Event(msgspec.Struct, frozen=True):
    type: str = ""
    user: str = ""
    tab: str = "home"


class _Envelope(msgspec.Struct, frozen=True):
    type: str = ""
    challenge: str = ""
    event: _Event | None = None


# --- reading ----------------------------------------------------------------------------------------------------------


def form(body: bytes) -> dict[str, str]:
    """A form as Slack sends it; nothing where it is none."""
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=50))
    except ValueError:
        return {}


def interaction(text: str | bytes) -> Interaction | None:
    """From the JSON in the form's ``payload``, or in a socket's envelope."""
    payload = _decoded(text, _Payload)
    if payload is None or not payload.user.id:
        return None
    match payload.type:
        case "block_actions":
            return _pushed(payload)
        case "view_submission":
            return _submitted(payload)
        case _:
            return None


def asked(fields: Mapping[str, Any]) -> Asked | None:
    """From a command's form."""
    user, text, channel = (str(fields.get(k) or "") for k in ("user_id", "text", "channel_id"))
    return Asked(user, text.strip()[:200], Where(channel)) if user else None


def happened(text: str | bytes) -> Happened | None:
    """From an event's JSON."""
    envelope = _decoded(text, _Envelope)
    if envelope is None:
        return None
    if envelope.type == "url_verification":
        return Challenge(envelope.challenge[:200])
    event = envelope.event
    opened = event is not None and event.type == "app_home_opened" and event.tab == "home"
    return HomeOpened(event.user) if opened and event is not None and event.user else None


def target(text: str) -> Target | None:
    """``123 approved`` is notice 123 and the outcome approved; ``12.3`` is task 3 of deal 12."""
    found = _ABOUT.fullmatch(text.strip())
    if found is None:
        return None
    outcome = found[3] or ""
    if found[2] is None:
        return Target(int(found[1]), outcome=outcome)
    return Target(0, int(found[1]), int(found[2]), outcome)


def _pushed(payload: _Payload) -> Pushed | None:
    action = payload.actions[0] if payload.actions else _Action()
    chosen = action.selected_option.value if action.selected_option else ""
    verb, _, about = chosen.partition(" ") if chosen else (action.action_id.partition(":")[0], "", action.value or "")
    named = target(about)
    if named is None or not _VERB.fullmatch(verb) or not action.action_ts:
        return None
    at = payload.container or _Container()
    where = Where(at.channel_id, at.thread_ts)
    key = f"{payload.user.id}/{action.action_ts}/{verb}/{named}"
    return Pushed(payload.user.id, verb, named, key[:400], payload.trigger_id, where, at.message_ts)


def _submitted(payload: _Payload) -> Submitted | None:
    view = payload.view or _View()
    kept = _decoded(view.private_metadata, Kept)
    named = target(kept.about) if kept else None
    if kept is None or named is None or not view.id or not _VERB.fullmatch(kept.verb):
        return None
    values = view.state.values if view.state else {}
    answers = {block: _answer(given) for block, inputs in values.items() for given in inputs.values()}
    return Submitted(payload.user.id, kept.verb, named, f"view/{view.id}"[:400], answers, kept.where)


def _answer(given: _Answer) -> str:
    """What was typed, chosen or picked, as text."""
    if given.selected_option is not None:
        return given.selected_option.value
    if given.selected_date_time is not None:
        return str(given.selected_date_time)
    return (given.value or given.selected_date or given.selected_user or "")[:LONGEST]


def _decoded(text: str | bytes, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None

"""Calls of other systems: one with a key is answered once, and from then on with the same answer.

The key, the answer and what was done stand in one transaction. A call that is refused leaves its key unused, so that it
can be mended and sent again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from saveline.actions.desk import Desk
from saveline.core.errors import Refusal, SomebodyWasFaster
from saveline.core.facts import Fact
from saveline.store import inbound, tokens
from saveline.store.tokens import Token

TRIES: Final = 5
"""Two calls may write the same row at the same moment: the one that loses begins anew."""
_COLLIDED: Final = frozenset({"40001", "40P01"})
"""PostgreSQL's names for what ends a transaction that met another one."""


class Caller(Fact, frozen=True):
    """A system that calls: ``name`` is also the source of what it sends. ``token`` is None for a signed webhook."""

    name: str
    scopes: tuple[str, ...]
    token: Token | None = None


class Call(Fact, frozen=True):
    """``key`` is what the caller knows this call by, '' for none; ``fingerprint`` is all that the call says."""

    caller: Caller
    key: str = ""
    fingerprint: str = ""


class Answer(Fact, frozen=True):
    """An HTTP status with a JSON object. ``repeated``: the call was answered before, and nothing was done again."""

    status: int
    body: Mapping[str, Any]
    repeated: bool = False


class KeyReused(Refusal):
    def __init__(self, key: str) -> None:
        super().__init__(f"The key {key!r} belongs to another call: it was sent before with other content.")


Work: TypeAlias = Callable[[Connection, datetime], Answer]


class _Undo(Exception):
    """Ends the transaction without writing."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


def answered(desk: Desk, call: Call, work: Work) -> Answer:
    """The answer to a call: of ``work``, in one transaction with the memory of it, or the one that it had before.

    An answer of 400 or more writes nothing. Raises KeyReused, and whatever refusal ``work`` raises.
    """
    for last in (False,) * (TRIES - 1) + (True,):
        try:
            return _answered(desk, call, work)
        except _Undo as undone:
            return undone.answer
        except (DBAPIError, SomebodyWasFaster) as error:
            if last or not _met_another(error):
                raise
    raise AssertionError("the last try returns or raises")


def _answered(desk: Desk, call: Call, work: Work) -> Answer:
    source = f"api {call.caller.name}"
    with desk.writing() as conn:
        now = desk.now(conn)
        before = inbound.remember(conn, source, call.key, now) if call.key else None
        if before is not None:
            return _before(call, before)
        answer = work(conn, now)
        if answer.status >= 400:
            raise _Undo(answer)
        if call.key:
            kept = {"fingerprint": call.fingerprint, "status": answer.status, "body": answer.body}
            inbound.settle(conn, source, call.key, json.dumps(kept, ensure_ascii=False))
        if call.caller.token is not None:
            tokens.used(conn, call.caller.token, now)
    return answer


def _before(call: Call, result: str) -> Answer:
    kept = json.loads(result)
    if kept["fingerprint"] != call.fingerprint:
        raise KeyReused(call.key)
    return Answer(kept["status"], kept["body"], repeated=True)


def _met_another(error: Exception) -> bool:
    if isinstance(error, DBAPIError) and not isinstance(error, IntegrityError):
        return getattr(error.orig, "sqlstate", None) in _COLLIDED
    return True

"""``/api/v1``: signals, accounts and touchpoints from other systems, and acting on a task for somebody.

A handler reads the call, finds out who calls, and hands it to one action in a thread. Every answer that is not the
wished one is a problem as RFC 9457 writes it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from threading import Lock
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError
from starlette.concurrency import run_in_threadpool

from saveline.actions import wishes
from saveline.actions.calls import Answer, Call, Caller, KeyReused, answered
from saveline.actions.desk import Desk
from saveline.actions.posting import Posted, Rows, post_rows
from saveline.actions.tasks import TaskRef
from saveline.core.errors import Refusal
from saveline.core.posted import MOST_ROWS
from saveline.core.scopes import ACT, ROWS
from saveline.core.wishes import WISHES, Wish
from saveline.runtime import Runtime
from saveline.web import apidoc, bodies, callers, problems
from saveline.web.problems import Refused
from saveline.web.refused import status_of

PREFIX: Final = "/api/v1"
MOST_TOLD: Final = 200
"""Faults and warnings that an answer lists."""
_KEY: Final = re.compile(r"[!-~]{1,200}")
_REF: Final = re.compile(r"([0-9]{1,15})\.([0-9]{1,6})", re.ASCII)
_BUSY: Final = "Others are writing the same at this moment. Nothing was changed; try again."


def router(runtime: Runtime) -> APIRouter:
    """The API of a workspace."""
    doors = _Doors(runtime)
    routes = APIRouter(prefix=PREFIX)
    for kind in ROWS:
        routes.add_api_route(f"/{kind}", _rows_of(doors, kind), methods=["POST"], name=kind)

    @routes.post("/tasks/{ref}/{word}")
    async def task(request: Request, ref: str, word: str) -> Response:
        return await doors.act(request, ref, word)

    @routes.get("/openapi.json")
    def openapi() -> JSONResponse:
        return JSONResponse(apidoc.document(runtime.desk().workspace.account_fields, runtime.settings.url))

    return routes


def _rows_of(doors: _Doors, kind: str) -> Callable[[Request], Awaitable[Response]]:
    async def rows(request: Request) -> Response:
        return await doors.rows(request, kind)

    return rows


class _Doors:
    """What all calls share: who failed lately, and which keys are being answered."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._failures = callers.Failures()
        self._busy: set[tuple[str, str]] = set()
        self._lock = Lock()

    async def rows(self, request: Request, kind: str) -> Response:
        body = await request.body()

        def answer() -> Response:
            desk = self._runtime.desk()
            call = self._call(desk, request, body, kind)
            strict = _strict(request)
            given = _listed(bodies.parse(body))
            sent = Rows(kind, given, call.caller.name, strict)
            return self._answered(desk, call, lambda conn, now: _of_rows(post_rows(desk, conn, sent, now)))

        return await run_in_threadpool(_said, answer)

    async def act(self, request: Request, ref: str, word: str) -> Response:
        body = await request.body()

        def answer() -> Response:
            desk = self._runtime.desk()
            call = self._call(desk, request, body, ACT)
            _no_query(request, ())
            found = _REF.fullmatch(ref)
            if found is None or word not in WISHES:
                raise Refused(404, f"There is no {request.url.path}: a task is DEAL.NUMBER, and one can {_words()} it.")
            wish = _wish(word, bodies.plain(bodies.parse(body)))
            wanted = wishes.Wanted(TaskRef(int(found[1]), int(found[2])), word, wish)

            def work(conn: Connection, now: datetime) -> Answer:
                return wishes.act(desk, conn, call, wanted, now)

            return self._answered(desk, call, work)

        return await run_in_threadpool(_said, answer)

    def _call(self, desk: Desk, request: Request, body: bytes, scope: str) -> Call:
        """The call, once it is clear who calls and that they may. Raises Refused."""
        headers, address = request.headers, request.client.host if request.client else ""
        key = headers.get("idempotency-key")
        if "authorization" in headers:
            caller = callers.bearer(desk, headers["authorization"], address, self._failures)
        elif any(name.startswith("webhook-") for name in headers):
            caller, key = callers.signed(desk, headers, body, address, self._failures)
        else:
            raise callers.nobody(address, self._failures)
        _check_scope(caller, scope)
        bodies.check_type(request)
        said = "\n".join((request.method, request.url.path, request.url.query)).encode() + b"\n" + body
        return Call(caller, _key(key), hashlib.sha256(said).hexdigest())

    def _answered(self, desk: Desk, call: Call, work: Callable[[Connection, datetime], Answer]) -> Response:
        mine = (call.caller.name, call.key)
        with self._lock:
            if call.key and mine in self._busy:
                what = "The first call with this key is still being answered: try again."
                raise Refused(409, what, headers={"Retry-After": "1"})
            self._busy.add(mine)
        try:
            return _response(answered(desk, call, work))
        except KeyReused as reused:
            raise Refused(422, str(reused)) from None
        except IntegrityError:
            raise Refused(503, _BUSY, headers={"Retry-After": "1"}) from None
        finally:
            with self._lock:
                self._busy.discard(mine)


def _said(answer: Callable[[], Response]) -> Response:
    try:
        return answer()
    except Refused as refused:
        return problems.response(refused)
    except Refusal as refusal:
        return problems.response(Refused(status_of(refusal), str(refusal)))


def _check_scope(caller: Caller, scope: str) -> None:
    if scope not in caller.scopes:
        has = ", ".join(caller.scopes)
        headers = {"WWW-Authenticate": f'Bearer realm="saveline", error="insufficient_scope", scope="{scope}"'}
        raise Refused(
            403, f"{caller.name} may not do this: it has the scope {has}, and needs {scope}.", headers=headers
        )


def _key(given: str | None) -> str:
    """The key of a call; the standard writes it in quotation marks, and many leave them away."""
    if given is None:
        return ""
    key = given[1:-1] if len(given) > 2 and given[0] == given[-1] == '"' else given
    if not _KEY.fullmatch(key):
        raise Refused(422, "Idempotency-Key has 1 to 200 plain characters without blanks, like a UUID.")
    return key


def _no_query(request: Request, known: tuple[str, ...]) -> None:
    for name in request.query_params:
        if name not in known:
            expected = f"expected {', '.join(known)}" if known else "none is"
            raise Refused(422, f"The parameter {name[:40]!r} is not known: {expected}.")


def _strict(request: Request) -> bool:
    _no_query(request, ("strict",))
    given = request.query_params.getlist("strict")
    if given not in ([], ["true"], ["false"]):
        raise Refused(422, "strict is true or false, once.")
    return given == ["true"]


def _listed(value: Any) -> list[Any]:
    given = value if isinstance(value, list) else [value]
    if not 1 <= len(given) <= MOST_ROWS:
        raise Refused(422, f"The body has {len(given):,} rows: expected 1 to {MOST_ROWS:,}.")
    return given


def _wish(word: str, value: Any) -> Wish:
    try:
        return WISHES[word].shape.model_validate(value)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)[:MOST_TOLD]
        told = [{"field": ".".join(map(str, f["loc"])), "what": f["msg"]} for f in faults]
        raise Refused(422, "The body is not what this call needs.", errors=told) from None


def _of_rows(posted: Posted) -> Answer:
    """All in: 200. Some: 207. None: a problem, and nothing was written."""
    bad = len({r.index for r in posted.refused})
    errors = [_plain(r) for r in posted.refused[:MOST_TOLD]]
    if not posted.written:
        return Answer(
            422, {"detail": f"{bad} of {posted.read} rows cannot be used. Nothing was written.", "errors": errors}
        )
    body = {name: _plain(getattr(posted, name)) for name in ("read", "added", "changed", "unchanged")}
    body |= {"refused": bad, "errors": errors, "warnings": list(posted.warnings[:MOST_TOLD])}
    body |= {name: _plain(getattr(posted, name)) for name in ("opened", "joined", "left", "cleared")}
    return Answer(207 if bad else 200, body)


def _response(answer: Answer) -> Response:
    if answer.status >= 400:
        raise Refused(answer.status, answer.body["detail"], errors=answer.body["errors"])
    headers: Mapping[str, str] = {"Idempotency-Replayed": "true"} if answer.repeated else {}
    return JSONResponse(dict(answer.body), answer.status, headers)


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value, enc_hook=str)


def _words() -> str:
    return ", ".join(WISHES)

"""The API described as OpenAPI 3.1: made from the same kinds that read the rows, with an example of everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from saveline.core.kinds import LONGEST, Field, Kind, Type, kinds_of
from saveline.core.posted import MOST_ROWS
from saveline.core.scopes import ROWS
from saveline.core.wishes import WISHES
from saveline.web.problems import KIND as PROBLEM

Json: TypeAlias = dict[str, Any]

_TYPES: Final[Mapping[Type, Json]] = {
    "money": {"type": "number", "minimum": 0, "maximum": 10**13},
    "number": {"type": "number", "minimum": -(10**15), "maximum": 10**15},
    "whole": {"type": "integer", "minimum": -(10**9), "maximum": 10**9},
    "percent": {"type": "number", "minimum": 0, "maximum": 100},
    "date": {"type": "string", "format": "date"},
    "moment": {"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]},
    "yes_no": {"type": "boolean"},
    "word": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "maxLength": 60},
    "email": {"type": "string", "format": "email", "maxLength": 254},
}
_ROWS: Final[Mapping[str, tuple[str, Json]]] = {
    "signals": (
        "What was observed about an account: a ticket, a score, somebody leaving.",
        {
            "account": "acme",
            "kind": "champion_left",
            "at": "2026-11-20T09:30:00Z",
            "note": "Their head of operations has left.",
            "key": "ticket-4711",
        },
    ),
    "accounts": (
        "Customers. A field that is left out keeps its value, null takes it away.",
        {"key": "acme", "name": "Acme", "segment": "enterprise", "arr": 80000, "renewal": "2027-03-20", "health": 61},
    ),
    "touchpoints": (
        "Human contact with a customer: who, when and how.",
        {
            "account": "acme",
            "at": "2026-11-20T14:00:00Z",
            "how": "call",
            "person": "ana@example.com",
            "key": "call-981",
        },
    ),
}
_OPENED: Final[Json] = {
    "deal": 12,
    "account": "acme",
    "name": "Acme",
    "score": 60,
    "causes": ["champion_left"],
    "play": "champion-left",
    "sum": "   60  Champion left, 20 Nov 2026\n   60  in all",
    "again": False,
}
_TAKEN: Final[Json] = {
    "read": 1,
    "added": 1,
    "changed": 0,
    "unchanged": 0,
    "refused": 0,
    "errors": [],
    "warnings": [],
    "opened": [_OPENED],
    "joined": [],
    "left": [],
    "cleared": [],
}
_FAULT: Final[Json] = {
    "index": 1,
    "field": "account",
    "what": "unknown account 'acmee'",
    "expected": "a known account",
    "nearest": "acme",
}
_ACTED: Final[Json] = {
    "words": "“Find out who decides now” is done, thanks to Ana Silva (20 Nov 10:00).",
    "task": "12.3",
    "state": "done",
    "deal": "open",
    "events": ["task_done"],
}
_PROBLEMS: Final[Mapping[str, tuple[str, str]]] = {
    "400": ("The body is no JSON, or not UTF-8.", "The body is no JSON: Expecting value in line 1, column 1."),
    "401": ("Nobody known calls, or a signature is wrong or too old.", "This token is not known, or was revoked."),
    "403": (
        "The caller has not the scope, or the person may not act.",
        "helpdesk may not do this: it has the scope signals, and needs accounts.",
    ),
    "404": ("There is no such task, deal or person.", "There is no task 12.9. This deal has 12.1, 12.2."),
    "405": ("Another method.", "This cannot be done here. Nothing was changed."),
    "408": ("The body did not arrive in time.", "This did not arrive in time. Nothing was changed."),
    "409": (
        "The first call with this key is still being answered; or it cannot be as things are.",
        "The first call with this key is still being answered: try again.",
    ),
    "413": ("More than 1 MB.", "This is too long: at most 1 MB is taken. Nothing was changed."),
    "415": ("Not plain JSON.", "Send JSON: Content-Type: application/json."),
    "422": (
        "It is JSON, and cannot be used: nothing was written. Or its key belongs to another call.",
        "1 of 1 rows cannot be used. Nothing was written.",
    ),
    "429": ("Too many failed calls from this address.", "Too many failed calls: try again in 42 s."),
    "503": (
        "The database or the settings cannot be used at the moment; nothing was changed.",
        "The database is busy. Nothing was changed; try again in a few seconds.",
    ),
}
_WAITS: Final = ("409", "429", "503")


def document(account_fields: Mapping[str, str], url: str) -> Json:
    """The whole description, with the workspace's own fields of accounts."""
    kinds = kinds_of(account_fields)
    paths: Json = {f"/api/v1/{kind}": {"post": _rows(kinds[kind])} for kind in ROWS}
    paths |= {f"/api/v1/tasks/{{task}}/{word}": {"post": _act(word)} for word in WISHES}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Saveline",
            "version": "1",
            "description": "Facts from other systems, and acting on tasks. See docs/api.md.",
        },
        "servers": [{"url": url}],
        "security": [{"token": []}, {"webhook": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "`saveline token create` makes one."},
                "webhook": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "webhook-signature",
                    "description": "Standard Webhooks: webhook-id, webhook-timestamp and webhook-signature.",
                },
            },
            "schemas": {kind: _row(kinds[kind]) for kind in ROWS}
            | {f"task_{word}": _closed(wish.shape.model_json_schema()) for word, wish in WISHES.items()}
            | {"taken": _taken(), "acted": _acted(), "problem": _problem(), "fault": _fault()},
            "responses": {status: _refusal(status, *words) for status, words in _PROBLEMS.items()},
            "headers": {
                "Idempotency-Replayed": {
                    "description": "true where this is the answer that the call had before.",
                    "schema": {"const": "true"},
                },
                "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
                "WWW-Authenticate": {"description": "How to say who calls.", "schema": {"type": "string"}},
            },
        },
    }


# --- operations -----------------------------------------------------------------------------------------------


def _rows(kind: Kind) -> Json:
    text, example = _ROWS[kind.name]
    row = {"$ref": f"#/components/schemas/{kind.name}"}
    some = {"type": "array", "items": row, "minItems": 1, "maxItems": MOST_ROWS}
    strict = {
        "name": "strict",
        "in": "query",
        "description": "true: where one row is refused, none is taken.",
        "schema": {"type": "boolean", "default": False},
    }
    answers = {
        "200": _answer("Every row is in.", "taken", _TAKEN),
        "207": _answer("Some rows are in.", "taken", {**_TAKEN, "read": 2, "refused": 1, "errors": [_FAULT]}),
    }
    return {
        "operationId": f"post_{kind.name}",
        "summary": text,
        "parameters": [strict, _key()],
        "requestBody": _body({"anyOf": [row, some]}, {"one": example, "many": [example]}),
        "responses": answers | _refusals(but=("404",)),
    }


def _act(word: str) -> Json:
    wish = WISHES[word]
    task = {
        "name": "task",
        "in": "path",
        "required": True,
        "description": "The deal and the number of the task in it.",
        "schema": {"type": "string", "pattern": r"^[0-9]{1,15}\.[0-9]{1,6}$"},
        "example": "12.3",
    }
    return {
        "operationId": f"task_{word}",
        "summary": wish.title + ".",
        "parameters": [task, _key()],
        "requestBody": _body({"$ref": f"#/components/schemas/task_{word}"}, {"one": dict(wish.example)}),
        "responses": {"200": _answer("It is so.", "acted", _ACTED)} | _refusals(),
    }


def _key() -> Json:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A name of this call, like a UUID: the same call with the same key is not done twice.",
        "schema": {"type": "string", "pattern": "^[!#-~]{1,200}$"},
        "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
    }


def _body(schema: Json, examples: Mapping[str, Any]) -> Json:
    found = {name: {"value": value} for name, value in examples.items()}
    return {"required": True, "content": {"application/json": {"schema": schema, "examples": found}}}


def _answer(text: str, schema: str, example: Json) -> Json:
    return {
        "description": text,
        "headers": {"Idempotency-Replayed": {"$ref": "#/components/headers/Idempotency-Replayed"}},
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}, "example": example}},
    }


def _refusals(but: Sequence[str] = ()) -> Json:
    return {status: {"$ref": f"#/components/responses/{status}"} for status in _PROBLEMS if status not in but}


def _refusal(status: str, text: str, detail: str) -> Json:
    schema = {"$ref": "#/components/schemas/problem"}
    example: Json = {
        "type": "about:blank",
        "title": HTTPStatus(int(status)).phrase,
        "status": int(status),
        "detail": detail,
    }
    if status == "422":
        example["errors"] = [{**_FAULT, "index": 0}]
    names = ["Retry-After"] if status in _WAITS else ["WWW-Authenticate"] if status == "401" else []
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    return {
        "description": text,
        **({"headers": headers} if headers else {}),
        "content": {PROBLEM: {"schema": schema, "example": example}},
    }


# --- schemas --------------------------------------------------------------------------------------------------


def _row(kind: Kind) -> Json:
    fields = {name: _field(field) for name, field in kind.fields.items()}
    return _object(fields, list(kind.needed))


def _field(field: Field) -> Json:
    found = dict(_TYPES.get(field.type) or {"type": "string", "maxLength": LONGEST[field.type]})
    if field.required:
        return found | ({"minLength": 1} if found["type"] == "string" else {})
    return {**found, "type": [found["type"], "null"]}


def _object(fields: Json, required: Sequence[str]) -> Json:
    return {"type": "object", "properties": fields, "required": list(required), "additionalProperties": False}


def _closed(schema: Json) -> Json:
    """A model's schema without the names that its code has."""
    found = {k: v for k, v in schema.items() if k not in ("title", "description")}
    fields = {n: {k: v for k, v in f.items() if k != "title"} for n, f in found.get("properties", {}).items()}
    return {**found, "properties": fields}


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


def _texts(*names: str) -> Json:
    return {name: {"type": "string"} for name in names}


def _all(fields: Json) -> Json:
    return _object(fields, list(fields))


def _taken() -> Json:
    numbers: Json = {name: {"type": "integer"} for name in ("read", "added", "changed", "unchanged", "refused")}
    deal: Json = {"deal": {"type": "integer"}}
    score: Json = {"score": {"type": "integer"}}
    flag: Json = {"type": "boolean"}
    opened = deal | _texts("account", "name") | score | {"causes": _list({"type": "string"})} | _texts("play", "sum")
    return _all(
        numbers
        | {"errors": _list({"$ref": "#/components/schemas/fault"}), "warnings": _list({"type": "string"})}
        | {"opened": _list(_all(opened | {"again": flag}))}
        | {"joined": _list(_all(deal | _texts("account", "cause")))}
        | {"left": _list(_all(deal | _texts("account") | {"on": {"type": "string", "format": "date"}, "lost": flag}))}
        | {"cleared": _list(_all(deal | _texts("account") | score | {"closed": flag}))}
    )


def _acted() -> Json:
    return _all(
        _texts("words", "task")
        | {"state": {"type": ["string", "null"]}, "deal": {"type": "string"}, "events": _list({"type": "string"})}
    )


def _fault() -> Json:
    return _object({"index": {"type": "integer"}, **_texts("field", "what", "expected", "nearest")}, ["field", "what"])


def _problem() -> Json:
    errors = _list({"$ref": "#/components/schemas/fault"})
    fields = _texts("type", "title", "detail") | {"status": {"type": "integer"}, "errors": errors}
    return _object(fields, ["type", "title", "status", "detail"])

"""What Slack takes: the limits of Block Kit as its reference gives them. The local Slack refuses what breaks them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
_INPUTS = ("plain_text_input", "number_input", "static_select", "users_select", "datepicker", "datetimepicker")


def faults(blocks: Any, surface: str = "message") -> list[str]:
    """Everything that Slack would refuse; nothing where it takes it."""
    if not isinstance(blocks, list):
        return ["blocks are no list"]
    found = [] if len(blocks) <= _MOST_BLOCKS[surface] else [f"{len(blocks)} blocks"]
    if surface == "message" and (long := sum(map(_length, blocks))) > 12_000:
        found.append(f"{long} characters in all")
    for block in blocks:
        found += _BY_TYPE.get(block.get("type"), _unknown)(block)
    ids = [b["block_id"] for b in blocks if "block_id" in b]
    found += ["a block_id twice"] if len(ids) != len(set(ids)) else []
    return found


def view_faults(view: dict[str, Any]) -> list[str]:
    """The same of a modal or a Home."""
    kind = view.get("type")
    if kind not in ("modal", "home"):
        return [f"a view of type {kind!r}"]
    found = faults(view.get("blocks"), kind)
    found += _too_long("private_metadata", view.get("private_metadata", ""), 3000)
    found += _too_long("callback_id", view.get("callback_id", ""), 255)
    if kind == "modal":
        for part in ("title", "submit", "close"):
            if part in view:
                found += _plain(part, view[part], 24)
        if any(b["type"] == "input" for b in view["blocks"]) and "submit" not in view:
            found.append("inputs without submit")
    return found


def _header(block: dict[str, Any]) -> list[str]:
    return _plain("header", block["text"], 150)


def _section(block: dict[str, Any]) -> list[str]:
    text = block["text"]
    found = [] if text["type"] in ("mrkdwn", "plain_text") else ["a section's text"]
    found += _too_long("section", text["text"], 3000) + (["an empty section"] if not text["text"] else [])
    return found + (_element(block["accessory"]) if "accessory" in block else [])


def _image(block: dict[str, Any]) -> list[str]:
    found = _too_long("alt_text", block["alt_text"], 2000) + ([] if block["alt_text"] else ["an empty alt_text"])
    sources = [name for name in ("image_url", "slack_file") if name in block]
    found += [] if len(sources) == 1 else ["an image of none or two sources"]
    return found + (_plain("title", block["title"], 2000) if "title" in block else [])


def _context(block: dict[str, Any]) -> list[str]:
    found = [] if 1 <= len(block["elements"]) <= 10 else ["elements of a context"]
    for element in block["elements"]:
        found += _too_long("context", element["text"], 3000) + (["an empty context"] if not element["text"] else [])
    return found


def _actions(block: dict[str, Any]) -> list[str]:
    elements = block["elements"]
    found = [] if 1 <= len(elements) <= 25 else [f"{len(elements)} elements of actions"]
    ids = [e["action_id"] for e in elements]
    found += ["an action_id twice"] if len(ids) != len(set(ids)) else []
    return found + [fault for e in elements for fault in _element(e)]


def _input(block: dict[str, Any]) -> list[str]:
    found = _plain("label", block["label"], 2000) + (_plain("hint", block["hint"], 2000) if "hint" in block else [])
    element = block["element"]
    found += [] if element["type"] in (*_INPUTS, "radio_buttons") else [f"an input of {element['type']}"]
    return found + _too_long("block_id", block.get("block_id", ""), 255) + _element(element)


def _element(element: dict[str, Any]) -> list[str]:  # noqa: C901 - one case for each type of element
    found = _too_long("action_id", element["action_id"], 255)
    if not element["action_id"]:
        found.append("an empty action_id")
    if "placeholder" in element:
        found += _plain("placeholder", element["placeholder"], 150)
    match element["type"]:
        case "button":
            found += _plain("button", element["text"], 75) + _too_long("value", element.get("value", ""), 2000)
            found += _too_long("url", element.get("url", ""), 3000)
            found += [] if element.get("style", "primary") in ("primary", "danger") else ["a style"]
        case "overflow":
            found += _options(element["options"], 5)
        case "static_select":
            found += _options(element["options"], 100)
        case "radio_buttons":
            found += _options(element["options"], 10)
        case "plain_text_input":
            found += [] if 1 <= element.get("max_length", 3000) <= 3000 else ["max_length"]
        case "number_input":
            found += [] if isinstance(element.get("is_decimal_allowed"), bool) else ["is_decimal_allowed"]
            found += [f"{k} is no text" for k in ("min_value", "max_value") if not isinstance(element.get(k, ""), str)]
    return found


def _options(options: list[dict[str, Any]], most: int) -> list[str]:
    found = [] if 1 <= len(options) <= most else [f"{len(options)} options"]
    values = [o["value"] for o in options]
    found += ["an option twice"] if len(values) != len(set(values)) else []
    for option in options:
        found += _plain("option", option["text"], 75) + _too_long("option's value", option["value"], 75)
    return found


def _plain(what: str, text: dict[str, Any], most: int) -> list[str]:
    if text.get("type") != "plain_text":
        return [f"{what} is no plain text"]
    return _too_long(what, text["text"], most) + ([] if text["text"] else [f"an empty {what}"])


def _too_long(what: str, text: str, most: int) -> list[str]:
    return [f"{what} of {len(text)} characters"] if len(text) > most else []


def _nothing(_block: dict[str, Any]) -> list[str]:
    return []


def _unknown(block: dict[str, Any]) -> list[str]:
    return [f"a block of type {block.get('type')!r}"]


def _length(part: Any) -> int:
    return sum(len(text) for text in _texts(part))


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "text" and isinstance(value, str):
                yield value
            else:
                yield from _texts(value)
    elif isinstance(part, list):
        for value in part:
            yield from _texts(value)


_BY_TYPE = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "input": _input,
    "image": _image,
    "divider": _nothing,
}

"""Views → texts: Jinja templates, compiled once, one set of rules for each form a message has.

A page escapes for HTML by itself; a Slack text escapes every expression, so that data can never become a link, a
mention or ``<!channel>``; a mail's text prints as it is. What a template names must exist. ``say("{a} has left", a=…)``
and ``counted`` give a sentence in the reader's language: as plain text, which is escaped like any other.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from saveline.core.facts import Fact
from saveline.notify.languages import tongue
from saveline.notify.message import cleaned, subject_line

Form: TypeAlias = Literal["html", "text", "slack"]

_FILES: Final[Mapping[Form, str]] = {"html": "email.html", "text": "email.txt", "slack": "slack.txt"}
_GAPS = re.compile(r"[ \t]*\n(?:[ \t]*\n)+")
_MARKDOWN = re.compile(r"[\\`*_<>\[\]|~]")
_SLACK = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class Worded(Fact, frozen=True):
    """A notice in words: its subject, and the forms that were asked for."""

    subject: str
    html: str = ""
    text: str = ""
    slack: str = ""


class Wording:
    """The templates of ``folder``: a folder for each kind, with subject.txt, email.html, email.txt and slack.txt."""

    def __init__(self, folder: Path) -> None:
        loader = FileSystemLoader(folder)
        html = _environment(loader, autoescape=True)
        text, slack = _environment(loader), _environment(loader)
        html.filters["lines"] = _as_html_lines
        self._pages = _environment(loader)
        self._pages.finalize = _escaped_for_markdown
        text.filters["quoted"] = _quoted
        text.filters["item"] = _item
        slack.filters["quoted"] = _quoted_for_slack
        slack.finalize = escaped_for_slack
        self._environments: Mapping[Form, Environment] = {"html": html, "text": text, "slack": slack}
        self._inliner = css_inline.CSSInliner(load_remote_stylesheets=False)

    def words(self, kind: str, view: Mapping[str, Any], forms: Collection[Form]) -> Worded:
        """``view`` in the given forms. Raises jinja2's errors where a template asks for what the view does not have."""
        shown, words = cleaned(view), tongue(str(view.get("language", "")))
        shown |= {"say": words.say, "counted": words.counted}
        subject = subject_line(self._environments["text"].get_template(f"{kind}/subject.txt").render(shown))
        shown["subject"] = subject
        written = {form: self._written(kind, form, shown) for form in forms}
        if "html" in written:
            written["html"] = self._inliner.inline(written["html"])
        return Worded(subject, **written)

    def page(self, kind: str, view: Mapping[str, Any]) -> str:
        """``view`` as Markdown, for a terminal or Prefect's page: page.md."""
        return _GAPS.sub("\n\n", self._pages.get_template(f"{kind}/page.md").render(cleaned(view))).strip() + "\n"

    def _written(self, kind: str, form: Form, view: Mapping[str, Any]) -> str:
        text = self._environments[form].get_template(f"{kind}/{_FILES[form]}").render(view)
        return text if form == "html" else _GAPS.sub("\n\n", text).strip() + "\n"


def _environment(loader: FileSystemLoader, *, autoescape: bool = False) -> Environment:
    made = Environment(
        loader=loader,
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    made.filters["capitalised"] = lambda text: str(text)[:1].upper() + str(text)[1:]
    return made


def escaped_for_slack(value: Any) -> Any:
    """Slack's three characters; nothing else can start a link, a mention or a command there."""
    return value if isinstance(value, Markup) else str(value).translate(_SLACK)


def _escaped_for_markdown(value: Any) -> Any:
    """What would end a cell, start a tag, a link or a code, or change the type."""
    return _MARKDOWN.sub(r"\\\g<0>", " ".join(str(value).split()))


def _as_html_lines(text: str) -> Markup:
    return Markup("<br>").join(escape(line) for line in text.splitlines())


def _item(text: str) -> str:
    """A line of a list, wrapped for a mail."""
    return textwrap.fill(text, 76, initial_indent="- ", subsequent_indent="  ", break_long_words=False)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())


def _quoted_for_slack(text: str) -> Markup:
    return Markup("\n".join(f"> {escaped_for_slack(line)}" for line in text.splitlines()))

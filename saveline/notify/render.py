"""Views → texts: Jinja templates, compiled once, one set of rules for each form a message has.

A page escapes for HTML by itself; a Slack text escapes every expression, so that data can never become a link, a
mention or ``<!channel>``; a mail's text prints as it is. What a template names must exist. ``say("{a} has left", a=…)``
and ``counted`` give a sentence in the reader's language: as plain text, which is escaped like any other.
"""

from __future__ import annotations

import logging
import re
import textwrap
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import css_inline
from jinja2 import BaseLoader, ChoiceLoader, DictLoader, Environment, FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from saveline.core.facts import Fact
from saveline.core.phrases import capitalised
from saveline.notify.languages import tongue
from saveline.notify.message import cleaned, subject_line

log = logging.getLogger(__name__)

Form: TypeAlias = Literal["html", "text", "slack"]

OwnKey: TypeAlias = tuple[str, str, str]
"""Kind, language ("" for every one), file."""

FILES: Final[Mapping[Form, str]] = {"html": "email.html", "text": "email.txt", "slack": "slack.txt"}
SUBJECT: Final = "subject.txt"
OWN: Final = "own"
"""Under which name the own templates are loaded: no shipped one begins so."""
LONGEST_TEXT: Final = 64 * 1024
"""Characters that an own template may write."""
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
    """The templates of ``folder``: a folder for each kind, with subject.txt, email.html, email.txt and slack.txt.

    ``own`` are texts of a workspace's own templates, checked already, by kind, language ("" for every one) and file:
    they go before the shipped ones, and should one fail all the same, the shipped one is used.
    """

    def __init__(self, folder: Path, own: Mapping[OwnKey, str] | None = None) -> None:
        shipped = FileSystemLoader(folder)
        self._environments = _environments(shipped, Environment)
        self._pages = _environment(shipped, Environment)
        self._pages.finalize = _escaped_for_markdown
        self._own = dict(own or {})
        texts = DictLoader({"/".join((OWN, *key)): text for key, text in self._own.items()})
        self._fenced = _environments(ChoiceLoader([texts, shipped]), ImmutableSandboxedEnvironment) if own else {}
        self._inliner = css_inline.CSSInliner(load_remote_stylesheets=False)

    def words(self, kind: str, view: Mapping[str, Any], forms: Collection[Form]) -> Worded:
        """``view`` in the given forms. Raises jinja2's errors where a template asks for what the view does not have."""
        shown = cleaned(view) | self.said(view)
        subject = subject_line(self._printed(kind, "text", SUBJECT, shown))
        shown["subject"] = subject
        written = {form: self._written(kind, form, shown) for form in forms}
        if "html" in written:
            written["html"] = self._inliner.inline(written["html"])
        return Worded(subject, **written)

    def filters(self, form: Form) -> Collection[str]:
        """The filters that templates of the form have."""
        return self._environments[form].filters

    @staticmethod
    def said(view: Mapping[str, Any]) -> Mapping[str, Any]:
        """What shipped templates say sentences with, in the view's language."""
        words = tongue(str(view.get("language", "")))
        return {"say": words.say, "counted": words.counted}

    def page(self, kind: str, view: Mapping[str, Any]) -> str:
        """``view`` as Markdown, for a terminal or Prefect's page: page.md."""
        return _GAPS.sub("\n\n", self._pages.get_template(f"{kind}/page.md").render(cleaned(view))).strip() + "\n"

    def _written(self, kind: str, form: Form, view: Mapping[str, Any]) -> str:
        text = self._printed(kind, form, FILES[form], view)
        return text if form == "html" else _GAPS.sub("\n\n", text).strip() + "\n"

    def _printed(self, kind: str, form: Form, file: str, view: Mapping[str, Any]) -> str:
        """What the workspace's own template says, or the shipped one."""
        for key in ((kind, str(view.get("language", "")), file), (kind, "", file)):
            if key in self._own:
                try:
                    return self.tried(key, form, view)
                except Exception as error:  # a notice that was decided is never lost for a template
                    log.warning("templates/%s failed: %s; the shipped one is used", _named(key), error)
        return self._environments[form].get_template(f"{kind}/{file}").render(view)

    def tried(self, key: OwnKey, form: Form, view: Mapping[str, Any]) -> str:
        """What one of the own templates says. Raises jinja2's errors, and ValueError where it says too much."""
        text, size = list[str](), 0
        for part in self._fenced[form].get_template("/".join((OWN, *key))).generate(view):
            text.append(part)
            size += len(part)
            if size > LONGEST_TEXT:
                raise ValueError(f"it writes more than {LONGEST_TEXT // 1024} KB")
        return "".join(text)


def _named(key: OwnKey) -> str:
    return "/".join(part for part in key if part)


def _environments(loader: BaseLoader, kind: type[Environment]) -> Mapping[Form, Environment]:
    html = _environment(loader, kind, autoescape=True)
    text, slack = _environment(loader, kind), _environment(loader, kind)
    html.filters["lines"] = _as_html_lines
    text.filters["quoted"] = _quoted
    text.filters["item"] = _item
    slack.filters["quoted"] = _quoted_for_slack
    slack.finalize = escaped_for_slack
    return {"html": html, "text": text, "slack": slack}


def _environment(loader: BaseLoader, kind: type[Environment], *, autoescape: bool = False) -> Environment:
    made = kind(
        loader=loader,
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    made.filters["capitalised"] = lambda text: capitalised(str(text))
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

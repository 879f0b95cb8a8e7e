"""``saveline notices preview``: how a message looks to somebody, before it is sent; and the state of own templates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from saveline.actions import previews, wording
from saveline.cli import door, output
from saveline.cli.door import Json
from saveline.core.errors import UnknownWord
from saveline.core.tongue import NAMES, SHIPPED
from saveline.notify.render import Worded
from saveline.notify.samples import KINDS

CHANNELS: Final = ("email", "slack", "text")


def preview(  # noqa: PLR0913, PLR0917 - its options
    kind: Annotated[str | None, typer.Argument(help=f"One of {', '.join(KINDS)}.")] = None,
    person: Annotated[str | None, typer.Option(help="Who reads it; by default the first of people.yaml.")] = None,
    notice: Annotated[int | None, typer.Option(help="A notice that there is, instead of a sample.")] = None,
    channel: Annotated[
        str, typer.Option(help="email (its text part), slack, or text: what any other channel gets.")
    ] = "email",
    language: Annotated[str | None, typer.Option(help=f"Another language than theirs: {', '.join(SHIPPED)}.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the e-mail as a page to this file.")] = None,
    json: Json = False,
) -> None:
    """A message as its reader would get it: a sample of a kind, or one that there is. Nothing is sent."""
    _known("a channel", channel, CHANNELS)
    if language is not None:
        language = NAMES.get(language.casefold(), language)
        _known("a language", language, SHIPPED)
    desk = door.open_desk()
    if notice is not None:
        worded = wording.preview(desk, notice, language=language or "", pictured=html is not None)
    else:
        if kind is None:
            raise typer.BadParameter("say which kind, or --notice NUMBER", param_hint="KIND")
        _known("a kind of notice", kind, KINDS)
        reader = door.find_person(desk, person) if person else None
        worded = previews.of_kind(desk, kind, reader, language=language or "", pictured=html is not None)
    if html is not None:
        html.write_text(worded.html, encoding="utf-8")
    if json:
        output.emit_json(_plain(worded))
        return
    if html is not None:
        output.say(f"{html}: {worded.subject}")
        return
    _print(worded, channel)


def _known(what: str, word: str, known: tuple[str, ...]) -> None:
    if word not in known:
        raise UnknownWord(what, word, known)


def _plain(worded: Worded) -> dict[str, Any]:
    return {"subject": worded.subject, "text": worded.text, "html": worded.html, "slack": worded.slack}


def _print(worded: Worded, channel: str) -> None:
    if channel == "slack" or not worded.text:
        typer.echo(worded.slack, nl=False)
    else:
        typer.echo(f"Subject: {worded.subject}\n\n{worded.text}", nl=False)


def templates(json: Json = False) -> None:
    """The workspace's own templates: which are in use, and what is wrong with the others."""
    own = door.open_desk().own_templates
    used = ["/".join(part for part in key if part) for key in own.texts]
    if json:
        output.emit_json({"used": used, "problems": [str(p) for p in own.problems]})
    else:
        for name in used:
            output.say(f"templates/{name} is used.")
        for problem in own.problems:
            output.complain(str(problem))
        if not used and not own.problems:
            output.say("There are no templates of your own: the shipped ones are used. docs/templates.md says how.")
    if own.problems:
        raise typer.Exit(1)

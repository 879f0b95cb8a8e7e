"""``saveline notices``: what was said to whom, what became of it, and sending one again or never."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from saveline.actions import notices as actions
from saveline.actions.desk import Desk
from saveline.actions.notices import Told
from saveline.cli import door, notices_effect, notices_preview, notices_wishes, output
from saveline.cli.door import As, Json
from saveline.core.errors import Refusal, UnknownWord
from saveline.core.notice_states import STATES, State
from saveline.core.phrases import count, shortened, words_of
from saveline.store.notices import Wanted

app = typer.Typer(help="What was said to whom, what became of it; send one again, or never.", no_args_is_help=True)

notices_effect.register(app)
notices_wishes.register(app)
app.command("preview")(notices_preview.preview)
app.command("templates")(notices_preview.templates)

Numbers = Annotated[list[int], typer.Argument(metavar="NOTICE…", help="Numbers of notices, as `notices list` shows.")]


@app.command("list")
def list_(  # noqa: PLR0913, PLR0917 - its options
    status: Annotated[list[str] | None, typer.Option(help=f"Only these: {', '.join(STATES)}.")] = None,
    person: Annotated[str | None, typer.Option(help="Only those to this person.")] = None,
    deal: Annotated[int | None, typer.Option(help="Only those about this deal.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only those by this channel, like email or slack:#cs.")] = None,
    since: Annotated[str | None, typer.Option(help="Only those about this moment or a later one.")] = None,
    most: Annotated[int, typer.Option(help="At most so many, the newest.", min=1)] = 50,
    json: Json = False,
) -> None:
    """Notices, the newest first, with what became of them and the last error."""
    desk = door.open_desk()
    wanted = Wanted(
        states=[_state(word) for word in status or ()],
        person_id=door.find_person(desk, person).id if person else None,
        deal_id=deal,
        channel=_channel(desk, channel) if channel else None,
        since=door.moment(desk, since) if since else None,
        most=most,
    )
    found = actions.listed(desk, wanted)
    if json:
        output.emit_json([_plain(told) for told in found])
        return
    _shown(desk, found)
    if len(found) == most:
        output.say(f"These are the newest {most}: --most shows more.", style="dim")


def _shown(desk: Desk, found: Sequence[Told]) -> None:
    if not found:
        output.say("There is no such notice.")
        return
    with desk.reading() as conn:
        local = desk.people(conn).calendar(None).local
    output.table(
        ("Notice", "State", "What", "To", "By", "About", "At", "Tried", "Said"),
        [
            (
                t.notice.id,
                t.state,
                words_of(t.notice.kind),
                t.to,
                t.notice.channel.partition(":")[0],
                _about(t),
                f"{local(t.notice.at):%-d %b %H:%M}",
                len(t.attempts) or "",
                shortened(t.notice.error or t.notice.held_for or "", 70),
            )
            for t in found
        ],
        right=("Notice", "Tried"),
    )


def _about(told: Told) -> str:
    n = told.notice
    ref = f" {n.deal_id}.{n.task_no}" if n.task_no else f" {n.deal_id}" if n.deal_id else ""
    return f"{n.account or ''}{ref}".strip()


@app.command()
def explain(
    number: Annotated[int, typer.Argument(metavar="NOTICE", help="The notice's number.")], json: Json = False
) -> None:
    """Why a notice was decided, to whom, why by this channel, what became of it, and each attempt."""
    told, why = actions.explained(door.open_desk(), number)
    if json:
        output.emit_json({**_plain(told), "why": output.plain(why)})
        return
    output.say(why.about, style="bold")
    output.say(why.note, style="dim")
    for part in why.parts:
        output.say(f"\n{part.title}", style="bold")
        for line in part.lines:
            output.say(f"  {line}")


@app.command()
def resend(
    numbers: Numbers,
    again: Annotated[bool, typer.Option("--again", help="Also one that was sent: a second copy.")] = False,
    who: As = None,
    json: Json = False,
) -> None:
    """Queue notices that failed, died or were cancelled once more; attempts are counted anew, the old ones kept."""
    desk = door.open_desk()
    by = door.doer(desk, who)
    _each(numbers, lambda number: actions.resend(desk, number, by, again=again), as_json=json)


@app.command()
def drop(
    numbers: Numbers,
    reason: Annotated[str, typer.Option(help="Why they must not be sent.")],
    who: As = None,
    json: Json = False,
) -> None:
    """Never send notices that are waiting."""
    desk = door.open_desk()
    by = door.doer(desk, who)
    _each(numbers, lambda number: actions.drop(desk, number, by, reason=reason), as_json=json)


def _each(numbers: Sequence[int], do: Callable[[int], str], *, as_json: bool) -> None:
    """Each by itself: one that is refused does not hold up the others, and is told at the end by the exit status."""
    done: list[dict[str, Any]] = []
    for number in numbers:
        try:
            done.append({"notice": number, "done": True, "words": do(number)})
        except Refusal as refusal:
            done.append({"notice": number, "done": False, "words": str(refusal)})
    if as_json:
        output.emit_json(done)
    for line in () if as_json else done:
        (output.say if line["done"] else output.complain)(line["words"])
    refused = [line for line in done if not line["done"]]
    if refused:
        if len(done) > 1 and not as_json:
            output.complain(f"{count(len(refused), 'notice')} of {len(done)} as before.")
        raise typer.Exit(output.REFUSED)


def _plain(told: Told) -> dict[str, Any]:
    """A notice as JSON tells it: its row, its state in words, its attempts."""
    row = output.plain(told.notice)
    rest = {"state": told.state, "to": told.to, "attempts": output.plain(told.attempts), "by_hand": told.by_hand}
    return {**row, "tried": row.pop("attempts"), **rest}


def _state(word: str) -> State:
    for state in STATES:
        if word == state:
            return state
    raise UnknownWord("a status of notices", word, STATES)


def _channel(desk: Desk, word: str) -> str:
    if word.partition(":")[0] not in desk.workspace.channels:
        raise UnknownWord("a channel of saveline.yaml", word, desk.workspace.channels)
    return word

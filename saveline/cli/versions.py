"""``saveline playbook versions``, ``diff``, ``migrate`` and ``rollback``: a play that changes while deals run by it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from saveline.actions import migration, versions
from saveline.actions.desk import Desk
from saveline.actions.migration import Outcome, Told, Wanted, Way
from saveline.actions.versions import Compared
from saveline.cli import door, output
from saveline.core.errors import Missing
from saveline.core.migration import WHATS, Effect, Preview, in_short, summaries
from saveline.core.people import People

LONG: Final = 200
"""Deals to decide before a progress bar is worth its line."""

Name = Annotated[str, typer.Argument(help="A play.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept with the decision.")]
Deals = Annotated[list[int] | None, typer.Option("--deal", metavar="DEAL", help="Only this deal; may be repeated.")]
All = Annotated[bool, typer.Option("--all", help="Deals that were pinned to their version too.")]
Expect = Annotated[
    str | None, typer.Option("--expect", metavar="PREVIEW", help="The preview that was looked at: its id or its JSON.")
]


def list_versions(name: Name, as_json: door.Json = False) -> None:
    """Every version of a play: since when it is known, how many deals run by it, and what was decided about them."""
    desk = door.open_desk()
    found = versions.listed(desk, name)
    if as_json:
        output.emit_json(found)
        return
    people = _people(desk)
    rows: list[Sequence[object]] = [
        (v.hash, people.calendar(None).local(v.since), v.running, v.closed, "now" if v.hash == found.live else "")
        for v in found.versions
    ]
    if found.live and found.live not in [v.hash for v in found.versions]:
        rows.insert(0, (found.live, None, 0, 0, "now"))
    output.table(("version", "since", "running", "closed", ""), rows, right=("running", "closed"))
    for d in found.decisions:
        at = people.calendar(None).local(d.at)
        output.say(
            f"{at:%-d %b %Y %H:%M}: {people.name(d.by_id)} decided {_CHOICES[d.choice]} about {d.hash}: {d.reason}"
        )


_CHOICES: Final = {"pin": "to pin", "migrate": "to migrate", "new_only": "“new deals only”", "rollback": "to roll back"}


def diff_plays(
    name: Name,
    before: Annotated[str | None, typer.Option("--from", metavar="VERSION|FILE")] = None,
    after: Annotated[str | None, typer.Option("--to", metavar="VERSION|FILE")] = None,
    as_json: door.Json = False,
) -> None:
    """What is other in two versions of a play, in words. By default: what deals run by, and what the file says now."""
    found = versions.diff(door.open_desk(), name, before, after)
    if as_json:
        output.emit_json(found)
    else:
        _show_diff(found)


def migrate(  # noqa: PLR0913, PLR0917 - the options of a command line
    name: Name,
    take_over: Annotated[bool, typer.Option("--migrate", help="Take over all deals that can be.")] = False,
    pin: Annotated[bool, typer.Option("--pin", help="They keep the version they have.")] = False,
    new_only: Annotated[bool, typer.Option("--new-only", help="Only new deals get this version.")] = False,
    deals: Deals = None,
    every: All = False,
    reason: Reason = "",
    expect: Expect = None,
    who: door.As = None,
    as_json: door.Json = False,
) -> None:
    """What the play as it is now would mean for the deals on older versions; with a choice, do that.

    A preview writes nothing. Exit status 1 when a deal could not be taken over, or came out otherwise than expected.
    """
    if take_over + pin + new_only > 1:
        raise typer.BadParameter("choose one of --migrate, --pin and --new-only")
    if expect is not None and not take_over:
        raise typer.BadParameter("--expect goes with --migrate", param_hint="--expect")
    desk, wanted = door.open_desk(), Wanted(tuple(deals or ()), every)
    if not (take_over or pin or new_only):
        with _progress() as told:
            found = migration.preview(desk, name, wanted, told)
        _show_preview(desk, found, as_json=as_json)
        return
    way = _way(desk, who, reason)
    if take_over:
        made = _migrated(desk, name, way, wanted, expect)
    elif pin:
        made = migration.pin(desk, name, way, wanted)
    else:
        made = migration.new_only(desk, name, way)
    _show_outcome(desk, made, as_json=as_json)


def roll_back(
    name: Name,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and write nothing.")] = False,
    reason: Reason = "",
    who: door.As = None,
    as_json: door.Json = False,
) -> None:
    """The deals of the last migration go back to the version they had. What people did meanwhile stays."""
    desk = door.open_desk()
    way = Way() if dry_run else _way(desk, who, reason)
    with _progress() as told:
        made = migration.roll_back(desk, name, way, dry=dry_run, told=told)
    _show_outcome(desk, made, as_json=as_json)


def _way(desk: Desk, who: str | None, reason: str) -> Way:
    by = door.doer(desk, who)
    if not reason.strip():
        raise Missing("Say in a few words why, with --reason: it is kept, and those concerned read it.")
    return Way(by=by, reason=reason.strip())


def _migrated(desk: Desk, name: str, way: Way, wanted: Wanted, expect: str | None) -> Outcome:
    with _progress() as told:
        expected = None if expect is None else _expected(desk, name, wanted, expect)
        return migration.migrate_deals(desk, name, way, wanted, expected, told)


def _expected(desk: Desk, name: str, wanted: Wanted, given: str) -> Preview:
    """The preview in the file ``given``; or the present one, if ``given`` is its id."""
    path = Path(given)
    if path.is_file():
        try:
            return msgspec.json.decode(path.read_bytes(), type=Preview)
        except msgspec.DecodeError as error:
            raise Missing(
                f"{path} is no preview: {error}. `saveline playbook migrate {name} --json` prints one."
            ) from None
    found = migration.preview(desk, name, wanted)
    if found.id != given:
        raise Missing(f"{given} is not the preview any more: it is {found.id} now. Nothing was changed; look again.")
    return found


@contextmanager
def _progress() -> Iterator[Told]:
    """A bar on standard error, for many deals in a terminal."""
    columns = (TextColumn("Deals"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=output.err, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=None, visible=False)

        def told(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, visible=total >= LONG)

        yield told


# --- what people see --------------------------------------------------------------------------------------------------


def _people(desk: Desk) -> People:
    with desk.reading() as conn:
        return desk.people(conn)


def _show_diff(found: Compared) -> None:
    output.say(f"{found.play}: from {found.before} to {found.after}", style="bold")
    if not found.changes:
        output.say("Nothing that the play says is other.")
        return
    rows = [(c.where, f"{c.what} {c.key}".strip(), c.before, c.after) for c in found.changes]
    output.table(("where", "what", "before", "after"), rows)


def _show_preview(desk: Desk, found: Preview, *, as_json: bool) -> None:
    if as_json:
        output.emit_json({"id": found.id, **output.plain(found), "people": summaries(found.deals)})
        return
    people = _people(desk)
    output.say(
        f"{found.play}: deals on older versions, and what version {found.version} would mean for them", style="bold"
    )
    _show_effects(desk, people, found.deals)
    can, cannot = len(found.can), len(found.cannot)
    output.say(f"\n{_count(can, 'deal')} can be taken over, {cannot} cannot. Preview {found.id}; nothing was changed.")
    if found.pinned:
        output.say(f"Left out, because they are pinned: {', '.join(map(str, found.pinned))}.", style="dim")
    _show_summaries(people, found.deals)


def _show_outcome(desk: Desk, made: Outcome, *, as_json: bool) -> None:
    refused = [e for e in made.deals if e.refused]
    if as_json:
        output.emit_json(made)
    else:
        people = _people(desk)
        if made.choice in ("migrate", "rollback"):
            _show_effects(desk, people, made.deals)
        output.say(_outcome_words(made, len(refused)))
        for d in made.differences:
            output.say(f"Deal {d.deal} ({d.account}) came out otherwise than the preview: {d.happened}", style="yellow")
            output.say(f"    it said: {d.expected}", style="dim")
    if refused or made.differences:
        raise typer.Exit(output.REFUSED)


def _outcome_words(made: Outcome, refused: int) -> str:
    through = len(made.deals) - refused
    if made.choice == "pin":
        return (
            f"{_count(through, 'deal')} {'keeps the version it has' if through == 1 else 'keep the version they have'}."
        )
    if made.choice == "new_only":
        return f"Only new deals of {made.play} get version {made.version}."
    how = "taken over" if made.choice == "migrate" else "taken back"
    did = how if made.decision else f"would be {how}; nothing was changed"
    rest = f", {_count(refused, 'deal')} could not" if refused else ""
    told = f" Told: {_count(made.told, 'reader')}." if made.told else ""
    return f"{_count(through, 'deal')} {did}{rest}.{told}"


def _show_effects(desk: Desk, people: People, effects: Sequence[Effect]) -> None:
    for effect in effects:
        stage = desk.workspace.stage_title(effect.stage)
        output.say(f"\nDeal {effect.deal}  {effect.account}, {stage}{_headline(effect)}", style="bold")
        grid = Table.grid(padding=(0, 3, 0, 0))
        for row in _rows(people, effect):
            grid.add_row(*map(Text, row))
        if effect.tasks:
            output.out.print(grid)
        for more in effect.more:
            output.say(f"  {more.words}")
        for line in effect.refused:
            output.say(f"  {line}", style="red")


def _headline(effect: Effect) -> str:
    if effect.refused:
        return f": keeps version {effect.before}"
    return "" if effect.tasks or effect.more else f": {in_short(effect)}"


def _rows(people: People, effect: Effect) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    local = people.calendar(None).local
    for task in effect.tasks:
        due = f"{local(task.due_at):%a %-d %b %Y %H:%M}" if task.due_at else ""
        if task.due_before:
            due = f"{local(task.due_before):%a %-d %b %Y %H:%M} → {due}"
        who = people.name(task.person_id) if task.person_id else task.department or ""
        rows.append(("  " + WHATS[task.what], f"{effect.deal}.{task.no} {task.title}", who, due, task.why))
    return rows


def _show_summaries(people: People, effects: Sequence[Effect]) -> None:
    rows = []
    for summary in summaries(effects):
        who = people.name(summary.person_id) if summary.person_id else f"{summary.department}"
        counts = [summary.number(*kinds) for kinds in _COLUMNS.values()]
        rows.append((who, *(n or "" for n in counts)))
    if rows:
        output.say("")
        output.table(("told once", *_COLUMNS), sorted(rows), right=tuple(_COLUMNS))


_COLUMNS: Final = {
    "tasks come": ("came",),
    "go": ("went",),
    "change": ("moved", "due", "title"),
    "deals": ("stage", "decision", "clock"),
}


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

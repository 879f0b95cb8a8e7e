"""``saveline playbook rehearse``: who would get what and when, before any account depends on it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer
from msgspec.structs import replace
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from saveline.actions import rehearsal
from saveline.actions.desk import Desk
from saveline.actions.rehearsal import Company, Found, Opens, Wish
from saveline.cli import door, output, rehearse_show
from saveline.core.errors import Missing, UnknownWord
from saveline.core.facts import Account
from saveline.core.language.rehearsal import SHARE_HINT, share_of
from saveline.files.sources import Wanted
from saveline.runtime import scratch
from saveline.settings import Settings

MOST_DAYS: Final = 1_830
MOST_RUNS: Final = 1_000
MADE_UP: Final = "example"

Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help="A play; without one each account gets its own.")]
One = Annotated[str | None, typer.Option("--account", metavar="KEY", help="One account of the database.")]
Files = Annotated[
    list[Path] | None, typer.Option("--accounts", metavar="PATH", help="CSV files or folders, read as by `import`.")
]
Map = Annotated[Path | None, typer.Option("--map", metavar="FILE", help="What the columns of --accounts mean.")]
PastYear = Annotated[bool, typer.Option("--past-year", help="The deals of the past year, opened as they were.")]
Arr = Annotated[float | None, typer.Option(help="An account that is made up: what it pays a year.")]
Renewal = Annotated[str | None, typer.Option(metavar="DATE", help="… when it renews.")]
Segment = Annotated[str | None, typer.Option(help="… its segment.")]
Vertical = Annotated[str | None, typer.Option(help="… its vertical.")]
Region = Annotated[str | None, typer.Option(help="… its region.")]
Health = Annotated[int | None, typer.Option(help="… its health, 0 to 100.")]
Team = Annotated[list[str] | None, typer.Option(metavar="ROLE=PERSON", help="… who looks after it.")]
Causes = Annotated[list[str] | None, typer.Option("--cause", help="Why the account is at risk; may be repeated.")]
Against = Annotated[
    str | None, typer.Option(metavar="VERSION", help="Compare with a file, another play, or a stored version.")
]
Seed = Annotated[str, typer.Option(help="Another seed is another year: other answers, other absences.")]
From = Annotated[str | None, typer.Option("--from", metavar="DATE", help="The first day; by default today.")]
Until = Annotated[str | None, typer.Option(metavar="DATE", help="The day after the last.")]
Days = Annotated[int | None, typer.Option(help="How long; by default 365 days.", min=1, max=MOST_DAYS)]
Runs = Annotated[int, typer.Option(help="How many years to play, each with luck of its own.", min=1, max=MOST_RUNS)]
Open = Annotated[
    str | None, typer.Option("--open", metavar="HOW", help="Deals open by risk, spread over the time, or together.")
]
Part = Annotated[str, typer.Option("--share", metavar="SHARE", help="The share of the accounts, like 20%.")]
Lines = Annotated[bool, typer.Option("--timeline", help="Every deal, line by line; for one account it is always so.")]
Known = Annotated[bool, typer.Option("--history/--no-history", help="Learn from the past how people behave.")]
Pictures = Annotated[Path | None, typer.Option(metavar="FOLDER", help="Draw everything as SVG and PNG there.")]


def rehearse_play(  # noqa: PLR0913, PLR0917 - every option of the command is an argument
    name: Name = None,
    account: One = None,
    files: Files = None,
    mapping: Map = None,
    past_year: PastYear = False,
    arr: Arr = None,
    renewal: Renewal = None,
    segment: Segment = None,
    vertical: Vertical = None,
    region: Region = None,
    health: Health = None,
    team: Team = None,
    causes: Causes = None,
    against: Against = None,
    seed: Seed = "1",
    start: From = None,
    until: Until = None,
    days: Days = None,
    runs: Runs = 1,
    opens: Open = None,
    share: Part = "100%",
    timeline: Lines = False,
    history: Known = True,
    pictures: Pictures = None,
    as_json: door.Json = False,
) -> None:
    """Play a year in a minute: who gets what and when, who has too much, what never happens, what holds.

    Nothing is written and nobody is told. The same seed gives the same result, to the letter.
    """
    facts = {"arr": arr, "renewal": renewal, "segment": segment, "vertical": vertical, "region": region,
             "health": health, "team": team}  # fmt: skip
    given = {k: v for k, v in facts.items() if v is not None}
    _check_sources(account, files, mapping, past_year, bool(given))
    asked = {"play": name, "against": against, "causes": causes or (), "opens": _opens(opens), "share": _part(share)}
    with ExitStack() as stack:
        real = door.open_desk() if _has_database() else None
        needs_none = bool(files) or (account is None and bool(given))
        if real is None and (account is not None or past_year):
            raise Missing(
                "There is no database here yet: name files with --accounts, or facts like --arr and --renewal."
            )
        desk = stack.enter_context(scratch(Settings())) if needs_none or real is None else real
        firm = _company(desk, real, history)
        found = _found(desk, account, (files or [], mapping), past_year, given, _first(desk, start))
        wish = _wish(desk, found, asked, (start, until, days), (seed, runs), past_year)
        with _progress() as told:
            done = rehearsal.rehearse(firm, found, wish, told)
    lines = timeline or found.one
    drawn = _drawn(done, pictures, lines=lines) if pictures is not None else []
    if as_json:
        output.emit_json(rehearse_show.plain(done, found.problems, lines=lines, drawn=drawn, one=found.one))
    else:
        rehearse_show.show(done, found.problems, lines=lines, drawn=drawn, one=found.one)


def _drawn(done: rehearsal.Rehearsal, folder: Path, *, lines: bool) -> list[Path]:
    from saveline.charts.rehearsal import draw_all  # here: drawing takes a second to load

    return draw_all(done.report, folder, versus=done.versus, lives=done.lives if lines else ())


def _check_sources(
    account: str | None, files: list[Path] | None, mapping: Path | None, past_year: bool, made_up: bool
) -> None:
    named = [n for n, given in (("--account", account), ("--accounts", files), ("--past-year", past_year)) if given]
    if len(named) > 1:
        raise typer.BadParameter(f"{' and '.join(named)} are different things to rehearse: name one of them")
    if mapping is not None and not files:
        raise typer.BadParameter("a mapping says what the columns of --accounts mean: name them", param_hint="--map")
    if made_up and (files or past_year):
        raise typer.BadParameter("--arr, --renewal and the like describe one account, not those of a file or a year")


def _has_database() -> bool:
    """Whether there is one; a SQLite file that is not there yet is none."""
    url = Settings().database
    return not url.startswith("sqlite:///") or Path(url.removeprefix("sqlite:///")).is_file()


def _opens(how: str | None) -> Opens | None:
    match how:
        case None | "risk" | "spread" | "together":
            return how
    raise UnknownWord("a way in which deals open", how, ("risk", "spread", "together"))


def _part(words: str) -> float:
    try:
        return share_of(words)
    except ValueError:
        raise typer.BadParameter(f"{words!r}: expected {SHARE_HINT}", param_hint="--share") from None


def _company(desk: Desk, real: Desk | None, history: bool) -> Company:
    """The people of ``desk``, with what the real database, where there is one, knows of how they behave."""
    firm = rehearsal.company(desk, learned=False)
    if real is None or not history:
        return firm
    known = rehearsal.company(real, learned=True)
    return Company(firm.workspace, firm.persons, firm.plays, known.behaviour)


def _first(desk: Desk, start: str | None) -> datetime:
    if start is not None:
        return door.moment(desk, start)
    with desk.reading() as conn:
        return desk.now(conn)


def _found(
    desk: Desk,
    account: str | None,
    files: tuple[Sequence[Path], Path | None],
    past_year: bool,
    given: dict[str, Any],
    first: datetime,
) -> Found:
    paths, mapping = files
    if paths:
        return rehearsal.in_files(desk, Settings().workspace.resolve(), Wanted(tuple(paths), mapping), first)
    if past_year:
        with desk.reading() as conn:
            return rehearsal.past_deals(desk, desk.now(conn))
    if account is None and given:
        empty = Account(0, MADE_UP, "Example")
        return rehearsal.made_up(_with_facts(desk, empty, given))
    if account is None:
        return rehearsal.in_database(desk)
    with desk.reading() as conn:
        found = rehearsal.in_database(desk, door.account_id(conn, account))
    (one, signals), *_ = found.accounts
    return Found(((_with_facts(desk, one, given), signals),), one=True, duty=found.duty)


def _with_facts(desk: Desk, account: Account, given: dict[str, Any]) -> Account:
    """The account with facts from the command line instead of its own."""
    facts: dict[str, Any] = {k: v for k, v in given.items() if k in ("segment", "vertical", "region", "health")}
    if "arr" in given:
        facts["arr_cents"] = round(given["arr"] * 100)
    if "renewal" in given:
        facts["renewal"] = _day(desk, given["renewal"])
    if "team" in given:
        facts["team"] = {**account.team, **_team(desk, given["team"])}
    changed: Account = replace(account, **facts)
    return changed


def _team(desk: Desk, pairs: Sequence[str]) -> dict[str, int]:
    team = {}
    for role, person in door.answers(pairs).items():
        if role not in desk.workspace.roles:
            raise UnknownWord("a role", role, desk.workspace.roles)
        team[role] = door.find_person(desk, person).id
    return team


def _day(desk: Desk, words: str) -> date:
    return door.moment(desk, words).astimezone(ZoneInfo(desk.workspace.zone)).date()


def _wish(
    desk: Desk,
    found: Found,
    asked: dict[str, Any],
    when: tuple[str | None, str | None, int | None],
    luck: tuple[str, int],
    past_year: bool,
) -> Wish:
    start, until, days = when
    if until is not None and days is not None:
        raise typer.BadParameter("--until and --days say the same: name one of them")
    first = _first(desk, start)
    if start is None and found.as_of is not None:
        first = found.as_of
    if past_year and start is None:
        first = min(arrival.at for arrival in found.deals)
    end = door.moment(desk, until) if until is not None else first + timedelta(days=days or 365)
    if not first < end <= first + timedelta(days=MOST_DAYS):
        raise typer.BadParameter(f"it has to end after it begins, and within {MOST_DAYS} days", param_hint="--until")
    for cause in asked["causes"]:
        if cause not in desk.workspace.causes:
            raise UnknownWord("a cause", cause, desk.workspace.causes)
    return Wish(
        first,
        end,
        *luck,
        only=rehearsal.find_play(desk, asked["play"]) if asked["play"] else None,
        against=rehearsal.find_version(desk, asked["against"]) if asked["against"] else None,
        causes=tuple(asked["causes"]),
        opens=asked["opens"],
        share=asked["share"],
    )


@contextmanager
def _progress() -> Iterator[rehearsal.Told]:
    """A bar on standard error, in a terminal, once it takes long."""
    columns = (TextColumn("Rehearsing"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=output.err, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share: bar.update(task, completed=share)

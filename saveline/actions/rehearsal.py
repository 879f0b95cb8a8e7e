"""A rehearsal: which accounts, which plays and how people behave; then the core plays it. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from saveline.actions.desk import Desk
from saveline.actions.loading import Loading
from saveline.core.arrivals import Arrival, Arrivals, by_luck, by_risk, openings
from saveline.core.behaviour import Behaviour
from saveline.core.derive import Derivation
from saveline.core.errors import Invalid, Missing, Problem, UnknownWord
from saveline.core.facts import Account, Fact, Person, Signal
from saveline.core.language.names import Names
from saveline.core.language.rehearsal import check_weighted
from saveline.core.learning import learn
from saveline.core.leave import with_leave
from saveline.core.luck import Luck
from saveline.core.opening import judged
from saveline.core.people import Duty
from saveline.core.play import Play
from saveline.core.pooled import Pooled, pool
from saveline.core.portfolio import House, Life, play_all
from saveline.core.rehearsal_report import Rehearsed, report
from saveline.core.trial import people_of
from saveline.core.versus import Pairs, Versus
from saveline.core.workspace import Workspace
from saveline.core.worktime import next_opening
from saveline.files.sources import Wanted, open_sources
from saveline.files.workspace import play_at
from saveline.store import accounts, directory, habits, playbooks

YEAR: Final = timedelta(days=365)
Opens: TypeAlias = Literal["risk", "spread", "together"]
Told: TypeAlias = Callable[[float], None]


class Found(Fact, frozen=True):
    """What there is to rehearse with: accounts with what was observed about them, or deals as they were opened."""

    accounts: tuple[tuple[Account, tuple[Signal, ...]], ...] = ()
    deals: tuple[Arrival, ...] = ()
    problems: tuple[Problem, ...] = ()
    as_of: datetime | None = None
    one: bool = False
    duty: Duty = Duty()


class Company(Fact, frozen=True):
    """Who plays: the settings, everybody, the plays, and how people behave."""

    workspace: Workspace
    persons: tuple[Person, ...]
    plays: tuple[Play, ...]
    behaviour: Behaviour


class Wish(Fact, frozen=True):
    """What is to be rehearsed: ``only`` one play or each account's own, for ``causes``, in ``[first, until)``."""

    first: datetime
    until: datetime
    seed: str = "1"
    runs: int = 1
    only: Play | None = None
    against: Play | None = None
    causes: tuple[str, ...] = ()
    opens: Opens | None = None
    share: float = 1.0


class Rehearsal(Fact, frozen=True):
    """What came of it: the report of the first run, all runs together, the other version, and the deals themselves."""

    report: Rehearsed
    lives: tuple[Life, ...]
    pooled: Pooled | None = None
    other: Rehearsed | None = None
    versus: Versus | None = None


# --- what there is ----------------------------------------------------------------------------------------------------


def company(desk: Desk, *, learned: bool) -> Company:
    """The workspace as it is now. With ``learned``, how people behave is taken from the past year where it is known."""
    workspace = desk.workspace
    wrong = check_weighted(desk.document, [live.play for live in desk.plays.live])
    if wrong and not desk.plays.broken:
        raise Invalid(wrong)
    with desk.reading() as conn:
        people, behaviour = desk.people(conn), workspace.rehearsal
        if learned:
            behaviour = learn(behaviour, habits.history(conn, desk.now(conn) - YEAR), people)
    persons = tuple(sorted(people.by_id.values(), key=lambda p: p.id))
    return Company(workspace, persons, tuple(live.play for live in desk.plays.live), behaviour)


def in_database(desk: Desk, only: int | None = None) -> Found:
    """The accounts of the database with their signals; with ``only`` one of them, and what people have to do today."""
    with desk.reading() as conn:
        now, people = desk.now(conn), desk.people(conn)
        ids = [only] if only is not None else sorted(accounts.ids_by_key(conn).values())
        found = tuple((w.account, w.signals) for w in accounts.watched(conn, ids, now))
        duty = directory.duty(conn, sorted(people.by_id)) if only is not None else Duty()
    return Found(found, one=only is not None, duty=duty)


def past_deals(desk: Desk, until: datetime) -> Found:
    """The deals of the year before ``until``, to be opened again when they were opened."""
    with desk.reading() as conn:
        found = habits.deals_between(conn, until - YEAR, until)
    seen: dict[str, int] = {}
    arrivals = []
    for deal, account in found:
        assert deal.opened_at is not None
        seen[account.key] = nth = seen.get(account.key, 0) + 1
        key = account.key if nth == 1 else f"{account.key} ({nth})"
        arrivals.append(Arrival(deal.opened_at, account, deal.causes, deal.score, key=key))
    if not arrivals:
        raise Missing("No deal was opened in the past year: name accounts with --accounts, or --account KEY.")
    return Found(deals=tuple(arrivals))


def in_files(desk: Desk, folder: Path, wanted: Wanted, today: datetime) -> Found:
    """The accounts of CSV files, read as an import reads them, into the scratch database of ``desk``.

    Raises Invalid for what cannot be read at all; lines that are bad are left out and among the problems.
    """
    zone = ZoneInfo(desk.workspace.zone)
    with open_sources(wanted, desk.workspace, today.astimezone(zone).date()) as sources:
        loading = Loading(desk.workspace, folder, sources, Derivation(sources.plan, zone))
        loading.prepare()
        with desk.writing() as conn:
            loading.load(conn, today)
        bad = [p for lines in sources.bad.values() for p in lines.problems()]
        as_of = sources.plan.as_of
    at = datetime(as_of.year, as_of.month, as_of.day, 9, tzinfo=zone) if as_of else None
    with desk.reading() as conn:
        ids = sorted(accounts.ids_by_key(conn).values())
        found = tuple((w.account, w.signals) for w in accounts.watched(conn, ids, at or today))
    return Found(found, problems=(*bad, *loading.warnings), as_of=at)


def find_play(desk: Desk, name: str) -> Play:
    """A play of the workspace. Raises UnknownWord, and Invalid where it is not in order."""
    found = next((live.play for live in desk.plays.live if live.play.name == name), None)
    if found is not None:
        return found
    own = [p for p in desk.plays.problems if p.file.startswith(f"playbooks/{name}.") and not p.warning]
    if own:
        raise Invalid(own)
    raise UnknownWord("a playbook", name, [live.play.name for live in desk.plays.live])


def find_version(desk: Desk, words: str) -> Play:
    """Another version of a play: a YAML file, a play of the workspace, or the beginning of a stored version's hash."""
    path = Path(words)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        names = Names.of(desk.workspace, tuple(_emails(desk)), tuple(live.play.name for live in desk.plays.live))
        return play_at(path, desk.document, desk.workspace, names)
    live = next((live.play for live in desk.plays.live if words in (live.play.name, live.play.hash)), None)
    if live is not None:
        return live
    with desk.reading() as conn:
        hashes = playbooks.hashes(conn, words)
        if len(hashes) == 1:
            return desk.play(conn, hashes[0])
    raise UnknownWord("a file, a play or a stored version", words, [live.play.name for live in desk.plays.live])


def _emails(desk: Desk) -> Sequence[str]:
    with desk.reading() as conn:
        return list(directory.ids_by_email(conn))


# --- playing it -------------------------------------------------------------------------------------------------------


def rehearse(firm: Company, found: Found, wish: Wish, told: Told | None = None) -> Rehearsal:
    """Play it ``wish.runs`` times, each with luck of its own, and with the other version once more each time."""
    versions = _versions(firm, wish)
    reports: list[list[Rehearsed]] = [[] for _ in versions]
    pairs = Pairs(o.key for o in firm.workspace.outcomes if o.saved)
    first: list[tuple[Life, ...]] = []
    steps = wish.runs * len(versions)
    for run in range(wish.runs):
        luck = Luck(wish.seed if run == 0 else f"{wish.seed}/{run + 1}")
        played = []
        for place, (plays, only) in enumerate(versions):
            done = run * len(versions) + place
            progress = None if told is None else _part(told, done, steps)
            lives, house, left_out = _play(firm, found, wish, luck, (plays, only), progress)
            played.append((lives, house))
            reports[place].append(report(lives, house, luck.seed, (wish.first, wish.until), left_out))
        first = first or [lives for lives, _ in played]
        if len(played) == 2:
            (before, was), (after, now) = played
            pairs.add(before, after, was.people, now.people)
    pooled = pool(reports[0]) if wish.runs > 1 else None
    if len(versions) == 1:
        return Rehearsal(reports[0][0], first[0], pooled)
    versus = pairs.versus(_names(wish), reports[0][0], reports[1][0])
    return Rehearsal(reports[0][0], first[0], pooled, reports[1][0], versus)


def _part(told: Told, done: int, of: int) -> Told:
    return lambda share: told((done + min(share, 1.0)) / of)


def _versions(firm: Company, wish: Wish) -> list[tuple[tuple[Play, ...], Play | None]]:
    """The plays of each version, and the one that all accounts get."""
    if wish.against is None:
        return [(firm.plays, wish.only)]
    other = wish.against
    if wish.only is not None:
        return [(firm.plays, wish.only), (firm.plays, other)]
    changed = tuple(other if p.name == other.name else p for p in firm.plays)
    return [(firm.plays, None), (changed if other in changed else (*changed, other), None)]


def _names(wish: Wish) -> tuple[str, str]:
    other = wish.against
    assert other is not None
    if wish.only is None or wish.only.name == other.name:
        return f"{other.name} as it is", f"{other.name} {other.hash[:8]}"
    return wish.only.name, other.name


def _play(
    firm: Company,
    found: Found,
    wish: Wish,
    luck: Luck,
    version: tuple[tuple[Play, ...], Play | None],
    progress: Told | None,
) -> tuple[tuple[Life, ...], House, tuple[tuple[str, int], ...]]:
    workspace, (plays, only) = firm.workspace, version
    zone = ZoneInfo(workspace.zone)
    days = wish.first.astimezone(zone).date(), wish.until.astimezone(zone).date()
    people = people_of(workspace, with_leave(firm.persons, firm.behaviour, luck, *days))
    house = House(workspace, people, firm.behaviour, found.duty)
    arrivals = _arrivals(found, wish, luck, house)
    due: Arrivals = openings(arrivals, plays, workspace, people, only, force=found.one)
    return play_all(house, due.openings, luck, wish.until, progress), house, due.left_out


def _arrivals(found: Found, wish: Wish, luck: Luck, house: House) -> list[Arrival]:
    if found.deals:
        return [a for a in found.deals if wish.first <= a.at < wish.until]
    some = [(a, s) for a, s in found.accounts if wish.share >= 1 or luck.share(a.key, "takes part") < wish.share]
    calendar, span = house.people.calendar(None), (wish.first, wish.until)
    if found.one:
        return [_now(account, signals, wish, house) for account, signals in some]
    how = wish.opens or ("risk" if wish.only is None and any(s for _, s in some) else "spread")
    if how == "risk":
        return by_risk(some, house.workspace, calendar, span)
    arrivals = by_luck([a for a, _ in some], _causes(wish, house.workspace), house.behaviour, luck, calendar, span)
    opens = next_opening(calendar, wish.first)
    return arrivals if how == "spread" else [replace(a, at=opens) for a in arrivals]


def _causes(wish: Wish, workspace: Workspace) -> tuple[str, ...]:
    return wish.causes or (wish.only.applies.causes if wish.only else ()) or workspace.causes


def _now(account: Account, signals: Sequence[Signal], wish: Wish, house: House) -> Arrival:
    """The one account that is rehearsed becomes a deal at once, for what is known against it."""
    at = next_opening(house.people.calendar(None), wish.first)
    assessment = judged(account, signals, house.workspace, now=at)
    causes = wish.causes or assessment.causes or _causes(wish, house.workspace)[:1]
    return Arrival(at, account, causes, assessment.score, key=account.key)


def made_up(account: Account) -> Found:
    """An account that there is not, with the facts that somebody wants to try."""
    return Found(((account, ()),), one=True)

"""A rehearsal in the terminal: first what it means, then the tables it comes from; or all of it as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from saveline.actions.rehearsal import Rehearsal
from saveline.cli import output
from saveline.core import versus as versions
from saveline.core.errors import Problem
from saveline.core.intervals import Rate
from saveline.core.pooled import Pooled
from saveline.core.portfolio import Life
from saveline.core.rehearsal_report import Promise, Rehearsed
from saveline.core.rehearsal_words import assumed, day, sentences
from saveline.core.storyline import Teller
from saveline.core.versus import Versus

SHOWN: Final = 12
"""Lines of a table that can be long; --json and the pictures have all of them."""


def plain(
    done: Rehearsal, problems: Sequence[Problem], *, lines: bool, drawn: Sequence[Path], one: bool = False
) -> dict[str, Any]:
    """Everything as one JSON object."""
    found: dict[str, Any] = {
        "summary": sentences(done.report, one=one),
        "rests_on": assumed(done.report),
        "report": done.report,
        "never_taken": done.report.never,
    }
    if done.pooled is not None:
        found["runs"] = done.pooled
    if done.versus is not None:
        found["against"] = {"summary": versions.sentences(done.versus), "versus": done.versus, "report": done.other}
    if lines:
        found["timeline"] = [_deal(life) for life in done.lives]
    if problems:
        found["problems"] = problems
    if drawn:
        found["pictures"] = [str(path) for path in drawn]
    return found


def _deal(life: Life) -> dict[str, Any]:
    teller = Teller(life.timeline())
    told = [{"at": line.at, "text": line.text} for line in teller.lines() if line.at <= life.until]
    opening = life.opening
    return {"account": opening.account.name, "key": opening.key, "play": opening.play.name, "lines": told}


def show(
    done: Rehearsal, problems: Sequence[Problem], *, lines: bool, drawn: Sequence[Path], one: bool = False
) -> None:
    """The findings, then what they come from. Of ``one`` account its story is all there is to tell."""
    for problem in problems[:SHOWN]:
        output.say(str(problem), style="dim" if problem.warning else "red")
    _show_findings(done, one=one)
    for life in done.lives if lines else ():
        _show_story(life)
    if done.pooled is not None:
        _show_pooled(done.pooled)
    if done.report.deals and not one:
        _show_tables(done.report)
    _show_footing(done.report, one=one)
    for path in drawn:
        output.say(f"Drawn: {path}", style="dim")


def _show_findings(done: Rehearsal, *, one: bool) -> None:
    head, *others = sentences(done.report, one=one)
    output.say(head, style="bold")
    for line in others:
        output.say(f"- {line}", style="red" if "cannot carry" in line else "")
    if done.versus is not None:
        _show_versus(done.versus)


def _show_tables(found: Rehearsed) -> None:
    _show_loads(found)
    _show_promises(found.promises)
    _show_stages(found)
    _show_people(found)
    _show_gaps(found)


def _show_footing(found: Rehearsed, *, one: bool) -> None:
    output.say("")
    if one:
        output.say("Another seed is another life: --seed 2, or --runs 200 for how often the decision date holds.")
    for line in () if one else assumed(found):
        output.say(f"Rests on: {line}.", style="dim")
    for reason, count in found.left_out[:SHOWN]:
        output.say(f"Left out: {count:,} accounts, {reason}.", style="dim")


def _show_story(life: Life) -> None:
    teller = Teller(life.timeline())
    output.say(f"\n{life.opening.account.name}: {life.opening.play.title}", style="bold")
    for line in teller.lines():
        output.say(f"  {teller.shown(line)}")


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], left: int = 1) -> None:
    """The first ``left`` columns are words, the others figures."""
    if rows:
        output.say("")
        output.table(columns, rows, title=title, right=columns[left:])


def _hours(hours: float | None) -> str:
    return "" if hours is None else f"{hours:.1f} h"


def _share(rate: Rate) -> str:
    return "" if rate.share is None else f"{rate.share:.0%}"


def _between(rate: Rate) -> str:
    return "" if rate.low is None or rate.high is None else f"{rate.low:.0%} to {rate.high:.0%}"


def _show_loads(found: Rehearsed) -> None:
    columns = ("department (people)", "open of", "week of", "over", "tasks", "seen in", "late")
    rows = [
        (f"{c.title} ({c.people})", f"{c.open_most} of {c.places}", day(c.monday), c.weeks_over or "", c.given,
         _hours(c.wait_hours), _share(c.late))
        for c in found.carried
    ]  # fmt: skip
    title = "Most tasks open at once, of those it takes on; over: weeks with more; seen in: half of them, working hours"
    _table(title, columns, rows)
    _show_full_weeks(found)


def _show_full_weeks(found: Rehearsed) -> None:
    full = sorted((w for w in found.weeks if w.open_most > w.places), key=lambda w: w.places - w.open_most)[:SHOWN]
    titles = {c.department: c.title for c in found.carried}
    columns = ("department", "week of", "open of", "new", "seen in", "late")
    rows = [
        (titles[w.department], day(w.monday), f"{w.open_most} of {w.places}", w.given, _hours(w.wait_hours),
         _share(w.late))
        for w in full
    ]  # fmt: skip
    _table("The fullest weeks", columns, rows)


def _show_promises(promises: Sequence[Promise]) -> None:
    columns = ("play", "deals", "in time", "95% sure", "n", "work done", "n ")
    rows = [(p.play, p.deals, _share(p.held), _between(p.held), p.held.n, _share(p.ready), p.ready.n) for p in promises]
    _table("Is the decision made in time, and is the work done before its date", columns, rows)


def _show_stages(found: Rehearsed) -> None:
    columns = ("play", "stage", "visits", "half last", "late", "of")
    rows = [
        (
            s.play,
            s.stage,
            s.visits,
            "" if s.half_days is None else f"{s.half_days:.1f} d",
            _share(s.late),
            s.late.n or "",
        )
        for s in found.stages
        if s.visits
    ]
    _table("Stages", columns, rows, left=2)


def _show_people(found: Rehearsed) -> None:
    columns = ("person", "open of", "on", "messages", "a day", "most", "on ")
    rows = [
        (p.name, f"{p.open_most} of {p.takes}{'*' if p.assumed else ''}", day(p.day), p.messages,
         f"{p.mean_messages:.1f}", p.most_messages, day(p.most_day))
        for p in found.people[:SHOWN]
    ]  # fmt: skip
    _table("Most open at once, and messages (* no capacity in people.yaml)", columns, rows)
    worst = [
        (d.name, day(d.day), d.messages, ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in d.kinds))
        for d in found.worst_days
    ]
    _table("The days with most messages", ("person", "day", "all", "which"), worst, left=4)


def _show_gaps(found: Rehearsed) -> None:
    empty = [
        (f"{e.play}.{e.task}", e.rung + 1, e.times, ", ".join(day(d) for d in e.days[:2]), e.why)
        for e in found.empty[:SHOWN]
    ]
    _table("Rungs that came to nobody", ("task", "rung", "times", "first on", "why"), empty, left=5)
    never: dict[str, list[str]] = {}
    for way in found.never:
        never.setdefault(f"{way.play}.{way.task}".rstrip("."), []).append(f"{way.what} ({way.chances:,})")
    rows = [(task, "; ".join(whats)) for task, whats in list(never.items())[: 2 * SHOWN]]
    _table("Never happened (in brackets: how often it could have)", ("task", "what"), rows, left=2)
    if len(never) > 2 * SHOWN:
        output.say(f"… and of {len(never) - 2 * SHOWN:,} more tasks: --json has all of them.")
    refused = [(count, words) for words, count in found.refused]
    _table("Refused to the people who tried", ("times", "with these words"), refused, left=2)


def _show_pooled(pooled: Pooled) -> None:
    columns = ("department", "carries it in", "95% sure", "open at most", "takes on")
    rows = [(d.title, f"{d.carries.k} of {d.carries.n} runs", _between(d.carries), f"{d.least} to {d.most}", d.places)
            for d in pooled.departments]  # fmt: skip
    _table(f"All {pooled.runs} runs", columns, rows)
    _show_promises(pooled.promises)


def _show_versus(found: Versus) -> None:
    for line in versions.sentences(found):
        output.say(f"- {line}")
    columns = ("a deal", found.before, found.after, "difference", "95% sure", "accounts")
    rows = []
    for name, d in found.differences:
        write = versions.shown(name)
        sure = "" if d.low is None else f"{versions.signed(name, d.low)} to {versions.signed(name, d.high)}"
        rows.append((name, write(d.before), write(d.after), versions.signed(name, d.mean), sure, d.n))
    _table(f"Both versions on the same accounts, with the same luck ({found.method})", columns, rows)
    both = [
        (b.title, *(f"{c.open_most} of {c.places}" if c else "" for c in (b.before, b.after)),
         *(c.weeks_over if c else "" for c in (b.before, b.after)))
        for b in found.departments
    ]  # fmt: skip
    _table("Departments in both versions", ("department", "open before", "after", "weeks over before", "after "), both)
    if found.only_one:
        output.say(f"{found.only_one:,} deals open in one of the versions only, and are not compared.", style="dim")

"""The pictures of a rehearsal: load, people, messages, decisions, stages, gaps, the ways taken, and two versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import altair as alt

from saveline.charts.marks import ACCENT, BAD, GREY, MUTED, TEXT, WIDTH, Rows
from saveline.charts.sheet import draw, values
from saveline.core.intervals import Rate
from saveline.core.lives import messages
from saveline.core.portfolio import Life
from saveline.core.rehearsal_report import Rehearsed
from saveline.core.rehearsal_words import carrying
from saveline.core.rehearsal_words import day as day_words
from saveline.core.versus import SHARES, Versus, sentences, signed

MOST_ROWS = 40
"""Rows of a chart; what is left out stands in the table and in the JSON."""
Drawn = tuple[Any, str, str] | None
"""A chart, its title and its finding."""


def draw_all(found: Rehearsed, folder: Path, *, versus: Versus | None = None, lives: Sequence[Life] = ()) -> list[Path]:
    """Every picture that there is something for, as ``NAME.svg`` and ``NAME.png``. The folder is made."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {
        "load": _load(found),
        "people": _people(found),
        "messages": _messages(found),
        "decision": _decision(found),
        "stages": _stages(found),
        "empty-rungs": _empty(found),
        "ways": _ways(found),
        "versions": _versions(versus) if versus is not None else None,
    }
    wanted |= {f"timeline-{life.opening.key}": _timeline(life) for life in lives[:MOST_ROWS]}
    paths: list[Path] = []
    for name, drawn in wanted.items():
        if drawn is not None:
            chart, title, finding = drawn
            paths += draw(chart, folder, name, title=title, finding=finding)
    return paths


def _load(found: Rehearsed) -> Drawn:
    """A small chart for each department: what is open each week, and the line that it should stay below."""
    titles = {c.department: c.title for c in found.carried}
    rows: Rows = [
        {
            "department": titles[w.department],
            "week": w.monday.isoformat(),
            "open": w.open_most,
            "places": w.places,
            "over": w.open_most > w.places,
        }
        for w in found.weeks
    ]
    if not rows:
        return None
    base = alt.Chart().encode(x=alt.X("week:T", title=None, axis=alt.Axis(format="%b %y", tickCount=8)))
    places = base.mark_line(interpolate="step-after", color=MUTED, strokeDash=[4, 3]).encode(
        y=alt.Y("places:Q", title=None, axis=alt.Axis(tickCount=3))
    )
    load = base.mark_bar(width=5).encode(
        y="open:Q", color=alt.condition("datum.over", alt.value(BAD), alt.value(ACCENT))
    )
    chart = (
        alt.layer(load, places, data=values(rows))
        .properties(width=WIDTH, height=70)
        .facet(row=alt.Row("department:N", sort=[c.title for c in found.carried], header=alt.Header(labelOrient="top")))
        .resolve_scale(y="independent")
    )
    return chart, "Most tasks open in each week; dashed: what the department takes on", carrying(found.carried[0])


def _people(found: Rehearsed) -> Drawn:
    rows: Rows = [
        {"person": p.name, "open": p.open_most, "takes": p.takes, "over": p.open_most > p.takes}
        for p in sorted(found.people, key=lambda p: (-p.open_most, p.name))[:MOST_ROWS]
        if p.open_most
    ]
    if not rows:
        return None
    base = alt.Chart(values(rows)).encode(y=alt.Y("person:N", sort=None, title=None, axis=alt.Axis(grid=False)))
    bars = base.mark_bar(height=10).encode(
        x=alt.X("open:Q", title="tasks open at most; the mark is what the person takes on"),
        color=alt.condition("datum.over", alt.value(BAD), alt.value(ACCENT)),
    )
    marks = base.mark_tick(color=TEXT, thickness=2, size=16).encode(x="takes:Q")
    over = [r for r in rows if r["over"]]
    finding = (
        f"{len(over)} of {len(rows)} people have more open than they take on: {over[0]['person']} most of all"
        if over
        else f"Nobody has more open than they take on; {rows[0]['person']} has most: {rows[0]['open']}"
    )
    return (bars + marks).properties(width=WIDTH), "Open tasks by person", finding


def _messages(found: Rehearsed) -> Drawn:
    told = [p for p in found.people if p.messages][:MOST_ROWS]
    rows: Rows = [
        {"person": p.name, "most": p.most_messages, "mean": round(p.mean_messages, 2), "words": _most(p.most_day)}
        for p in told
    ]
    if not rows:
        return None
    base = alt.Chart(values(rows)).encode(y=alt.Y("person:N", sort=None, title=None, axis=alt.Axis(grid=False)))
    bars = base.mark_bar(height=10, color=GREY).encode(
        x=alt.X("most:Q", title="messages on the fullest day; the mark is the mean of a working day")
    )
    marks = base.mark_tick(color=ACCENT, thickness=2, size=16).encode(x="mean:Q")
    words = base.mark_text(align="left", dx=4, color=MUTED, fontSize=11).encode(x="most:Q", text="words:N")
    most = told[0]
    finding = f"{most.name} gets {most.most_messages} on {day_words(most.most_day)}, and {most.mean_messages:.1f} a day"
    return (bars + marks + words).properties(width=WIDTH), "Messages a person and day", finding


def _most(on: Any) -> str:
    return f"{on:%-d %b}" if on else ""


def _decision(found: Rehearsed) -> Drawn:
    rows = [_interval(p.play, p.held) for p in found.promises if p.held.n]
    if not rows:
        return None
    whole = found.promises[-1].held
    return (
        _intervals(rows, "share of deals decided in time, with 95 % interval"),
        "Does the decision date hold",
        (f"It holds for {whole}"),
    )


def _stages(found: Rehearsed) -> Drawn:
    late = sorted((s for s in found.stages if s.late.n), key=lambda s: -(s.late.share or 0))[:MOST_ROWS]
    rows = [_interval(f"{s.play}: {s.stage}", s.late) for s in late]
    if not rows:
        return None
    finding = f"{late[0].stage} of {late[0].play} is late most often: {late[0].late}"
    return _intervals(rows, "share of visits longer than the stage's max, with 95 % interval"), "Late stages", finding


def _interval(name: str, of: Rate) -> dict[str, Any]:
    return {"name": name, "share": of.share, "low": of.low, "high": of.high, "n": f"n = {of.n:,}"}


def _intervals(rows: Rows, axis: str) -> Any:
    base = alt.Chart(values(rows)).encode(y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(grid=False)))
    share = alt.X("low:Q", title=axis, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", tickCount=5))
    rules = base.mark_rule(color=GREY, strokeWidth=4).encode(x=share, x2="high:Q")
    points = base.mark_point(filled=True, size=60, color=ACCENT, opacity=1).encode(x="share:Q")
    words = base.mark_text(align="left", dx=8, color=MUTED, fontSize=11).encode(x="high:Q", text="n:N")
    return (rules + points + words).properties(width=WIDTH)


def _empty(found: Rehearsed) -> Drawn:
    rows: Rows = [
        {"rung": f"{e.play}: {e.task}, rung {e.rung + 1}", "day": on.isoformat()}
        for e in found.empty[:MOST_ROWS]
        for on in e.days
    ]
    if not rows:
        return None
    worst = found.empty[0]
    chart = alt.Chart(values(rows)).mark_tick(color=BAD, thickness=2)
    encoded = chart.encode(
        x=alt.X("day:T", title=None), y=alt.Y("rung:N", sort=None, title=None, axis=alt.Axis(grid=False))
    )
    finding = f"Rung {worst.rung + 1} of {worst.task} came to nobody {worst.times:,} times: {worst.why}"
    return encoded.properties(width=WIDTH), "Rungs that came to nobody", finding


def _ways(found: Rehearsed) -> Drawn:
    """Those that were never taken, with how often there was the chance; those without any chance are the longest
    story."""
    never = sorted(found.never, key=lambda w: -w.chances)[:MOST_ROWS]
    rows: Rows = [{"way": f"{w.play}: {w.task} {w.what}".strip(), "chances": w.chances} for w in never]
    if not rows:
        return None
    base = alt.Chart(values(rows)).encode(y=alt.Y("way:N", sort=None, title=None, axis=alt.Axis(grid=False)))
    bars = base.mark_bar(height=8, color=GREY).encode(x=alt.X("chances:Q", title="chances that were not taken"))
    words = base.mark_text(align="left", dx=4, color=MUTED, fontSize=11).encode(x="chances:Q", text="chances:Q")
    finding = f"{len(found.never)} of {len(found.ways)} ways were never taken"
    return (bars + words).properties(width=WIDTH), "Ways through the plays that were never taken", finding


def _timeline(life: Life) -> Drawn:
    people = life.case.people
    calendar = people.calendar(None)
    rows: Rows = [
        {
            "person": people.name(m.person_id) if m.person_id else "a room",
            "at": calendar.local(m.at).replace(tzinfo=None).isoformat(),
            "late": m.kind in ("escalation", "stage_late"),
        }
        for m in messages(life)
    ]
    if not rows:
        return None
    (busiest, most), *_ = Counter(r["person"] for r in rows).most_common(1)
    points = alt.Chart(values(rows)).mark_point(filled=True, size=60, opacity=0.8)
    chart = points.encode(
        x=alt.X("at:T", title=None),
        y=alt.Y("person:N", sort=None, title=None, axis=alt.Axis(grid=False)),
        color=alt.condition("datum.late", alt.value(BAD), alt.value(ACCENT)),
    )
    finding = f"{busiest} gets {most} of {len(rows)} messages; red are escalations and stages that are late"
    return chart.properties(width=WIDTH), f"{life.opening.account.name}: who is told when", finding


def _versions(found: Versus) -> Drawn:
    """One row a figure, each with a scale of its own around no difference."""
    charts = []
    for name, d in found.differences:
        if d.low is None or d.high is None:
            continue
        low, high, mean = (value * (100 if name in SHARES else 1) for value in (d.low, d.high, d.mean))
        words = f"{signed(name, d.mean)} (n = {d.n:,})"
        row = {"name": name, "low": low, "high": high, "mean": mean, "none": 0.0, "words": words}
        reach = max(abs(low), abs(high), 1e-9) * 1.3
        base = alt.Chart(values([row])).encode(y=alt.Y("name:N", title=None, axis=alt.Axis(grid=False)))
        x = alt.X("low:Q", title=None, scale=alt.Scale(domain=[-reach, reach]), axis=alt.Axis(tickCount=5))
        colour = alt.value(ACCENT if d.clear else GREY)
        rule = base.mark_rule(strokeWidth=4).encode(x=x, x2="high:Q", color=colour)
        point = base.mark_point(filled=True, size=60, opacity=1).encode(x="mean:Q", color=colour)
        none = base.mark_tick(color=TEXT, thickness=1, size=24).encode(x="none:Q")
        label = base.mark_text(dy=-13, color=MUTED, fontSize=11).encode(x="mean:Q", text="words:N")
        charts.append((rule + none + point + label).properties(width=WIDTH, height=40))
    if not charts:
        return None
    title = f"{found.after} against {found.before}, a deal"
    return alt.vconcat(*charts, spacing=6), title, sentences(found)[0]

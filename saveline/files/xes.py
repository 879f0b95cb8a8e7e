"""The event log as XES (IEEE 1849), which process-mining tools read: one trace a deal, one event for each thing.

Written while it is read: a trace is on the disk before the next deal is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Final, TextIO
from xml.sax.saxutils import escape

from saveline.core.eventlog import Entry, department, task_key
from saveline.core.facts import Account, Deal, Fact
from saveline.files.whole import packed, sound_xml, whole

EXTENSIONS: Final = (
    ("Concept", "concept"),
    ("Time", "time"),
    ("Lifecycle", "lifecycle"),
    ("Organizational", "org"),
)
_URI: Final = "http://www.xes-standard.org"
_QUOTED: Final = {'"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
"""Besides what XML itself demands: a reader makes a blank of a line end in an attribute."""

_HEAD: Final = """\
  <global scope="trace">
    <string key="concept:name" value="unknown"/>
  </global>
  <global scope="event">
    <string key="concept:name" value="unknown"/>
    <string key="lifecycle:transition" value="complete"/>
    <date key="time:timestamp" value="1970-01-01T00:00:00+00:00"/>
    <string key="kind" value="unknown"/>
    <boolean key="on_the_way" value="false"/>
  </global>
  <classifier name="Activity" scope="event" keys="concept:name"/>
  <classifier name="ActivityAndTransition" scope="event" keys="concept:name lifecycle:transition"/>
  <classifier name="Kind" scope="event" keys="kind"/>
"""


class Trace(Fact, frozen=True):
    """A deal with its log: as it stands at the log's end, and everything that led there."""

    deal: Deal
    account: Account
    entries: tuple[Entry, ...]


def write_xes(
    target: Path,
    traces: Iterable[Trace],
    *,
    as_of: datetime,
    person: Callable[[int], str],
    department_of: Mapping[int, str | None],
) -> None:
    """Write the log. ``person`` gives what somebody is called, ``department_of`` is by person. Raises CannotWrite."""
    with (
        whole(target) as part,
        packed(part, target.name) as stream,
        TextIOWrapper(stream, encoding="utf-8", newline="\n") as out,
    ):
        out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        out.write(f'<log xes.version="1849.2016" xes.features="" xmlns="{_URI}/">\n')
        for name, prefix in EXTENSIONS:
            out.write(f'  <extension name="{name}" prefix="{prefix}" uri="{_URI}/{prefix}.xesext"/>\n')
        out.write(_HEAD)
        out.write("  " + attribute("concept:name", "Saveline: deals"))
        out.write("  " + attribute("lifecycle:model", "standard"))
        out.write("  " + attribute("as_of", as_of))
        for trace in traces:
            _write_trace(out, trace, person, department_of)
        out.write("</log>\n")


def _write_trace(
    out: TextIO, trace: Trace, person: Callable[[int], str], department_of: Mapping[int, str | None]
) -> None:
    out.write("  <trace>\n")
    out.writelines(
        "    " + attribute(key, value) for key, value in _of_deal(trace, person).items() if value is not None
    )
    for entry in trace.entries:
        about = _of_event(entry, person, department_of).items()
        out.write("    <event>\n")
        out.writelines("      " + attribute(key, value) for key, value in about if value is not None)
        out.write("    </event>\n")
    out.write("  </trace>\n")


def _of_deal(trace: Trace, person: Callable[[int], str]) -> dict[str, Any]:
    deal, account = trace.deal, trace.account
    return {
        "concept:name": str(deal.id),
        "account": account.key,
        "account_name": account.name,
        "segment": account.segment,
        "vertical": account.vertical,
        "region": account.region,
        "arr_cents": deal.arr_cents,
        "kept_cents": deal.kept_cents,
        "play": deal.play,
        "play_hash": deal.play_hash,
        "causes": " ".join(deal.causes) or None,
        "severity": deal.severity,
        "owner": person(deal.owner_id) if deal.owner_id else None,
        "state": deal.state,
        "outcome": deal.outcome,
        "merged_into": str(deal.merged_into) if deal.merged_into else None,
        "opened_at": deal.opened_at,
        "reopened_at": deal.reopened_at,
        "closed_at": deal.closed_at,
    }


def _of_event(entry: Entry, person: Callable[[int], str], department_of: Mapping[int, str | None]) -> dict[str, Any]:
    event, task = entry.event, entry.task
    return {
        "concept:name": entry.name,
        "concept:instance": task_key(entry.deal.id, task.no) if task is not None else None,
        "lifecycle:transition": entry.transition,
        "time:timestamp": event.at,
        "org:resource": person(event.by) if event.by else None,
        "org:group": department(entry, department_of),
        "kind": event.kind,
        "on_the_way": entry.on_the_way,
        "stage": entry.deal.stage or None,
        "holder": person(task.assignee_id) if task is not None and task.assignee_id else None,
        "via": event.via,
        "seq": event.seq,
        "recorded_at": entry.record.recorded_at,
    }


_TAGS: Final[Mapping[type[Any], str]] = {str: "string", bool: "boolean", int: "int", datetime: "date"}


def attribute(key: str, value: Any) -> str:
    """One attribute as a line of XML. Its element says its type: a text, yes or no, a whole number or a moment."""
    return f'<{_TAGS[type(value)]} key="{key}" value="{_text(value)}"/>\n'


@lru_cache(maxsize=16_384)  # the same few words and moments come again and again
def _quoted(text: str) -> str:
    return escape(sound_xml(text), _QUOTED)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else str(value)

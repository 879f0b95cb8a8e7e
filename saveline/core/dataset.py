"""The history as plain tables: which there are, what their columns hold, and how a deal becomes rows of them.

Every figure of a report can be computed from these tables by somebody else, with another tool. Moments are UTC, money
is in whole cents of the workspace's currency, ids are Saveline's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

import msgspec

from saveline.core.changes import TaskSeen, TaskStarted, encode
from saveline.core.eventlog import Entry
from saveline.core.facts import Account, Clock, Deal, Fact, Person, Task
from saveline.core.withheld import answers_without_texts, deal_without_texts, without_texts

ColumnType: TypeAlias = Literal["integer", "text", "moment", "day", "yes_no"]
Row: TypeAlias = tuple[Any, ...]


class Column(Fact, frozen=True):
    """A column: what it holds, and in which unit where that is not plain from its type."""

    name: str
    type: ColumnType
    what: str


def _columns(lines: str) -> tuple[Column, ...]:
    """``name type what it is``, one a line."""
    split = (line.split(maxsplit=2) for line in lines.strip().splitlines())
    return tuple(msgspec.convert({"name": n, "type": t, "what": w}, Column) for n, t, w in split)


DEALS: Final = _columns("""
    deal_id integer the deal's number
    account_id integer the account at risk: accounts.account_id
    play text the play it runs by
    play_hash text the version of that play
    state text open, paused or closed
    stage text key of the stage it stands in, or stood in last
    visit integer how many stages it has entered
    owner_id integer who owns it: people.person_id
    opened_at moment when it was first opened
    stage_at moment when it entered its stage
    stage_due_at moment when the stage's clock runs out
    stage_late_at moment when it ran out
    decide_at moment by when it has to be decided
    paused_at moment since when it is paused
    paused_until moment until when
    closed_at moment when it was closed, last; empty while it is open
    outcome text key of the outcome; merged where it goes on as part of another deal
    reason text why it was closed (with --texts)
    evidence text what shows it (with --texts)
    arr_cents integer ARR at risk, in cents, as it was when the deal was opened, plus what was merged into it
    kept_cents integer ARR that a save keeps, in cents
    score integer its risk score
    severity text key of its severity
    override_until moment until when somebody lets it pass its gate
    watch_until moment until when a save is watched
    kept_at moment when that time was over and the account still paid
    left_at moment when it became known that the account leaves
    merged_into integer the deal that it goes on as part of
    reopened_at moment when it was last opened again
    closed_before moment when it had been closed before that
    earlier integer how many of its tasks are from before that
    trial text the trial that drew lots for it when it was first opened
    arm text what the lot said: new or usual
    seq integer how many events it has had
    causes text keys of its causes, with a semicolon between them
""")

TASKS: Final = _columns("""
    deal_id integer deals.deal_id
    task_no integer its number within the deal
    plan text its id in the play; decision and approval are the workspace's own
    stage text key of the stage it belongs to
    visit integer the visit to the stage that asked for it; 0 for one whose stage is still ahead
    state text waiting, open, done, cannot, skipped or withdrawn
    title text what it was called for people (with --texts)
    assignee_id integer who has it, or had it last: people.person_id
    department text key of the department that it is offered to
    meant_id integer whose it is when nobody is away
    starts_at moment when it begins, if it waits for a moment
    started_at moment when it could be done
    promised_at moment when it was due at first: what the SLA is measured by
    due_at moment when it is due, or was last: later by pauses, waiting and snoozes
    first_seen_at moment when somebody said first that they have read it
    waits_since moment since when the customer has to answer
    snoozed_until moment until when its ladder rests
    assigned integer how often it was given to somebody
    reminded integer how many of its reminders went out
    escalated integer how often it went up its ladder
    escalated_at moment when it last did
    closed_at moment when it was done, declined, skipped or withdrawn
    closed_by integer who did that: people.person_id; empty for the engine
    outcome text its outcome
    note text why it was not done (with --texts)
    answers text what was answered, as a JSON object (texts in it with --texts)
""")

EVENTS: Final = _columns("""
    deal_id integer deals.deal_id
    seq integer its number within the deal, from 1, without gaps
    account_id integer accounts.account_id
    task_no integer tasks.task_no; 0 where it is about the deal as a whole
    happened_at moment when it happened
    recorded_at moment when it was written, to the second: later where the engine had stood still
    kind text what happened, as history keeps it
    activity text what happened, as the event log calls it
    on_the_way yes_no whether it is a step of the deal's way: opened, a stage, closed
    transition text the same in the standard lifecycle of activities
    stage text key of the stage in which the deal stands then
    by_id integer who did it: people.person_id; empty for the engine
    via text the door: cli, web, slack, email, api, engine
    data text what changed, as a JSON object (texts in it with --texts)
""")

ACCOUNTS: Final = _columns("""
    account_id integer Saveline's number
    key text its key in the source
    name text its name
    segment text its segment
    vertical text its vertical
    region text its region
    arr_cents integer its ARR, in cents
    renewal day the next renewal
    health integer health score, 0 to 100
    left_on day when it stopped paying, or will
    team text who has which role, as a JSON object of role and people.person_id
    fields text your own columns, as a JSON object (with --texts)
""")

ACCOUNT_VERSIONS: Final = _columns("""
    account_id integer accounts.account_id
    known_from moment from when on this was known of it, until the next line of the same account
    name text its name
    segment text its segment
    vertical text its vertical
    region text its region
    arr_cents integer its ARR, in cents
    renewal day the next renewal
    left_on day when it stopped paying, or will
""")

PEOPLE: Final = _columns("""
    person_id integer Saveline's number
    name text their name (with --names)
    email text their address (with --names)
    department text key of their department
    manager_id integer people.person_id
    zone text their time zone, where it is not the workspace's
    country text their country, where it is not the workspace's
    hours text their working hours, where they are not the workspace's
    active yes_no whether they still work here
""")

TABLES: Final[Mapping[str, tuple[Column, ...]]] = {
    "deals": DEALS,
    "tasks": TASKS,
    "events": EVENTS,
    "accounts": ACCOUNTS,
    "account_versions": ACCOUNT_VERSIONS,
    "people": PEOPLE,
}


class Shown(Fact, frozen=True):
    """What may be in data that leaves: names and addresses of ``people``, and the ``texts`` they wrote."""

    people: bool = False
    texts: bool = False


class Ages:
    """What a task's clock said last, and when it was first seen: the task itself forgets that when it is closed."""

    def __init__(self) -> None:
        self.clocks: dict[int, Clock] = {}
        self.first_seen: dict[int, datetime] = {}

    def note(self, entry: Entry) -> None:
        """To be told of every event of a deal, in order."""
        task, change = entry.task, entry.event.change
        if task is not None and isinstance(change, TaskSeen):
            self.first_seen.setdefault(task.no, entry.event.at)
        if task is not None and isinstance(change, TaskStarted):
            self.first_seen.pop(task.no, None)
        moved = entry.deal.tasks if entry.before.tasks is not entry.deal.tasks else ()
        self.clocks.update((t.no, t.clock) for t in moved if t.clock is not None)


def event_row(entry: Entry, shown: Shown) -> Row:
    event, change = entry.event, entry.event.change
    return (
        entry.deal.id,
        event.seq,
        entry.deal.account_id,
        event.task_no,
        event.at,
        entry.record.recorded_at,
        event.kind,
        entry.name,
        entry.on_the_way,
        entry.transition,
        entry.deal.stage or None,
        event.by,
        event.via,
        encode(change if shown.texts else without_texts(change)),
    )


_DEAL_FIELDS = ["id" if column.name == "deal_id" else column.name for column in DEALS[:-1]]


def deal_row(deal: Deal, shown: Shown) -> Row:
    told = deal if shown.texts else deal_without_texts(deal)
    return (*(getattr(told, field) for field in _DEAL_FIELDS), ";".join(told.causes))


def task_rows(deal: Deal, ages: Ages, shown: Shown) -> Iterable[Row]:
    return (_task_row(deal.id, task, ages, shown) for task in deal.tasks)


def _task_row(deal_id: int, task: Task, ages: Ages, shown: Shown) -> Row:
    clock = task.clock or ages.clocks.get(task.no)
    return (
        deal_id,
        task.no,
        task.plan,
        task.stage,
        task.visit,
        task.state,
        task.title if shown.texts else "",
        task.assignee_id,
        task.department,
        task.meant_id,
        task.starts_at,
        *((clock.started_at, clock.promised_at, clock.due_at) if clock else (None,) * 3),
        ages.first_seen.get(task.no),
        *((clock.waits_since, clock.snoozed_until) if clock else (None,) * 2),
        *((clock.assigned, clock.reminded, clock.escalated) if clock else (0,) * 3),
        clock.escalated_at if clock else None,
        task.closed_at,
        task.closed_by,
        task.outcome,
        task.note if shown.texts or task.note is None else "",
        _json(task.answers if shown.texts else answers_without_texts(task.answers)),
    )


def account_row(account: Account, shown: Shown) -> Row:
    return (
        account.id,
        account.key,
        account.name,
        account.segment,
        account.vertical,
        account.region,
        account.arr_cents,
        account.renewal,
        account.health,
        account.left_on,
        _json(account.team),
        _json(account.fields if shown.texts else {}),
    )


def person_row(person: Person, shown: Shown) -> Row:
    named = (person.name, person.email) if shown.people else ("", "")
    rest = (person.department, person.manager_id, person.zone, person.country, person.hours, person.active)
    return (person.id, *named, *rest)


def _json(value: Mapping[str, Any]) -> str:
    return msgspec.json.encode(value).decode()

"""What becomes of a notice: whether it is still wanted, what an attempt to send it means, when it is tried again.

The outbox keeps the rows and the channels send them; what is decided in between is decided here, from values alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final, Literal, TypeAlias

from saveline.core.facts import Deal, Fact, Person, Task
from saveline.core.notices import Lost, Notice, channels_for, fallback
from saveline.core.people import People
from saveline.core.pressing import UPDATE
from saveline.core.workspace import Workspace

MOST_ATTEMPTS: Final = 8
LONGEST: Final = timedelta(hours=24)
"""How long after its first attempt a notice is still tried."""
LONGEST_WAIT: Final = timedelta(hours=1)
LONGEST_HOLD: Final = timedelta(minutes=1)
"""A channel that is down is tried again at least so often, whatever its notices' own waits are."""

QueuedStatus: TypeAlias = Literal["queued", "unknown"]
FinalStatus: TypeAlias = Literal["sent", "dead", "cancelled", "missed"]


class Queued(Fact, frozen=True):
    """A notice that a worker has claimed. ``about`` is JSON; ``attempts`` counts those that have begun.

    ``status`` is ``unknown`` when nobody can say whether an attempt before has arrived; ``doubts`` counts those.
    ``held_for`` is in words what it waited for before it might go.
    """

    id: int
    deal_id: int
    task_no: int
    kind: str
    ordinal: int
    person_id: int
    channel: str
    at: datetime
    about: str
    status: QueuedStatus = "queued"
    attempts: int = 0
    doubts: int = 0
    tried_at: datetime | None = None
    held_for: str | None = None

    @property
    def channel_name(self) -> str:
        return self.channel.partition(":")[0]

    @property
    def room(self) -> str:
        """The address of a room, as in ``slack:#engineering``; empty for a person, and for a channel that is a room."""
        return self.channel.partition(":")[2]

    @property
    def in_doubt(self) -> bool:
        return self.status == "unknown"


# --- what an attempt came to ------------------------------------------------------------------------------------------


class Sent(Fact, frozen=True):
    """The channel took it. ``ref`` is the channel's own name for it."""

    ref: str = ""


class Transient(Fact, frozen=True):
    """It was certainly not sent, and may be later. ``channel_wide``: the fault is the channel's, not the message's."""

    reason: str
    retry_after: float | None = None
    channel_wide: bool = False


class Permanent(Fact, frozen=True):
    """It will never be taken."""

    reason: str


class Unknown(Fact, frozen=True):
    """It was handed over and no answer came: it may have arrived."""

    reason: str


Outcome: TypeAlias = Sent | Transient | Permanent | Unknown

Doubt: TypeAlias = Literal["same_id", "looks", "once"]
"""What a channel does about a message that may have arrived: sends it again under the same id that readers fold
together, looks whether it is there, or can do neither and sends it once more, marked as a possible repeat."""


class Verdict(Fact, frozen=True):
    """What is written about a notice after an attempt. ``not_before`` is set where it is tried again."""

    status: QueuedStatus | FinalStatus
    reason: str | None = None
    not_before: datetime | None = None
    ref: str | None = None
    doubts: int = 0

    @property
    def final(self) -> bool:
        return self.status in ("sent", "dead", "cancelled", "missed")


def verdict(notice: Queued, outcome: Outcome, now: datetime, *, doubt: Doubt, last_resort: bool) -> Verdict:
    """What an attempt means. ``last_resort``: no other channel is left that could reach the person.

    A refused message is dead after eight attempts and goes by another channel. A channel that is down as a whole is
    not the message's fault: where no other is left, the message waits for it, up to the 24 hours.
    """
    match outcome:
        case Sent(ref):
            return Verdict("sent", ref=ref, doubts=notice.doubts)
        case Permanent(reason):
            return Verdict("dead", reason, doubts=notice.doubts)
        case Unknown(reason):
            doubts = notice.doubts + 1
            if (doubt == "once" and doubts > 1) or _over(notice, now, patient=False):
                return Verdict("dead", f"{reason}; it may have arrived", doubts=doubts)
            return Verdict("unknown", reason, _again_at(notice, now, None), doubts=doubts)
        case Transient(reason, retry_after, channel_wide):
            again = _again_at(notice, now, retry_after)
            patient = channel_wide and last_resort
            if _over(notice, now, patient=patient) or again - (notice.tried_at or now) > LONGEST:
                return Verdict("dead", f"{reason}; given up after {notice.attempts + 1} attempts", doubts=notice.doubts)
            # While a channel as a whole is down it is closed to everybody: what it has put off keeps its place in the
            # queue, so that the order holds.
            return Verdict(notice.status, reason, None if channel_wide else again, doubts=notice.doubts)


def given_up(notice: Queued) -> bool:
    """Whether a notice that workers keep dying over has had its attempts: then it is not tried once more."""
    return notice.in_doubt and notice.attempts >= MOST_ATTEMPTS


def _over(notice: Queued, now: datetime, *, patient: bool) -> bool:
    if notice.tried_at is not None and now - notice.tried_at >= LONGEST:
        return True
    return not patient and notice.attempts + 1 >= MOST_ATTEMPTS


def _again_at(notice: Queued, now: datetime, retry_after: float | None) -> datetime:
    return now + (timedelta(seconds=retry_after) if retry_after is not None else wait(notice.id, notice.attempts + 1))


def wait(notice_id: int, attempt: int) -> timedelta:
    """How long after attempt ``attempt`` (from 1) the next one comes: 2, 4, 8 … seconds, at most an hour, ± 20 %.

    The 20 % are drawn from the notice's number, so that a thousand refused at once do not come back at once, and a
    test sees the same waits as the world.
    """
    digest = blake2b(f"{notice_id}:{attempt}".encode(), digest_size=4).digest()
    spread = 0.8 + 0.4 * int.from_bytes(digest, "big") / 0xFFFFFFFF
    return min(LONGEST_WAIT, timedelta(seconds=2 ** min(attempt, 20))) * spread


def hold(failures: int, retry_after: float | None) -> timedelta:
    """How long a channel that is down as a whole is left alone by everybody: as long as it asks for, or longer each
    time, at most a minute."""
    if retry_after is not None:
        return timedelta(seconds=retry_after)
    return min(LONGEST_HOLD, timedelta(seconds=2 ** min(failures, 10)))


def outcome_word(outcome: Outcome) -> str:
    """The outcome as attempts are kept: sent, transient, permanent or unknown."""
    return type(outcome).__name__.lower()


# --- whether it is still wanted ---------------------------------------------------------------------------------------

_OF_CLOSED_DEALS: Final = frozenset({"saved", "lost"})
_NEWS_OF_ENDINGS: Final = frozenset(
    {"outcome", "withdrawn", "not_needed", "approval", "merged", "cleared", "mail_answer"}
)
_TO_HOLDERS: Final = frozenset({"assigned", "reminder", "decision_due"})


def unwanted(notice: Queued, news: str | None, deal: Deal | None, people: People) -> str | None:
    """Why the notice must not be sent any more, in words, or None. ``news`` is ``about.news``.

    Nothing is sent about what is closed, except that it was closed: the end of a deal, the outcome of a task, and
    that a task is no longer needed, which its holder hears of in no other way.
    """
    if notice.kind == UPDATE:  # what was sent says what became of it, however that came
        return None if deal is not None else "its deal is gone"
    reader = people.by_id.get(notice.person_id)
    if reader is not None and not reader.active:
        return f"{reader.name} has left"
    if not notice.deal_id:
        return None
    if deal is None:
        return "its deal is gone"
    if notice.kind in _OF_CLOSED_DEALS:
        stays = news == "delayed_loss" and deal.left_at is None
        return "the deal is open again" if not deal.closed else "the account stays after all" if stays else None
    if news in _NEWS_OF_ENDINGS:
        return None
    return "the deal is closed" if deal.closed else _of_open_deal(notice, news, deal, people)


def _of_open_deal(notice: Queued, news: str | None, deal: Deal, people: People) -> str | None:
    if notice.task_no:
        return _of_task(notice, news, deal.task(notice.task_no), people)
    moved = notice.kind == "stage_entered" and notice.person_id not in (0, deal.owner_id)
    return "the deal has another owner now" if moved else None


def _of_task(notice: Queued, news: str | None, task: Task | None, people: People) -> str | None:
    if task is None:
        return "its task is gone"
    if task.closed:
        return f"the task is closed: {task.state}"
    holder = task.assignee_id
    if notice.kind in _TO_HOLDERS and holder is not None and holder != notice.person_id:
        return f"{people.name(holder)} has the task now"
    if news == "reassigned" and holder == notice.person_id:
        return "the task came back to them"
    return None


# --- another way to the reader ----------------------------------------------------------------------------------------


def detours(
    notice: Queued, about: dict[str, object], people: People, workspace: Workspace, lost: Lost = frozenset()
) -> Iterator[Notice]:
    """The same notice by every other channel that could reach its reader, the best first; by none that is ``lost``.

    A room that cannot be reached stands for the members of its department who are at work: each is told by the first
    of their own channels, so these belong together, while of a person's only the first that was not tried is used.
    """
    if notice.kind == UPDATE:  # there is nothing to be changed anywhere else
        return
    told = {**about, "instead_of": notice.channel}
    person = people.by_id.get(notice.person_id)
    if person is not None:
        for channel in _others(person, notice.channel_name, workspace, lost):
            yield _by(notice, person.id, channel, told)
        return
    for department in people.departments.values():
        if department.channel != notice.channel:
            continue
        for member in people.members(department.key):
            if people.at_work(member.id, notice.at, []) == member.id:
                yield _by(notice, member.id, channels_for(notice.kind, member, workspace, lost)[0], told)


def _others(person: Person, tried: str, workspace: Workspace, lost: Lost) -> Iterator[str]:
    """Those after the one that failed, in the order of the settings, then those before it."""
    after = list(fallback(person, workspace, after=tried, lost=lost))
    yield from after
    yield from (n for n in fallback(person, workspace, lost=lost) if n != tried and n not in after)


def _by(notice: Queued, person_id: int, channel: str, about: dict[str, object]) -> Notice:
    return Notice(notice.kind, notice.at, person_id, channel, notice.task_no, notice.ordinal, about)

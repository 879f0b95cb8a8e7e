"""Refusals: what a person asked for and cannot have, each a class that words itself; and problems in files."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from saveline.core.facts import Fact


class Refusal(Exception):
    """A request that is understood and refused. ``str()`` is the sentence the person reads; nothing has changed."""


class UnknownDeal(Refusal):
    def __init__(self, wanted: object) -> None:
        super().__init__(f"There is no deal {wanted}.")


class UnknownTask(Refusal):
    def __init__(self, wanted: str, known: Iterable[str] = ()) -> None:
        names = ", ".join(known)
        super().__init__(f"There is no task {wanted}." + (f" This deal has {names}." if names else ""))


class UnknownAccount(Refusal):
    def __init__(self, wanted: str, known: Iterable[str] = ()) -> None:
        super().__init__(f"There is no account {wanted!r}.{did_you_mean(wanted, known)}")


class UnknownPerson(Refusal):
    def __init__(self, wanted: str, known: Iterable[str] = ()) -> None:
        super().__init__(f"There is nobody called {wanted!r}.{did_you_mean(wanted, known)}")


class UnknownWord(Refusal):
    """A stage, outcome, play or other name from a list that is not on the list."""

    def __init__(self, what: str, wanted: str, known: Iterable[str]) -> None:
        known = tuple(known)
        super().__init__(f"{wanted!r} is not {what}: expected {one_of(known)}.{did_you_mean(wanted, known)}")


class TaskClosed(Refusal):
    """A second completion, or any other change of a closed task: names who closed it and when."""

    def __init__(self, title: str, state: str, by: str, at: str) -> None:
        super().__init__(f"“{title}” is closed already: {state} by {by}, {at}. Nothing was changed.")


class TaskNotStarted(Refusal):
    def __init__(self, title: str, waits_for: Iterable[str]) -> None:
        super().__init__(f"“{title}” has not started: it waits for {', '.join(waits_for)}.")


class TaskTaken(Refusal):
    def __init__(self, title: str, by: str) -> None:
        super().__init__(f"“{title}” is taken already: {by} has it.")


class UnknownNotice(Refusal):
    def __init__(self, notice_id: int) -> None:
        super().__init__(f"There is no notice {notice_id}.")


class NoticeStays(Refusal):
    """Somebody wants a notice sent again or dropped, and that cannot be."""

    def __init__(self, notice_id: int, why: str) -> None:
        super().__init__(f"Notice {notice_id} {why}. Nothing was changed.")


class NotTheirs(Refusal):
    def __init__(self, title: str, person: str, department: str) -> None:
        super().__init__(f"“{title}” is offered to {department}; {person} is not in that department.")


class NotAllowed(Refusal):
    """Somebody acts on a task that is not theirs, their department's, their deal's or their people's."""

    def __init__(self, title: str, person: str, holder: str) -> None:
        super().__init__(f"“{title}” is with {holder}: {person} has no part in it. Nothing was changed.")


class NotTheirsToRead(NotAllowed):
    """Somebody says that they have read what lies with somebody else."""

    def __init__(self, title: str, person: str, holder: str) -> None:
        Refusal.__init__(
            self, f"“{title}” is with {holder}, and only they can say that they have read it. Nothing was changed."
        )


class HasLeft(Refusal):
    """Somebody acts who is no longer active, or was never in the directory."""

    def __init__(self, person: str) -> None:
        super().__init__(f"{person} is not among the people of this company any more. Nothing was changed.")


class DealIsClosed(Refusal):
    def __init__(self, account: str, outcome: str, at: str) -> None:
        super().__init__(f"The deal of {account} was closed {at} as {outcome}. Nothing was changed.")


class DealIsOpen(Refusal):
    def __init__(self, account: str, deal_id: int) -> None:
        super().__init__(f"{account} has an open deal already: deal {deal_id}. A new cause can join it.")


class AccountLeft(Refusal):
    def __init__(self, account: str, on: str, key: str) -> None:
        super().__init__(
            f"{account} left on {on}: there is nothing to save. If it did not, say so: `saveline account stays {key}`."
        )


class DealIsPaused(Refusal):
    def __init__(self, account: str, until: str) -> None:
        super().__init__(f"The deal of {account} is paused until {until}. Resume it first.")


class DealNotPaused(Refusal):
    def __init__(self, account: str) -> None:
        super().__init__(f"The deal of {account} is not paused.")


class GateHolds(Refusal):
    """A stage cannot be left, or a save not recorded, because its gate does not hold. Lists what is missing."""

    def __init__(self, stage: str, missing: Iterable[str]) -> None:
        self.missing = tuple(missing)
        super().__init__(f"The gate of {stage} holds: {'; '.join(self.missing)}.")


class MayNotOverride(Refusal):
    """A gate is overridden by those whom the settings name under ``override_by``, and by nobody else."""

    def __init__(self, person: str, allowed: Iterable[str]) -> None:
        names = one_of(allowed) or "nobody"
        super().__init__(f"{person} may not override a gate: {names} may (override_by in saveline.yaml).")


class MayNotGrant(Refusal):
    """A concession is approved by those whom the settings allow so much, and by nobody else."""

    def __init__(self, person: str, what: str, allowed: Iterable[str]) -> None:
        super().__init__(
            f"{person} may not grant {what}: {one_of(allowed) or 'nobody'} may (concessions in saveline.yaml)."
        )


class CannotMigrate(Refusal):
    """A running deal that cannot go over to another version of its play. Lists why."""

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("; ".join(self.reasons))


class AnswersRefused(Refusal):
    def __init__(self, title: str, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"“{title}” was not completed: {'; '.join(self.problems)}.")


class CannotWrite(Refusal):
    """A file that somebody asked for and that the file system refuses."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path} cannot be written: {why}. What was there before is as it was.")


class Missing(Refusal):
    """Something the request must carry: a reason, a date in the future, the value kept, evidence."""

    def __init__(self, what: str) -> None:
        super().__init__(what)


class Unwritable(Refusal):
    """A text that no database can hold: a NUL in it, or half of a letter."""

    def __init__(self, what: str) -> None:
        super().__init__(f"A text has {what} in it and cannot be kept. Write it again. Nothing was changed.")


class SomebodyWasFaster(Refusal):
    """The deal changed between reading and writing. Trying again is safe."""

    def __init__(self, deal_id: int) -> None:
        super().__init__(
            f"Deal {deal_id} was changed by somebody else at the same moment. Nothing was written; try again."
        )


class Problem(Fact, frozen=True):
    """One fault in a file the user wrote: where it is, what is wrong, what was expected, the nearest known word.

    ``id`` names a fault that other tools speak of too, such as ``play-cannot-end``; most have none.
    """

    file: str
    line: int
    column: int
    what: str
    expected: str = ""
    nearest: str = ""
    warning: bool = False
    id: str = ""

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}:{self.column}: {'warning: ' if self.warning else ''}{self.what}"
        text += f"; expected {self.expected}" if self.expected else ""
        return text + (f"; did you mean {self.nearest!r}?" if self.nearest else "")


class Invalid(Exception):
    """A file that cannot be used, with every problem found in it. The version in use before stays in use."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


def in_quotes(word: object, longest: int = 60) -> str:
    """``word`` in quotes as a message shows it: signs that nobody sees are written out, and a long one is cut."""
    text = repr(word)
    return text if len(text) <= longest else text[: longest - 2] + "…" + text[0]


def listed(words: Iterable[str], most: int = 40) -> str:
    """:func:`one_of`, cut where there are more than anybody reads."""
    words = list(words)
    return one_of(words) if len(words) <= most else f"{', '.join(words[:most])} …"


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word most like ``word``, or '' where none is like it."""
    by_fold = {k.casefold(): k for k in known}
    found = difflib.get_close_matches(word.casefold(), list(by_fold), n=1, cutoff=0.6)
    return by_fold[found[0]] if found else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    close = nearest(word, known)
    return f" Did you mean {close!r}?" if close else ""


def one_of(words: Iterable[str]) -> str:
    """``a, b or c``: what was expected, in one phrase."""
    words = list(words)
    if len(words) <= 1:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"

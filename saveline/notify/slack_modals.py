"""Modals: what a button asks before it acts, each question with the way to answer that fits it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from saveline.core.answers import expected
from saveline.core.errors import Missing, UnknownPerson
from saveline.core.facts import Fact, Person, Task
from saveline.core.intents import Cannot, Comment, Done, HandOver, Help, Intent, Snooze, Wait
from saveline.core.people import People
from saveline.core.phrases import words_of
from saveline.core.play import Field, TaskPlan
from saveline.core.tongue import sentence
from saveline.core.workspace import Workspace
from saveline.core.worktime import first_opening
from saveline.notify.buttons import WORDS
from saveline.notify.channels.blocks import Block, cut, plain_text, section
from saveline.notify.languages import tongue
from saveline.notify.render import escaped_for_slack
from saveline.notify.slack_payloads import Kept, Submitted

LONGEST_TITLE: Final = 24
LONGEST_TEXT: Final = 3_000
MOST_OPTIONS: Final = 100
LONGEST_OPTION: Final = 75
ANSWER: Final = "answer:"
"""What stands before the name of a form's question, so that no form can ask for what a modal asks itself."""

ASKS: Final[Mapping[str, Sequence[str]]] = {
    "decide": ("outcome", "reason", "kept", "evidence"),
    "hand_over": ("to", "note"),
    "snooze": ("until", "reason"),
    "wait": ("until", "reason"),
    "help": ("note",),
    "cannot": ("reason",),
    "comment": ("body",),
}
"""What each verb asks; the first is the one beside which a refusal stands that is about none of them."""

LABELS: Final[Mapping[str, str]] = {
    "outcome": sentence("How does it end?"),
    "kept": sentence("Value kept a year"),
    "evidence": sentence("Evidence"),
    "to": sentence("To whom?"),
    "note": sentence("A word for them"),
    "body": sentence("Your comment"),
    "until": sentence("Until when?"),
    "reason": sentence("Why?"),
    "decide.reason": sentence("What made the difference?"),
    "help.note": sentence("What do you need?"),
    "wait.reason": sentence("What has the customer to answer?"),
    "cannot.reason": sentence("Why can it not be done?"),
}
HINTS: Final[Mapping[str, str]] = {
    "kept": sentence("In {currency}; for an account that is saved."),
    "evidence": sentence("The mail, the notice or the call that says so; for an account that is lost."),
    "help.note": sentence("The next person on the ladder hears of it now."),
}
YES, NO, SEND = sentence("Yes"), sentence("No"), sentence("Send")
CLOSE, TYPED = sentence("Close"), "What you had typed"


class Opened(Fact, frozen=True):
    """What a modal is about: the task by name, with what its play asks, and who has been asked to answer."""

    title: str
    account: str
    workspace: Workspace
    people: People
    person: Person
    task: Task
    plan: TaskPlan | None
    now: datetime

    def say(self, words: str, /, **values: str) -> str:
        """A sentence in the language of whoever is asked."""
        return tongue(self.person.language or self.workspace.language).say(words, **values)


def needed(verb: str, outcome: str, plan: TaskPlan | None) -> bool:
    """Whether the verb asks something before it acts."""
    if verb == "done":
        return bool(plan and plan.asks(outcome or plan.outcomes[0]))
    return verb in ASKS


def modal(kept: Kept, outcome: str, seen: Opened) -> Block:
    """The modal of a verb. It carries ``kept``, and no right."""
    if kept.verb == "done":
        plan = seen.plan
        asked = [_field(f, seen) for f in plan.asks(outcome or plan.outcomes[0])] if plan else []
    else:
        asked = [_own(kept.verb, name, seen) for name in ASKS[kept.verb]]
    name = words_of(outcome).capitalize() if outcome else seen.say(WORDS[kept.verb])
    where = f" · {escaped_for_slack(seen.account)}" if seen.account not in seen.title else ""
    return {
        "type": "modal",
        "callback_id": f"saveline:{kept.verb}",
        "private_metadata": kept.text(),
        "title": plain_text(name, LONGEST_TITLE),
        "submit": plain_text(seen.say(SEND), LONGEST_TITLE),
        "close": plain_text(seen.say(CLOSE), LONGEST_TITLE),
        "blocks": [section(f"*{escaped_for_slack(seen.title)}*{where}"), *asked],
    }


def told(words: str, answers: Mapping[str, str]) -> Block:
    """A modal that only says something; what had been typed stands below, so that none of it is lost."""
    typed = "\n".join(cut(escaped_for_slack(a), 1_000) for a in answers.values() if len(a.split()) > 1)
    blocks = [section(escaped_for_slack(words))]
    if typed:
        blocks += [section(f"*{TYPED}*"), section("\n".join(f"> {line}" for line in typed.splitlines()))]
    return {
        "type": "modal",
        "title": plain_text("Saveline", LONGEST_TITLE),
        "close": plain_text(CLOSE, LONGEST_TITLE),
        "blocks": blocks,
    }


# --- questions --------------------------------------------------------------------------------------------------------


def _field(field: Field, seen: Opened) -> Block:
    """A question of the play's form."""
    element: Block
    match field.kind:
        case "choice" if len(field.choices) <= MOST_OPTIONS:
            element = _select([(words_of(c), c) for c in field.choices])
        case "yes_no":
            element = {"type": "radio_buttons", "options": [_option(seen.say(YES), "yes"), _option(seen.say(NO), "no")]}
        case "date":
            element = {"type": "datepicker"}
        case "percent" | "number" | "money":
            element = _number(field.low, field.high)
        case _:
            element = _text(field.high)
    hint = expected(field) if field.kind in ("percent", "number", "money") else ""
    return _input(f"{ANSWER}{field.name}", words_of(field.name).capitalize(), element, field.optional, hint)


def _own(verb: str, name: str, seen: Opened) -> Block:
    """A question of the modal itself."""
    element: Block
    match name:
        case "outcome":
            element = _select([(o.title, o.key) for o in seen.workspace.outcomes])
        case "kept":
            element = _number(0, None)
        case "to":
            element = _people(seen)
        case "until":
            element = {"type": "datetimepicker", "initial_date_time": _tomorrow(seen)}
        case _:
            element = _text(None)
    label = seen.say(LABELS.get(f"{verb}.{name}", LABELS[name]))
    found = HINTS.get(f"{verb}.{name}", HINTS.get(name, ""))
    hint = seen.say(found, currency=seen.workspace.currency) if found else ""
    return _input(name, label, element, name in ("note", "kept", "evidence"), hint)


def _input(block_id: str, label: str, element: Block, optional: bool, hint: str) -> Block:
    made = {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(label, 2_000),
        "element": {**element, "action_id": "answer"},
        "optional": optional,
    }
    return {**made, "hint": plain_text(hint, 2_000)} if hint else made


def _select(options: Sequence[tuple[str, str]]) -> Block:
    return {"type": "static_select", "options": [_option(text, value) for text, value in options[:MOST_OPTIONS]]}


def _option(text: str, value: str) -> Block:
    return {"text": plain_text(text, LONGEST_OPTION), "value": value[:LONGEST_OPTION]}


def _text(high: float | None) -> Block:
    longest = min(int(high), LONGEST_TEXT) if high else LONGEST_TEXT
    return {"type": "plain_text_input", "multiline": longest > 200, "max_length": longest}


def _number(low: float | None, high: float | None) -> Block:
    bounds = {"min_value": low, "max_value": high}
    return {
        "type": "number_input",
        "is_decimal_allowed": True,
        **{name: f"{bound:g}" for name, bound in bounds.items() if bound is not None},
    }


def _people(seen: Opened) -> Block:
    """Everybody who is there, but for whoever has it; where they are too many for a list, any member of Slack."""
    fit = [p for p in seen.people.by_id.values() if p.active and p.id != seen.task.assignee_id]
    if not 0 < len(fit) <= MOST_OPTIONS:
        return {"type": "users_select"}
    named = sorted(fit, key=lambda p: (p.department != seen.person.department, p.name))
    return _select([(p.name, f"person {p.id}") for p in named])


def _tomorrow(seen: Opened) -> int:
    """The morning of the next day of work, in the zone of whoever asks; seconds since 1970."""
    calendar = seen.people.calendar(seen.person.id)
    tomorrow = calendar.local(seen.now).date() + timedelta(days=1)
    return int(first_opening(calendar, tomorrow).timestamp())


# --- answers ----------------------------------------------------------------------------------------------------------


def intent_of(sent: Submitted, people: People) -> Intent:
    """What was sent, as an intent. Raises Missing and UnknownPerson for what cannot be read."""
    given = {name: answer.strip() for name, answer in sent.answers.items()}
    match sent.verb:
        case "done":
            asked = {name.removeprefix(ANSWER): a for name, a in given.items() if name.startswith(ANSWER) and a}
            return Done(sent.target.outcome or None, asked)
        case "decide":
            said = {name: given[name] for name in ("reason", "kept", "evidence") if given.get(name)}
            return Done(given.get("outcome") or None, said)
        case "hand_over":
            return HandOver(_person(given.get("to", ""), people), given.get("note", ""))
        case "snooze":
            return Snooze(_moment(given.get("until", "")), given.get("reason", ""))
        case "wait":
            return Wait(_moment(given.get("until", "")), given.get("reason", ""))
        case "help":
            return Help(given.get("note", ""))
        case "cannot":
            return Cannot(given.get("reason", ""))
        case _:
            return Comment(given.get("body", ""))


def _person(chosen: str, people: People) -> int:
    kind, _, number = chosen.partition(" ")
    if kind == "person" and number.isdigit() and int(number) in people.by_id:
        return int(number)
    found = next((p.id for p in people.by_id.values() if p.slack_id == chosen and chosen), None)
    if found is None:
        raise UnknownPerson(chosen or "nobody", [])
    return found


def _moment(chosen: str) -> datetime:
    if not (chosen.isascii() and chosen.isdigit() and len(chosen) <= 11):
        raise Missing("Say until when: a day and a time.")
    return datetime.fromtimestamp(int(chosen), UTC)


def beside(verb: str, asked: Sequence[str], problems: Sequence[str]) -> dict[str, str]:
    """Problems by the question they are about: each begins with its name; what names none stands beside the first."""
    found: dict[str, str] = {}
    for problem in problems:
        low = problem.lower()
        named = [q for q in asked if low.startswith(f"{q.removeprefix(ANSWER).lower()} ")]
        hinted = [q for q in asked for word in _HINTED.get(q, ()) if word in low] if verb == "decide" else []
        block = next(iter([*named, *hinted, *asked]), "")
        found[block] = f"{found[block]}; {problem}" if block in found else problem
    return {block: cut(words, 2_000) for block, words in found.items() if block}


_HINTED: Final[Mapping[str, Sequence[str]]] = {
    "kept": ("value kept", "amount"),
    "evidence": ("evidence",),
    "reason": ("needs a reason",),
}


def questions(verb: str, outcome: str, plan: TaskPlan | None) -> list[str]:
    """The names of what a verb asks, in the order in which it is asked."""
    if verb != "done":
        return list(ASKS.get(verb, ()))
    return [f"{ANSWER}{f.name}" for f in plan.asks(outcome or plan.outcomes[0])] if plan else []

"""The monthly question as its reader gets it: what is asked, the five answers, and what becomes of one."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from saveline.core.checkin import SCALE, Question, round_of
from saveline.core.periods import parse
from saveline.core.pulse import FEWEST
from saveline.core.tongue import sentence
from saveline.notify.matter import Matter
from saveline.notify.parts import View

KEPT: Final = sentence(
    "It is kept without your name, so nobody can look up who answered what, and nobody can change it, you included. "
    "The report tells a mean, and only where {fewest} or more people have answered."
)


def checkin(matter: Matter) -> View:
    """The question of the month that the notice's ordinal names."""
    question, month, say = matter.workspace.pulse or Question(), matter.notice.ordinal, matter.say
    closes = round_of(question, month, matter.workspace.zone).closes
    last = (closes.astimezone(matter.people.calendar(None).zone) - timedelta(days=1)).date()
    page = matter.link("pulse")
    means = {SCALE[0]: say(question.low), SCALE[-1]: say(question.high)}
    return {
        "headline": say(question.words),
        "opening": say("One number is the whole answer. It is taken until {day}.", day=matter.day(last)),
        "month": parse(f"{month // 100}-{month % 100:02}", matter.workspace.zone, matter.tongue).title,
        "low": means[SCALE[0]],
        "high": means[SCALE[-1]],
        "page": page,
        # What stands after the # is never sent to a server: no log of one can tell who has come for which answer.
        "answers": [{"value": str(n), "means": means.get(n, ""), "url": f"{page}#{n}" if page else ""} for n in SCALE],
        "benefit_label": say("What becomes of your answer"),
        "benefit": say(KEPT, fewest=FEWEST),
    }

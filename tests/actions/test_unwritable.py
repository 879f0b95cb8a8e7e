"""A text that no database can hold is refused in words, whichever door and whatever it is part of.

Planted: the answers of a form left out of what is looked at. A NUL in one ended in an error of the database.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from saveline.actions import deals
from saveline.actions.presses import Press, press
from saveline.actions.tasks import TaskRef
from saveline.core.changes import Commented
from saveline.core.decide.deals import Closing
from saveline.core.errors import UnknownDeal, UnknownTask, Unwritable
from saveline.core.intents import Cannot, Comment, Done, HandOver, Help, Intent, Seen, Snooze, Wait
from saveline.store import load
from tests.actions.attempts import SAID
from tests.world import World

TEXTS = ("a\0b", "half \ud83d", "\udcff of a byte")


def test_no_intent_takes_a_text_that_cannot_be_kept(on_both: World) -> None:
    world = on_both
    world.open()
    later, bob = world.now + timedelta(days=1), world.person("bob")
    before = (world.history(), len(world.told()))
    for text in TEXTS:
        wanted: list[Intent] = [
            Comment(text),
            Cannot(text),
            Help(text),
            Snooze(later, text),
            Wait(later, text),
            HandOver(bob, text),
            Done(None, {**SAID, "summary": text}),
        ]
        for i, intent in enumerate(wanted):
            with pytest.raises(Unwritable, match=r"cannot be kept\. Write it again"):
                press(world.desk, Press("test", f"{i}", world.ref("diagnosis"), world.by("ana"), intent))
        with pytest.raises(Unwritable):
            deals.close_deal(world.desk, 1, world.by("ana"), Closing("lost", text, None, text))
        with pytest.raises(Unwritable):
            world.leaves("ana", evidence=text)
    assert (world.history(), len(world.told())) == before


def test_every_other_sign_is_kept_as_it_was_written(on_both: World) -> None:
    on_both.open()
    text = "tab\tline\nمرحبا 👩‍🔧 é \x1b[31m \u202e \uffff \U0010ffff"
    press(on_both.desk, Press("test", "1", on_both.ref("diagnosis"), on_both.by("ana"), Comment(text)))
    with on_both.desk.reading() as conn:
        event = load.history(conn, [1])[1][-1]
    assert event.change == Commented(text)


def test_a_deal_of_a_number_that_no_database_holds_is_not_there(on_both: World) -> None:
    for number in (2**63, 10**30, 0, -1):
        with pytest.raises(UnknownDeal):
            press(on_both.desk, Press("test", "1", TaskRef(number, 1), on_both.by("ana"), Seen()))
    on_both.open()
    with pytest.raises(UnknownTask, match=r"There is no task 1\.99999"):
        press(on_both.desk, Press("test", "1", TaskRef(1, 99999999999999999999), on_both.by("ana"), Seen()))

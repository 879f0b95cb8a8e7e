"""The languages that messages are in: whole catalogues, and sentences that survive whatever is put into them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from saveline.core.errors import Invalid
from saveline.core.phrases import day, due, due_phrase, listed, money, whole_money
from saveline.core.tongue import ENGLISH, SHIPPED
from saveline.notify.languages import tongue
from saveline.notify.recalled import LINES, recalled, span
from tests import catalogues
from tests.goldens import as_lines
from tests.notify.test_slack_pages import asked_by
from tests.world import World

OTHERS = [code for code in SHIPPED if code != "en"]
_GAP = re.compile(r"\{(\w*)\}")


def test_every_language_has_a_catalogue_and_no_other_is_there() -> None:
    assert {path.stem for path in catalogues.LANGUAGES.glob("*.po")} == set(OTHERS)


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalogue_says_every_sentence_and_nothing_else(code: str) -> None:
    """Planted: a sentence in view.py that the catalogue does not have; one in the catalogue that nobody says."""
    said, known = set(catalogues.sentences()), set(catalogues.catalogue(code))
    assert not said - known, f"python -m tests.catalogues {code} prints what is missing"
    assert not known - said


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_has_the_gaps_of_its_sentence(code: str) -> None:
    """Planted: {acount} in one form of a plural; a fuzzy entry; an empty one."""
    for sentence, message in catalogues.catalogue(code).items():
        forms = list(message.string) if isinstance(message.string, (list, tuple)) else [message.string]
        english = [sentence, sentence] if isinstance(sentence, str) else sentence
        gaps = [set(_GAP.findall(form)) for form in english]
        assert not message.fuzzy, sentence
        assert len(forms) == (1 if isinstance(sentence, str) else 2), sentence
        for form, expected in zip(forms, gaps, strict=False):
            assert form is not None, sentence
            assert form.strip(), sentence
            assert set(_GAP.findall(form)) == expected, (sentence, form)


def plain(text: str) -> str:
    """With spaces at which a line may break."""
    return text.replace("\u00a0", " ")


def test_gaps_take_values_as_they_are() -> None:
    """What stands in braces in somebody's name is a name: it is neither a gap nor an attribute."""
    for language in (ENGLISH, tongue("de")):
        said = language.say("{name} handed this over to you.", name="{0.__class__} {name!r} %s </b>")
        assert "{0.__class__} {name!r} %s </b>" in said


@pytest.mark.parametrize(("name", "said"), [("Acme", "Acme's CSM"), ("Northwind Systems", "Northwind Systems' CSM")])
def test_english_owns(name: str, said: str) -> None:
    assert ENGLISH.say("{account}'s {role}", account=name, role="CSM") == said


def test_german_writes_figures_and_days_its_own_way() -> None:
    de, now = tongue("de"), datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert plain(money(1_250_000_00, "EUR", de)) == "1,2 Mio. €"
    assert plain(money(-950_00, "CHF", de)) == "−950 CHF"
    assert plain(whole_money(1_023_400_00, "USD", de)) == "1.023.400 $"
    assert plain(day(date(2027, 3, 20), now.date(), de)) == "20. Mär 2027"
    assert plain(due(datetime(2026, 11, 24, 13, tzinfo=UTC), now, de)) == "Di, 24. Nov 13:00 Uhr"
    assert plain(due_phrase(datetime(2026, 11, 20, 18, tzinfo=UTC), now, de)) == "heute 18:00 Uhr fällig"
    assert plain(due_phrase(datetime(2026, 11, 19, 9, tzinfo=UTC), now, de)) == "1 Tag überfällig"
    assert listed(["a", "b", "c"], de) == "a, b und c"


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("Ana Ruiz is away until 28 Nov", "Ana Ruiz ist bis 28. Nov abwesend"),
        ("Bob Okafor has left", "Bob Okafor ist nicht mehr da"),
        ("the renewal is 3 Mar 2027", "the renewal is 3 Mar 2027"),
        (
            "Nothing of the plan is left to do; the renewal is 3 Mar 2027.",
            "Vom Plan ist nichts mehr zu tun; die Verlängerung ist am 3. Mär 2027.",
        ),
        ("“talk” (3 business days) makes it too long.", "„talk“ (3 Arbeitstage) macht ihn zu lang."),
        ("somebody wrote this", "somebody wrote this"),
    ],
)
def test_what_the_history_keeps_in_english_is_said_in_german(kept: str, said: str) -> None:
    assert plain(recalled(kept, tongue("de"))) == said
    assert recalled(kept, ENGLISH) == kept


def test_the_lines_of_the_history_are_told_apart() -> None:
    """A line is found again under its own sentence: no other pattern takes it first."""
    for line in LINES:
        filled = _GAP.sub("x", line)
        assert recalled(filled, tongue("de")) == _GAP.sub(
            "x", tongue("de").say(line, **dict.fromkeys(_GAP.findall(line), "x"))
        )
    assert span("1 business day 4 business hours", tongue("de")) == "1 Arbeitstag 4 Arbeitsstunden"


@pytest.mark.parametrize(
    ("file", "old", "new", "line"),
    [
        ("people.yaml", "slack: UANA}", "slack: UANA, language: german}", 3),
        ("saveline.yaml", "currency: USD", "language: dee\ncurrency: USD", 3),
    ],
)
def test_an_unknown_language_is_a_problem_with_its_place(lite: World, file: str, old: str, new: str, line: int) -> None:
    lite.setting(file, old, new)
    with pytest.raises(Invalid) as refused:
        lite.runtime.desk()
    problem = str(refused.value)
    assert f"{file}:{line}" in problem
    assert "unknown language" in problem
    assert "did you mean 'de'?" in problem


def test_everybody_reads_their_own_language(lite: World, mailed: Callable[[str], str]) -> None:
    """Ana reads German, the workspace speaks English, and nobody else hears anything of it."""
    lite.setting("people.yaml", "slack: UANA}", "slack: UANA, language: de}")
    lite.open()
    assert "Du hast diese Aufgabe, weil du CSM für Acme bist." in mailed("ana")
    lite.pass_time(hours=6)
    assert "You get this because you are Ana's manager." in mailed("bob")


def test_a_workspace_speaks_its_language(lite: World, mailed: Callable[[str], str]) -> None:
    lite.setting("saveline.yaml", "currency: USD", "language: de\ncurrency: EUR")
    lite.open()
    assert "Acme, 80\u00a0Tsd.\u00a0€ im Jahr" in mailed("ana")


@pytest.mark.parametrize("verb", ["done", "snooze", "help", "hand_over", "cannot", "wait", "comment"])
def test_a_modal_asks_in_the_language_of_whoever_pressed(
    lite: World, golden: Callable[[str, str], None], verb: str
) -> None:
    """The labels, the hints and the buttons; what the play asks is as its author wrote it."""
    lite.setting("people.yaml", "slack: UANA}", "slack: UANA, language: de}")
    lite.open()
    golden(f"slack/modals_de/{verb}.json", as_lines(asked_by(lite, "UANA", verb, "1.1")))

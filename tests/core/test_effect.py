"""The count of notices that led to nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from saveline.core.effect import Doing, Effect, Said, effects

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ANA, BOB = 1, 2


def after(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def said(
    kind: str = "reminder",
    hours: float = 0,
    *,
    to: int = ANA,
    about: tuple[int, int] = (1, 1),
    n: int = 1,
    by: str = "",
) -> Said:
    return Said(kind, by or "email", to, *about, n, after(hours))


def test_a_reminder_that_is_acted_on_before_the_next_was_followed() -> None:
    """Planted bug: counting acts up to now credits the first of two reminders with what the second led to."""
    told = [said(n=1), said(n=2, hours=10)]
    [line] = effects(told, [Doing(ANA, 1, 1, after(12))])
    assert (line, line.nothing) == (Effect("reminder", "email", 2, 1), 1)


def test_what_others_do_or_what_is_done_elsewhere_is_no_answer() -> None:
    doings = [
        Doing(BOB, 1, 1, after(1)),
        Doing(ANA, 1, 2, after(1)),
        Doing(ANA, 2, 1, after(1)),
        Doing(ANA, 1, 1, START),
    ]
    assert effects([said()], doings)[0].followed == 0


def test_the_same_notice_by_two_channels_is_followed_by_both() -> None:
    told = [said(by="slack"), said(by="email", hours=0.01)]
    assert [e.followed for e in effects(told, [Doing(ANA, 1, 1, after(1))])] == [1, 1]


def test_in_a_room_anybody_answers() -> None:
    assert effects([said(to=0, by="slack:#engineering")], [Doing(BOB, 1, 1, after(1))]) == (
        Effect("reminder", "slack", 1, 1),
    )


def test_closing_a_deal_answers_what_was_said_of_its_tasks() -> None:
    assert effects([said("decision_due")], [Doing(ANA, 1, 0, after(1))])[0].followed == 1


def test_a_digest_is_answered_by_anything() -> None:
    told = [said("digest", about=(0, 0), n=1), said("digest", about=(0, 0), n=2, hours=24)]
    assert effects(told, [Doing(ANA, 7, 3, after(30))])[0].followed == 1


moments = st.integers(0, 100).map(after)


@given(
    st.lists(
        st.builds(
            Said,
            st.sampled_from(("reminder", "news")),
            st.just("email"),
            st.integers(0, 2),
            st.integers(0, 2),
            st.integers(0, 2),
            st.integers(1, 9),
            moments,
        )
    ),
    st.lists(st.builds(Doing, st.integers(1, 2), st.integers(1, 2), st.integers(0, 2), moments)),
)
def test_every_notice_counts_once_and_more_doing_never_means_less_effect(told: list[Said], done: list[Doing]) -> None:
    found = effects(told, done)
    assert sum(e.sent for e in found) == len(told)
    assert all(0 <= e.followed <= e.sent for e in found)
    assert sum(e.followed for e in effects(told, done[:-1])) <= sum(e.followed for e in found)

"""Remembering keys of long files in little memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from saveline.core.seen import FirstLines


@given(st.lists(st.tuples(st.text(max_size=2), st.integers(0, 3)), max_size=3000))
def test_it_says_what_a_dict_would(keys: list[tuple[str, int]]) -> None:
    """Law: the line of the first, however many keys there are. Planted: not moving the places when it grows."""
    seen, plain = FirstLines(), dict[tuple[str, int], int]()
    for line, key in enumerate(keys, start=2):
        assert seen.first(key, line) == plain.get(key)
        plain.setdefault(key, line)
    assert len(seen) == len(plain)


def test_many_keys_stay_apart_and_small() -> None:
    seen = FirstLines()
    assert all(seen.first(f"key {i}", i + 1) is None for i in range(100_000))
    assert [seen.first(f"key {i}", 1) for i in (0, 77_777, 99_999)] == [1, 77_778, 100_000]
    size = len(seen._hashes) * 8 + len(seen._lines) * 4
    assert size / len(seen) < 40

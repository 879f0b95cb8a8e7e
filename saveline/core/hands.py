"""What people have in hand: so many tasks at once, and the others wait their turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Item: TypeAlias = tuple[int, int]
"""A task: the place of its deal, and its number there."""


class Hands:
    """``most(person)`` is how many tasks somebody works on at once, at least one."""

    def __init__(self, most: Callable[[int], int]) -> None:
        self._most = most
        self._busy: dict[int, set[Item]] = {}
        self._queue: dict[int, dict[Item, None]] = {}

    def give(self, person_id: int, item: Item) -> bool:
        """Whether the person can begin at once; if not, the task waits behind those that came before it."""
        busy = self._busy.setdefault(person_id, set())
        if len(busy) < max(1, self._most(person_id)):
            busy.add(item)
            return True
        self._queue.setdefault(person_id, {})[item] = None
        return False

    def release(self, person_id: int, item: Item) -> Item | None:
        """The task is out of the person's hands. Returns the one they begin now, the longest in the queue."""
        queue = self._queue.get(person_id, {})
        if item in queue:
            del queue[item]
            return None
        busy = self._busy.get(person_id, set())
        if item not in busy:
            return None
        busy.remove(item)
        following = next(iter(queue), None)
        if following is not None:
            del queue[following]
            busy.add(following)
        return following

    def load(self, person_id: int) -> int:
        """Tasks in hand and in the queue."""
        return len(self._busy.get(person_id, ())) + len(self._queue.get(person_id, ()))

"""Save rates of deals whose accounts had come to support before they were opened, and of the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from saveline.core.beside import BEFORE, CAME, Beside, Came, times
from saveline.core.cases import Case
from saveline.core.certainty import FLOOR
from saveline.core.support import SupportCase, Trouble, troubles
from saveline.evidence.rates import rate
from saveline.evidence.works import Decided


def beside(
    decided: Sequence[Decided], support: Iterable[SupportCase], *, floor: int = FLOOR
) -> tuple[Beside, ...] | None:
    """``support`` are all cases opened in the ninety days before any of the deals. None where there is none; no line of
    what the source never says. A case of which it does not say it counts as none."""
    by_account: dict[int, list[SupportCase]] = {}
    for one in support:
        by_account.setdefault(one.account_id, []).append(one)
    some = [one for cases in by_account.values() for one in cases]
    if not some:
        return None
    told = {"wrote": True}
    told["escalated"] = any(one.escalated is not None for one in some)
    told["complained"] = any(one.complaint is not None for one in some)
    before = [(_before(d.case, by_account.get(d.case.account.id, ())), d.saved) for d in decided]
    return tuple(_line(came, before, floor) for came in CAME if told[came])


def _before(case: Case, cases: Sequence[SupportCase]) -> Trouble:
    account = case.account.id
    return troubles(cases, case.opened_at - BEFORE, case.opened_at).get(account, Trouble())


def _line(came: Came, before: Sequence[tuple[Trouble, bool]], floor: int) -> Beside:
    did = [saved for trouble, saved in before if times(trouble, came)]
    others = [saved for trouble, saved in before if not times(trouble, came)]
    return Beside(came, rate(sum(did), len(did), floor=floor), rate(sum(others), len(others), floor=floor))

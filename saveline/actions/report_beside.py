"""Saves beside support, for the stage report: gathered as it was known when the period ended."""

from __future__ import annotations

from collections.abc import Sequence

from saveline.actions.known import Basis
from saveline.core.beside import BEFORE, Beside
from saveline.core.cases import Case
from saveline.evidence.beside import beside
from saveline.evidence.works import Span, decided
from saveline.store import support


def beside_of(basis: Basis, lived: Sequence[Case], span: Span) -> tuple[Beside, ...] | None:
    """``lived`` are all deals that lived in the twelve months. None of a slice that cannot be said of accounts, where
    the report tells nothing of support, and where nothing was decided or nobody came."""
    sides = decided(lived, basis.workspace.outcomes, span) if basis.sieve.wanted.of_accounts else []
    if not sides:
        return None
    moments = [d.case.opened_at for d in sides]
    cases = support.opened(basis.conn, min(moments) - BEFORE, max(moments), basis.period.known)
    return beside(sides, cases)

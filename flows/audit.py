"""Finds what should have happened and did not."""

from prefect import flow

from flows import shift, shown
from saveline.actions.audit import audit as look


@flow(name="audit")
async def audit() -> int:
    """Look; show what was found; and fail when something is urgent, so that an automation can page somebody."""
    found = await shift.once(look)
    await shown.named("; ".join(f.words for f in found) or "healthy")
    await shown.table(
        "audit", [{"finding": f.id, "urgent": f.urgent, "what": f.words} for f in found], "Not as it should be."
    )
    urgent = [f.words for f in found if f.urgent]
    if urgent:
        raise RuntimeError("; ".join(urgent))
    return len(found)

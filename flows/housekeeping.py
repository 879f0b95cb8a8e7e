"""Prunes history by policy and checks integrity."""

from prefect import flow

from flows import shift, shown
from saveline.actions.housekeeping import keep_house


@flow(name="housekeeping")
async def housekeeping(prefect_days: int = 7) -> dict[str, int]:
    """Forget what is old, in our database and of our own runs in Prefect's; fail when something is not whole."""
    kept = await shift.once(keep_house)
    deleted = kept.deleted | {"prefect runs": await shown.forget_runs(prefect_days)}
    await shown.named(f"{sum(deleted.values())} deleted, {kept.checked} deals checked")
    await shown.table("housekeeping", [{"what": k, "deleted": n} for k, n in deleted.items()], "Pruned.")
    if kept.faults:
        raise RuntimeError("; ".join(kept.faults))
    return deleted

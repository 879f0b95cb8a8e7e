"""The slice that a report is of, in words: beside its title, and what its figures leave out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from saveline.core.slices import OF_ACCOUNT, UNKNOWN, Cut
from saveline.core.tongue import Tongue, sentence

NAMES: Final = {
    "segment": sentence("segment"),
    "vertical": sentence("vertical"),
    "region": sentence("region"),
    "cause": sentence("cause"),
    "play": sentence("play"),
    "owner": sentence("owner"),
    "department": sentence("department"),
}
COUNTED: Final = sentence(
    "Counted here is only what belongs to {slice}, by what was known of it at the end of the period."
)
NO_LOAD: Final = sentence("How much people have to do in all is told by the whole report only.")
NO_ACCOUNTS: Final = sentence(
    "What customers pay and say, and how support answers them, is not known by {dimensions}, and is left out."
)
CAME_SO_FAR: Final = sentence(
    "A deal counts for each department that had a part in it. One that ended before their turn does not: save rates "
    "are those of deals that came so far, and do not tell what a department brings about."
)


def slice_words(cuts: Sequence[Cut], tongue: Tongue) -> str:
    """``segment enterprise, owner Ana Ruiz``."""
    return ", ".join(f"{tongue.say(NAMES[c.dimension])} {_title(c, tongue)}" for c in cuts)


def left_out(cuts: Sequence[Cut], tongue: Tongue) -> tuple[str, ...]:
    """What a reader of a slice must know: what is counted, and what cannot be told of it."""
    if not cuts:
        return ()
    said = [tongue.say(COUNTED, slice=slice_words(cuts, tongue)), tongue.say(NO_LOAD)]
    of_deals = [tongue.say(NAMES[c.dimension]) for c in cuts if c.dimension not in OF_ACCOUNT]
    if of_deals:
        said.append(tongue.say(NO_ACCOUNTS, dimensions=", ".join(of_deals)))
    if any(c.dimension == "department" for c in cuts):
        said.append(tongue.say(CAME_SO_FAR))
    return tuple(said)


def _title(cut: Cut, tongue: Tongue) -> str:
    return tongue.say("unknown") if cut.value == UNKNOWN else cut.title

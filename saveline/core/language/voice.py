"""``voice`` of saveline.yaml: what of the things that customers say and do is counted as what."""

from __future__ import annotations

from saveline.core.language.problems import Findings
from saveline.core.language.settings_shapes import SettingsShape
from saveline.core.surveys import Listening


def voice_of(found: Findings, shape: SettingsShape) -> Listening:
    """What is to be listened for; what is wrong with it is added to ``found``."""
    voice = shape.voice
    both = sorted(set(voice.nps) & set(voice.csat))
    if both:
        what = f"{both[0]!r} is an answer from 0 to 10 and one from 1 to 5"
        found.add(("voice", "csat"), what, "each kind of signal in one of them")
    if "product" in voice.model_fields_set:
        for i, name in enumerate(voice.product):
            found.known(("voice", "product", i), "department", name, shape.departments)
    for name, words in voice.themes.items():
        for i, entry in enumerate(words):
            if "*" in entry and not all(part.rstrip("*").isalnum() and "*" not in part[:-1] for part in entry.split()):
                what = f"{entry!r} has a * that is not the end of a word"
                found.add(("voice", "themes", name, i), what, "words like price*, for all that begin so")
    told = voice.pulse or shape.pulse is not None  # whoever is asked is told what came of it
    themes = {name: tuple(words) for name, words in voice.themes.items()}
    return Listening(tuple(voice.nps), tuple(voice.csat), tuple(voice.product), themes, told)

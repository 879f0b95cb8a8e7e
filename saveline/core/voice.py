"""What customers say and what becomes of them, beside what they pay: one part of the stage report."""

from __future__ import annotations

from saveline.core.bowtie import Bowtie
from saveline.core.facts import Fact
from saveline.core.product_changes import Change
from saveline.core.pulse import Pulse
from saveline.core.root_causes import Verified
from saveline.core.surveys import Surveys
from saveline.core.themes import Heard
from saveline.core.touchpoints import Contacts


class Voice(Fact, frozen=True):
    surveys: Surveys = Surveys()
    contacts: Contacts | None = None
    bowtie: Bowtie | None = None
    heard: Heard | None = None
    verified: Verified | None = None
    changes: tuple[Change, ...] = ()
    pulse: Pulse | None = None

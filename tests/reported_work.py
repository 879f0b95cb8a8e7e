"""Who does the work, in the sample report: some departments with many tasks, and one with few."""

from __future__ import annotations

from saveline.core.beside import Beside
from saveline.core.credit import Credit, Helper, Team
from saveline.core.elapsed import Elapsed
from saveline.core.intervals import Rate, rate
from saveline.core.support import Answered, Support, Wait
from saveline.core.work import Attainment, Load, Over, Rung, Work

HOUR = 3600
ATTAINED = (
    Attainment("success", 31, 3, 9, 1, rate(31, 40)),
    Attainment("finance", 12, 0, 8, 6, rate(12, 20)),
    Attainment("engineering", 5, 2, 1, 0, Rate(5, 6)),
)
ELAPSED = Elapsed(
    29, (("success", 412 * HOUR), ("finance", 171 * HOUR), ("engineering", 96 * HOUR)),
    customer=205 * HOUR, off_hours=2630 * HOUR, put_off=88 * HOUR, unasked=240 * HOUR, paused=168 * HOUR,
)  # fmt: skip
CREDIT = Credit(
    3, 66_400_000, 14,
    (
        Helper(1, "Ana Ruiz", "success", 3, 2, 11, 0, 0, 66_400_000),
        Helper(4, "Dora Weiss", "finance", 2, 0, 3, 1, 2, 51_200_000),
        Helper(5, "Eli Stern", "engineering", 1, 0, 2, 1, 0, 31_000_000),
    ),
    (
        Team("success", 6, 3, 17, 66_400_000),
        Team("finance", 3, 2, 5, 51_200_000),
        Team("engineering", 5, 1, 4, 31_000_000),
    ),
    asked=4, answered=3,
)  # fmt: skip
SUPPORT = Support(
    Answered(38, Wait(36, 95, 410), Wait(33, 1410, 4320), rate(30, 36), rate(19, 33), rate(4, 38), Rate(1, 9)),
    Answered(
        1960, Wait(1940, 88, 372.5), Wait(1902, 1320, 4104), rate(1710, 1940), rate(1120, 1902), rate(96, 1960),
        rate(41, 410), 4.1, 1204,
    ),
)  # fmt: skip
WORK = Work(
    {"success": "Customer success", "finance": "Finance", "engineering": "Engineering"},
    Attainment("", 48, 5, 18, 7, rate(48, 66)), ATTAINED,
    (Rung(0, 51, 9, 1), Rung(1, 14, 4, 0), Rung(2, 3, 2, 1)), ELAPSED,
    (Load("success", 41, 9, 60, 6, 0), Load("finance", 29, 11, 20, 3, 1), Load("engineering", 12, 4, 30, 5, 2)),
    (Over(4, "Dora Weiss", "finance", 17, 10),), CREDIT, SUPPORT,
)  # fmt: skip
BESIDE = (
    Beside("wrote", rate(49, 88), rate(71, 112)),
    Beside("escalated", rate(9, 21), rate(111, 179)),
    Beside("complained", Rate(3, 8), rate(117, 192)),
)

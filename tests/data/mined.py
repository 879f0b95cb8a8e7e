"""What pm4py finds in an event log. Run as a process of its own, ``python -m tests.data.mined FILE…``; it prints JSON.

It is told only which events are steps of the way; the cases, the variants and the times are its own.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import pm4py
from pm4py.statistics.traces.generic.pandas.case_statistics import get_cases_description


def frame_of(path: str) -> Any:
    """The log as a table of events with a case each: of OCEL, a case for each deal."""
    if ".xes" in path:
        return pm4py.read_xes(path, variant="iterparse")  # its default warns that another package would be faster
    flat = pm4py.ocel_flattening(pm4py.read_ocel2_json(path), "deal")
    # What comes is in order of time, the deals mixed, and pm4py counts variants as the lines come.
    return flat.sort_values("case:concept:name", kind="stable")


def found(path: str) -> dict[str, Any]:
    frame = frame_of(path)
    steps = pm4py.filter_event_attribute_values(frame, "on_the_way", [True], level="event")
    return {
        "cases": len(frame["case:concept:name"].unique()),
        "events": len(frame),
        "variants": [[list(variant), count] for variant, count in pm4py.get_variants(steps).items()],
        "seconds": {case: about["caseDuration"] for case, about in get_cases_description(steps).items()},
    }


if __name__ == "__main__":
    print(json.dumps([found(path) for path in sys.argv[1:]]))  # noqa: T201 - the answer

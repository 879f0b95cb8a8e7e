"""An example for every key of a play, offered by editors; tests hold that none lacks one and that each is right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

EXAMPLES: Final[Mapping[str, Mapping[str, tuple[Any, ...]]]] = {
    "PlayShape": {
        "playbook": ("champion-left",),
        "title": ("Champion left",),
        "benefit": ("They get one named person and one agreed plan before the renewal talks.",),
        "applies": ({"causes": ["champion_left"], "arr": {"min": 25000}},),
        "priority": (50,),
        "short": ("champion-left-short",),
        "decide": ("30 days before renewal",),
        "watch": ("90 days",),
        "accept": (["question-not-read"],),
        "stages": ({"triage": {"tasks": []}},),
    },
    "AppliesShape": {
        "causes": (["champion_left", "price_pressure"],),
        "segments": (["enterprise", "mid_market"],),
        "verticals": (["banking"],),
        "regions": (["EMEA"],),
        "arr": ({"min": 25000}, {"min": 1000, "max": 25000}),
        "runway": ({"min": "30 days"}, {"max": "60 days"}),
        "health": ({"max": 40},),
        "if": ("account.seats >= 50",),
    },
    "StageShape": {
        "max": ("2 business days",),
        "exit": ("answers.diagnosis.root_cause is defined",),
        "tasks": ([{"id": "listen", "assign": ["csm", "lead"], "due": "1 business day after start"}],),
    },
    "TaskShape": {
        "id": ("first_call",),
        "title": ("Call {{ account.name }}",),
        "why": ("They are asked before they are sold to.",),
        "assign": (["csm", {"pick": "least_loaded", "from": "support"}], {"claim": "engineering"}),
        "department": ("support",),
        "due": ("1 business day after start", "10 days before renewal", "3 business days after fix done"),
        "after": (["first_call"],),
        "if": ('answers.first_call.reached == false',),
        "form": ({"reached": {"yes_no": True}, "summary": {"text": "long", "optional": True}},),
        "outcomes": (["done", "not_feasible"],),
        "on": ({"not_feasible": {"goto": "decide", "tell": ["owner", "sponsor"]}},),
        "remind": (["1 business day before due", "at due"],),
        "escalate": ("urgent", [{"when": "1 business day after due", "to": "lead", "do": "decide"}]),
        "optional": (True,),
        "accept": (["role-without-fallback"],),
        "repeat": ("every 1 week until stage ends",),
        "tell": (["sponsor", "owner"],),
        "stay": (True,),
        "severity": ({"critical": {"due": "4 business hours after start", "tell": ["leadership.lead"]}},),
    },
    "SeverityTaskShape": {
        "assign": (["sponsor", "owner"],),
        "due": ("4 business hours after start",),
        "repeat": ("every 1 business day",),
        "remind": (["1 business hour before due"],),
        "escalate": ("urgent",),
        "on": ({"not_feasible": {"tell": ["sponsor"]}},),
        "tell": (["sponsor", "leadership.lead"],),
    },
    "RungShape": {
        "unseen": ("4 business hours",),
        "when": ("1 business day after due",),
        "to": (["assignee.manager", "lead"],),
        "do": ("decide",),
        "repeat": ("every 1 business day",),
        "any_hour": (True,),
    },
    "BranchShape": {"goto": ("decide",), "tell": (["owner", "sponsor"],)},
    "RangeShape": {"min": (25000,), "max": (100000,)},
    "RunwayShape": {"min": ("30 days",), "max": ("60 days",)},
}  # fmt: skip

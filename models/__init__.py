"""The tables: columns, constraints and indexes, and nothing else. Rows stay in :mod:`saveline.store`.

Every time column is UTC (SQLModel's own type), every table that grows has a key that says what may exist only once, and
the laws a database can keep are CHECKs here, so that no door can break them.
"""

from sqlmodel import SQLModel

from models.accounts import (
    Account,
    AccountRole,
    AccountVersion,
    Contact,
    Departure,
    DepartureVersion,
    Signal,
    SignalBefore,
    Subscription,
    SubscriptionVersion,
    SupportCase,
    SupportCaseVersion,
    Touchpoint,
    TouchpointBefore,
)
from models.deals import Comment, Deal, DealCause, Event, KeptCase, Task
from models.delivery import ApiToken, Attempt, Destination, Thread, Unreachable, Unsubscribed
from models.people import (
    Absence,
    Department,
    Person,
    PersonVersion,
    PulseAnswer,
    PulseAnswerBefore,
    PulseAsked,
    Revision,
    Rotation,
)
from models.records import (
    ImportRun,
    Inbound,
    NamesVersion,
    Notice,
    PlaybookDecided,
    PlaybookDecision,
    PlaybookVersion,
    Report,
)

metadata = SQLModel.metadata

__all__ = [
    "Absence",
    "Account",
    "AccountRole",
    "AccountVersion",
    "ApiToken",
    "Attempt",
    "Comment",
    "Contact",
    "Deal",
    "DealCause",
    "Department",
    "Departure",
    "DepartureVersion",
    "Destination",
    "Event",
    "ImportRun",
    "Inbound",
    "KeptCase",
    "NamesVersion",
    "Notice",
    "Person",
    "PersonVersion",
    "PlaybookDecided",
    "PlaybookDecision",
    "PlaybookVersion",
    "PulseAnswer",
    "PulseAnswerBefore",
    "PulseAsked",
    "Report",
    "Revision",
    "Rotation",
    "Signal",
    "SignalBefore",
    "Subscription",
    "SubscriptionVersion",
    "SupportCase",
    "SupportCaseVersion",
    "Task",
    "Thread",
    "Touchpoint",
    "TouchpointBefore",
    "Unreachable",
    "Unsubscribed",
    "metadata",
]

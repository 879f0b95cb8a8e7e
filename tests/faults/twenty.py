"""The twenty faults of the design: the tests of each, and the bugs that these must notice.

It is one table, and longer than other files: a line of it says what it says only beside the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.faults.planted import (
    ANYBODY_MARKS,
    LEASES_IGNORED,
    LEFT_LYING,
    NEWEST_FIRST,
    OUTBOX,
    REQUEUED,
    Bug,
    Change,
    Fault,
    bug,
)

_HERE: Final = "tests/faults"
_PASS: Final = "saveline/actions/sending.py"
_DATABASE: Final = "saveline/store/database.py"
_SLACK: Final = "saveline/notify/channels/slack.py"
_SIGNATURE: Final = "saveline/web/slack_signature.py"
_SMTP: Final = "saveline/notify/channels/smtp.py"

_KILLED_AT: Final = f"{_HERE}/test_delivery_kill.py::test_killed_at_each_point_of_sending"
_KILLED: Final = f"{_HERE}/test_delivery_kill.py::test_killed_at_random"
_ENGINE_KILLED: Final = f"{_HERE}/test_engine_kill.py::test_killed_at_each_point_of_writing"
_STOPPED_AT: Final = f"{_HERE}/test_stopped.py::test_stopped_at_each_point_of_sending"
_WRONG_CLOCKS: Final = f"{_HERE}/test_clocks.py"
_BY_THE_WALL: Final = f"{_WRONG_CLOCKS}::test_a_reminder_comes_once_and_by_the_wall"
_WEB: Final = "tests/web/test_faults.py"
_CALLERS: Final = "tests/web/test_api_callers.py"
_SLACK_FAULTS: Final = f"{_HERE}/test_slack_faults.py"
_SLACK_HTTP: Final = "saveline/notify/channels/slack_http.py"
_STOOD_STILL: Final = "tests/notify/test_slack_http.py::test_what_stood_still_until_its_time_was_over_is_not_sent"
_PAST_THE_LOOK: Final = "tests/notify/test_slack_http.py::test_of_all_that_is_under_way_one_at_a_time_is_past_its_look"
_PRESSED_IN_SLACK: Final = "tests/web/test_slack_acting.py"
_SLACK_REQUESTS: Final = "tests/web/test_slack_requests.py"
_NOT_SLACKS: Final = f"{_SLACK_REQUESTS}::test_what_is_not_slacks_changes_nothing"
_SENT_AGAIN: Final = f"{_SLACK_REQUESTS}::test_a_request_that_is_sent_again_is_refused"

FAULTS: Final[Mapping[int, Fault]] = {
    1: Fault(
        "kill -9 at each point of sending",
        (_KILLED_AT,),
        (
            Bug("what a dead worker was sending is queued again", (REQUEUED,), (_KILLED_AT,)),
            Bug("what a dead worker was sending is left lying", (LEFT_LYING,), (_KILLED_AT,)),
        ),
    ),
    2: Fault(
        "kill -9 at random",
        (_KILLED,),
        (
            Bug("what a dead worker was sending is queued again", (REQUEUED,), (_KILLED,)),
            Bug("what a dead worker was sending is left lying", (LEFT_LYING,), (_KILLED,)),
        ),
    ),
    3: Fault(
        "kill -9 while the engine or a person writes",
        (f"{_HERE}/test_engine_kill.py",),
        (
            Bug(
                "each statement is a transaction of its own",
                (
                    Change(_DATABASE, '"BEGIN IMMEDIATE" if conn', '"SELECT 1" if conn'),
                    Change(_DATABASE, "pool_pre_ping=True,", 'pool_pre_ping=True, isolation_level="AUTOCOMMIT",'),
                ),
                (_ENGINE_KILLED,),
            ),
        ),
    ),
    4: Fault(
        "down for three days",
        (f"{_HERE}/test_delivery_outage.py",),
        (
            bug(
                "nobody looks whether a later message says it all",
                OUTBOX,
                "    if not ids:\n        return set()\n    other =",
                "    if ids or not ids:\n        return set()\n    other =",
                f"{_HERE}/test_delivery_outage.py::test_down_for_three_days",
            ),
        ),
    ),
    5: Fault(
        "two schedulers, four workers",
        (f"{_HERE}/test_delivery_workers.py",),
        (Bug("a claim that ignores leases", LEASES_IGNORED, (f"{_HERE}/test_delivery_workers.py",)),),
    ),
    6: Fault(
        "stopped for three leases",
        (f"{_HERE}/test_stopped.py", _STOOD_STILL, _PAST_THE_LOOK),
        (
            Bug("a mark that does not ask for its lease", (ANYBODY_MARKS,), (_STOPPED_AT,)),
            bug(
                "no look at the deadline before sending",
                "saveline/actions/switchboard.py",
                "if monotonic() >= job.deadline:",
                "if not job:",
                _STOPPED_AT,
            ),
            bug(
                "a post whose time begins anew when it is sent",
                _SLACK_HTTP,
                "        deadline = self._deadline\n",
                "        deadline = monotonic() + self.timeout\n",
                _STOOD_STILL,
                both=False,
            ),
            bug(
                "any number of posts past their last look at the clock",
                _SLACK_HTTP,
                "            with gate:\n",
                "            if gate:\n",
                _PAST_THE_LOOK,
                both=False,
            ),
        ),
    ),
    7: Fault(
        "the database is locked",
        (
            f"{_HERE}/test_locked_database.py",
            f"{_WEB}::test_a_database_that_is_busy_for_a_moment_is_waited_for",
            f"{_WEB}::test_a_database_that_stays_busy_is_answered_in_time_and_what_was_typed_is_kept",
        ),
        (
            bug(
                "nobody waits for a lock",
                _DATABASE,
                "BUSY_SECONDS: Final = 10",
                "BUSY_SECONDS: Final = 1",
                f"{_HERE}/test_locked_database.py::test_locked_for_three_seconds_nobody_sees_an_error",
            ),
            bug(
                "a press waits for a lock as long as it takes",
                _DATABASE,
                "BUSY_SECONDS: Final = 10",
                "BUSY_SECONDS: Final = 60",
                f"{_HERE}/test_locked_database.py::test_locked_for_longer_than_anybody_waits",
            ),
        ),
    ),
    8: Fault(
        "the disk is full",
        (f"{_HERE}/test_disk_full.py",),
        (
            Bug(
                "a worker that sends what it has not marked",
                (
                    Change(
                        OUTBOX,
                        "    ids = list(conn.execute(due).scalars())\n",
                        "    ids = list(conn.execute(due).scalars())\n"
                        "    found = sa.select(*_COLUMNS).where(NOTICE.c.id.in_(ids))\n"
                        "    return [Queued(*row) for row in conn.execute(found)]\n",
                    ),
                    Change(
                        _PASS,
                        "ids = sending.begin(conn, [_start(job) for job in free],",
                        "ids = {j.notice.id for j in free} or (",
                    ),
                ),
                (f"{_HERE}/test_disk_full.py",),
            ),
        ),
    ),
    9: Fault(
        "PostgreSQL restarted, connections cut",
        (f"{_HERE}/test_database_restart.py",),
        (
            bug(
                "a shift that ends where the database is away",
                "flows/shift.py",
                "except OperationalError as error:",
                "except KeyError as error:",
                f"{_HERE}/test_database_restart.py",
            ),
        ),
    ),
    10: Fault(
        "what mail servers do",
        (f"{_HERE}/test_delivery_smtp.py",),
        (
            bug(
                "silence after the final dot is taken for a refusal",
                _SMTP,
                "            handed_over = True\n",
                "            handed_over = False\n",
                f"{_HERE}/test_delivery_smtp.py::test_after_the_final_dot_silence_means_that_nobody_knows",
                both=False,
            ),
            bug(
                "each attempt has an id of its own",
                "saveline/actions/wording.py",
                'id=f"{NOTICE}{notice.id}.{_mark(matter)}"',
                'id=f"{NOTICE}{notice.id}.{notice.attempts}{_mark(matter)}"',
                f"{_HERE}/test_delivery_smtp.py::test_the_resend_carries_the_same_id",
            ),
        ),
    ),
    11: Fault(
        "what Slack does",
        (_SLACK_FAULTS, "tests/notify/test_slack.py"),
        (
            bug(
                "Retry-After is left out",
                "saveline/actions/settling.py",
                "delivery.hold(there.failures, result.retry_after)",
                "delivery.hold(there.failures, None)",
                f"{_SLACK_FAULTS}::test_a_wait_that_slack_asks_for_is_kept_by_every_worker",
            ),
            bug(
                "it posts again without looking",
                _SLACK,
                "        if message.again:\n            try:\n                found",
                "        if not message:\n            try:\n                found",
                f"{_SLACK_FAULTS}::test_what_may_have_been_posted_is_there_once",
            ),
            bug(
                "a refusal for good is tried again",
                _SLACK,
                'return Permanent(f"Slack refuses it: {code}")',
                'return Transient(f"Slack refuses it: {code}")',
                f"{_SLACK_FAULTS}::test_what_slack_refuses_for_good_goes_by_mail_at_once",
            ),
        ),
    ),
    12: Fault(
        "many to one room",
        (f"{_HERE}/test_rate.py",),
        (
            bug(
                "nobody takes a turn",
                _PASS,
                "return not rate or destinations.take(",
                "return True or destinations.take(",
                f"{_HERE}/test_rate.py::test_many_to_one_room",
            ),
        ),
    ),
    13: Fault(
        "forty presses at once",
        (
            f"{_HERE}/test_presses.py",
            f"{_WEB}::test_fault_13_of_many_presses_at_once_one_acts_and_the_others_are_told",
            f"{_PRESSED_IN_SLACK}::test_of_forty_presses_one_acts_and_the_others_are_told_who_did_it",
            f"{_PRESSED_IN_SLACK}::test_the_same_press_sent_twice_is_one",
        ),
        (
            bug(
                "a press is not remembered",
                "saveline/store/inbound.py",
                "if conn.execute(new).first() is not None:",
                "if conn.execute(new).first() is not new:",
                f"{_HERE}/test_presses.py",
            ),
            bug(
                "a press in Slack is not remembered",
                "saveline/store/inbound.py",
                "if conn.execute(new).first() is not None:",
                "if conn.execute(new).first() is not new:",
                f"{_PRESSED_IN_SLACK}::test_the_same_press_sent_twice_is_one",
            ),
        ),
    ),
    14: Fault(
        "forged, old, cut and huge requests",
        (
            f"{_WEB}::test_fault_14_what_is_forged_old_cut_or_huge_is_refused_and_changes_nothing",
            f"{_CALLERS}::test_what_is_forged_old_early_or_for_something_else_changes_nothing",
            _NOT_SLACKS,
            _SENT_AGAIN,
        ),
        (
            bug(
                "a link of any purpose opens every page",
                "saveline/notify/links.py",
                'salt=f"saveline.{purpose}"',
                'salt="saveline"',
                f"{_WEB}::test_fault_14_what_is_forged_old_cut_or_huge_is_refused_and_changes_nothing",
            ),
            bug(
                "a link is good for ever",
                "saveline/notify/links.py",
                "if grant.until < now.timestamp():",
                "if grant.until < 0:",
                f"{_WEB}::test_fault_14_what_is_forged_old_cut_or_huge_is_refused_and_changes_nothing",
            ),
            bug(
                "a webhook of any age",
                "saveline/web/callers.py",
                "if abs(int(at) - now.timestamp()) > TOLERANCE:",
                "if abs(int(at) - now.timestamp()) > 1000 * TOLERANCE:",
                f"{_CALLERS}::test_what_is_forged_old_early_or_for_something_else_changes_nothing",
            ),
            bug(
                "anybody signs for Slack",
                _SIGNATURE,
                'return hmac.compare_digest(b"v0=" + made.encode(), signature.encode("utf-8", "replace"))',
                "return bool(made)",
                _NOT_SLACKS,
                both=False,
            ),
            bug(
                "a request of Slack's of any age",
                _SIGNATURE,
                "if abs(now - int(timestamp)) > LATEST:",
                "if abs(now - int(timestamp)) > 1000 * LATEST:",
                _NOT_SLACKS,
                both=False,
            ),
            bug(
                "a request of Slack's may come again",
                _SIGNATURE,
                "if signature in self._seen:",
                "if signature in ():",
                _SENT_AGAIN,
                both=False,
            ),
        ),
    ),
    15: Fault(
        "clocks",
        (_WRONG_CLOCKS,),
        (
            bug(
                "a day is 24 hours",
                "saveline/core/worktime.py",
                "return moved.replace(fold=0).astimezone(UTC)",
                "return at + timedelta(days=days)",
                _BY_THE_WALL,
            ),
            bug(
                "what comes twice is its second",
                "saveline/core/worktime.py",
                "return moved.replace(fold=0).astimezone(UTC)",
                "return moved.replace(fold=1).astimezone(UTC)",
                _BY_THE_WALL,
            ),
        ),
    ),
    16: Fault(
        "hostile plays, templates and files",
        ("tests/core/test_refused_files.py", "tests/notify/test_own_templates.py"),
        (
            bug(
                "a loop inside a loop of a template",
                "saveline/notify/fence.py",
                "inside = looping or isinstance(node, nodes.For)",
                "inside = False",
                "tests/notify/test_own_templates.py::test_a_hostile_template_is_refused",
                both=False,
            ),
            bug(
                "a template that writes without end",
                "saveline/notify/render.py",
                "if size > LONGEST_TEXT:",
                "if size < 0:",
                "tests/notify/test_own_templates.py::test_a_hostile_template_is_refused",
                both=False,
            ),
            bug(
                "a link in the folder of templates",
                "saveline/notify/own_templates.py",
                "mode = path.lstat().st_mode",
                "mode = path.stat().st_mode",
                "tests/notify/test_own_templates.py::test_links_and_what_is_no_file_are_refused",
                both=False,
            ),
            bug(
                "YAML of any depth",
                "saveline/files/yaml.py",
                "if len(self._stack) >= DEEPEST and",
                "if len(self._stack) >= 10 * DEEPEST and",
                "tests/core/test_refused_files.py::test_every_hostile_file_is_refused",
                both=False,
            ),
            bug(
                "anchors and aliases",
                "saveline/files/yaml.py",
                "if isinstance(event, AliasEvent) or event.anchor is not None:",
                "if isinstance(event, AliasEvent):",
                "tests/core/test_refused_files.py::test_every_hostile_file_is_refused",
                both=False,
            ),
        ),
    ),
    17: Fault(
        "poison",
        (f"{_HERE}/test_delivery_outage.py", f"{_HERE}/test_poison_deal.py"),
        (
            bug(
                "a notice that cannot be worded stops the worker",
                _PASS,
                "except Exception as error:  # a poison notice",
                "except KeyError as error:  # a poison notice",
                f"{_HERE}/test_delivery_outage.py::test_a_poison_notice_is_set_aside_and_the_others_go_out",
            ),
            bug(
                "a deal that cannot be decided stops the engine",
                "saveline/actions/advance.py",
                "except Exception as error:  # any bug in one deal",
                "except KeyError as error:  # any bug in one deal",
                f"{_HERE}/test_poison_deal.py",
            ),
        ),
    ),
    18: Fault(
        "a day without Slack and mail",
        (f"{_HERE}/test_day_down.py",),
        (
            Bug("the newest first", (NEWEST_FIRST,), (f"{_HERE}/test_day_down.py",)),
            bug(
                "nobody looks whether it is still wanted",
                _PASS,
                '        if reason is not None:\n            return Verdict("cancelled"',
                '        if not matter:\n            return Verdict("cancelled"',
                f"{_HERE}/test_day_down.py",
            ),
        ),
    ),
    19: Fault(
        "Prefect's server down, its database lost",
        (f"{_HERE}/test_prefect_lost.py",),
        (
            bug(
                "an engine that does not ask whether it is still known",
                "flows/engine.py",
                "if looks % KNOWN_EVERY == 0 and not await self._known():",
                "if looks < 0:",
                f"{_HERE}/test_prefect_lost.py",
            ),
        ),
    ),
    20: Fault("a model of the outbox and of a task's life", (f"{_HERE}/test_model.py",), ()),
}

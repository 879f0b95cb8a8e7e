# ruff: noqa: E501 - a mistake is read as one line: what, where, before, after
"""Sixty files that are merely wrong: what authors write in good faith, coming from other tools and other notations.

They are apart from ``tests/core/faults.py``, which has one slip for each rule of the language; ``tests/core/hostile.py``
has the files that nobody writes by mistake.
"""

from __future__ import annotations

from tests.core.faults import CASES, PEOPLE, PLAY, SETTINGS, Fault

TASK = "      - id: check\n        after: [fix]\n"

WRONG = (
    # --- other notations of time
    Fault("days cut short", PLAY, "max: 2 business days", "max: 2bd"),
    Fault("a number alone for days", PLAY, "max: 2 business days", "max: 2"),
    Fault("working days", PLAY, "max: 2 business days", "max: 2 working days"),
    Fault("months", PLAY, "watch: 90 days", "watch: 3 months"),
    Fault("a number in words", PLAY, "watch: 90 days", "watch: ninety days"),
    Fault("an ISO duration", PLAY, "watch: 90 days", "watch: P90D"),
    Fault("a cron line", PLAY, "due: 3 business days after start", 'due: "0 9 * * 1"'),
    Fault("a date where a moment stands", PLAY, "decide: 30 days before renewal", "decide: 2026-11-30"),
    Fault("in so many days", PLAY, "due: 3 business days after start", "due: in 3 business days"),
    Fault("so many days later", PLAY, "due: 3 business days after start", "due: 3 business days later"),
    Fault("T minus", PLAY, "decide: 30 days before renewal", "decide: T-30"),
    Fault("from for after", PLAY, "due: 3 business days after start", "due: 3 business days from start"),
    Fault("a stage as anchor", PLAY, "due: 3 business days after start", "due: 3 business days after triage"),
    Fault("done left out", PLAY, "after fix done", "after fix"),
    Fault("completed for done", PLAY, "after fix done", "after fix completed"),
    Fault("a negative duration", PLAY, "due: 3 business days after start", "due: -3 business days after start"),
    Fault("once for every", PLAY, "do: decide}", "do: decide, repeat: daily}"),
    Fault("every without a number", PLAY, "do: decide}", "do: decide, repeat: every day}"),
    # --- other words for people
    Fault("a full name", PLAY, "assign: finance.lead", "assign: Dora Weiss"),
    Fault("a name with an at sign", PLAY, "assign: finance.lead", 'assign: "@dora"'),
    Fault("a department for a person", PLAY, "assign: finance.lead", "assign: finance"),
    Fault("a head for a lead", PLAY, "assign: finance.lead", "assign: finance.head"),
    Fault("a manager of a department", PLAY, "assign: finance.lead", "assign: [owner, manager]"),
    Fault("somebody's manager's manager", PLAY, "assign: finance.lead", "assign: owner.manager.manager"),
    Fault("a choice of people in words", PLAY, "assign: [ae, owner]", "assign: ae or owner"),
    Fault("a pick without from", PLAY, "{pick: least_loaded, from: customer_success}", "{pick: least_loaded}"),
    Fault("in for from", PLAY, "{pick: least_loaded, from: customer_success}", "{pick: least_loaded, in: customer_success}"),
    Fault("two people in one", PLAY, "{claim: engineering}", "{claim: engineering, person: eli@x.example}"),
    Fault("claim of several", PLAY, "{claim: engineering}", "{claim: [engineering, finance]}"),
    Fault("a list of lists", PLAY, "assign: [ae, owner]", "assign: [[ae], [owner]]"),
    Fault("told in words", PLAY, "tell: [owner, sponsor]", "tell: everybody"),
    # --- other words for keys
    Fault("name for title", PLAY, "title: Save", "name: Save"),
    Fault("assignee for assign", PLAY, "assign: {claim: engineering}", "assignee: {claim: engineering}"),
    Fault("owner for assign", PLAY, "assign: finance.lead", "owner: finance.lead"),
    Fault("due_date for due", PLAY, "due: 10 days before renewal", "due_date: 10 days before renewal"),
    Fault("depends_on for after", PLAY, "after: [fix]", "depends_on: [fix]"),
    Fault("when for if", PLAY, "if: answers.diagnosis", "when: answers.diagnosis"),
    Fault("description for why", PLAY, "why: They", "description: They"),
    Fault("fields for form", PLAY, "form:\n", "fields:\n"),
    Fault("options for choice", PLAY, "{choice: [product, price]}", "{options: [product, price]}"),
    Fault("required for optional", PLAY, "{text: long, optional: true}", "{text: long, required: false}"),
    Fault("a key in capitals", PLAY, "title: Save", "Title: Save"),
    Fault("a key with a hyphen", PLAY, "exit: answers", "exit-if: answers"),
    # --- conditions from other languages
    Fault("&& for and", PLAY, 'root_cause == "product"', 'root_cause == "product" && answers.diagnosis.sure'),
    Fault("=== for ==", PLAY, 'root_cause == "product"', 'root_cause === "product"'),
    Fault("a word without quotes", PLAY, 'root_cause == "product"', "root_cause == product"),
    Fault("braces around a condition", PLAY, 'if: answers.diagnosis.root_cause == "product" and', 'if: "{{ answers.diagnosis.root_cause }}" and'),
    Fault("null for is not defined", PLAY, "answers.diagnosis.root_cause is defined", "answers.diagnosis.root_cause != null"),
    Fault("an answer without answers", PLAY, "exit: answers.diagnosis.root_cause", "exit: diagnosis.root_cause"),
    Fault("the task as an answer", PLAY, "answers.diagnosis.root_cause is defined", "answers.diagnosys is defined"),
    Fault("a status of a task", PLAY, "exit: answers.diagnosis.root_cause is defined", 'exit: tasks.diagnosis.status == "done"'),
    Fault("contains", PLAY, 'answers.diagnosis.root_cause == "product"', 'deal.causes contains "price_pressure"'),
    Fault("a cause that is none in a condition", PLAY, 'answers.diagnosis.root_cause == "product"', '"price" in deal.causes'),
    # --- YAML by hand
    Fault("a list without brackets", PLAY, "causes: [champion_left, price_pressure]", "causes: champion_left, price_pressure"),
    Fault("a dash without a blank", PLAY, "      - id: check", "      -id: check"),
    Fault("a colon without a blank", PLAY, "priority: 5", "priority:5"),
    Fault("typographic quotes", PLAY, 'root_cause == "product"', "root_cause == “product”"),
    Fault("a bracket of the other kind", PLAY, "after: [fix]", "after: [fix}"),
    Fault("one brace too many", PLAY, "{percent: {min: 0, max: 20}}}", "{percent: {min: 0, max: 20}}}}"),
    Fault("a percent sign", PLAY, "max: 20}", "max: 20%}"),
    Fault("a thousand with a comma", PLAY, "arr: {min: 1000}", "arr: {min: 1,000}"),
    Fault("an amount with its currency", PLAY, "arr: {min: 1000}", "arr: {min: €1000}"),
    Fault("a range in words", PLAY, "arr: {min: 1000}", "arr: over 1000"),
    Fault("more than an amount", PLAY, "arr: {min: 1000}", 'arr: ">= 1000"'),
    Fault("tasks under their names", PLAY, "      - id: offer\n", "      - offer:\n"),
    Fault("stages in a list", PLAY, "stages:\n  triage:\n", "stages:\n  - triage:\n"),
    Fault("a task one level too high", PLAY, TASK, TASK.replace("      - id", "  - id")),
    Fault("what an accepted warning is called", PLAY, "priority: 5", "accept: [question-not-red]"),
    # --- the other files
    Fault("hours with a colon and pm", SETTINGS, "mon-fri 9-13, 14-18", "mon-fri 9am-6pm"),
    Fault("a country in words", SETTINGS, "country: PT", "country: Germany"),
    Fault("an offset for a zone", SETTINGS, "zone: Europe/Lisbon", "zone: UTC+1"),
    Fault("a lead by name", SETTINGS, "lead: bob@x.example", "lead: Bob Okafor"),
    Fault("people under their names", PEOPLE, "  - {email: ana@x.example", "  ana: {email: ana@x.example"),
    Fault("holiday as a range", PEOPLE, "to: 2026-12-31", "until: 2026-12-31"),
    Fault("a case: a person by first name", CASES, "who: ana, done", "who: Ana, completes"),
    Fault("a case: expectations as text", CASES, "{outcome: open}", "it stays open"),
    Fault("a case: a day that does not exist", CASES, "on: 2026-11-23 09:00", "on: 2026-11-31 09:00"),
)  # fmt: skip

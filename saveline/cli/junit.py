"""Test results as JUnit XML, which CI systems read: a suite for each play, a case for each test case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree as ET

from saveline.core.errors import Problem
from saveline.core.facts import Fact
from saveline.core.trial import Failure, Verdict
from saveline.files.check import FiledCase

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Played(Fact, frozen=True):
    """A case that was played, and how many seconds that took."""

    filed: FiledCase
    verdict: Verdict
    seconds: float = 0.0


def junit(played: Sequence[Played], errors: Sequence[Problem], short: Sequence[Problem] = ()) -> str:
    """The whole document. Problems of the files are errors of a suite ``playbook check``, plays whose coverage falls
    short failures of a suite ``playbook coverage``."""
    root = ET.Element("testsuites", name="saveline playbook test")
    for play in dict.fromkeys(p.filed.play for p in played):
        suite = ET.SubElement(root, "testsuite", name=play)
        for case in (p for p in played if p.filed.play == play):
            _case(suite, case)
        _total(suite)
    for name, problems, kind in (("playbook check", errors, "error"), ("playbook coverage", short, "failure")):
        if problems:
            suite = ET.SubElement(root, "testsuite", name=name)
            for problem in problems:
                _problem(suite, problem, kind)
            _total(suite)
    _total(root)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ET.Element, played: Played) -> None:
    filed = played.filed
    line, _ = filed.source.where(filed.case.place)
    case = ET.SubElement(
        suite,
        "testcase",
        name=_clean(filed.case.name),
        classname=f"playbooks.{filed.play}",
        file=filed.source.file,
        line=str(line),
        time=f"{played.seconds:.3f}",
    )
    failures = played.verdict.failures
    if failures:
        message = f"expected: {failures[0].expected}"
        failure = ET.SubElement(case, "failure", message=_clean(message), type="expectation")
        failure.text = _clean("\n".join(line for one in failures for line in told(filed, one)))


def told(filed: FiledCase, failure: Failure) -> list[str]:
    """A failure in lines: where, what was expected, what happened, and the story around it."""
    line, column = filed.source.where(failure.place)
    return [
        f"{filed.source.file}:{line}:{column}",
        f"    expected: {failure.expected}",
        f"    happened: {failure.happened}",
        *(f"      {row}" for row in failure.around),
    ]


def _problem(suite: ET.Element, problem: Problem, kind: str) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        name=_clean(f"{problem.file}:{problem.line}:{problem.column}"),
        classname="playbooks",
        file=_clean(problem.file),
        line=str(problem.line),
        time="0.000",
    )
    found = ET.SubElement(case, kind, message=_clean(problem.what), type=problem.id or "problem")
    found.text = _clean(str(problem))


def _total(holder: ET.Element) -> None:
    """The sums that readers of this format expect as attributes."""
    cases = list(holder.iter("testcase"))
    holder.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        holder.set(name, str(sum(1 for c in cases if c.find(tag) is not None)))
    holder.set("time", f"{sum(float(c.get('time', '0')) for c in cases):.3f}")


def _clean(text: str) -> str:
    """``text`` without the few signs that XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)

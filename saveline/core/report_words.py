"""The stage report in words: one page of blocks in a language and in the workspace's zone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final, TypeAlias
from zlib import crc32
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from saveline.core import (
    report_ahead,
    report_bowtie,
    report_conclusions,
    report_customers,
    report_lists,
    report_pipeline,
    report_pulse,
    report_sections,
    report_support,
    report_themes,
    report_trials,
    report_value,
    report_voice,
    report_work,
    report_works,
)
from saveline.core.blocks import Page, Section, plain
from saveline.core.findings import findings
from saveline.core.periods import parse
from saveline.core.report import StageReport
from saveline.core.report_slice import left_out, slice_words
from saveline.core.saying import Saying
from saveline.core.slices import slice_of
from saveline.core.tongue import ENGLISH, Tongue, sentence

READING: Final = sentence(
    "Every figure is counted from the history of the deals up to the end of the period, with ARR as it stood when a "
    "deal was opened; the same week always gives the same report."
)
SectionOf: TypeAlias = Callable[[StageReport, Saying], Section | None]

CHAPTERS: Final[tuple[tuple[str, tuple[SectionOf, ...]], ...]] = (
    (
        "",
        (
            report_sections.bridge,
            report_lists.corrected,
            report_sections.stages,
            report_sections.outcomes,
            report_lists.delayed,
            report_lists.overridden,
            report_lists.decisions,
            report_lists.overdue,
            report_pipeline.stuck,
            report_ahead.tight,
            report_ahead.renewals,
        ),
    ),
    (
        sentence("How deals move"),
        (
            report_pipeline.outlook,
            report_pipeline.reliability,
            report_pipeline.funnel,
            report_pipeline.times,
            report_pipeline.ways,
        ),
    ),
    (
        sentence("Who does the work"),
        (
            report_work.attainment,
            report_work.ladder,
            report_work.days,
            report_work.load,
            report_work.helpers,
            report_support.support,
        ),
    ),
    (
        sentence("What works and what it costs"),
        (
            report_works.works,
            report_trials.trials,
            report_works.compared,
            report_works.kept,
            report_works.lasting,
            report_conclusions.fallback,
            report_conclusions.concluded,
            report_value.cost,
            report_value.concessions,
        ),
    ),
    (
        sentence("Customers"),
        (
            report_bowtie.bowtie,
            report_customers.retained,
            report_customers.departed,
            report_customers.cohorts,
            report_voice.nps,
            report_voice.csat,
            report_voice.contact,
            report_themes.themes,
            report_themes.causes,
            report_themes.product,
            report_pulse.pulse,
        ),
    ),
)
"""The page, from top to bottom; its first chapter has no title. A section is one function from the report's value to
blocks, or to nothing; a new one is written there, and is a line here: every form has it then."""


def report_page(report: StageReport, zone: str, tongue: Tongue = ENGLISH) -> Page:
    """The page that every form of the report prints.

    In another language than the one it was kept in, its findings are said anew.
    """
    saying = Saying(report.currency, ZoneInfo(zone), tongue)
    sections = tuple(_sections(report, saying))
    return Page(
        company=report.company,
        title=_title(report, saying),
        key=_key(report),
        language=tongue.code,
        as_of=report.period.known,
        findings=report.findings if tongue is ENGLISH else findings(report, tongue),
        numbers=report_sections.numbers(report, saying),
        sections=sections,
        reading=" ".join((tongue.say(READING), *left_out(report.slice, tongue))),
        slice=report.slice,
    )


def _sections(report: StageReport, saying: Saying) -> Iterator[Section]:
    for chapter, sections in CHAPTERS:
        title = saying.say(chapter) if chapter else ""
        told = (section(report, saying) for section in sections)
        yield from (replace(s, chapter=title) for s in told if s is not None)


def _title(report: StageReport, saying: Saying) -> str:
    """The period; where it is told as it was known on another day than its last, that day too.
    Of a slice, what it is one of."""
    period, tongue = report.period, saying.tongue
    title = period.title if tongue is ENGLISH else parse(period.key, saying.zone.key, tongue).title
    if period.as_of is not None:
        day = saying.day(period.as_of - timedelta(microseconds=1))
        title = tongue.say("{title}, as known on {day}", title=title, day=day)
    return f"{title} · {slice_words(report.slice, tongue)}" if report.slice else title


def _key(report: StageReport) -> str:
    """What tells the report from others, of a slice a mark of it too: pictures in mails are named by it."""
    key = report.period.key
    return f"{key}-{crc32(slice_of(report.slice).key.encode()):08x}" if report.slice else key


def report_view(report: StageReport, zone: str, tongue: Tongue = ENGLISH) -> dict[str, Any]:
    """The same as templates print it."""
    return plain(report_page(report, zone, tongue))

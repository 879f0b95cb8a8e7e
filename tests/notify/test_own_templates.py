"""A workspace's own templates: used where they are in order, refused where not, and never a reason to lose a notice."""

from __future__ import annotations

import logging
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from time import process_time

import pytest

from saveline.actions import wording
from saveline.notify import own_templates
from saveline.notify.render import Form, Worded
from saveline.notify.samples import KINDS
from tests.notify.conftest import last
from tests.world import World

MAIL = '{% extends "_layout/email.html" %}{% block body %}'
END = "{% endblock %}"


def put(world: World, name: str, text: str | bytes) -> Path:
    """A file of the workspace's folder ``templates``."""
    path = world.settings.workspace / "templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def problems(world: World) -> list[str]:
    return [str(problem) for problem in world.desk.own_templates.problems]


def said(world: World, kind: str = "assigned", who: str = "ana", language: str = "") -> Worded:
    return wording.preview(world.desk, last(world, kind, who, {}), language=language)


def test_a_template_of_the_workspace_goes_before_the_shipped_one(lite: World) -> None:
    """And is read again when it changes: the engine need not be started anew."""
    lite.open()
    before = said(lite)
    put(lite, "assigned/subject.txt", "{{ company }}: {{ title }}")
    assert said(lite).subject == "Northwind Software: Write the three-sentence diagnosis for Acme"
    assert said(lite).text.replace(said(lite).subject, "") == before.text.replace(before.subject, "")
    put(lite, "assigned/subject.txt", "Please look at {{ title }} soon")
    assert said(lite).subject.startswith("Please look at Write")
    (lite.settings.workspace / "templates/assigned/subject.txt").unlink()
    assert said(lite).subject == before.subject


def test_a_template_for_one_language(lite: World) -> None:
    lite.open()
    put(lite, "assigned/subject.txt", "For all: {{ title }}")
    put(lite, "assigned/de/subject.txt", "Auf Deutsch: {{ title }}")
    assert problems(lite) == []
    assert said(lite).subject.startswith("For all: ")
    assert said(lite, language="de").subject.startswith("Auf Deutsch: ")


def test_every_form_can_be_replaced_and_stays_escaped(lite: World) -> None:
    """What a customer is called cannot become markup, whatever a template does. Planted: an environment without
    autoescape; one without finalize for Slack."""
    evil = "<!channel> & <script>x</script>"
    lite.open(lite.account("evil", name=evil))
    put(lite, "assigned/email.html", MAIL + "<p>{{ account }}</p>{{ account | lines }}" + END)
    put(
        lite, "assigned/slack.txt", "*{{ headline }}*\n\n{{ account }} {{ account | trim }}\n\n{{ account | quoted }}\n"
    )
    put(lite, "assigned/email.txt", "{{ account }}\n")
    assert problems(lite) == []
    words = said(lite)
    assert "<script>" not in words.html
    assert words.html.count("&lt;script&gt;") >= 2
    assert "<!channel>" not in words.slack
    assert words.slack.count("&lt;!channel&gt;") >= 3
    assert words.text == evil + "\n"


def test_what_prints_the_sample_and_fails_later_costs_nobody_the_notice(
    lite: World, caplog: pytest.LogCaptureFixture
) -> None:
    lite.open()
    put(lite, "assigned/subject.txt", "{{ title }}{% if account == 'Acme' %}{{ title - 1 }}{% endif %}")
    assert problems(lite) == []
    with caplog.at_level(logging.WARNING):
        assert said(lite).subject.startswith("Write the three-sentence diagnosis for Acme, due")
    assert "templates/assigned/subject.txt failed" in caplog.text


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("assigned/subject.txt", "{{ titel }}", "templates/assigned/subject.txt:1:4: unknown name 'titel'"),
        (
            "assigned/subject.txt",
            "a\nb {{ task.tile }}",
            "templates/assigned/subject.txt:2:11: unknown name 'tile' in task",
        ),
        ("asigned/subject.txt", "x", "no kind of notice is called 'asigned'"),
        ("assigned/emial.html", "x", "no template is called 'emial.html'"),
        ("assigned/deutsch/subject.txt", "x", "unknown language 'deutsch'; expected en or de; did you mean 'de'?"),
        ("assigned/email.html", '{% extends "_layout/mail.html" %}', "did you mean '_layout/email.html'?"),
        (
            "assigned/email.html",
            '{% extends "_layout/email.html" %}\n{% block bdy %}{% endblock %}',
            ":2:10: _layout/email.html has no block 'bdy'",
        ),
        ("assigned/email.html", '{% extends "_layout/email.html" %}\nlost', "text beside the blocks"),
        ("assigned/email.html", '{% extends "_layout/email.html" %}\n{{ title }}', "text beside the blocks"),
        ("assigned/subject.txt", "{{ title | uper }}", "did you mean 'upper'?"),
        ("assigned/subject.txt", "{{ title | lines }}", "no filter 'lines' in this form"),
        ("assigned/subject.txt", "{% if title %}", "not a template"),
    ],
)
def test_a_broken_template_is_told_with_its_place(lite: World, name: str, text: str, problem: str) -> None:
    put(lite, name, text)
    found = problems(lite)
    assert len(found) == 1, found
    assert problem in found[0]
    lite.open()
    assert said(lite).subject.startswith("Write the three-sentence diagnosis for Acme, due")


def test_what_is_not_looked_at_any_more_is_said(lite: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_templates, "MOST", 3)
    put(lite, "assigned/subject.txt", "{{ title }}")
    put(lite, "reminder/subject.txt", "{{ title }}")
    assert problems(lite) == [
        "templates/reminder:1:1: more than is looked at; expected at most 3 files and folders in all"
    ]


HOSTILE: dict[str, str | bytes] = {
    "call": "{{ title.upper() }}",
    "call_of_a_name": "{{ say('x') }}",
    "super": MAIL + "{{ super() }}" + END,
    "class": "{{ ''.__class__ }}",
    "mro": "{{ title.__class__.__mro__ }}",
    "globals": "{{ self.__init__.__globals__ }}",
    "cycler": "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "lipsum": "{{ lipsum.__globals__ }}",
    "namespace": "{% set ns = namespace(x=1) %}{{ ns.x }}",
    "item": "{{ facts[0] }}",
    "attr_filter": "{{ title | attr('__class__') }}",
    "map_attr": "{{ facts | map(attribute='label') | join }}",
    "safe": "{{ note | safe }}",
    "autoescape": "{% autoescape false %}{{ note }}{% endautoescape %}",
    "format_filter": "{{ '%999999999d' | format(1) }}",
    "center": "{{ title | center(999999999) }}",
    "times": "{{ 'x' * 1000000000 }}",
    "power": "{{ 9 ** 9 ** 9 }}",
    "modulo": "{{ '%1000000000s' % title }}",
    "range": "{% for i in range(1000000000) %}x{% endfor %}",
    "nested_loops": "{% for a in facts %}{% for b in facts %}x{% endfor %}{% endfor %}",
    "recursive": "{% for a in facts recursive %}{{ loop(facts) }}{% endfor %}",
    "loop_over_text": "{% for a in title %}x{% endfor %}",
    "loop_with_condition": "{% for a in facts if a %}x{% endfor %}",
    "macro": "{% macro m() %}x{% endmacro %}{{ m() }}",
    "call_block": "{% call m() %}x{% endcall %}",
    "include": '{% include "/etc/passwd" %}',
    "include_layout": '{% include "_layout/asks.html" %}',
    "import": '{% import "_layout/email.html" as m %}',
    "from_import": '{% from "_layout/email.html" import m %}',
    "extends_path": '{% extends "../../../../etc/passwd" %}',
    "extends_name": "{% extends title %}",
    "extends_itself": '{% extends "own/assigned//email.html" %}',
    "set": "{% set x = title %}{{ x }}",
    "set_block": "{% set x %}aaa{% endset %}",
    "with": "{% with x = title %}{{ x }}{% endwith %}",
    "filter_block": "{% filter upper %}x{% endfilter %}",
    "dict": "{{ {'a': 1} }}",
    "not_not": "{{ " + "not " * 50_000 + "title }}",
    "brackets": "{{ " + "(" * 5_000 + "title" + ")" * 5_000 + " }}",
    "plus": "{{ " + "1 + " * 10_000 + "1 }}",
    "filters": "{{ title" + " | upper" * 5_000 + " }}",
    "dots": "{{ title" + ".a" * 10_000 + " }}",
    "ifs": "{% if title %}" * 3_000 + "{% endif %}" * 3_000,
    "join_text": "{{ title | join('" + "x" * 150 + "') | join('y') }}",
    "long_word": "{{ facts | join('" + "x" * 30_000 + "') }}",
    "wide": "{{ title | wordwrap(1) }}",
    "wrap_with": "{{ title | wordwrap(20, True, '" + "x" * 20_000 + "') }}",
    "too_long": "x" * 70_000,
    "too_much": "{% for a in facts %}" + "x" * 30_000 + "{% endfor %}",
    "not_utf8": b"\xff\xfe\x00{{ title }}",
    "nul": "{{ title }}\x00{{ \x00 }}",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_template_is_refused(name: str, world_of_templates: World) -> None:
    """Within a second and 200 MB, and the shipped one stays. Planted: ``*`` on the list; a fence that does not look
    into loops; no limit on what is written; ``own`` templates found by any name; filters with any brackets."""
    world = world_of_templates
    put(world, "assigned/email.html", HOSTILE[name])
    desk, before = world.desk, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = process_time()
    found = desk.own_templates
    took, grown = process_time() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert len(found.problems) == 1, found.problems
    assert found.texts == {}
    assert took < 1.0
    assert grown < 200 * 1024
    assert said(world).html.count("<h1") == 1


@pytest.fixture(scope="module")
def world_of_templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all of them, with its samples made: what is measured is the look at a template."""
    folder = tmp_path_factory.mktemp("templates")
    made = World(folder / "workspace", f"sqlite:///{folder / 'saveline.db'}")
    made.open()
    put(made, "assigned/email.html", "{{ headline }}")
    assert problems(made) == []
    yield made
    made.close()


@pytest.mark.parametrize("how", ["file", "kind", "folder", "fifo"])
def test_links_and_what_is_no_file_are_refused(lite: World, tmp_path: Path, how: str) -> None:
    """Planted: is_file() instead of lstat(), which follows a link."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "subject.txt").write_text("from outside")
    templates = lite.settings.workspace / "templates"
    if how == "folder":
        templates.symlink_to(outside.parent)
    else:
        (templates / "assigned").mkdir(parents=True)
    if how == "file":
        (templates / "assigned/subject.txt").symlink_to(outside / "subject.txt")
    if how == "kind":
        (templates / "reminder").symlink_to(outside)
    if how == "fifo":
        os.mkfifo(templates / "assigned/subject.txt")
    assert len(problems(lite)) == 1
    assert ("is a link" in problems(lite)[0]) is (how != "fifo")
    lite.open()
    assert "outside" not in said(lite).subject


def test_every_kind_has_a_sample(lite: World) -> None:
    """Built by the engine, and printed by the shipped templates in both languages."""
    desk = lite.desk
    for kind in KINDS:
        views = desk._sample_views(kind)
        assert views, kind
        for view in views:
            forms: tuple[Form, ...] = ("slack",) if kind == "update" else wording.FORMS
            for language in ("en", "de"):
                assert wording.templates().words(kind, {**view, "language": language}, forms).subject

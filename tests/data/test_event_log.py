"""Event logs as files: valid whatever people wrote, of the right moment, whole or not there, and with nobody's name.

Planted bugs that turned these tests red: a control character left in the XML, a line end in an attribute written as it
is, departments spoken of that are no objects of the log, a name where a number belongs, a file written under its own
name at once, a deal that comes in two parts of the reading, and a text of a change that is on neither list.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, get_args
from xml.etree import ElementTree

import jsonschema  # type: ignore[import-untyped]  # it has no types of its own
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from saveline.actions import joining, tasks
from saveline.actions.exporting import LogForm, Telling, write_log, write_tables
from saveline.actions.tasks import TaskRef
from saveline.core.changes import KIND, Change
from saveline.core.dataset import TABLES, Shown
from saveline.core.decide.joining import Merge
from saveline.core.errors import CannotWrite
from saveline.core.facts import Clock, Deal, Task
from saveline.core.withheld import WORDS, WRITTEN
from saveline.files import xes
from saveline.files.whole import sound_xml, whole
from saveline.store import export
from saveline.store.load import ACCOUNT
from tests.cli.terminal import Terminal
from tests.data.lived import HOSTILE
from tests.world import World

XES: Final = "{http://www.xes-standard.org/}"
VALUES: Final[dict[str, Callable[[str], Any]]] = {
    "string": str,
    "int": int,
    "boolean": {"true": True, "false": False}.__getitem__,
    "date": datetime.fromisoformat,
}

_NAMED = {"type": "object", "required": ["name", "attributes"], "additionalProperties": False}
_RELATIONSHIPS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["objectId", "qualifier"],
        "properties": {"objectId": {"type": "string"}, "qualifier": {"type": "string"}},
        "additionalProperties": False,
    },
}
_MOMENT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}
_VALUE = {"type": ["string", "number", "boolean"]}


def _type(name: str) -> dict[str, Any]:
    types = {"enum": ["string", "time", "integer", "float", "boolean"]}
    attribute = {
        "type": "object",
        "required": ["name", "type"],
        "properties": {"name": {"type": "string"}, "type": types},
    }
    return _NAMED | {"properties": {"name": {"type": name}, "attributes": {"type": "array", "items": attribute}}}


def _attributes(*required: str) -> dict[str, Any]:
    known = {"name": {"type": "string"}, "value": _VALUE, "time": _MOMENT}
    properties = {name: known[name] for name in required}
    return {
        "type": "array",
        "items": {"type": "object", "required": [*required], "properties": properties, "additionalProperties": False},
    }


OCEL: Final = {
    "type": "object",
    "required": ["eventTypes", "objectTypes", "events", "objects"],
    "additionalProperties": False,
    "properties": {
        "eventTypes": {"type": "array", "items": _type("string")},
        "objectTypes": {"type": "array", "items": _type("string")},
        "events": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "type", "time"],
                "additionalProperties": False,
                "properties": {
                    "id": {"type": "string"},
                    "type": {"type": "string"},
                    "time": _MOMENT,
                    "attributes": _attributes("name", "value"),
                    "relationships": _RELATIONSHIPS,
                },
            },
        },
        "objects": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "type"],
                "additionalProperties": False,
                "properties": {
                    "id": {"type": "string"},
                    "type": {"type": "string"},
                    "attributes": _attributes("name", "time", "value"),
                    "relationships": _RELATIONSHIPS,
                },
            },
        },
    },
}
"""OCEL 2.0 as its specification describes the JSON form (section 7 of the document of 16 October 2023)."""


def lived(world: World) -> None:
    """Two deals, one merged into the other, with everything hostile that people can write."""
    world.open(world.account("a\tb", name=f"A{HOSTILE}"))
    world.open(world.account("globex", name="Globex", segment=HOSTILE))
    world.pass_time(hours=2)
    world.done("ana", "diagnosis", root_cause="price", summary=HOSTILE)
    tasks.comment(world.desk, TaskRef(1, 1), world.by("bob"), body=HOSTILE)
    joining.merge(world.desk, 2, 1, world.by("ana"), Merge("one customer"))
    world.pass_time(days=4)


def attributes(element: ElementTree.Element) -> dict[str, Any]:
    found = [c for c in element if "key" in c.attrib]
    return {c.attrib["key"]: VALUES[c.tag.removeprefix(XES)](c.attrib["value"]) for c in found}


def test_xes_holds_every_event_as_it_was(lite: World, tmp_path: Path) -> None:
    """Read by an XML parser: names, moments and people are those of the history, and text is what it was."""
    lived(lite)
    write_log(lite.desk, tmp_path / "log.xes", "xes", shown=Shown(people=True))
    root = ElementTree.parse(tmp_path / "log.xes").getroot()
    assert (root.tag, root.attrib["xes.version"]) == (f"{XES}log", "1849.2016")
    prefixes = {e.attrib["prefix"] for e in root.iter(f"{XES}extension")}
    keys = {c.attrib["key"] for c in root.iter() if "key" in c.attrib}
    assert {k.partition(":")[0] for k in keys if ":" in k} == prefixes
    check_order(root)
    traces = root.findall(f"{XES}trace")
    assert [attributes(t)["concept:name"] for t in traces] == ["1", "2"]
    assert attributes(traces[0])["account_name"] == f"A{sound_xml(HOSTILE)}"
    assert attributes(traces[1])["merged_into"] == "1"
    for number, trace in enumerate(traces, 1):
        events = [attributes(e) for e in trace.findall(f"{XES}event")]
        assert [e["kind"] for e in events] == lite.history(number)
        assert [e["seq"] for e in events] == list(range(1, len(events) + 1))
        assert sorted(e["time:timestamp"] for e in events) == [e["time:timestamp"] for e in events]
    diagnosis = [e for e in map(attributes, traces[0].iter(f"{XES}event")) if e["concept:name"] == "task: diagnosis"]
    assert [e["lifecycle:transition"] for e in diagnosis] == ["schedule", "assign", "complete"]
    assert (diagnosis[-1]["org:resource"], diagnosis[-1]["org:group"]) == ("Ana Ruiz", "customer_success")
    assert {e["concept:instance"] for e in diagnosis} == {"1.1"}


def check_order(root: ElementTree.Element) -> None:
    """What the standard asks of a log: the order of its parts, names without blanks, and that what a classifier looks
    at is there in every event."""
    order = {"extension": 0, "global": 1, "classifier": 2, "trace": 4}
    places = [order.get(child.tag.removeprefix(XES), 3) for child in root]  # 3: the log's own attributes
    assert places == sorted(places)
    assert all(re.fullmatch(r"[A-Za-z_][\w.-]*", e.attrib["name"]) for e in root if "name" in e.attrib)
    assert all(re.fullmatch(r"[A-Za-z_:][\w.:-]*", e.attrib["key"]) for e in root.iter() if "key" in e.attrib)
    scopes = {g.attrib["scope"]: set(attributes(g)) for g in root.findall(f"{XES}global")}
    for classifier in root.findall(f"{XES}classifier"):
        assert set(classifier.attrib["keys"].split()) <= scopes[classifier.attrib["scope"]]
    for scope, keys in scopes.items():
        assert all(keys <= set(attributes(element)) for element in root.iter(f"{XES}{scope}"))


@given(st.text(st.characters(exclude_categories=[])))
def test_every_text_stands_in_xml(text: str) -> None:
    """Whatever it is, surrogates and control characters included: what XML allows comes back as it was."""
    line = xes.attribute("concept:name", text)
    line.encode("utf-8")
    read = ElementTree.fromstring(line).attrib["value"]
    assert read == sound_xml(text)
    assert re.sub("�", "", read) == "".join(c for c in text if c in read and c != "�")


def test_ocel_is_as_its_specification_says(lite: World, tmp_path: Path) -> None:
    """Its form, its types, and that everything that is spoken of is there, once."""
    lived(lite)
    write_log(lite.desk, tmp_path / "log.json", "ocel")
    log = json.loads((tmp_path / "log.json").read_bytes())
    jsonschema.validate(log, OCEL)
    check_declared(log)
    objects = {o["id"]: o for o in log["objects"]}
    assert len(objects) == len(log["objects"])
    assert len({e["id"] for e in log["events"]}) == len(log["events"]) == sum(len(lite.history(i)) for i in (1, 2))
    for thing in (*log["events"], *log["objects"]):
        pairs = [(r["objectId"], r["qualifier"]) for r in thing.get("relationships", [])]
        assert len(set(pairs)) == len(pairs)
        assert {i for i, _ in pairs} <= set(objects), thing
    assert {"objectId": "deal 1", "qualifier": "merged into"} in objects["deal 2"]["relationships"]
    assert {"objectId": "deal 1", "qualifier": "of deal"} in objects["task 1.1"]["relationships"]
    states = [a["value"] for a in objects["deal 2"]["attributes"] if a["name"] == "state"]
    assert states == ["open", "closed"]
    done = next(e for e in log["events"] if e["type"] == "task done")
    assert {(r["qualifier"], r["objectId"].split()[0]) for r in done["relationships"]} == {
        ("deal", "deal"), ("account", "account"), ("task", "task"), ("by", "person"), ("holder", "person"),
        ("department", "department"),
    }  # fmt: skip


def check_declared(log: dict[str, Any]) -> None:
    """Every attribute is one of its type, with a value of the declared kind."""
    kinds = {"string": str, "time": str, "integer": int, "boolean": bool}
    for what, declared in (("events", "eventTypes"), ("objects", "objectTypes")):
        types = {t["name"]: {a["name"]: kinds[a["type"]] for a in t["attributes"]} for t in log[declared]}
        for thing in log[what]:
            for attribute in thing["attributes"]:
                assert isinstance(attribute["value"], types[thing["type"]][attribute["name"]]), attribute


@pytest.mark.parametrize("form", ["xes", "ocel"])
def test_a_packed_log_is_the_same_and_always_the_same(lite: World, tmp_path: Path, form: LogForm) -> None:
    lived(lite)
    plain, one, two = tmp_path / "log", tmp_path / "log.gz", tmp_path / "other.gz"
    for path in (plain, one, two):
        write_log(lite.desk, path, form)
    assert gzip.decompress(one.read_bytes()) == plain.read_bytes()
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("form", ["xes", "ocel"])
def test_nobody_is_named_unless_it_is_asked_for(lite: World, tmp_path: Path, form: LogForm) -> None:
    lived(lite)
    path = tmp_path / "log"
    for shown in (Shown(), Shown(people=True)):
        write_log(lite.desk, path, form, shown=shown)
        text = path.read_text()
        assert ("Ana Ruiz" in text) == shown.people
        assert ("person 1" in text) == (form == "ocel" or not shown.people)
        assert "x.example" not in text.replace("http://x.example", "")
        assert "one customer" not in text


def test_every_text_of_a_change_is_known_as_a_word_or_as_written() -> None:
    """A new field has to be put on one of the lists before it can leave."""
    assert set(KIND) == set(get_args(Change))
    classes: tuple[Any, ...] = (*KIND, Deal, Task, Clock)
    for cls in classes:
        for field in cls.__struct_fields__:
            annotations = [c.__annotations__[field] for c in cls.__mro__ if field in getattr(c, "__annotations__", {})]
            if any(word in str(annotations[0]) for word in ("str", "Mapping", "Literal", "State")):
                assert (field in WORDS) != (field in WRITTEN), f"{cls.__name__}.{field}"


@pytest.mark.parametrize("form", ["xes", "ocel"])
def test_a_log_on_both_databases_as_of_a_moment(on_both: World, tmp_path: Path, form: LogForm) -> None:
    """What was not known yet is not in it: the engine had stood still for six days."""
    on_both.open()
    on_both.jump(on_both.now + timedelta(days=6))
    on_both.open(on_both.account("globex", name="Globex"))
    early = write_log(on_both.desk, tmp_path / "early", form, as_of=on_both.now - timedelta(hours=1))
    all_ = write_log(on_both.desk, tmp_path / "all", form)
    assert (early.deals, early.events) == (1, 4)
    assert (all_.deals, all_.events) == (2, sum(len(on_both.history(i)) for i in (1, 2)))
    assert "Globex" not in (tmp_path / "early").read_text()


def test_a_file_is_there_whole_or_as_it_was(lite: World, tmp_path: Path) -> None:
    """Whether the history cannot be read, the folder is none, or there is a folder where the file belongs."""
    lite.open()
    path = tmp_path / "log.xes"
    path.write_text("the one of last week")
    with lite.desk.writing() as conn:
        conn.execute(sa.text("UPDATE event SET data = '{' WHERE seq = 3"))
    for form in get_args(LogForm):
        with pytest.raises(Exception, match="truncated"):
            write_log(lite.desk, path, form)
    with pytest.raises(Exception, match="truncated"):
        write_tables(lite.desk, tmp_path, "csv")
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith((".", "log", "deals"))] == ["log.xes"]
    assert path.read_text() == "the one of last week"
    with pytest.raises(CannotWrite, match=r"log.xes/inner cannot be written: .+ What was there before is as it was"):
        write_log(lite.desk, path / "inner", "xes")
    with pytest.raises(CannotWrite, match="it is a folder"), whole(tmp_path) as part:
        part.write_text("")


def test_a_deal_is_read_when_its_turn_comes(lite: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The history is never in memory as a whole: that the third deal's cannot be read is found after the second.

    Planted: all parts read before the first is told.
    """
    monkeypatch.setattr(export, "CHUNK", 1)
    for i in range(3):
        lite.open(lite.account(f"k{i}", name=f"Customer {i}"))
    with lite.desk.writing() as conn:
        conn.execute(sa.text("UPDATE event SET data = '{' WHERE deal_id = 3"))
    with lite.desk.reading() as conn:
        told = Telling(lite.desk, conn, None).traces()
        assert [next(told).account.name, next(told).account.name] == ["Customer 0", "Customer 1"]
        with pytest.raises(Exception, match="truncated"):
            next(told)


def test_the_page_names_every_column() -> None:
    """docs/data.md says what stands in each, in the words of the tables themselves."""
    kinds = {"integer": "whole number", "yes_no": "yes or no"}
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text()
    for name, columns in TABLES.items():
        section = page.partition(f"### {name}\n")[2].partition("\n### ")[0]
        lines = [line for line in section.splitlines() if line.startswith("| `")]
        assert lines == [f"| `{c.name}` | {kinds.get(c.type, c.type)} | {c.what} |" for c in columns]


def test_the_command_line(lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    lived(lite)
    terminal = Terminal(lite, monkeypatch, capsys)
    log, folder = tmp_path / "log.xes", tmp_path / "tables"
    said = terminal.done("report", "log", "--xes", str(log), "--ocel", str(tmp_path / "log.json"))
    assert re.fullmatch(r"(2 deals, \d+ events: .+\n){2}", said)
    assert terminal.json("report", "tables", str(folder), "--csv", "--as-of", "2026-11-20")[0]["deals"] == 2
    assert terminal.json("report", "tables", str(folder), "--as-of", "2026-11-19")[0]["deals"] == 0
    assert {p.name for p in folder.iterdir()} == {f"{name}.{form}" for name in TABLES for form in ("csv", "parquet")}
    assert "say which" in terminal.refused("report", "log", status=2)
    assert "expected a date" in terminal.refused("report", "tables", str(folder), "--as-of", "soon", status=2)
    assert "cannot be written" in terminal.refused("report", "log", "--xes", str(folder))
    assert "At risk" in terminal.done("report")
    with lite.desk.reading() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(ACCOUNT)).scalar() == 2

"""What a workspace's own templates may do: print, choose, go through a list, stand in for blocks of the shipped ones.

Jinja's sandbox stops escapes; it does not stop a template from being slow or huge, or from printing what it should not
know of. So only the nodes and filters below may stand in one, and names must be in the view.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

from jinja2 import Environment, TemplateSyntaxError, nodes

from saveline.core.errors import Problem, in_quotes, nearest, one_of
from saveline.core.facts import Fact

LONGEST: Final = 64 * 1024
"""Bytes of a template, and characters of what it writes."""
DEEPEST: Final = 40
"""Levels of what stands inside one another."""
LONGEST_WORD: Final = 200
"""Characters of a text inside a filter's brackets."""
FILTERS: Final[Mapping[str, tuple[type, ...]]] = {
    "capitalised": (),
    "default": (str,),
    "first": (),
    "item": (),
    "join": (str,),
    "last": (),
    "length": (),
    "lines": (),
    "lower": (),
    "quoted": (),
    "trim": (),
    "upper": (),
    "wordwrap": (int,),
}
"""What may stand after ``|``, with what may stand in its brackets."""
WIDTHS: Final = range(20, 201)
TESTS: Final = ("defined", "undefined", "none", "in", "eq", "ne", "lt", "le", "gt", "ge")

_NODES: Final = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Extends,
    nodes.Block,
    nodes.If,
    nodes.For,
    nodes.Name,
    nodes.Getattr,
    nodes.Const,
    nodes.List,
    nodes.Tuple,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.Test,
    nodes.Filter,
    nodes.CondExpr,
    nodes.Concat,
    nodes.Add,
    nodes.Sub,
)
_WORDS: Final[Mapping[type, str]] = {
    nodes.Call: "a call with ( )",
    nodes.Getitem: "[ ] after a name",
    nodes.Mul: "*",
    nodes.Pow: "**",
    nodes.Mod: "%",
    nodes.Div: "/",
    nodes.FloorDiv: "//",
    nodes.Macro: "a macro",
    nodes.CallBlock: "a call of a macro",
    nodes.Include: "an include",
    nodes.Import: "an import",
    nodes.FromImport: "an import",
    nodes.Assign: "set",
    nodes.AssignBlock: "set",
    nodes.With: "with",
    nodes.FilterBlock: "a filter around a part",
    nodes.ScopedEvalContextModifier: "autoescape",
    nodes.EvalContextModifier: "autoescape",
    nodes.Scope: "autoescape",
    nodes.Dict: "a dictionary",
}
_EXPECTED: Final = "printing, if, for, block, extends, comparisons and the filters " + one_of(FILTERS)


class _Wrong(NamedTuple):
    line: int | None
    word: str
    what: str
    expected: str
    near: str = ""


class Allowed(Fact, frozen=True):
    """What a template of one form may use: names by the sample ``view``, the shipped templates it may extend with the
    blocks of each, and the filters that the form has."""

    view: Mapping[str, Any]
    parents: Mapping[str, Collection[str]]
    filters: Collection[str]


def check(source: str, file: str, allowed: Allowed) -> Problem | None:
    """What is wrong with a template, with its place; None where it may be used."""
    wrong = _found(source, allowed)
    if wrong is None:
        return None
    line = wrong.line or 1  # parts that Jinja adds by itself have none
    return Problem(file, line, _column(source, wrong), wrong.what, wrong.expected, wrong.near)


def _found(source: str, allowed: Allowed) -> _Wrong | None:
    if len(source.encode()) > LONGEST:
        return _Wrong(1, "", "a template that is too long", f"at most {LONGEST // 1024} KB")
    try:
        tree = Environment(trim_blocks=True, lstrip_blocks=True).parse(source)
    except TemplateSyntaxError as error:
        return _Wrong(error.lineno, "", f"not a template: {error.message}", "{{ name }}, {% if … %} or {% for … %}")
    except RecursionError:
        return _Wrong(1, "", "brackets inside brackets inside brackets", f"at most {DEEPEST} levels")
    return _forbidden(tree, allowed) or _lost(tree, allowed) or next(_unknown(tree, dict(allowed.view)), None)


def _lost(tree: nodes.Template, allowed: Allowed) -> _Wrong | None:
    """What nobody would ever see, because the template that is extended has no place for it."""
    parent = next((n.template.value for n in tree.body if isinstance(n, nodes.Extends)), None)  # type: ignore[attr-defined]
    if parent is None:
        return None
    known = sorted(allowed.parents[parent])
    for node in tree.body:
        if isinstance(node, nodes.Block) and node.name not in known:
            what = f"{parent} has no block {node.name!r}"
            return _Wrong(node.lineno, node.name, what, one_of(known), nearest(node.name, known))
        printed = node.nodes if isinstance(node, nodes.Output) else []
        seen = any(not isinstance(n, nodes.TemplateData) or n.data.strip() for n in printed)
        if seen or isinstance(node, nodes.If | nodes.For):
            return _Wrong(
                node.lineno, "", f"text beside the blocks of {parent} is not shown", "{% block … %} around it"
            )
    return None


def _forbidden(tree: nodes.Template, allowed: Allowed) -> _Wrong | None:
    ahead: list[tuple[nodes.Node, int, bool]] = [(tree, 0, False)]
    while ahead:
        node, depth, looping = ahead.pop()
        if depth > DEEPEST:
            return _Wrong(node.lineno, "", "parts inside parts inside parts", f"at most {DEEPEST} levels")
        if not isinstance(node, _NODES):
            word = _WORDS.get(type(node), type(node).__name__.lower())
            return _Wrong(node.lineno, word, f"{word} is not for templates of a workspace", _EXPECTED)
        if looping and isinstance(node, nodes.For | nodes.Block):
            what = "a loop inside a loop" if isinstance(node, nodes.For) else "a block inside a loop"
            return _Wrong(node.lineno, "", what, "loops one after the other")
        wrong = _misused(node, allowed)
        if wrong is not None:
            return wrong
        inside = looping or isinstance(node, nodes.For)
        ahead += [(child, depth + 1, inside) for child in reversed(list(node.iter_child_nodes()))]
    return None


def _misused(node: nodes.Node, allowed: Allowed) -> _Wrong | None:
    """A node that is on the list, used in a way that is not."""
    if isinstance(node, nodes.Extends):
        name = node.template.value if isinstance(node.template, nodes.Const) else None
        if name not in allowed.parents:
            near = nearest(str(name), allowed.parents)
            what = f"a template cannot extend {in_quotes(name)}" if name else "the name of a template in quotes"
            return _Wrong(node.lineno, str(name or ""), what, one_of(sorted(allowed.parents)), near)
    if isinstance(node, nodes.For) and (node.recursive or node.test is not None or not _path(node.iter)):
        return _Wrong(node.lineno, "for", "a loop with more than a list", "{% for line in lines %}")
    if isinstance(node, nodes.For) and not isinstance(node.target, nodes.Name):
        return _Wrong(node.lineno, "for", "a loop over more than one name", "{% for line in lines %}")
    if isinstance(node, nodes.Getattr) and not _path(node):
        return _Wrong(node.lineno, node.attr, f".{node.attr} after a value", "a dot only after a name")
    if isinstance(node, nodes.Test) and node.name not in TESTS:
        return _Wrong(node.lineno, node.name, f"unknown test {node.name!r}", one_of(TESTS), nearest(node.name, TESTS))
    return _filter(node, allowed.filters) if isinstance(node, nodes.Filter) else None


def _filter(node: nodes.Filter, known: Collection[str]) -> _Wrong | None:
    if node.name not in FILTERS or node.name not in known:
        here = [name for name in FILTERS if name in known]
        what = f"no filter {node.name!r} in this form" if node.name in FILTERS else f"unknown filter {node.name!r}"
        return _Wrong(node.lineno, node.name, what, one_of(here), nearest(node.name, here))
    taken = FILTERS[node.name]
    given = [a.value if isinstance(a, nodes.Const) else None for a in node.args]
    fits = len(given) <= len(taken) and all(type(a) is b for a, b in zip(given, taken, strict=False))
    if not fits or node.kwargs or node.dyn_args or node.dyn_kwargs:
        expected = {str: "at most a text in quotes", int: "at most a width"}.get((*taken, object)[0], "nothing")
        return _Wrong(node.lineno, node.name, f"what stands in the brackets of {node.name}", expected)
    for word in given:
        if isinstance(word, str) and len(word) > LONGEST_WORD:
            return _Wrong(node.lineno, node.name, f"a long text for {node.name}", f"at most {LONGEST_WORD} characters")
        if isinstance(word, int) and word not in WIDTHS:
            expected = f"a width from {WIDTHS[0]} to {WIDTHS[-1]}"
            return _Wrong(node.lineno, node.name, f"the width {word} for {node.name}", expected)
    return None


# --- names ------------------------------------------------------------------------------------------------------------


def _unknown(node: nodes.Node, known: dict[str, Any]) -> Iterator[_Wrong]:
    """Names that the view does not have, and loops over what is no list."""
    if isinstance(node, nodes.For):
        path = _path(node.iter)
        yield from _missing(path, known, node.lineno)
        listed = _at(path, known)
        if not isinstance(listed, list):
            lists = sorted(name for name, value in known.items() if isinstance(value, list))
            yield _Wrong(node.lineno, path[0], f"{'.'.join(path)} is no list", one_of(lists))
        assert isinstance(node.target, nodes.Name)
        inside = {**known, node.target.name: listed[0] if listed else _ANYTHING, "loop": _LOOP}
        for part in (*node.body, *node.else_):
            yield from _unknown(part, inside)
        return
    path = _path(node)
    if path:
        yield from _missing(path, known, node.lineno)
        return
    if isinstance(node, nodes.Filter) and node.name == "join" and not _is_list(node.node, known):
        yield _Wrong(node.lineno, "join", "join of what is no list", "a list, like {{ withdrawn | join(', ') }}")
    for child in node.iter_child_nodes():
        yield from _unknown(child, known)


_LOOP: Final = {"first": True, "last": True, "index": 1, "length": 1}
_ANYTHING: Final = object()
"""What is in a list that is empty in the sample."""


def _is_list(node: nodes.Node | None, known: Mapping[str, Any]) -> bool:
    found = _at(_path(node), known) if node is not None and _path(node) else None
    return found is _ANYTHING or isinstance(found, list)


def _missing(path: tuple[str, ...], known: Mapping[str, Any], line: int) -> Iterator[_Wrong]:
    level: Any = known
    for i, name in enumerate(path):
        if level is _ANYTHING or level is None:
            return
        if not isinstance(level, Mapping):
            yield _Wrong(line, name, f"nothing stands after {'.'.join(path[:i])}", f"{{{{ {'.'.join(path[:i])} }}}}")
            return
        if name not in level:
            where = f" in {'.'.join(path[:i])}" if i else ""
            yield _Wrong(line, name, f"unknown name {name!r}{where}", one_of(sorted(level)), nearest(name, level))
            return
        level = level[name]


def _at(path: tuple[str, ...], known: Mapping[str, Any]) -> Any:
    level: Any = known
    for name in path:
        level = level.get(name) if isinstance(level, Mapping) else None
    return level


def _path(node: nodes.Node) -> tuple[str, ...]:
    """``task.title`` as its parts; nothing where it is no name with dots. Not recursive: there may be 10,000 dots."""
    parts = []
    while isinstance(node, nodes.Getattr):
        parts.append(node.attr)
        node = node.node
    return (node.name, *reversed(parts)) if isinstance(node, nodes.Name) else ()


def _column(source: str, wrong: _Wrong) -> int:
    """Where in its line the word stands; 1 where it cannot be found."""
    lines = source.splitlines()
    if not wrong.word or not wrong.line or wrong.line > len(lines):
        return 1
    found = re.search(rf"(?<!\w){re.escape(wrong.word)}(?!\w)", lines[wrong.line - 1])
    return found.start() + 1 if found else 1

"""Jinja for texts that users write: conditions in playbooks, titles of tasks, and their own templates.

Jinja's sandbox stops escapes, but it still prints attributes and calls methods of whatever it is given. So there are
three fences: only plain values go in, only the node types below may be used, and names must be known when the text is
loaded. Loops, calls, macros, assignments and arithmetic that can grow are not on the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from jinja2 import ChainableUndefined, Template, TemplateSyntaxError, UndefinedError, nodes
from jinja2.environment import TemplateExpression
from jinja2.sandbox import ImmutableSandboxedEnvironment

from saveline.core.errors import did_you_mean, one_of
from saveline.core.play import Facts

LONGEST: Final = 2_000
"""Characters an expression or title may have."""
DEEPEST: Final = 60
"""Levels of brackets, of not, of sums: what is deeper nobody reads, and the compilers under it would fall over."""
FILTERS: Final = frozenset({"default", "int", "length", "lower", "round", "title", "trim", "upper"})
TESTS: Final = frozenset({"defined", "undefined", "none", "in", "eq", "ne", "lt", "le", "gt", "ge"})

Known = Mapping[str, Any]
"""Names an expression may use, as nested mappings; None marks a level that is free, a tuple the values there can be."""

_EXPRESSION_NODES: Final = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.List,
    nodes.Tuple,
    nodes.Getattr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.Test,
    nodes.Filter,
    nodes.CondExpr,
    nodes.Add,
    nodes.Sub,
)
_WORDS: Final = {nodes.Call: "calls with ( )", nodes.Getitem: "[ ] after a name", nodes.Mul: "*", nodes.For: "loops"}
_ENV: Final = ImmutableSandboxedEnvironment(undefined=ChainableUndefined, autoescape=False)


# Plays are read again whenever a file of the workspace has changed, and say much the same things as before and as each
# other: what is made of a text keeps nothing of whoever uses it.
@lru_cache(maxsize=512)
def _expression(source: str) -> TemplateExpression:
    return _ENV.compile_expression(source, undefined_to_none=False)


@lru_cache(maxsize=512)
def _template(source: str) -> Template:
    return _ENV.from_string(source)


class Expressions:
    """Compiles the conditions and titles of a playbook; see :class:`saveline.core.play.Condition`."""

    def condition(self, source: str, known: Known) -> Condition:
        """Raises ``ValueError`` that names what is wrong and the nearest known word."""
        return Condition(source, known)

    def text(self, source: str, known: Known) -> Text:
        return Text(source, known)


class Condition:
    """True or false of the facts. A question nobody answered yet is neither true nor equal to anything."""

    def __init__(self, source: str, known: Known) -> None:
        self.source = source
        _check(f"{{{{ ({source}) }}}}", known)
        try:
            self._holds = _expression(source)
        except TemplateSyntaxError:  # two halves that are in order only with the brackets put around them
            raise ValueError(f"one condition over {one_of(known)}, with every bracket closed") from None

    def __call__(self, facts: Facts) -> bool:
        try:
            return bool(self._holds(facts))
        except (TypeError, UndefinedError):
            return False  # what is not known, or is no number, is neither more nor less than one


class Text:
    """A line of text with ``{{ account.name }}`` in it; one without is returned as it is."""

    def __init__(self, source: str, known: Known) -> None:
        self.source = source
        self._template = None
        if "{" in source:
            _check(source, known)
            self._template = _template(source)

    def __call__(self, facts: Facts) -> str:
        return self.source if self._template is None else self._template.render(facts)


def _check(source: str, known: Known) -> None:
    if len(source) > LONGEST:
        raise ValueError(f"at most {LONGEST} characters")
    try:
        tree = _ENV.parse(source)
    except TemplateSyntaxError as error:
        raise ValueError(_unreadable(source, known, error.message or "")) from None
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    for node in list(_walk(tree)):  # the depth of all of it first
        _check_node(node)
    for path in _paths(tree):
        _check_path(path, known)
    for compare in tree.find_all(nodes.Compare):
        _check_compare(compare, known)


_TOO_DEEP: Final = f"an expression of at most {DEEPEST} levels"


def _unreadable(source: str, known: Known, message: str) -> str:
    """What to write instead of something that is no expression at all."""
    if "{{" in source and not source.startswith("{{ ("):
        return "a text in which every {{ is closed by }}"
    if re.search(r"(?<![=!<>])=(?!=)|===", source):
        return f"== to compare with, not {'===' if '===' in source else '='}"
    for sign, word in (("&&", "and"), ("||", "or"), ("“", 'straight quotes: "word"'), ("”", 'straight quotes: "word"')):
        if sign in source:
            return f"{word}, not {sign}"
    return f"a condition over {one_of(known)}, with quotes around words ({message})"


def _check_node(node: nodes.Node) -> None:
    if not isinstance(node, _EXPRESSION_NODES):
        raise ValueError(
            f"comparisons, and, or, not, in, is and the filters {one_of(sorted(FILTERS))}; "
            f"no {_WORDS.get(type(node), type(node).__name__)}"
        )
    if isinstance(node, nodes.Getattr) and not _path(node):
        raise ValueError(f"a dot only after a name, not .{node.attr} after a value")
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        raise ValueError(
            f"a filter among {one_of(sorted(FILTERS))}, not {node.name!r}.{did_you_mean(node.name, FILTERS)}"
        )
    if isinstance(node, nodes.Test) and node.name not in TESTS:
        raise ValueError(f"a test among {one_of(sorted(TESTS))}, not {node.name!r}.{did_you_mean(node.name, TESTS)}")


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    """The node and everything in it. Raises ValueError where it goes too deep."""
    ahead = [(node, 0)]
    while ahead:
        node, depth = ahead.pop()
        if depth > DEEPEST:
            raise ValueError(_TOO_DEEP)
        yield node
        ahead += [(child, depth + 1) for child in reversed(list(node.iter_child_nodes()))]


def _paths(node: nodes.Node) -> Iterator[tuple[str, ...]]:
    """Every dotted name in the expression, as long as it goes."""
    path = _path(node)
    if path:
        yield path
        return
    for child in node.iter_child_nodes():
        yield from _paths(child)


def _path(node: nodes.Node) -> tuple[str, ...]:
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        before = _path(node.node)
        return (*before, node.attr) if before else ()
    return ()


def _check_path(path: tuple[str, ...], known: Known) -> None:
    level: Any = known
    for i, name in enumerate(path):
        if level is None:
            return
        here = ".".join(path[:i]) or "an expression"
        if not isinstance(level, Mapping):
            raise ValueError(f"{here} with nothing after it, not .{name}")
        if name not in level:
            raise ValueError(
                f"{here} with {one_of(sorted(level)) or 'nothing'}, not {name!r}.{did_you_mean(name, level)}"
            )
        level = level[name]


def _check_compare(compare: nodes.Compare, known: Known) -> None:
    """Each comparison of a name that can have only some values with a value that it cannot have."""
    left = compare.expr
    for operand in compare.ops:
        sides = ((left, operand.expr), (operand.expr, left))
        for path, value in ((_path(a), b) for a, b in sides):
            possible = _values(path, known)
            if possible is not None and operand.op in ("eq", "ne", "in", "notin"):
                _check_values(".".join(path), possible, value)
        left = operand.expr


def _values(path: tuple[str, ...], known: Known) -> tuple[Any, ...] | None:
    level: Any = known
    for name in path:
        level = level.get(name) if isinstance(level, Mapping) else None
    return level if isinstance(level, tuple) else None


def _check_values(path: str, possible: tuple[Any, ...], value: nodes.Node) -> None:
    listed = value.items if isinstance(value, nodes.List | nodes.Tuple) else [value]
    words = [str(v).lower() if isinstance(v, bool) else str(v) for v in possible]
    for const in (item.value for item in listed if isinstance(item, nodes.Const)):
        if const not in possible or isinstance(const, bool) is not isinstance(possible[0], bool):
            raise ValueError(f"{path} compared with {one_of(words)}, not {const!r}.{did_you_mean(str(const), words)}")

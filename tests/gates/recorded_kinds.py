"""Which kinds of events are recorded at all: read from the code that calls `record()` and from the functions of the
migrated database that write the ledger. Imports nothing of ours: it reads text.

A kind that is put together at run time is looked up in `BY_HAND`, whose values come from the code beside it; whatever
is neither a literal nor there stops the gate.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOMS = ("portal", "partners", "incidents", "notifications", "monitoring")
ROOTS = {
    ("portal.ledger.record", "record"): ("kind", 0),
    ("portal.ledger.record", "Entry"): ("kind", 0),
    ("partners.door_record", "record_at_door"): ("event", 0),  # the list of its function in SQL is closed
}
# What Python or a person puts in: (function in SQL, its parameter) or (module, expression), and what it can be.
BY_HAND = {
    ("move_finding", "act"): {"planned", "fixed", "retest_asked", "confirmed", "failed", "reopened"},
    ("move_planned", "act"): {"started", "moved", "extended", "finished", "cancelled"},
    ("switch_webhook", "target"): {"on", "off", "ended"},
    ("monitoring.alerts", "f'alert.{alert.outcome}'"): {
        "alert.opened",
        "alert.joined",
        "alert.queued",
        "alert.dismissed",
    },
}
# Its kind comes from Python, where `ROOTS` finds it.
FROM_PYTHON = {("record_at_door", "what")}


class Unknown(AssertionError):
    """A kind that this reader cannot read: teach it, or write what it can be into `BY_HAND`."""


# Python


@dataclass(frozen=True)
class Module:
    name: str
    tree: ast.Module
    names: Mapping[str, tuple[str, str]]  # as used here: (module, name) where it is defined
    calls: list[tuple[ast.FunctionDef | None, ast.Call, tuple[str, str]]]  # within which function, and of what


@cache
def kinds_in_code(root: Path) -> set[str]:
    """The first argument of everything that records, whoever passes it on."""
    modules = {each.name: each for each in _modules(root)}
    recorders = dict(ROOTS)
    kinds: set[str] = set()
    while True:
        kinds, found = set(), dict(recorders)
        for module in modules.values():
            for function, call, target in module.calls:
                if target not in recorders:
                    continue
                given = _argument(call, *recorders[target])
                passed_on = _position(function, given)
                if passed_on is not None and function is not None:
                    found[module.name, function.name] = (given.id, passed_on)  # type: ignore[attr-defined]
                else:
                    kinds |= _values(given, module, function, modules)
        if found == recorders:
            return kinds
        recorders = found


def _modules(root: Path) -> Iterator[Module]:
    for path in sorted(each for room in ROOMS for each in (root / room).rglob("*.py")):
        if "migrations" in path.parts:
            continue
        name = ".".join(path.relative_to(root).with_suffix("").parts)
        text = path.read_text("utf-8")
        tree = ast.parse(text)
        names = {each.name: (name, each.name) for each in tree.body if isinstance(each, ast.FunctionDef | ast.ClassDef)}
        names |= {target: (name, target) for target in _constants(tree)}
        for each in ast.walk(tree):
            if isinstance(each, ast.ImportFrom):
                names |= {alias.asname or alias.name: (each.module or "", alias.name) for alias in each.names}
            assert not (isinstance(each, ast.Import) and any("ledger" in alias.name for alias in each.names)), path
        assert "INTO ledger_event" not in text or name == "portal.ledger.record", f"{path} writes the ledger itself"
        called = [(within, call, names.get(called, ("", ""))) for within, call, called in _calls(tree, None)]
        yield Module(name, tree, names, called)


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    return {
        target.id: each.value
        for each in tree.body
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name)
    }


def _calls(node: ast.AST, function: ast.FunctionDef | None) -> Iterator[tuple[ast.FunctionDef | None, ast.Call, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Name):
            yield function, child, child.func.id
        yield from _calls(child, child if isinstance(child, ast.FunctionDef) else function)


def _argument(call: ast.Call, name: str, position: int) -> ast.expr:
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    if len(call.args) <= position:
        raise Unknown(ast.unparse(call))
    return call.args[position]


def _position(function: ast.FunctionDef | None, given: ast.expr) -> int | None:
    """Which parameter of the function this is; None when it is none."""
    if function is None or not isinstance(given, ast.Name):
        return None
    arguments = function.args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return names.index(given.id) if given.id in names else None


def _values(
    given: ast.expr, module: Module, function: ast.FunctionDef | None, modules: Mapping[str, Module]
) -> set[str]:
    by_hand = BY_HAND.get((module.name, ast.unparse(given)))
    if by_hand is not None:
        return by_hand
    match given:
        case ast.Constant(value=str(kind)):
            return {kind}
        case ast.IfExp(body=body, orelse=orelse):
            return _values(body, module, function, modules) | _values(orelse, module, function, modules)
        case ast.Dict(values=values):
            return set().union(*(_values(each, module, function, modules) for each in values))
        case ast.Subscript(value=table):
            return _values(table, module, function, modules)
        case ast.Name(id=name):
            found = [
                each.value
                for each in ast.walk(function or module.tree)
                if isinstance(each, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in each.targets)
            ]
            if found:
                return set().union(*(_values(each, module, function, modules) for each in found))
            where, there = module.names.get(name, ("", ""))
            if where in modules and there in _constants(modules[where].tree):
                return _values(_constants(modules[where].tree)[there], modules[where], None, modules)
    raise Unknown(f"{module.name}: {ast.unparse(given)}")


# SQL


@dataclass(frozen=True)
class Function:
    """One of the database's; `parameters` in their order."""

    name: str
    body: str
    parameters: tuple[str, ...]


FUNCTIONS = (
    "SELECT p.proname, p.prosrc, coalesce(p.proargnames[1:p.pronargs], '{}') FROM pg_proc p"
    " JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname IN ('sec', 'public') AND p.prolang <> 13"
)
WRITES = re.compile(
    r"INSERT\s+INTO\s+(?:public\.)?ledger_event\s*\(([^)]*)\)\s*(?:VALUES\s*\(|SELECT\s)", re.IGNORECASE
)


def kinds_in_sql(functions: Iterable[Function]) -> set[str]:
    """What each function writes, or has another write that takes the kind as a parameter."""
    functions = list(functions)
    kinds: set[str] = set()
    waiting: list[tuple[Function, str]] = []  # each expression for a kind, and where it stands
    for function in functions:
        found = list(WRITES.finditer(function.body))
        assert len(found) == len(re.findall(r"INTO\s+(?:public\.)?ledger_event\b", function.body)), function.name
        for each in found:
            at = [column.strip() for column in each[1].split(",")].index("kind")
            waiting.append((function, _split(function.body, each.end())[at]))
    seen = set()
    while waiting:
        function, expression = waiting.pop()
        if (function.name, expression) in seen:
            continue
        seen.add((function.name, expression))
        prefix, parameter, known = _read(function, expression)
        kinds |= known
        if not parameter or (function.name, parameter) in FROM_PYTHON:
            continue
        if by_hand := BY_HAND.get((function.name, parameter)):
            assert all(f"'{each}'" in function.body for each in by_hand), function.name
            kinds |= {prefix + each for each in by_hand}
            continue
        called = list(_handed(functions, function, parameter))
        if not called:
            raise Unknown(f"{function.name}: {expression}")
        waiting += [(caller, f"'{prefix}' || {given}" if prefix else given) for caller, given in called]
    return kinds


def _read(function: Function, expression: str) -> tuple[str, str, set[str]]:
    """The beginning that is written out, the parameter behind it, and the kinds that are known already."""
    parts = [each.strip() for each in expression.split("||")]
    prefix = "".join(each[1:-1] for each in parts[:-1])
    if not all(re.fullmatch(r"'[a-z_.]*'", each) for each in parts[:-1]):
        raise Unknown(f"{function.name}: {expression}")
    last = parts[-1]
    if literal := re.fullmatch(r"'([a-z_.]+)'", last):
        return prefix, "", {prefix + literal[1]}
    if last in function.parameters:
        return prefix, last, set()
    either = re.findall(r"\b(?:THEN|ELSE)\s+'([a-z_.]+)'", last)
    if last.startswith("CASE") and len(either) == len(re.findall(r"\b(?:THEN|ELSE)\b", last)) > 0:
        return prefix, "", {prefix + each for each in either}
    raise Unknown(f"{function.name}: {expression}")


def _handed(functions: list[Function], to: Function, parameter: str) -> Iterator[tuple[Function, str]]:
    at = to.parameters.index(parameter)
    for function in functions:
        for call in re.finditer(rf"\bsec\.{to.name}\s*\(", function.body):
            yield function, _split(function.body, call.end())[at]


def _split(text: str, start: int) -> list[str]:
    """What stands between commas from here to the end of the brackets or of the list."""
    parts, depth, quoted, begun = [], 0, False, start
    for at in range(start, len(text)):
        sign = text[at]
        if sign == "'":
            quoted = not quoted
        if quoted:
            continue
        if sign == "," and depth == 0:
            parts.append(text[begun:at])
            begun = at + 1
        depth += (sign in "([") - (sign in ")]")
        if depth < 0:
            break
    parts.append(text[begun:at])
    return [" ".join(each.split()) for each in parts]

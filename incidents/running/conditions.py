"""Conditions that the portal can evaluate exactly; of every other one it says so, and a person decides.

The subset of STIX patterning that is read: comparisons of a variable's value with a text, a number, `true`, `false`
or another variable's value (`=`, `!=`, `<`, `<=`, `>`, `>=`, `IN (…)`, each with `NOT` before it), joined with `AND`,
`OR`, `NOT` and parentheses; brackets around it all are let be. Order is known between numbers alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from incidents.cacao.parts import VARIABLE_VALUE

LONGEST = 2_000  # characters
DEEPEST = 50
NUMBERS = frozenset(["integer", "long", "float"])
_TOKEN = re.compile(
    rf"\s*(?:(?P<variable>{VARIABLE_VALUE.pattern})"
    r"|(?P<text>'(?:[^'\\]|\\.)*')|(?P<number>-?\d+(?:\.\d+)?)(?![\w.])"
    r"|(?P<word>(?:AND|OR|NOT|IN|true|false)\b)|(?P<sign>==|=|!=|<>|<=|>=|<|>|\(|\)|\[|\]|,))",
)


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of a variable: its CACAO type, and its value as text."""

    kind: str
    text: str


Lookup = Callable[[str], Value | None]  # by the variable's name with its underscores; None: not known


class NotExact(Exception):
    """The condition, or what it asks about, is beyond the subset."""


def holds(condition: str, lookup: Lookup) -> bool | None:
    """Whether a condition holds; None when the portal cannot tell exactly."""
    try:
        return _Reader(_tokens(condition), lookup).whole()
    except NotExact:
        return None


def _tokens(text: str) -> list[tuple[str, str]]:
    if len(text) > LONGEST:
        raise NotExact
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise NotExact
        kind = match.lastgroup or ""
        if match["variable"]:
            kind = "variable"
        found.append((kind, match[kind]))
        at = match.end()
    return found


class _Reader:
    """Reads and evaluates in one walk, in three values: true, false and None, not known."""

    def __init__(self, tokens: list[tuple[str, str]], lookup: Lookup) -> None:
        self.tokens, self.lookup, self.at, self.depth = tokens, lookup, 0, 0

    def whole(self) -> bool | None:
        answer = self.either()
        if self.at < len(self.tokens):
            raise NotExact
        return answer

    def take(self, *wanted: str) -> str:
        if self.at < len(self.tokens) and self.tokens[self.at][1] in wanted and self.tokens[self.at][0] != "text":
            self.at += 1
            return self.tokens[self.at - 1][1]
        return ""

    def need(self, *wanted: str) -> str:
        if not (found := self.take(*wanted)):
            raise NotExact
        return found

    def either(self) -> bool | None:
        answer = self.both()
        while self.take("OR"):
            other = self.both()
            answer = True if answer or other else None if None in (answer, other) else False
        return answer

    def both(self) -> bool | None:
        answer = self.one()
        while self.take("AND"):
            other = self.one()
            answer = False if False in (answer, other) else None if None in (answer, other) else True
        return answer

    def one(self) -> bool | None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise NotExact
        if self.take("NOT"):
            inner = self.one()
            answer = None if inner is None else not inner
        elif opening := self.take("(", "["):
            answer = self.either()
            self.need(")" if opening == "(" else "]")
        else:
            answer = self.comparison()
        self.depth -= 1
        return answer

    def comparison(self) -> bool | None:
        left = self.operand(only_variable=True)
        denied = bool(self.take("NOT"))
        if self.take("IN"):
            self.need("(")
            others = [self.operand()]
            while self.take(","):
                others.append(self.operand())
            self.need(")")
            found = [compare(left, "=", other) for other in others]
            answer = True if True in found else None if None in found else False
        else:
            sign = self.need("=", "==", "!=", "<>", "<", "<=", ">", ">=")
            answer = compare(left, sign, self.operand())
        return None if answer is None else answer != denied

    def operand(self, *, only_variable: bool = False) -> Value | None:
        if self.at >= len(self.tokens):
            raise NotExact
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "variable":
            return self.lookup(text.removesuffix(":value"))
        if only_variable:
            raise NotExact
        if kind == "text":
            return Value("literal", re.sub(r"\\(.)", r"\1", text[1:-1]))
        if kind == "number":
            return Value("float", text)
        if text in ("true", "false"):
            return Value("bool", text)
        raise NotExact


def compare(left: Value | None, sign: str, right: Value | None) -> bool | None:
    """Two values; None when one is not known, or when their types do not say how to compare them."""
    if left is None or right is None:
        return None
    if NUMBERS & {left.kind, right.kind}:
        first, second = _number(left.text), _number(right.text)
        if first is None or second is None:
            return None
        if sign in ("<", "<=", ">", ">="):
            return {"<": first < second, "<=": first <= second, ">": first > second, ">=": first >= second}[sign]
        return (first == second) == (sign in ("=", "=="))
    if sign in ("<", "<=", ">", ">="):
        return None
    if "bool" in (left.kind, right.kind):
        words = (left.text.lower(), right.text.lower())
        if not set(words) <= {"true", "false"}:
            return None
        return (words[0] == words[1]) == (sign in ("=", "=="))
    return (left.text == right.text) == (sign in ("=", "=="))


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None

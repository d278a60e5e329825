"""On what a block depends: a variable's value as a condition or a case, spelled as answers are kept. Pure."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from incidents.running.values import read_one, wanted
from incidents.writing.outline import Variable

DEFAULT = "default"  # CACAO 2.0, 4.11: the case that is taken when no other one is
EXPRESSION = re.compile(r"(__[a-zA-Z][a-zA-Z0-9_-]{0,200}?__):value = ('(?:[^'\\]|\\.)*'|true|false|-?\d+)")


class NoValue(Exception):
    """No value of that type is written so; the message says what one must be."""


def expression(variable: Variable, value: str) -> str:
    """The condition that a variable has a value, as the portal can evaluate it by itself.

    Raises:
        NoValue: no value of the variable's type is written so.
    """
    plain = read_one(variable.kind, value)
    if plain is None:
        raise NoValue(wanted(variable.kind))
    if variable.kind not in ("bool", "integer", "long"):
        plain = "'" + plain.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return f"{variable.name}:value = {plain}"


def case_of(variable: Variable | None, typed: str) -> str:
    """The case of a choice in the spelling that answers have: *yes* of a yes or no is `true`; else as it was typed."""
    plain = typed.strip()
    if variable is None or plain == DEFAULT:
        return plain
    return read_one(variable.kind, plain) or plain


def words_of_case(variable: Variable | None, case: str) -> str:
    if variable is not None and variable.kind == "bool":
        return {"true": _("yes"), "false": _("no")}.get(case, case)
    return case


def parts_of(condition: str) -> tuple[str, str]:
    """(variable, value) of an expression that `expression` could have made; ('', '') for any other."""
    match = EXPRESSION.fullmatch(condition)
    if match is None:
        return "", ""
    value = match[2]
    return match[1], re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith("'") else value

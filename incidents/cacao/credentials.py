"""What lets somebody in, in a command: headers with it in clear, and variables that stand for it. Not handed on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from incidents.cacao.parts import VARIABLE_VALUE, variables_in
from incidents.cacao.vocabulary import SECRETS

LETS_IN = re.compile("auth|token|key|cookie|secret|password", re.IGNORECASE)
# A scheme (RFC 9110 section 11.1; IANA's list, and those in use beside it), then variables and nothing else.
SCHEME = "apikey|basic|bearer|concealed|digest|dpop|geniekey|gnap|hoba|key|mutual|negotiate|oauth|privatetoken"
SCHEME += "|scram-sha-1|scram-sha-256|splunk|ssws|token|vapid"
_ONLY_VARIABLES = re.compile(rf"(?:(?:{SCHEME})\s+)?(?:{VARIABLE_VALUE.pattern}[\s:]*)+", re.IGNORECASE)


def without_secrets(command: Mapping[str, Any]) -> dict[str, Any]:
    """The command without the headers that hold in clear what lets somebody in; `withheld` names those.

    A header of such a name stays where each of its values is a scheme and variables, and no other sign.
    """
    headers = command.get("headers", {})
    withheld = sorted(
        name
        for name, values in headers.items()
        if LETS_IN.search(name) and not all(_ONLY_VARIABLES.fullmatch(str(each).strip()) for each in values)
    )
    if not withheld:
        return dict(command)
    left = {name: values for name, values in headers.items() if name not in withheld}
    return {**command, "headers": left, "withheld": withheld}


def secret_variables(document: Mapping[str, Any], step: Mapping[str, Any]) -> set[str]:
    """Variables that hold what lets somebody in: whoever signs in by them, or such a header of the step names them."""
    found: set[str] = set()
    for sign_in in document.get("authentication_info_definitions", {}).values():
        for name in SECRETS:
            found |= variables_in(str(sign_in.get(name, "")))
    for command in step["commands"]:
        for name, values in command.get("headers", {}).items():
            if LETS_IN.search(name):
                found |= set(named(values))
    return found


def named(value: Any) -> Iterator[str]:
    """Names of variables anywhere in it."""
    if isinstance(value, str):
        yield from VARIABLE_VALUE.findall(value)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from named(each)
    elif isinstance(value, list):
        for each in value:
            yield from named(each)

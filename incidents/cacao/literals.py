"""Literal secrets in what a playbook tells a tool: headers, command texts and bodies, addresses, values of variables.

A playbook is read by everybody who shares it, and kept for good, so what lets somebody in is refused, not hidden. What
stands for it is fine: a variable (`__token__:value`), a placeholder such as `<token>` or `{{ token }}`, a shell's own
`$TOKEN`. Nothing that is found is repeated in a note. A secret that looks like any other word is not found.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

from incidents.cacao.credentials import LETS_IN, SCHEME, secret_variables
from incidents.cacao.notes import Notes, Place
from incidents.cacao.parts import VARIABLE_VALUE

WORDS = "A secret may not stand in a playbook. Put a variable here, such as __token__:value; its value stays at home."
OF_VARIABLE = "Somebody signs in by this variable: its value is a secret and may not stand in a playbook. Leave it out."
# Their names look like it, and their values let nobody in.
HARMLESS = re.compile(
    r"(x-)?(idempotency|cache|surrogate|correlation|partition|sort|routing)-key|sec-websocket-key"
    r"|(x-)?author|access-control-.*|proxy-authenticate|www-authenticate|:authority",
    re.IGNORECASE,
)
# What stands for a value: of the playbook, of a template, of the tool's own shell.
STANDS_FOR = (
    rf"{VARIABLE_VALUE.pattern}(?!\w)|<[^<>\n]{{1,80}}>|\{{\{{[^{{}}\n]{{1,80}}\}}\}}|\$?\{{[\w.:-]{{1,80}}\}}"
    r"|\$\([^()\n]{1,200}\)|\$[A-Za-z_][\w:.]{0,80}|\$[0-9@*]|%[A-Za-z_]\w{0,80}%|\*{3,}|\.{3}|…|x{3,}"
)
_STANDS_FOR = re.compile(STANDS_FOR)
_VARIABLE = re.compile(rf"{VARIABLE_VALUE.pattern}(?!\w)")
_SCHEME = re.compile(rf"\s*(?:{SCHEME})(?=\s|$)", re.IGNORECASE)
_NAMED = re.compile(r"[\w.-]{1,80}=")
# One word, as long as it is not what stands for one.
VALUE = rf"(?!{STANDS_FOR})(?!(?:none|null|true|false|yes|no|nil|undefined)\b)"
CALLED = (  # what a secret is called
    r"(?:pass(?:word|wd|phrase)|pwd(?!=[\"']?[/.~])|secret(?:[_-]?(?:access[_-]?)?key)?|api[_-]?key|apikey|access[_-]?key(?:[_-]?id)?"
    r"|(?:access|auth|refresh|bearer|session|private|api|security)[_-]?token|(?<![A-Za-z_-])token|private[_-]?key)"
)
EVERYWHERE = [
    # A header, as tools write it on a line: `-H "Authorization: Bearer abc"`.
    rf"(?:proxy-)?authorization\s*[:=]\s*[\"']?(?:(?:{SCHEME})\s+)?(?!(?:{SCHEME})\s){VALUE}[\w.~+/=:-]{{3,}}",
    rf"(?<![\w-])(?:set-)?cookie\s*:\s*[\w.-]{{1,80}}={VALUE}[^\s;\"']{{3,}}",
    rf"(?<![\w-])x-(?:api|auth|vault|access|amz-security|goog-api|gitlab|private)[\w-]*\s*:\s*[\"']?{VALUE}[^\s\"']{{3,}}",
    rf"\bbearer\s+{VALUE}[\w.~+/=-]{{12,}}",
    # An address with a name and a password in it.
    rf"[a-z][a-z0-9+.-]{{1,20}}://[^\s/:@\"'<>]{{0,80}}:{VALUE}[^\s/@\"'<>]{{1,200}}@",
    # `password=abc`, `PGPASSWORD=abc`, `?api_key=abc`: no blank before or after.
    rf"{CALLED}=[\"']?{VALUE}[^\s\"'&;,()<>|]{{3,}}(?!\()",
    # Secrets that carry their kind in front.
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----",
    r"(?-i:\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{30,}|\bAIza[\w-]{30,})",
    r"(?-i:\bglpat-[\w-]{16,}|\bxox[abeoprs]-[\w-]{10,}|\b[sr]k_live_[A-Za-z0-9]{16,})",
    r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}",
]
# In a text for a machine also its options and a body in JSON; a person is told "Password: ask the duty officer".
FOR_MACHINES = [
    rf"[\"']{CALLED}[\"']\s*:\s*[\"']{VALUE}[^\"'\n]{{1,}}[\"']",
    rf"(?<![\w-])--?(?:\w+-)?{CALLED}\s+[\"']?{VALUE}[^\s\"'-][^\s\"']*",
    rf"(?<![\w-])(?:-u|--user|--proxy-user)[ =]?[\"']?[^\s:\"']{{1,80}}:{VALUE}[^\s\"']+",
    rf"\bsshpass\s+-p\s*[\"']?{VALUE}[^\s\"']+",
]
_EVERYWHERE = re.compile("|".join(f"(?:{each})" for each in EVERYWHERE), re.IGNORECASE)
_FOR_MACHINES = re.compile("|".join(f"(?:{each})" for each in EVERYWHERE + FOR_MACHINES), re.IGNORECASE)
_IN_ADDRESS = re.compile(rf"//[^\s/:@]{{0,200}}:{VALUE}[^\s/@]{{1,400}}@", re.IGNORECASE)
LONGEST = 100_000  # of a text that is searched at once; of a longer one each piece, with what joins two of them
OVERLAP = 600


def check_command_secrets(command: Mapping[str, Any], place: Place, notes: Notes) -> None:
    """Headers, texts and bodies of one command; what is in base64 is looked into when it is a text."""
    for name, values in command.get("headers", {}).items():
        for at, value in enumerate(values if isinstance(values, list) else [values]):
            if is_secret_header(name, str(value)):
                notes.error((*place, "headers", name, at), WORDS)
    by_hand = command.get("type") == "manual"
    for name in ("command", "content", "command_b64", "content_b64"):
        text = command.get(name)
        if isinstance(text, str) and holds_secret(_read(text) if name.endswith("_b64") else text, by_hand=by_hand):
            notes.error((*place, name), WORDS)


def check_address_secrets(definition: Mapping[str, Any], place: Place, notes: Notes) -> None:
    """An agent's or target's addresses: `https://name:password@host`."""
    address = definition.get("address")  # of a type that the standard does not know it may be anything
    urls = address.get("url") if isinstance(address, dict) else None
    for at, url in enumerate(urls if isinstance(urls, list) else []):
        if _IN_ADDRESS.search(_VARIABLE.sub("<variable>", str(url))):
            notes.error((*place, "address", "url", at), WORDS)


def check_variable_secrets(document: Mapping[str, Any], notes: Notes) -> None:
    """Values of variables by which somebody signs in: whoever reads the playbook would have them."""
    secret: dict[Place, None] = {}
    for key, step in document["workflow"].items():
        if step["type"] != "action":
            continue
        for name in secret_variables(document, step):
            own = name in step.get("step_variables", {})
            where: Place = ("workflow", key, "step_variables", name) if own else ("playbook_variables", name)
            holder = step["step_variables"] if own else document.get("playbook_variables", {})
            if holder.get(name, {}).get("value"):
                secret[(*where, "value")] = None
    for place in secret:
        notes.error(place, OF_VARIABLE)


def is_secret_header(name: str, value: str) -> bool:
    """Whether a header of such a name has in clear what lets somebody in: a word that nothing stands for."""
    if not LETS_IN.search(name) or HARMLESS.fullmatch(name):
        return holds_secret(value, by_hand=False)
    bare = _STANDS_FOR.sub(" ", _SCHEME.sub(" ", value, count=1))
    return bool(re.search(r"\w", _NAMED.sub(" ", bare)))


def holds_secret(text: str, *, by_hand: bool) -> bool:
    """Whether a text for a machine, or (`by_hand`) for a person, has in it what looks like a secret."""
    search = _EVERYWHERE if by_hand else _FOR_MACHINES
    return any(search.search(piece) for piece in _pieces(_VARIABLE.sub("<variable>", text)))


def _pieces(text: str) -> Iterator[str]:
    for at in range(0, max(len(text), 1), LONGEST):
        yield text[max(at - OVERLAP, 0) : at + LONGEST]


def _read(text: str) -> str:
    """What base64 says, "" when that is no text."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""

"""Names of software that other lists use too: CPE and package URL, read strictly and written one way.

CPE 2.3 is the formatted string of NISTIR 7695, section 6.2; 2.2 is its URI binding, section 6.1, which some vendors
still write. Package URLs are those of the purl specification. Nothing here asks whether the software exists.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes

from django.utils.translation import gettext as _

LONGEST = 1000
# One attribute of the formatted string: ANY, NA, or characters of which all but letters, digits, `.`, `-` and `_` are
# escaped, with unescaped `*` or `?` at its ends alone.
_QUOTED = r"\\[!\"#$%&'()*+,./:;<=>?@\[\\\]^`{|}~\-]"
ATTRIBUTE = re.compile(rf"\*|-|(?:\*|\?+)?(?:[A-Za-z0-9._\-]|{_QUOTED})+(?:\*|\?+)?")
PARTS = {"a", "o", "h", "*", "-"}
PURL_TYPE = re.compile(r"[a-z][a-z0-9.\-]*")
PURL_KEY = re.compile(r"[a-z][a-z0-9._\-]*")
LOWER_CASE = {
    "alpm",
    "apk",
    "bitbucket",
    "composer",
    "deb",
    "github",
    "gitlab",
    "hex",
    "luarocks",
    "npm",
    "oci",
    "pypi",
}


class NotAName(ValueError):
    """It is none, and why, for whoever typed it."""


def cpe_of(text: str) -> str:
    """The CPE 2.3 formatted string of what was typed; '' of nothing.

    Raises:
        NotAName: it is neither a formatted string nor a 2.2 URI.
    """
    text = text.strip()
    if not text:
        return ""
    if len(text) > LONGEST:
        raise NotAName(_("A CPE is shorter than this."))
    if text.casefold().startswith("cpe:/"):
        return _from_uri(text[5:])
    if not text.casefold().startswith("cpe:2.3:"):
        raise NotAName(_("A CPE begins with cpe:2.3: or with cpe:/"))
    attributes = [each.replace("\0", r"\:") for each in _hide(text[8:]).split(":")]
    if len(attributes) != 11:
        raise NotAName(_("A CPE 2.3 has 11 fields after cpe:2.3, this one has %(n)s.") % {"n": len(attributes)})
    return _joined([each.lower() for each in attributes])


def _hide(text: str) -> str:
    """The same with every escaped colon out of the way of splitting."""
    return re.sub(r"\\(.)", lambda found: "\0" if found[1] == ":" else found[0], text)


def _joined(attributes: list[str]) -> str:
    if attributes[0] not in PARTS:
        raise NotAName(_("The first field of a CPE is a (application), o (operating system) or h (hardware)."))
    for each in attributes[1:]:
        if not ATTRIBUTE.fullmatch(each):
            raise NotAName(_("This field of the CPE cannot be read: %(field)s") % {"field": each or _("empty")})
    if attributes[1] == attributes[2] == "*":
        raise NotAName(_("A CPE names a vendor or a product."))
    return "cpe:2.3:" + ":".join(attributes)


def _from_uri(rest: str) -> str:
    fields = rest.split(":")
    if len(fields) > 7:
        raise NotAName(_("A CPE 2.2 has at most 7 fields."))
    fields += [""] * (7 - len(fields))
    *first, edition, language = fields
    packed = [edition, "", "", "", ""]
    if edition.startswith("~"):
        packed = edition[1:].split("~")
        if len(packed) != 5:
            raise NotAName(_("The edition of this CPE 2.2 is packed the wrong way."))
    return _joined([_unbound(each) for each in [*first, packed[0], language, *packed[1:]]])


def _unbound(field: str) -> str:
    """One field of the URI as an attribute of the formatted string: `%01` is one character, `%02` any number."""
    if not field:
        return "*"
    if field == "-":
        return "-"
    found = ""
    for sign in re.findall(r"%[0-9a-fA-F]{2}|.", field.lower(), flags=re.DOTALL):
        if sign in {"%01", "%02"}:
            found += "?" if sign == "%01" else "*"
            continue
        plain = chr(int(sign[1:], 16)) if len(sign) == 3 else sign
        if not (plain.isascii() and plain.isprintable()) or plain == " " or sign == "%":
            raise NotAName(_("This field of the CPE cannot be read: %(field)s") % {"field": field})
        found += plain if re.fullmatch(r"[a-z0-9_.\-]", plain) else "\\" + plain
    return found


def purl_of(text: str) -> str:
    """The canonical package URL of what was typed; '' of nothing.

    Raises:
        NotAName: it is none.
    """
    text = text.strip()
    if not text:
        return ""
    if len(text) > LONGEST:
        raise NotAName(_("A package URL is shorter than this."))
    if text[:4].casefold() != "pkg:":
        raise NotAName(_("A package URL begins with pkg:"))
    rest, _hash, subpath = text[4:].lstrip("/").partition("#")
    rest, _mark, qualifiers = rest.partition("?")
    kind, slash, path = rest.partition("/")
    kind = kind.lower()
    at = path.rfind("@")
    version = ""
    if at > 0:  # an @ at the very beginning belongs to a namespace such as @angular
        path, version = path[:at], path[at + 1 :]
    segments = [_plain(each) for each in path.strip("/").split("/") if each]
    if not slash or not PURL_TYPE.fullmatch(kind) or not segments:
        raise NotAName(_("A package URL has a type and a name, as in pkg:pypi/django@5.2."))
    if kind in LOWER_CASE:
        segments = [each.lower() for each in segments]
    if kind == "pypi":
        segments[-1] = segments[-1].replace("_", "-")
    made = f"pkg:{kind}/" + "/".join(_percent(each) for each in segments)
    made += f"@{_percent(_plain(version))}" if version else ""
    made += _qualified(qualifiers)
    inner = [_percent(_plain(each)) for each in subpath.strip("/").split("/") if each not in {"", ".", ".."}]
    return made + ("#" + "/".join(inner) if inner else "")


def _qualified(text: str) -> str:
    pairs = {}
    for each in filter(None, text.split("&")):
        key, equals, value = each.partition("=")
        key = key.lower()
        if not equals or not PURL_KEY.fullmatch(key) or key in pairs:
            raise NotAName(_("This part of the package URL cannot be read: %(part)s") % {"part": each})
        pairs[key] = _percent(_plain(value))
    said = "&".join(f"{key}={value}" for key, value in sorted(pairs.items()) if value)
    return f"?{said}" if said else ""


def _plain(text: str) -> str:
    try:
        plain = unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise NotAName(_("This part of the package URL cannot be read: %(part)s") % {"part": text}) from None
    if not plain.isprintable():
        raise NotAName(_("This part of the package URL cannot be read: %(part)s") % {"part": text})
    return plain


def _percent(text: str) -> str:
    return quote(text, safe=":")

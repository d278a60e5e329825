"""The keys by which advisories and components find one another in an index, so that not all are held against all.

A key is a rough net: what it catches is judged afterwards (`judging.py`). Names are folded: small letters, no signs
and none of the words that only say what kind of company it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from monitoring.advisories.normal import Advisory, Issue, Statement
from monitoring.advisories.packages import split_purl
from monitoring.advisories.platforms import PRODUCT, VENDOR, attributes_of, key_of, plain

EVERYWHERE = "*"  # of an issue that says something of its label whatever the product: exploited, rejected
LONGEST = 300
MOST = 3000
_COMPANY = re.compile(
    r"\b(ltd|limited|plc|llp|llc|inc|incorporated|corp|corporation|co|company|gmbh|ag|sa|bv|group|holdings?|the"
    r"|foundation|project|software)\b"
)


def folded(name: str) -> str:
    """A name as it is compared; '' when nothing is left of it."""
    plain_text = unicodedata.normalize("NFKD", name.casefold())
    return "".join(sign for sign in plain_text if sign.isalnum())[:LONGEST]


def folded_company(name: str) -> str:
    without = _COMPANY.sub(" ", unicodedata.normalize("NFKD", name.casefold()).replace(".", ""))
    return folded(without) or folded(name)


def folded_product(vendor: str, product: str) -> str:
    """Without the vendor's name in front: "Microsoft Exchange Server" by Microsoft is its "Exchange Server"."""
    whole, maker = folded(product), folded_company(vendor)
    return whole[len(maker) :] if maker and whole.startswith(maker) and len(whole) > len(maker) else whole


def _names(vendor: str, product: str) -> set[str]:
    if not product:
        return {f"vendor:{folded_company(vendor)}"} if vendor else set()
    if not vendor:
        return {f"product:{folded(product)}"}
    name = folded_product(vendor, product)
    return {f"name:{folded_company(vendor)}|{name}", f"bare:{name}"}


def keys_of_statement(statement: Statement) -> set[str]:
    found = set()
    if statement.purl:
        found.add(f"purl:{statement.purl}")
    if attributes := attributes_of(statement.cpe):
        found.add(f"cpe:{key_of(attributes)}")
    return found | _names(statement.vendor, statement.product)


def keys_of_issue(issue: Issue) -> set[str]:
    """The keys of everything that the issue says, bounded: a document that names more is kept and matches less."""
    found: set[str] = {EVERYWHERE} if issue.exploited or issue.rejected else set()
    for statement in issue.statements:
        found |= keys_of_statement(statement)
        if statement.vendor:
            found.add(f"org:{folded_company(statement.vendor)}")
    for configuration in issue.configurations:
        for node in configuration["nodes"]:
            for match in node["matches"]:
                attributes = attributes_of(match["criteria"])
                if match["vulnerable"]:
                    found.add(f"cpe:{key_of(attributes)}")
                    found |= _names(plain(attributes[VENDOR]), plain(attributes[PRODUCT]))
    for organisation in issue.organisations:
        if organisation["name"]:
            found.add(f"org:{folded_company(organisation['name'])}")
        if organisation["domain"]:
            found.add(f"domain:{organisation['domain'].lower()}")
    return set(sorted(key[:LONGEST] for key in found if not key.endswith((":", "|")))[:MOST])


def keys_of_advisory(advisory: Advisory) -> list[tuple[str, str]]:
    """`(label, key)` of all its issues."""
    return sorted({(issue.label, key) for issue in advisory.issues for key in keys_of_issue(issue)})


def keys_of_component(component: Mapping[str, Any], aliases: Mapping[str, Sequence[str]]) -> list[str]:
    """Of `{"vendor", "product", "purl", "cpe"}`: by each name that it has, and by what the aliases call it."""
    found: set[str] = set()
    purl = split_purl(component["purl"])[0] if component["purl"] else ""
    attributes = attributes_of(component["cpe"]) if component["cpe"] else ()
    names = [(component["vendor"], component["product"])]
    if purl:
        found.add(f"purl:{purl}")
        names.append(("", purl.rpartition("/")[2]))
    if attributes:
        found.add(f"cpe:{key_of(attributes)}")
        names.append((plain(attributes[VENDOR]), plain(attributes[PRODUCT])))
    names += [_pair(also) for vendor, product in list(names) for also in _also(f"{vendor} {product}", aliases)]
    names += [(also, product) for vendor, product in list(names) for also in _also(vendor, aliases) if vendor]
    for vendor, product in names:
        if not product:
            continue
        name = folded_product(vendor, product)
        found.add(f"product:{folded(product)}")
        if vendor:
            found |= {f"name:{folded_company(vendor)}|{name}", f"vendor:{folded_company(vendor)}", f"product:{name}"}
        else:
            found.add(f"bare:{name}")
    return sorted(key[:LONGEST] for key in found if not key.endswith((":", "|")))


def keys_of_organisation(
    names: Iterable[str], domains: Iterable[str], aliases: Mapping[str, Sequence[str]]
) -> list[str]:
    """Of whoever provides a system or is named in it: legal name, domains, and other names."""
    all_names = [each for name in names if name for each in (name, *_also(name, aliases))]
    keys = {f"org:{folded_company(name)}" for name in all_names}
    keys |= {f"domain:{each.lower()}" for each in domains if each}
    return sorted(key[:LONGEST] for key in keys if not key.endswith(":"))


def _also(name: str, aliases: Mapping[str, Sequence[str]]) -> Sequence[str]:
    return aliases.get(folded(name), ())


def _pair(also: str) -> tuple[str, str]:
    """An alias of a product is written `vendor: product`, or as a product alone."""
    vendor, colon, product = also.partition(":")
    return (vendor.strip(), product.strip()) if colon else ("", also.strip())

"""The products of a CSAF document: every place where one is defined, named or grouped.

Source: CSAF 2.0 (OASIS Standard), sections 3.1.3, 3.2.2 and 3.2.3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from monitoring.advisories.fields import items, part, text
from monitoring.advisories.normal import Refused

DEEPEST = 30
STATUSES = {
    "affected": ("first_affected", "known_affected", "last_affected"),
    "not_affected": ("known_not_affected",),
    "fixed": ("first_fixed", "fixed"),
    "investigated": ("under_investigation",),
}
BRANCHES = {"architecture", "host_name", "language", "legacy", "patch_level", "product_family", "product_name",
            "product_version", "product_version_range", "service_pack", "specification", "vendor"}  # fmt: skip
ALL_STATUSES = {each for names in STATUSES.values() for each in names} | {"recommended"}


@dataclass(slots=True)
class Product:
    """One product by the branches that lead to it, and what its helper says."""

    name: str
    vendor: str = ""
    product: str = ""
    version: str = ""
    version_range: str = ""
    helper: dict[str, Any] = field(default_factory=dict)
    is_part_of: tuple[str, str] | None = None  # of a relationship: the component's id, and the platform's


@dataclass(slots=True)
class Tree:
    """`defined` counts definitions per id, `groups` per group id; `branches` are `(category, name, pointer)`."""

    products: dict[str, Product] = field(default_factory=dict)
    defined: Counter[str] = field(default_factory=Counter)
    groups: dict[str, list[str]] = field(default_factory=dict)
    groups_defined: Counter[str] = field(default_factory=Counter)
    relationships: list[tuple[str, str, str]] = field(default_factory=list)
    named: list[tuple[str, str]] = field(default_factory=list)  # product id and where it is named
    branches: list[tuple[str, str, str]] = field(default_factory=list)


def read_tree(document: dict[str, Any]) -> Tree:
    """Every product of the tree.

    Raises:
        Refused: a part of it has not the shape that the schema asks for.
    """
    tree, root = Tree(), part(document, "product_tree", "")
    for n, branch in enumerate(items(root, "branches", "/product_tree")):
        _branch(tree, branch, f"/product_tree/branches/{n}", {}, 1)
    for n, full in enumerate(items(root, "full_product_names", "/product_tree")):
        _define(tree, full, f"/product_tree/full_product_names/{n}", {})
    for n, each in enumerate(items(root, "relationships", "/product_tree")):
        where = f"/product_tree/relationships/{n}"
        ends = text(each, "product_reference", where), text(each, "relates_to_product_reference", where)
        ident = _define(tree, part(each, "full_product_name", where, wanted=True), f"{where}/full_product_name", {})
        tree.products[ident].is_part_of = ends
        tree.relationships.append((ident, *ends))
        tree.named += [(end, where) for end in ends]
    for n, each in enumerate(items(root, "product_groups", "/product_tree")):
        where = f"/product_tree/product_groups/{n}"
        group, members = text(each, "group_id", where), _ids(each, "product_ids", where)
        tree.groups[group] = members
        tree.groups_defined[group] += 1
        tree.named += [(member, where) for member in members]
    return tree


def _branch(tree: Tree, branch: Any, where: str, above: dict[str, str], depth: int) -> None:
    if depth > DEEPEST:
        raise Refused(f"{where}: branches are nested deeper than {DEEPEST}.")
    category, name = text(branch, "category", where), text(branch, "name", where)
    if category not in BRANCHES:
        raise Refused(f"{where}/category: {category[:40]} is none of the schema's.")
    tree.branches.append((category, name, where))
    names = {**above, category: name}
    if "product" in branch:
        _define(tree, part(branch, "product", where, wanted=True), f"{where}/product", names)
    for n, child in enumerate(items(branch, "branches", where)):
        _branch(tree, child, f"{where}/branches/{n}", names, depth + 1)


def _define(tree: Tree, full: Any, where: str, names: dict[str, str]) -> str:
    ident = text(full, "product_id", where)
    tree.defined[ident] += 1
    tree.products[ident] = Product(
        name=text(full, "name", where),
        vendor=names.get("vendor", ""),
        product=names.get("product_name", ""),
        version=names.get("product_version", ""),
        version_range=names.get("product_version_range", ""),
        helper=part(full, "product_identification_helper", where),
    )
    return ident


def _ids(holder: Any, name: str, where: str) -> list[str]:
    found = items(holder, name, where)
    if not all(isinstance(each, str) and each for each in found):
        raise Refused(f"{where}/{name}: a list of ids is wanted.")
    return found


def members_of(holder: Any, where: str, tree: Tree) -> set[str]:
    """The products that `product_ids` and `group_ids` of a flag, a threat or a remediation come to."""
    found = set(_ids(holder, "product_ids", where))
    for group in _ids(holder, "group_ids", where):
        found |= set(tree.groups.get(group, []))
    return found


def statuses_of(vulnerability: dict[str, Any], where: str) -> Iterator[tuple[str, str, str]]:
    """`(name of the list, product id, pointer)` of one vulnerability."""
    status = part(vulnerability, "product_status", where)
    for name in status:
        if name not in ALL_STATUSES:
            raise Refused(f"{where}/product_status/{name[:40]}: there is no such status.")
        for ident in _ids(status, name, f"{where}/product_status"):
            yield name, ident, f"{where}/product_status/{name}"


def named_products(vulnerabilities: list[Any]) -> Iterator[tuple[str, str]]:
    """Every product id that a vulnerability names, with where."""
    for n, each in enumerate(vulnerabilities):
        where = f"/vulnerabilities/{n}"
        yield from ((ident, pointer) for _name, ident, pointer in statuses_of(each, where))
        for name, key in (("flags", "product_ids"), ("remediations", "product_ids"), ("threats", "product_ids"),
                          ("scores", "products")):  # fmt: skip
            for m, holder in enumerate(items(each, name, where)):
                yield from ((ident, f"{where}/{name}/{m}") for ident in _ids(holder, key, f"{where}/{name}/{m}"))


def named_groups(vulnerabilities: list[Any]) -> Iterator[tuple[str, str]]:
    for n, each in enumerate(vulnerabilities):
        for name in ("flags", "remediations", "threats"):
            for m, holder in enumerate(items(each, name, f"/vulnerabilities/{n}")):
                where = f"/vulnerabilities/{n}/{name}/{m}"
                yield from ((group, where) for group in _ids(holder, "group_ids", where))

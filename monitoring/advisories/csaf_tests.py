"""The mandatory tests of CSAF 2.0, section 6.1, on a document that has the schema's shape.

Each test is a function that yields pointers and words; the number is the section's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from monitoring.advisories.csaf_profiles import test_27
from monitoring.advisories.csaf_scores import SCORE_TESTS, repeated, vulnerabilities_of
from monitoring.advisories.csaf_tree import STATUSES, Tree, members_of, named_groups, named_products, statuses_of
from monitoring.advisories.csaf_versions import VERSION_TESTS
from monitoring.advisories.fields import instant, items, part
from monitoring.advisories.packages import split_purl
from monitoring.advisories.weaknesses import fault_of_weakness

Found = Iterator[str]
LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z]{4})?(-([a-zA-Z]{2}|[0-9]{3}))?(-[a-zA-Z0-9]{5,8})*")
RANGE_WORDS = re.compile(r"[<>]|\b(after|all|before|earlier|later|prior|versions)\b", re.IGNORECASE)


def failures_of(document: dict[str, Any], tree: Tree) -> list[str]:
    """What fails, each as `6.1.n pointer: words`; none is a valid document."""
    return [f"6.1.{number} {said}" for number, test in TESTS.items() for said in test(document, tree)]


def test_1(document: dict[str, Any], tree: Tree) -> Found:
    for ident, where in [*tree.named, *named_products(items(document, "vulnerabilities", ""))]:
        if ident not in tree.defined:
            yield f"{where}: the product {ident} is not defined."


def test_2(document: dict[str, Any], tree: Tree) -> Found:
    yield from (f"/product_tree: the product {each} is defined more than once."
                for each, times in tree.defined.items() if times > 1)  # fmt: skip


def test_3(document: dict[str, Any], tree: Tree) -> Found:
    made_of = {ident: set(ends) for ident, *ends in tree.relationships}
    for start in made_of:
        seen: set[str] = set()
        wanted = set(made_of[start])
        while wanted:
            one = wanted.pop()
            if one not in seen:
                seen.add(one)
                wanted |= made_of.get(one, set())
        if start in seen:
            yield f"/product_tree/relationships: the product {start} is made of itself."


def test_4(document: dict[str, Any], tree: Tree) -> Found:
    for group, where in named_groups(items(document, "vulnerabilities", "")):
        if group not in tree.groups_defined:
            yield f"{where}: the group {group} is not defined."


def test_5(document: dict[str, Any], tree: Tree) -> Found:
    yield from (f"/product_tree/product_groups: {each} is defined more than once."
                for each, times in tree.groups_defined.items() if times > 1)  # fmt: skip


def test_6(document: dict[str, Any], tree: Tree) -> Found:
    kinds = {name: kind for kind, names in STATUSES.items() for name in names}
    for where, each in vulnerabilities_of(document):
        said: dict[str, set[str]] = {}
        for name, ident, _pointer in statuses_of(each, where):
            if name in kinds:
                said.setdefault(ident, set()).add(kinds[name])
        yield from (f"{where}: {ident} has statuses that contradict." for ident, has in said.items() if len(has) > 1)


def test_11(document: dict[str, Any], tree: Tree) -> Found:
    for where, each in vulnerabilities_of(document):
        if "cwe" in each:
            cwe = part(each, "cwe", where)
            if fault := fault_of_weakness(cwe.get("id"), cwe.get("name")):
                yield f"{where}/cwe: {fault}"


def test_12(document: dict[str, Any], tree: Tree) -> Found:
    for name in ("lang", "source_lang"):
        said = document["document"].get(name)
        if said is not None and (not isinstance(said, str) or not LANGUAGE.fullmatch(said)):
            yield f"/document/{name}: this is no language tag."


def test_13(document: dict[str, Any], tree: Tree) -> Found:
    for ident, product in tree.products.items():
        if "purl" in product.helper and not split_purl(str(product.helper["purl"]))[0]:
            yield f"/product_tree: the purl of {ident} is none."


def test_15(document: dict[str, Any], tree: Tree) -> Found:
    if document["document"]["publisher"]["category"] == "translator" and not document["document"].get("source_lang"):
        yield "/document/source_lang: a translator names the language of the original."


def test_23(document: dict[str, Any], tree: Tree) -> Found:
    cves = [each["cve"] for _where, each in vulnerabilities_of(document) if "cve" in each]
    yield from (f"/vulnerabilities: {cve} stands there more than once." for cve in repeated(cves))


def test_24(document: dict[str, Any], tree: Tree) -> Found:
    for where, each in vulnerabilities_of(document):
        seen = [(i.get("party"), instant(i, "date", where)) for i in items(each, "involvements", where) if "date" in i]
        yield from (f"{where}/involvements: {party} stands there twice for one time." for party, _at in repeated(seen))


def test_25(document: dict[str, Any], tree: Tree) -> Found:
    for ident, product in tree.products.items():
        for hashes in items(product.helper, "hashes", "/product_tree"):
            kinds = [each.get("algorithm") for each in items(hashes, "file_hashes", "/product_tree")]
            yield from (f"/product_tree: {ident} has two hashes by {kind}." for kind in repeated(kinds))


def test_28(document: dict[str, Any], tree: Tree) -> Found:
    about = document["document"]
    if about.get("lang") and str(about["lang"]).lower() == str(about.get("source_lang", "")).lower():
        yield "/document/source_lang: it is the document's own language."


def _without_products(name: str) -> Callable[[dict[str, Any], Tree], Found]:
    def test(document: dict[str, Any], tree: Tree) -> Found:
        for where, each in vulnerabilities_of(document):
            for n, holder in enumerate(items(each, name, where)):
                if not holder.get("product_ids") and not holder.get("group_ids"):
                    yield f"{where}/{name}/{n}: it names no product."

    return test


def test_31(document: dict[str, Any], tree: Tree) -> Found:
    for category, name, where in tree.branches:
        if category == "product_version" and RANGE_WORDS.search(name):
            yield f"{where}/name: a range stands where one version is said."


def test_33(document: dict[str, Any], tree: Tree) -> Found:
    for where, each in vulnerabilities_of(document):
        seen = [ident for flag in items(each, "flags", where) for ident in members_of(flag, where, tree)]
        yield from (f"{where}/flags: {ident} has two justifications." for ident in repeated(seen))


TESTS: dict[str, Callable[[dict[str, Any], Tree], Found]] = {
    "1": test_1, "2": test_2, "3": test_3, "4": test_4, "5": test_5, "6": test_6, **SCORE_TESTS, "11": test_11,
    "12": test_12, "13": test_13, "15": test_15, **VERSION_TESTS, "23": test_23, "24": test_24, "25": test_25,
    "27": test_27, "28": test_28, "29": _without_products("remediations"), "31": test_31,
    "32": _without_products("flags"), "33": test_33,
}  # fmt: skip

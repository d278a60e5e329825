"""Every reason that code or database can write into a row is one that its reader can have in another language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from portal import reasons
from scripts.texts import collected

ROOT = Path(__file__).resolve().parent.parent.parent
SENTENCE = re.compile(r"[A-Z][^{}]* .*\.", re.DOTALL)
# Whoever calls these has had the text translated, or shows it to no reader of a page.
MARKED = {"_", "gettext", "lazy", "gettext_lazy", "ngettext", "reason"}
NOT_KEPT = {
    "debug", "info", "warning", "error", "exception", "ValueError", "AssertionError", "NotABounce", "problem",
    "Problem", "Conflict", "OpenApiParameter", "Detail", "Fault", "raise_own", "ValidationError",
}  # fmt: skip
# What goes to nobody, and what a service is answered that is no person.
NO_READER = {"notifications/canary.py", "notifications/views_receipts.py"}
KEYWORDS = {"help_text", "description", "summary", "detail", "help"}
IN_SQL = re.compile(
    r"(?:\b(?:error|because)\s*:?=\s*|end_ladder\([^;]*?,\s*|stop_ladder\([^;]*?,\s*|climb_ladder\([^;]*?,\s*)"
    r"'((?:[^']|'')+)'"
)


TWO_WHYS = (
    "No recorded way can be used. INC-2HQ3G7 can reach St. Ann. Net, on which it rides. The mail of Ash and Oak is"
    " marked as not trusted. Call the duty desk."
)


def sentences(path: Path) -> Iterator[tuple[int, str]]:
    """Sentences of a module that nobody marked: no docstring, no log, nothing that goes to a translator already."""

    def walk(node: ast.AST) -> Iterator[tuple[int, str]]:
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in MARKED | NOT_KEPT:
                return
        if isinstance(node, ast.keyword) and node.arg in KEYWORDS:
            return
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(each.value) if isinstance(each, ast.Constant) else "%s" for each in node.values)
            if SENTENCE.fullmatch(text):
                yield node.lineno, text
            return
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SENTENCE.fullmatch(node.value):
            yield node.lineno, node.value
        for child in ast.iter_child_nodes(node):
            yield from walk(child)

    yield from walk(ast.parse(path.read_text("utf-8")))


def test_what_workers_write_is_marked():
    """In the room that sends: its API describes itself in English, its commands speak to the operator."""
    found = []
    for path in sorted((ROOT / "notifications").rglob("*.py")):
        where = path.relative_to(ROOT).as_posix()
        if (
            "/migrations/" in where
            or "/management/" in where
            or "/api" in where
            or "/live/" in where
            or where in NO_READER
        ):
            continue
        found += [f"{where}:{line}: {text}" for line, text in sentences(path) if not reasons.is_known(text)]
    assert found == [], "mark it with `reason` (portal/reasons.py), or have it translated where it is shown"


@pytest.mark.django_db
def test_what_the_database_writes_is_known(owner_url: str):
    with psycopg.connect(owner_url) as owner:
        sources = owner.execute(
            "SELECT p.proname, p.prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
            " WHERE n.nspname = 'sec' AND p.prosrc ~ 'notifications_|end_ladder|stop_ladder'"
        ).fetchall()
    written = {
        (name, text.replace("''", "'")) for name, source in sources for text in IN_SQL.findall(source) if " " in text
    }
    assert len(written) >= 5, "the pattern finds them"
    assert {each for each in written if not reasons.is_known(each[1])} == set()


def test_every_marked_sentence_goes_to_the_translators():
    texts = {message.id for message in collected(("notifications", "partners", "incidents"))}
    assert reasons.known() - texts == set()


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("Every message to them failed.", True),
        ("The only recorded way cannot be used. It is not trusted at present. Call the duty desk.", True),
        (TWO_WHYS, True),
        ("The text message service takes no message to this number.", True),
        ("deputy by text message and e-mail", True),
        ("Jo said so.", False),
        ("The only recorded way cannot be used. Jo said so. Call the duty desk.", False),
    ],
)
def test_sentences_are_recognised_with_what_stands_in_them(text: str, known: bool):
    assert reasons.is_known(text) is known
    assert reasons.reason_in_words(text) == text, "English is English"

"""`make texts`: collect every text that people read, for translators; LANGUAGE=cy brings that one up to date.

Without a language the template goes to var/texts/django.pot. With one, locale/<language>/LC_MESSAGES/django.po is made
or brought up to date (what was translated stays, what is new is empty, what is gone is kept at its end), and compiled.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("portal", "partners", "incidents", "notifications", "monitoring", "templates")
METHODS = [("**/migrations/**.py", "ignore"), ("**.py", "python"), ("**.html", "jinja2")]
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "lazy": None,
    "reason": (1,),
    "clause": (1,),
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
}
OPTIONS = {"**.html": {"newstyle_gettext": "true", "silent": "false"}}


def collected(folders: Iterable[str] = FOLDERS) -> Catalog:
    """Every text of the pages and messages, where it stands, and what its plural is."""
    catalog = Catalog(project="Bulkhead", charset="utf-8")
    for folder in folders:
        found = extract_from_dir(ROOT / folder, METHODS, OPTIONS, KEYWORDS)
        for name, line, message, comments, context in found:
            catalog.add(message, None, [(f"{folder}/{name}", line)], auto_comments=comments, context=context)
    return catalog


def bring_up_to_date(language: str, texts: Catalog, *, root: Path = ROOT / "locale") -> tuple[Path, int]:
    """The file of a language and how many texts it lacks.

    Raises:
        ValueError, UnknownLocaleError: there is no such language.
    """
    Locale.parse(language)
    path = root / language / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        with path.open("rb") as file:
            catalog = read_po(file, locale=language)
    else:
        catalog = Catalog(locale=language, project="Bulkhead", charset="utf-8")
    catalog.update(texts, no_fuzzy_matching=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=120)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalog)
    return path, sum(1 for message in catalog if message.id and not _is_translated(message.string))


def _is_translated(string: str | tuple[str, ...] | list[str] | None) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)


def main() -> None:
    texts = collected()
    language = os.environ.get("LANGUAGE_OF_TEXTS", "")
    if not language:
        path = ROOT / "var" / "texts" / "django.pot"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, texts, width=120)
        print(f"{len(texts)} texts: {path.relative_to(ROOT)}")
        return
    try:
        path, lacking = bring_up_to_date(language, texts)
    except (ValueError, UnknownLocaleError) as trouble:
        sys.exit(f"LANGUAGE={language}: {trouble}")
    print(f"{len(texts)} texts, {lacking} not translated yet: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

"""Parts of pages that are written once for each content.

A board has a row for each organisation, and of 33 rows mostly one has changed since anybody looked. What such a part is
made of is composed anew for each request, from the database and under row security; only putting the same values into
the same template is not done twice. So nothing here can be older than what it is made of, and nobody is given anything
that was not composed for them.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import orjson
from django.utils.functional import Promise
from django.utils.translation import get_language
from jinja2 import Environment
from markupsafe import Markup

MOST_LETTERS = 8_000_000  # in all, in each process
LONGEST = 64_000
_STRICT = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


class Written:
    """`written_once(template, name=…)` in a template: that template with these values and nothing else of the page's.

    It has to depend on them and on the language alone: no filter that reads the clock, no form's token, no random id.
    What is to be shown as it is (`Markup`) and the same text to be escaped are different values. What cannot be
    compared is written each time.
    """

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.kept: dict[bytes, Markup] = {}
        self.letters = 0

    def __call__(self, template: str, /, **values: Any) -> Markup:
        if self.env.auto_reload:  # somebody works on the templates
            return self._write(template, values)
        try:
            said = orjson.dumps([get_language(), template, values], default=_named, option=_STRICT)
        except TypeError:
            return self._write(template, values)
        key = hashlib.blake2b(said, digest_size=32).digest()
        found = self.kept.get(key)
        return self._keep(key, self._write(template, values)) if found is None else found

    def _write(self, template: str, values: dict[str, Any]) -> Markup:
        return Markup(self.env.get_template(template).render(values))  # noqa: S704 - the template has escaped

    def _keep(self, key: bytes, text: Markup) -> Markup:
        if len(text) <= LONGEST:
            if self.letters + len(text) > MOST_LETTERS:
                self.kept.clear()
                self.letters = 0
            self.kept[key] = text
            self.letters += len(text)
        return text


def _named(value: Any) -> list[str]:
    """A text of another kind by its kind, as are times; of anything else nobody knows what makes it another."""
    if isinstance(value, str | Promise):
        return [type(value).__name__, str.__str__(str(value))]  # a safe string stays one when it is made a string
    if isinstance(value, datetime):
        return ["datetime", value.isoformat(), str(value.tzinfo)]
    raise TypeError(type(value).__name__)

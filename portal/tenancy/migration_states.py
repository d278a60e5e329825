"""Migrations make each model anew as seldom as they need to: a whole installation takes a tenth of the time.

Before and after each operation Django has every model as it was at that point. When one changes, Django makes anew the
models that it points to, too, and all that point to those; nearly every model of ours points to the organisation, so
each change of any made all 180. What has to be made anew is what holds the old model: whoever points to it, and so on.

What a model's target knows of who points to it is then not to be relied on. A migration's Python code may ask that, and
so does Django when a model, its table or a field is renamed, or a primary key or unique field is altered: for these all
are made afresh. `tests/gates/test_wiring.py` compares the schema with the one that Django's own command makes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.migrations.operations import AlterField, AlterModelTable, RenameField, RenameModel, RunPython
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.migrations.utils import resolve_relation

Key = tuple[str, str]  # app label, and the model's name in small letters
# What asks who points to a model: `related_objects` in Django's migrations/operations and backends/base/schema.py.
ASK_WHO_POINTS = (RunPython, RenameModel, AlterModelTable, RenameField, AlterField)
WAYS = ("database_forwards", "database_backwards")


@contextmanager
def fewer_models_made() -> Iterator[None]:
    """While this is open, in the whole process."""
    django = [(kind, way, getattr(kind, way)) for kind in ASK_WHO_POINTS for way in WAYS]
    reloaded = ProjectState._find_reload_model  # type: ignore[attr-defined]
    ProjectState._find_reload_model = _held_by  # type: ignore[attr-defined]
    for kind, way, own in django:
        setattr(kind, way, _afresh(own))
    try:
        yield
    finally:
        ProjectState._find_reload_model = reloaded  # type: ignore[attr-defined]
        for kind, way, own in django:
            setattr(kind, way, own)


def _afresh(original: Callable[..., None]) -> Callable[..., None]:
    def run(operation: Operation, app_label: str, editor: Any, from_state: Any, to_state: Any) -> None:
        if not isinstance(operation, AlterField) or operation.field.primary_key or operation.field.unique:
            from_state.clear_delayed_apps_cache()
            if not isinstance(operation, RunPython):  # which is given one state alone
                to_state.clear_delayed_apps_cache()
        original(operation, app_label, editor, from_state, to_state)

    return run


def _held_by(state: ProjectState, app_label: str, model_name: str, delay: bool = False) -> set[Key]:
    """A model and whatever holds it: by a foreign key, as a base, or through another one that does."""
    state.is_delayed = True  # what points to it is not what is made anew
    holders: dict[Key, set[Key]] = defaultdict(set)
    for key, model in state.models.items():
        for field in model.fields.values():
            if field.is_relation and field.remote_field:
                holders[resolve_relation(field.remote_field.model, *key)].add(key)
                through = getattr(field.remote_field, "through", None)
                if through:
                    holders[resolve_relation(through, *key)].add(key)
        for base in model.bases:
            if isinstance(base, str):
                holders[resolve_relation(base, *key)].add(key)
    found, waiting = {(app_label, model_name)}, [(app_label, model_name)]
    while waiting:
        new = holders[waiting.pop()] - found
        found |= new
        waiting += new
    return found

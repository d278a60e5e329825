"""Migrations make each model anew as seldom as they need to: a whole installation takes a tenth of the time.

Before and after each operation Django has every model as it was at that point. When one changes, Django makes anew the
models that it points to, too, and all that point to those; nearly every model of ours points to the organisation, so
each change of any made all 180. What has to be made anew is what holds the old model: whoever points to it, and so on.

What a model's target knows of who points to it is then not to be relied on. A migration's Python code may: for it all
are made afresh. Django itself does when a model is renamed, or a primary key or unique field is altered, of which
`tests/portal/test_migration_states.py` finds none. `tests/gates/test_wiring.py` compares the schema with the one that
Django's own command makes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.migrations.operations import RunPython
from django.db.migrations.state import ProjectState
from django.db.migrations.utils import resolve_relation

Key = tuple[str, str]  # app label, and the model's name in small letters


@contextmanager
def fewer_models_made() -> Iterator[None]:
    """While this is open, in the whole process."""
    reloaded, backwards = ProjectState._find_reload_model, RunPython.database_backwards  # type: ignore[attr-defined]

    def backwards_afresh(operation: RunPython, app_label: str, editor: Any, from_state: Any, to_state: Any) -> None:
        from_state.clear_delayed_apps_cache()  # forwards Django does so itself
        backwards(operation, app_label, editor, from_state, to_state)

    ProjectState._find_reload_model = _held_by  # type: ignore[attr-defined]
    RunPython.database_backwards = backwards_afresh  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        ProjectState._find_reload_model = reloaded  # type: ignore[attr-defined]
        RunPython.database_backwards = backwards  # type: ignore[method-assign]


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

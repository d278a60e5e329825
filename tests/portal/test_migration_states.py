"""Which models a migration makes anew, and that no migration needs what is left as it was."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.core.management import get_commands
from django.db import connections, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState, StateApps

from portal.tenancy.migration_states import fewer_models_made

OF_DJANGO = (ProjectState._find_reload_model, migrations.RunPython.database_backwards)
# Who points to a model is asked by these (`related_objects` in django/db/migrations/operations/models.py, and in
# django/db/backends/base/schema.py for what is altered below), and by Python code.
ASKS_WHO_POINTS = (migrations.RenameModel, migrations.AlterModelTable, migrations.RenameField)


def model(name: str, *fields: tuple[str, models.Field], bases: tuple[object, ...] = (models.Model,)) -> ModelState:
    return ModelState(
        "a",
        name,
        [("id", models.AutoField(primary_key=True)), *fields] if bases == (models.Model,) else [*fields],
        bases=bases,
    )


def to(name: str) -> models.ForeignKey:
    return models.ForeignKey(f"a.{name}", models.CASCADE)


@pytest.fixture
def state() -> ProjectState:
    """Child and Order point to Hub, Line to Order, Special is an Order, Tagged has Hubs by way of Tagging."""
    found = ProjectState()
    for each in (
        model("Hub", ("parent", models.ForeignKey("self", models.CASCADE))),
        model("Child", ("hub", to("Hub"))),
        model("Order", ("hub", to("Hub"))),
        model("Line", ("order", to("Order"))),
        model("Special", bases=("a.order",)),
        model("Tagged", ("hubs", models.ManyToManyField("a.Hub", through="a.Tagging"))),
        model("Tagging", ("hub", to("Hub")), ("tagged", to("Tagged"))),
        model("Alone"),
    ):
        found.add_model(each)
    return found


@pytest.mark.parametrize(
    ("changes", "made"),
    [
        ("alone", "alone"),
        ("child", "child"),
        ("line", "line"),
        ("order", "order line special"),
        ("tagging", "tagging tagged"),
        ("hub", "hub child order line special tagged tagging"),
    ],
)
def test_a_model_is_made_anew_with_those_that_hold_it(state: ProjectState, changes: str, made: str):
    with fewer_models_made():
        assert {name for _, name in state._find_reload_model("a", changes)} == set(made.split())
        before = {name: state.apps.get_model("a", name) for name in ["hub", "child", "order", "line", "special"]}
        state.add_field("a", "order", "note", models.TextField(default=""), preserve_default=False)
        after = {name: state.apps.get_model("a", name) for name in before}
    assert {name for name in before if before[name] is not after[name]} == {"order", "line", "special"}
    assert after["line"]._meta.get_field("order").related_model is after["order"]
    assert after["order"]._meta.get_field("hub").related_model is after["hub"]
    assert issubclass(after["special"], after["order"])
    assert after["special"]._meta.get_field("note")


@pytest.mark.parametrize("way", ["database_forwards", "database_backwards"])
def test_python_code_finds_who_points_to_a_model_as_it_was(state: ProjectState, way: str):
    found = []

    def look(apps: StateApps, _editor: object) -> None:
        hub, child = apps.get_model("a", "Hub"), apps.get_model("a", "Child")
        found.append(hub._meta.get_field("child").related_model is child)
        found.append("note" in {each.name for each in hub._meta.get_field("child").related_model._meta.get_fields()})
        found.append(len(hub._meta.related_objects))

    editor = SimpleNamespace(connection=connections["default"])
    with fewer_models_made():
        assert state.apps
        later = state.clone()
        later.add_field("a", "child", "note", models.TextField(default=""), preserve_default=False)
        for each, has_note in ((state, False), (later, True)):
            getattr(migrations.RunPython(look, look), way)("a", editor, each, each)
            assert found == [True, has_note, 5]  # Hub itself, Child, Order, Tagging and Tagged
            found.clear()


def test_only_while_it_is_open(state: ProjectState):
    with fewer_models_made():
        assert ProjectState._find_reload_model is not OF_DJANGO[0]
    with pytest.raises(LookupError), fewer_models_made():
        state.apps.get_model("a", "nobody")
    assert (ProjectState._find_reload_model, migrations.RunPython.database_backwards) == OF_DJANGO
    assert get_commands()["migrate"] == "portal.tenancy"


def test_no_migration_asks_a_model_who_points_to_it():
    apps = MigrationLoader(None).disk_migrations
    ours = [each for (app, _), each in apps.items() if not each.__module__.startswith("django.")]
    operations = [one for each in ours for one in each.operations]
    assert len(operations) > 700
    assert [one for one in operations if isinstance(one, ASKS_WHO_POINTS)] == []
    altered = [one for one in operations if isinstance(one, migrations.AlterField)]
    assert len(altered) > 30
    assert [one for one in altered if one.field.primary_key or one.field.unique] == []

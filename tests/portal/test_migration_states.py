"""Which models a migration makes anew, and that the database is asked for the same as by Django's own command."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.core.management import get_commands
from django.db import connections, migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.postgresql.introspection import DatabaseIntrospection
from django.db.migrations.state import ModelState, ProjectState, StateApps
from django.db.models import QuerySet

from portal.tenancy.migration_states import fewer_models_made

OF_DJANGO = (
    ProjectState._find_reload_model,
    migrations.RunPython.database_backwards,
    migrations.RenameModel.database_forwards,
)


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
    now = (ProjectState._find_reload_model, migrations.RunPython.database_backwards)
    assert (*now, migrations.RenameModel.database_forwards) == OF_DJANGO
    assert get_commands()["migrate"] == "portal.tenancy"


CHANGES = {
    "primary key": migrations.AlterField("hub", "id", models.BigAutoField(primary_key=True)),
    "unique field": migrations.AlterField("hub", "slug", models.CharField(max_length=20, unique=True)),
    "renamed field": migrations.RenameField("hub", "slug", "name"),
    "renamed model": migrations.RenameModel("Hub", "Node"),
    "renamed table": migrations.AlterModelTable("tagged", "labels"),
    "inside another": migrations.SeparateDatabaseAndState(
        database_operations=[migrations.AlterField("hub", "id", models.BigAutoField(primary_key=True))]
    ),
    "Python code": migrations.RunPython(
        lambda apps, _editor: apps.get_model("a", "hub").objects.count(), lambda *_: None
    ),
}


def estate() -> ProjectState:
    """Child points to Hub by its key, BySlug by its slug, Tagged has Hubs by a table that Django makes itself."""
    found = ProjectState()
    for each in (
        model("Hub", ("slug", models.CharField(max_length=9, unique=True))),
        model("Child", ("hub", to("Hub"))),
        model("BySlug", ("hub", models.ForeignKey("a.Hub", models.CASCADE, to_field="slug"))),
        model("Tagged", ("hubs", models.ManyToManyField("a.Hub"))),
    ):
        found.add_model(each)
    return found


def statements(operations: list[migrations.operations.base.Operation], *, back: bool) -> list[str]:
    """What is asked of the database, after an operation that has made some of the models anew; and for the way back."""
    before = migrations.AddField("child", "note", models.TextField(default=""))
    with connections["default"].schema_editor(collect_sql=True) as editor:
        state, undo = estate(), []
        assert state.apps
        for operation in (before, *operations):
            was = state.clone()
            operation.state_forwards("a", state)
            undo.append((operation, state.clone(), was))
            operation.database_forwards("a", editor, was, state)
        for operation, now, then in reversed(undo) if back else ():
            operation.database_backwards("a", editor, now, then)
        return editor.collected_sql


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.django_db
def test_the_database_is_asked_for_what_django_itself_asks(what: str, back: bool, monkeypatch):
    # Nothing of it is there: names of constraints are not looked up.
    monkeypatch.setattr(BaseDatabaseSchemaEditor, "_constraint_names", lambda *_, **__: ["of_it"])
    monkeypatch.setattr(DatabaseIntrospection, "get_sequences", lambda *_, **__: [])
    monkeypatch.setattr(QuerySet, "count", lambda _: 0)
    wanted = statements([CHANGES[what]], back=back)
    with fewer_models_made():
        asked = statements([CHANGES[what]], back=back)
    assert sorted(asked) == sorted(wanted)  # of several that point to one the order is anyone's
    assert what == "Python code" or len(wanted) > 2

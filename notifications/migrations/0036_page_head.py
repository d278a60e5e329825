"""The head of every page as a function whose plan is kept: in plain SQL it was made anew for each page."""

from importlib import import_module

from django.db import migrations

before = import_module("notifications.migrations.0028_mends").HEAD
QUERY = before.split("AS $$", 1)[1].split("$$", 1)[0].strip()
HEAD = before.replace("LANGUAGE sql STABLE", "LANGUAGE plpgsql STABLE").replace(
    QUERY, f"#variable_conflict use_column\nBEGIN\n    RETURN QUERY {QUERY};\nEND"
)


class Migration(migrations.Migration):
    dependencies = [("notifications", "0034_data_notices"), ("incidents", "0042_open_incidents")]
    operations = [migrations.RunSQL(HEAD, before)]

"""Steps for one organisation by name, and for the deputy lead."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0035_techniques")]
    operations = [
        migrations.AlterField("step", "audience", models.TextField()),
        migrations.RemoveConstraint("step", "step_audience"),
        migrations.AddConstraint(
            "step",
            models.CheckConstraint(
                condition=models.Q(audience__in=["all", "each", "councils", "provider", "lead", "deputy_lead"])
                | models.Q(audience__regex=r"^organisation:[a-z0-9-]{1,64}$"),
                name="step_audience",
            ),
        ),
    ]

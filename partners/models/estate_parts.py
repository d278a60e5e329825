"""What a shared system is made of, and the single public services that stand on it."""

from __future__ import annotations

import uuid

from django.db import models

from partners.models.estate import Participation, SharedSystem
from partners.models.organisations import Organisation


class Component(models.Model):
    """A piece of software of a system. `cpe` is a CPE 2.3 formatted string, `purl` a package URL; '' is unknown."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    system = models.ForeignKey(SharedSystem, on_delete=models.PROTECT, related_name="components")
    vendor = models.TextField(blank=True, default="")
    product = models.TextField()
    product_version = models.TextField(blank=True, default="")
    cpe = models.TextField(blank=True, default="")
    purl = models.TextField(blank=True, default="")
    note = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["product", "product_version"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(product=""), name="component_product"),
            models.CheckConstraint(
                condition=models.Q(cpe="") | models.Q(cpe__startswith="cpe:2.3:"), name="component_cpe"
            ),
            models.CheckConstraint(
                condition=models.Q(purl="") | models.Q(purl__startswith="pkg:"), name="component_purl"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.product_version}".strip()


class Segment(models.Model):
    """A part of a system's network, for whoever runs the system to see and nobody else."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    system = models.ForeignKey(SharedSystem, on_delete=models.PROTECT, related_name="segments", db_index=False)
    name = models.TextField()
    note = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["system", "name"], name="segment_once")]

    def __str__(self) -> str:
        return self.name


class PublicService(models.Model):
    """One service to the public that an organisation bases on a system. Its organisation alone writes it.

    `organisation` and `system` are the participation's and are written by a trigger. `critical_dates` are objects
    `{"on": "2027-05-06", "words": "Polling day"}`; `on` is null where the words alone say when ("every 28th: pay day").
    `fallback` null: none is recorded.
    """

    class Category(models.TextChoices):
        HOUSING = "housing", "Housing and homelessness"
        BENEFITS = "benefits", "Benefits"
        COUNCIL_TAX = "council_tax", "Council tax and business rates"
        ADULT_CARE = "adult_care", "Adult social care"
        CHILDREN = "children", "Children's social care"
        TELECARE = "telecare", "Telecare"
        ELECTIONS = "elections", "Elections"
        PLANNING = "planning", "Planning and building control"
        WASTE = "waste", "Waste and streets"
        EDUCATION = "education", "Schools and education"
        REGISTRARS = "registrars", "Births, deaths and marriages"
        PAYMENTS = "payments", "Payments and income"
        CONTACT = "contact", "Contact centre and website"
        EMERGENCY = "emergency", "Emergency planning"
        STAFF = "staff", "Work of the council's own staff"
        OTHER = "other", "Something else"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="public_services")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", editable=False)
    system = models.ForeignKey(SharedSystem, on_delete=models.PROTECT, related_name="+", editable=False)
    position = models.PositiveSmallIntegerField(default=1)
    category = models.TextField(choices=Category.choices, default=Category.OTHER)
    name = models.TextField()
    safety_critical = models.BooleanField(default=False)
    people_served = models.PositiveIntegerField(null=True, blank=True)
    fallback = models.TextField(null=True, blank=True)  # noqa: DJ001 - null means that none is recorded
    critical_dates = models.JSONField(default=list)

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(fields=["participation", "name"], name="service_once"),
            models.CheckConstraint(condition=~models.Q(name=""), name="service_name"),
        ]

    def __str__(self) -> str:
        return self.name

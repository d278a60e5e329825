"""An organisation's ladder as its register has it: who stands on which rung, and how long each has to answer."""

from __future__ import annotations

from uuid import UUID

from partners.models import Band, LadderRung, LadderTime, Rung

# Minutes that a rung has before the next one is called, by how bad the incident is. An organisation may change its own
# within `BOUNDS`.
DEFAULT_MINUTES = {Band.WORST: 5, Band.SERIOUS: 10, Band.LOW: 30}


def band_of(severity: int | None) -> Band:
    """The band of a national category, 1 the worst. What nobody has said yet counts as the worst."""
    if severity is None or severity <= 2:
        return Band.WORST
    return Band.SERIOUS if severity == 3 else Band.LOW


def minutes_of(band: Band) -> int:
    """Minutes that each rung of the entered organisation has."""
    own = LadderTime.objects.filter(band=band).values_list("minutes", flat=True).first()
    return DEFAULT_MINUTES[band] if own is None else own


def people_on_rungs() -> dict[Rung, UUID]:
    """Who stands on the rungs above duty, in the entered organisation; whoever is switched off is nobody."""
    rows = LadderRung.objects.filter(person__is_active=True).values_list("rung", "person_id")
    return {Rung(rung): person for rung, person in rows}

"""Rows of advisories: documents of all and of one, exposures of every system that somebody runs, and decisions."""

from __future__ import annotations

from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from tests.gates.arranged_names import ORGANISATIONS, secret_of
from tests.gates.arranging import Writer


class Advisories(Writer):
    def advised(self) -> None:
        feed = self.put("monitoring_advisoryfeed", id=uuid4(), slug="f", name="F", kind="kev", url="https://a.example/",
                        every_minutes=60, is_active=True, due_at="now")  # fmt: skip
        self.put("monitoring_advisoryalias", id=uuid4(), name="a", also="b")
        of_all = self.advisory(None, "of-all", "WHITE", "a document for all", feed)
        # One event of a decision is in the ledger already (`arranged`): hundreds would be offered again and again.
        self.owner.execute("ALTER TABLE monitoring_exposuredecision DISABLE TRIGGER decided")
        for slug in ORGANISATIONS:
            own, secret = self.ids[slug], secret_of(slug)
            clear = self.advisory(own, "brought", "", "brought by one, for all", None)
            amber = self.advisory(own, "amber", "AMBER", secret, None)
            self.put("monitoring_advisorykey", advisory_id=amber, label=secret, key=secret)
            runs = self.owner.execute(
                "SELECT s.id FROM partners_sharedsystem s WHERE %s IN (s.owner_id, s.provider_id)"
                " ORDER BY s.slug LIMIT 2",
                [own],
            ).fetchall()
            for (system,) in runs:
                self.exposed(system, own, secret, [of_all, clear, amber])
                self.put("monitoring_watchedkey", system_id=system, key=secret)
        waiting = self.one(
            "SELECT string_agg(quote_ident(conname), ', ') FROM pg_constraint WHERE condeferrable"
            " AND conrelid = 'monitoring_exposuredecision'::regclass"
        )
        self.owner.execute(f"SET CONSTRAINTS {waiting} IMMEDIATE")
        self.owner.execute("ALTER TABLE monitoring_exposuredecision ENABLE TRIGGER decided")

    def advisory(self, own: UUID | None, ident: str, tlp: str, told: str, feed: UUID | None) -> UUID:
        return self.put("monitoring_advisory", id=uuid4(), organisation_id=own, feed_id=feed, source="csaf",
                        namespace="n", ident=ident, version="1", title=told, summary=told, url="", tlp=tlp,
                        is_clear=tlp in {"", "WHITE"}, severity="", aliases=[], issues=Jsonb([]), digest=b"",
                        modified_at="now", loaded_at="now")  # fmt: skip

    def opened_because(self) -> None:
        """Each exposure with an incident, by its lead and in the name of others."""
        exposures = [pk for (pk,) in self.owner.execute("SELECT id FROM monitoring_exposure ORDER BY id").fetchall()]
        incidents = self.owner.execute("SELECT id, lead_id FROM incidents_incident ORDER BY reference").fetchall()
        for n, exposure in enumerate(exposures):
            for incident, lead in incidents:
                by = lead if n % 2 else self.ids["northgate"]
                self.put("monitoring_exposureincident", id=uuid4(), exposure_id=exposure, incident_id=incident,
                         organisation_id=by, at="now")  # fmt: skip

    def exposed(self, system: UUID, own: UUID, secret: str, documents: list[UUID]) -> None:
        """For both of the two, and one that a document which is not clear has found for its own organisation."""
        others = [self.ids[each] for each in ("gravenhurst", "coldharbour", "dunmere")]
        for confined in (None, own, next(each for each in others if each != own)):
            exposure = self.put(
                "monitoring_exposure", id=uuid4(), system_id=system, component_id=uuid4(), confined_to_id=confined,
                label="CVE-2099-1", title=secret, about=secret, installed="", state="open", certainty="possible",
                severity="", exploited=False, ransomware=False, shared_by=1, priority=1, action="", due_on="today",
                found_at="now", changed_at="now", retracted_because="",
            )  # fmt: skip
            for document in documents:
                self.put("monitoring_exposuresource", id=uuid4(), exposure_id=exposure, advisory_id=document,
                         verdict="possible", rule=secret, record_version="1", installed="", said_at="now")  # fmt: skip
            self.put("monitoring_exposuretold", exposure_id=exposure, organisation_id=own, at="now")
            people = self.owner.execute(
                "SELECT p.id, p.organisation_id, p.name FROM partners_person p WHERE p.role = 'administrator'"
            ).fetchall()
            for person, of, name in people:
                for said in (name, "somebody else"):
                    self.put("monitoring_exposuredecision", id=uuid4(), exposure_id=exposure, organisation_id=of,
                             person_id=person, person_name=said, choice="patch", responsible="", until_on="today",
                             reason=secret, at="now")  # fmt: skip

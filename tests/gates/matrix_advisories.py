"""Advisories and what they expose: clear documents for all, exposures for whoever runs the system. See `matrix`."""

from __future__ import annotations

from tests.gates.matrix_rules import ANYBODY, IN_IT, KEEPER, LEADS, MINE, NOBODY, OPEN, RUN_BY_ME, Can, Row

CLEAR_OR_MINE = "(x.organisation_id = %(me)s OR x.tlp IN ('', 'CLEAR', 'WHITE'))"
RUNS_IT = f"{RUN_BY_ME.format('x.system_id')} AND (x.confined_to_id IS NULL OR x.confined_to_id = %(me)s)"
OF_THAT = f"EXISTS (SELECT 1 FROM monitoring_exposure e WHERE e.id = x.exposure_id AND {RUNS_IT.replace('x.', 'e.')})"
BY_A_DOCUMENT = (
    f"EXISTS (SELECT 1 FROM monitoring_advisory a WHERE a.id = x.advisory_id AND {CLEAR_OR_MINE.replace('x.', 'a.')})"
)
# The person of the two tickets that are an administrator's (`arranging_people.administers`), under their own name.
IN_OWN_NAME = (
    "(x.person_id, x.person_name) = (SELECT p.id, p.name FROM partners_person p WHERE p.organisation_id = %(me)s"
    " AND p.role = 'administrator' ORDER BY p.name LIMIT 1)"
)

ADVISORIES: dict[str, Row] = {
    # Addresses and other names of suppliers: no organisation's, and the operator's alone.
    "monitoring_advisoryfeed": Row(
        Can(
            ANYBODY,
            selects="id slug name kind every_minutes is_active checked_at good_at failing_since trouble",
        ),
        worker=Can(
            OPEN,
            update=OPEN,
            updates="etag last_modified checked_at good_at failing_since trouble due_at claimed_until",
        ),
    ),
    "monitoring_advisoryalias": Row(worker=Can(OPEN)),
    # Functions alone write documents, what is found by them, and exposures.
    "monitoring_advisory": Row(Can(CLEAR_OR_MINE)),
    "monitoring_advisorykey": NOBODY,
    "monitoring_watchedkey": NOBODY,
    "monitoring_matchdue": NOBODY,
    "monitoring_exposure": Row(Can(RUNS_IT)),
    "monitoring_exposuresource": Row(Can(f"{OF_THAT} AND {BY_A_DOCUMENT}")),
    "monitoring_exposuretold": NOBODY,
    # An incident says where it came from to whoever reads both; its lead writes that.
    "monitoring_exposureincident": Row(Can(f"{OF_THAT} AND {IN_IT}", f"{MINE} AND {OF_THAT} AND {LEADS}")),
    "monitoring_exposuredecision": Row(Can(OF_THAT, f"{KEEPER} AND {MINE} AND {IN_OWN_NAME} AND {OF_THAT}")),
}

"""Who reached whom: each side its own, and what a log gave for whoever sends it alone. See `matrix`."""

from __future__ import annotations

from tests.gates.matrix_rules import MINE, NOBODY, RUN_BY_ME, Can, Row

EITHER_SIDE = "%(me)s IN (x.home_id, x.organisation_id)"

ACCESS: dict[str, Row] = {
    # Whose a name is: whoever is it, said it, or runs the machine's system.
    "monitoring_identifier": Row(
        Can(f"%(me)s IN (x.organisation_id, x.said_for_id) OR {RUN_BY_ME.format('x.system_id')}")
    ),
    # Functions alone write what a source gives.
    "monitoring_source": Row(Can(MINE)),
    "monitoring_coverage": Row(
        Can("EXISTS (SELECT 1 FROM monitoring_source s WHERE s.id = x.source_id AND s.organisation_id = %(me)s)")
    ),
    "monitoring_block": NOBODY,
    "monitoring_intake": Row(Can(MINE)),
    # That the other side's source learned is for nobody to read (`sec.learned_sights`).
    "monitoring_sight": Row(
        Can(
            EITHER_SIDE,
            selects="id kind account shown account_kind home_id organisation_id place system_id resource"
            " first_at last_at days source_id reporter_id permission_id noted_at",
        )
    ),
    "monitoring_passage": NOBODY,
    "monitoring_accesschange": Row(
        Can(
            EITHER_SIDE,
            selects="id action outcome account shown target home_id organisation_id place system_id at source_id"
            " reporter_id noted_at",
        )
    ),
    "monitoring_accountalias": Row(Can(MINE)),
    # What each decides is its own; a suppression is for its two sides.
    "monitoring_finding": Row(Can(MINE)),
    "monitoring_suppression": Row(Can("%(me)s IN (x.organisation_id, x.other_id)")),
    "monitoring_unattributed": Row(Can(MINE, update=MINE, updates="set_aside_at")),
}

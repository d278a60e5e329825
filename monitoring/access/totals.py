"""What became of the records of a stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from monitoring.access.batch import LISTED, Batch
from monitoring.access.blocks import Block


@dataclass(slots=True)
class Totals:
    """Each record is in exactly one of the first three."""

    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    first_sights: int = 0
    rejections: list[dict[str, Any]] = field(default_factory=list)
    reached: int = 0  # offset behind the last block
    line: int = 0

    def and_of(self, batch: Batch, last: Block, first_sights: int) -> Totals:
        return Totals(
            self.accepted + batch.accepted,
            self.duplicates + batch.duplicates,
            self.rejected + batch.rejected,
            self.first_sights + first_sights,
            (self.rejections + batch.rejections)[:LISTED],
            last.end,
            last.line + last.lines,
        )

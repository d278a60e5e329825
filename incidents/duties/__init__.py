"""An organisation's own legal and contractual clocks: its own alone, unless it shares one (DESIGN 3.8)."""

from incidents.duties.saying import begin_assessment
from incidents.duties.urgency import own_clock

__all__ = ["begin_assessment", "own_clock"]

"""Windows Security events, in every shape in which they reach us."""

"""What was decided in an incident and by whom; what is known, believed and not known in it."""

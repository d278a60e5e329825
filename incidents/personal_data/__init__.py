"""Personal data in an incident: positions, private notices, and the register of who told which outside body."""

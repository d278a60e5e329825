"""Cuts planned in an incident: whom each stops what for, who agrees or objects, and who decided by name."""

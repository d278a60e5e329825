"""Evidence with a task or an own action: kept for the organisation itself alone, in the store of uploaded files."""

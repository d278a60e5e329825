"""One reader a format: bytes of somebody's log to records of access."""

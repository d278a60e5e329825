"""What `make prove-isolation` does, one proof a file."""

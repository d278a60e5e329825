"""Django's PostgreSQL backend with a cheaper question before a connection is used again."""

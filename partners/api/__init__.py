"""The partnership over the API: organisations, shared systems, dependencies, one's own contact points."""

"""Advisories on the software of shared systems."""

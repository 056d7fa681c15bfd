"""Builds the zip that all functions share, for the Python and the platform that Lambda runs."""

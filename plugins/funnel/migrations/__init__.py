"""Migrations of the funnel, in the order of their ids."""

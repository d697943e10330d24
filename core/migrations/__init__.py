"""The migrations of core, one file per step; `core.database.migrate` runs them by their ids."""

"""The exchange: import and export of records of every kind."""

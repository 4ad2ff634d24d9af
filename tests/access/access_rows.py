"""A row of the table of addresses, and short words for the usual ones."""

"""Pure mathematics on arrays: no Django in here."""

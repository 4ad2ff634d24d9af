"""The one writer of cells for files that a spreadsheet will open."""

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\x00", "\n")


def safe_cell(value):
    """Text that a spreadsheet could run as a formula gets an apostrophe in front; numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(_STARTS):
        return f"'{value}"
    return value

"""What can be wrong with an import: the whole file or its mapping, or one row."""


class FileError(Exception):
    """The file or the mapping could not be read at all: one sentence, exit status 2, nothing written."""


class RowError(Exception):
    """One row can't be taken: the field of Tandem to blame ("" if none) and the reason, for the rejects file."""

    def __init__(self, field: str, reason: str):
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field, self.reason = field, reason

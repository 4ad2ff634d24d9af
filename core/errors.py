"""Errors that people can read. The edge (view, API, command) turns them into a page, a problem body or an exit code."""


class DomainError(Exception):
    """A rule of the business refused something: `code` for machines, the message for people, `field` if one is to blame."""

    status = 422

    def __init__(self, code: str, message: str, *, field: str = ""):
        super().__init__(message)
        self.code, self.message, self.field = code, message, field


class Conflict(DomainError):
    """Somebody else was first. Nothing was written; the message says what they did."""

    status = 409


class StaleVersion(DomainError):
    """The caller named a version (If-Match) that is no longer the current one. Nothing was written."""

    status = 412


class NotAllowed(DomainError):
    """The actor lacks the permission."""

    status = 403

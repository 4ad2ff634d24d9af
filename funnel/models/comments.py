"""What people say about a version while it is open: comments with their answers, and a side's no.

Both are written once. They outlive a draft that is dropped, so its row is not referred to by the database.
"""

from django.db import models

from accounts.models import Side, User
from core.append_only import AppendOnlyModel
from funnel.models.agreement import Agreement


class Comment(AppendOnlyModel):
    """A comment on a version, on a section of its changes or on one line of them; or the answer to such a comment.

    `section` and `about` are the titles as they were read, so that the comment is understood after any later change.
    """

    agreement = models.ForeignKey(Agreement, on_delete=models.DO_NOTHING, db_constraint=False, related_name="comments")
    section = models.CharField(max_length=60, blank=True, help_text="empty: the version as a whole")
    about = models.CharField(max_length=200, blank=True, help_text="a line of the section; empty: all of it")
    answers = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replies")
    side = models.CharField(max_length=9, choices=Side, help_text="the author's then")
    text = models.TextField()
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["agreement", "id"], name="funnel_comments_of_version")]

    def __str__(self):
        return f"comment {self.pk}"


class Refusal(AppendOnlyModel):
    """A side's no to a version that was put to it, with its reason; or that this no is taken back.

    The newest one since the version was put to both teams holds. A signature of the same side ends it too.
    """

    class Kind(models.TextChoices):
        REFUSED = "refused", "Refused"
        TAKEN_BACK = "taken_back", "Taken back"

    agreement = models.ForeignKey(Agreement, on_delete=models.DO_NOTHING, db_constraint=False, related_name="refusals")
    side = models.CharField(max_length=9, choices=Side)
    kind = models.CharField(max_length=10, choices=Kind)
    reason = models.TextField(blank=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(side__in=["marketing", "sales"]), name="funnel_sides_that_refuse"),
            models.CheckConstraint(
                condition=models.Q(kind="taken_back") | ~models.Q(reason=""), name="funnel_no_refusal_without_reason"
            ),
        ]
        indexes = [models.Index(fields=["agreement", "id"], name="funnel_refusals_of_version")]

    def __str__(self):
        return f"{self.get_kind_display()} by {self.side}"

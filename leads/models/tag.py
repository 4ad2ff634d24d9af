"""Words that people put on leads. Which lead has which is told by events; the rows here are their projection."""

from django.db import models
from django.db.models.functions import Lower

from leads.models.lead import Lead


class Tag(models.Model):
    """A word for leads, the same whatever its capitals."""

    name = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("name"), name="leads_tag_once")]

    def __str__(self):
        return self.name


class LeadTag(models.Model):
    """A tag that a lead has: a projection of `amended` events of the field `tag:<id>`, written only by leads.projection."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="lead_tags")
    tag = models.ForeignKey(Tag, on_delete=models.PROTECT, related_name="lead_tags")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lead", "tag"], name="leads_tag_once_a_lead")]

    def __str__(self):
        return f"tag {self.tag_id} of lead {self.lead_id}"

"""What the reader may do, for the frame of every page."""

from django import template

from accounts.permissions import Perm
from accounts.queries import has_perm

register = template.Library()


@register.filter
def may(user, perm: str) -> bool:
    """`{% if request.user|may:"see_leads" %}`"""
    return user.is_authenticated and has_perm(user, Perm(perm))

"""What the reader may do, for the frame of every page."""

from django import template
from django.urls import Resolver404, resolve

from accounts.permissions import Perm
from accounts.queries import has_perm

register = template.Library()


@register.filter
def may(user, perm: str) -> bool:
    """`{% if request.user|may:"see_leads" %}`"""
    return user.is_authenticated and has_perm(user, Perm(perm))


@register.filter
def may_open(user, url: str) -> bool:
    """`{% if request.user|may_open:place.url %}`: whether the page behind an address, as its view declares it, is theirs."""
    try:
        perm = getattr(resolve(url).func, "perm", None)
    except Resolver404:
        return True
    return perm is None or may(user, perm)

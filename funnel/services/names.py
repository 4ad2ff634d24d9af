"""Segments and regions: dimensions of every number, made when first named."""

from funnel.models import Region, Segment


def ensure_segment(*, name: str) -> Segment:
    return Segment.objects.get_or_create(name=name)[0]


def ensure_region(*, name: str) -> Region:
    return Region.objects.get_or_create(name=name)[0]

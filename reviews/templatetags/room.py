"""Words of the room's clock."""

from django import template

register = template.Library()


@register.filter
def time_left(room: dict) -> str:
    """Minutes and seconds of the part that are left; static/js/room.js counts on in the same words."""
    if room["left"] <= 0:
        return "time is up"
    minutes, seconds = divmod(room["left"], 60)
    return f"{minutes:02d}:{seconds:02d} {'paused' if room['paused'] else 'left'}"

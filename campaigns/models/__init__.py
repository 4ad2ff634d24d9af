"""Channels, campaigns, their content, what was said in previews, and what was spent."""

from campaigns.models.campaign import Campaign, Channel, ChannelChange, Content, PreviewNote
from campaigns.models.spend import Spend

__all__ = ["Campaign", "Channel", "ChannelChange", "Content", "PreviewNote", "Spend"]

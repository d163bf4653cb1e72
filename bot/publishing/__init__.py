"""Keeping what a forge shows of a review in step with it."""

from bot.publishing.appearance import Appearance, Channel, ChecksMode
from bot.publishing.memory import Memory
from bot.publishing.publisher import Publisher

__all__ = ["Appearance", "Channel", "ChecksMode", "Memory", "Publisher"]

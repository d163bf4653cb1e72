"""Executed notebooks as web pages that are safe to open, whatever the notebook holds."""

from bot.notebooks.html.page import notebook_html

__all__ = ["notebook_html"]

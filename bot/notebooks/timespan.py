"""Time spans in words."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Return a time span for people.

    >>> duration(0.04), duration(12.34), duration(75), duration(7384)
    ('0.04 s', '12.3 s', '1 min 15 s', '2 h 03 min')
    """
    if seconds < 59.95:
        return f"{seconds:.1f} s" if seconds >= 0.95 or seconds < 0.005 else f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min"

"""The modes that git gives to what stands in a tree."""

from bot.planning.source import EntryKind

ABSENT = "000000"


def kind_of(mode: str) -> EntryKind:
    """Return what an octal mode of six digits stands for.

    >>> kind_of("120000")
    <EntryKind.SYMLINK: 'symlink'>
    """
    kinds = {"120000": EntryKind.SYMLINK, "160000": EntryKind.SUBMODULE}
    return kinds.get(mode, EntryKind.FILE)

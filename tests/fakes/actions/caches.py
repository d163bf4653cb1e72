"""Stands in for GitHub's cache service, and for the first run that filled it."""

from __future__ import annotations

import hashlib
import shutil
import sysconfig
import venv
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Caches:
    """What jobs saved, in *folder*.

    With *prepared*, nbci's own packages are there from the start: those of this very interpreter,
    since to install them from an index takes too long for every test.
    """

    folder: Path
    prepared: bool = True
    saved: list[str] = field(default_factory=list)
    restored: list[str] = field(default_factory=list)

    def restore(self, paths, key):
        """Put *paths* back as they were saved under *key*; return whether they were."""
        entry = self._entry(paths, key)
        if entry.exists():
            for number, path in enumerate(paths):
                shutil.copytree(entry / str(number), path, symlinks=True, dirs_exist_ok=True)
        elif self.prepared and key.startswith("nbci-"):
            make_environment(Path(paths[0]))
        else:
            return False
        self.restored.append(key)
        return True

    def save(self, paths, key):
        """Keep *paths* under *key*; return whether the key was free, for caches never change."""
        entry = self._entry(paths, key)
        if entry.exists():
            return False
        for number, path in enumerate(paths):
            shutil.copytree(path, entry / str(number), symlinks=True)
        self.saved.append(key)
        return True

    def _entry(self, paths, key):
        # As the service does it: the same key with other paths is another cache.
        return self.folder / hashlib.sha256("\n".join([key, *paths]).encode()).hexdigest()


def make_environment(folder):
    """Make a virtual environment that has the packages of this interpreter, but not our own."""
    venv.EnvBuilder(symlinks=True).create(folder)
    packages = sysconfig.get_path("purelib", vars={"base": folder, "platbase": folder})
    # A folder named in a .pth file is searched, while .pth files inside of it are not obeyed: so
    # the checkout that is installed here for development stays out.
    Path(packages, "packages.pth").write_text(sysconfig.get_path("purelib") + "\n")

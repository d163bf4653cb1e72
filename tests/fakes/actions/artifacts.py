"""Stands in for GitHub's store of artifacts, with what actions/upload-artifact refuses."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

_REFUSED_IN_PATHS = '":<>|*?\r\n'
_REFUSED_IN_NAMES = _REFUSED_IN_PATHS + "\\/"


class UploadRefused(Exception):
    """The artifact cannot be stored; the text is what upload-artifact says."""


@dataclass
class Artifacts:
    """The artifacts of one workflow run, each a folder."""

    folder: Path

    def by_name(self):
        entries = sorted(self.folder.iterdir()) if self.folder.exists() else []
        return {entry.name: entry for entry in entries}

    def upload(self, name, path, *, hidden=False, if_none="warn", overwrite=False):
        """Store the files under *path*, and return whether there were any."""
        _refuse(name, _REFUSED_IN_NAMES, "The artifact name is not valid")
        files = _files(Path(path), hidden=hidden)
        if not files:
            if if_none == "error":
                raise UploadRefused(f"No files were found with the provided path: {path}.")
            return False
        for relative in files:
            message = "The path for one of the files in artifact is not valid"
            _refuse(str(relative), _REFUSED_IN_PATHS, message)
        target = self.folder / name
        if overwrite:
            shutil.rmtree(target, ignore_errors=True)
        if target.exists():
            raise UploadRefused(
                "Failed to CreateArtifact: (409) Conflict: an artifact with this name already"
                " exists on the workflow run"
            )
        for relative, file in files.items():
            (target / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target / relative)
        return True


def _refuse(text, characters, message):
    found = next((character for character in characters if character in text), None)
    if found is not None:
        raise UploadRefused(f"{message}: {text}. Contains the following character: {found!r}")


def _files(path, *, hidden):
    """Return the files to store, by their path in the artifact."""
    if path.is_file():
        return {Path(path.name): path}
    return {
        file.relative_to(path): file
        for file in sorted(path.rglob("*"))
        if file.is_file()
        and (hidden or not any(part.startswith(".") for part in file.relative_to(path).parts))
    }

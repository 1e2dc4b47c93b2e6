"""Run a command where other users can read the interpreter, as the user with a number; 0 is root.

    python tests/autograder/sandbox/as_user.py NUMBER COMMAND ...

Root's interpreter may lie in a folder that only root enters. Then, in a mount namespace of the command's own, that
folder is replaced by one that everybody enters and that holds the interpreter alone.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from autograder.sandbox.linux import Mount, Namespace, mount, unshare


def open_the_way_to(path: Path) -> None:
    """Let every user reach `path`, in this mount namespace."""
    closed = next((folder for folder in reversed(path.parents) if not folder.stat().st_mode & 0o001), None)
    if closed is None:
        return
    with tempfile.TemporaryDirectory() as keeper:
        mount(path, keeper, None, Mount.BIND | Mount.RECURSIVE)
        mount("tmpfs", closed, "tmpfs", Mount.NONE, "mode=755")
        path.mkdir(parents=True)
        mount(keeper, path, None, Mount.BIND | Mount.RECURSIVE)
        subprocess.run(["umount", keeper], check=True)


def main(user: int, command: list[str]) -> int:
    """Run `command` as `user`, or as who we are if that is not root; returns its exit status."""
    if os.geteuid() != 0:
        return subprocess.run(command, check=False).returncode
    unshare(Namespace.MOUNT)
    mount("none", "/", None, Mount.PRIVATE | Mount.RECURSIVE)
    open_the_way_to(Path(sys.base_prefix).resolve())
    if user == 0:
        return subprocess.run(command, check=False).returncode
    with tempfile.TemporaryDirectory() as home:
        os.chown(home, user, user)
        return subprocess.run(
            command,
            # pytest refuses a folder for temporary files that another user made.
            env={**os.environ, "HOME": home, "PYTEST_DEBUG_TEMPROOT": home},
            user=user,
            group=user,
            extra_groups=[],
            check=False,
        ).returncode


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))

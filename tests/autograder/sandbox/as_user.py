"""Run a command where other users can read the interpreter, as an ordinary user or still as root.

    python tests/autograder/sandbox/as_user.py ordinary|root COMMAND ...

Root's interpreter may lie in a folder that only root enters. Then, in a mount namespace of the command's own, that
folder is replaced by one that everybody enters and that holds the interpreter alone.
"""

import os
import sys
import tempfile
from pathlib import Path

from autograder.sandbox.kernel import Mount, Namespace, mount, unshare

ORDINARY_USER = 54321


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
        os.system(f"umount {keeper}")


def main(user: str, command: list[str]) -> None:
    """Become what `user` says and run `command` in place of this process."""
    if os.geteuid() == 0:
        unshare(Namespace.MOUNT)
        mount("none", "/", None, Mount.PRIVATE | Mount.RECURSIVE)
        open_the_way_to(Path(sys.base_prefix).resolve())
        if user == "ordinary":
            home = tempfile.mkdtemp(prefix="ordinary-user-")
            os.chown(home, ORDINARY_USER, ORDINARY_USER)
            os.environ["HOME"] = home
            os.setgroups([])
            os.setresgid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER)
            os.setresuid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

"""Gradescope's container as its documentation describes it, made of this machine's own folders.

A submission has processes, mounts, a network and folders of its own; who runs it is root with the rights that Docker
leaves to root, and so can make no namespaces.
"""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SYSTEM = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "etc/alternatives", "etc/ssl", "etc/ld.so.cache")
DEVICES = ("null", "zero", "full", "random", "urandom")
KEPT_BY_DOCKER = (
    "chown dac_override fsetid fowner mknod net_raw setgid setuid setfcap setpcap net_bind_service sys_chroot kill "
    "audit_write"
)
ONLY = """
from autograder.sandbox.zygote_client import ZygoteClient
ZygoteClient.__init__.__defaults__ = (("none", "{tier}"),)
from autograder.doors.gradescope import main
main(["/autograder"])
"""


class Container:
    """An image, set up but for the packages, and a fresh container with those of this process for each notebook."""

    def __init__(self, folder: Path, archive: Path) -> None:
        self._folder, self._image = folder, folder / "image"
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(self._image / "source")
        script = (self._image / "source/setup.sh").read_text(encoding="utf-8")
        before, rights = script.split("# Learners' code runs")
        variables = "\n".join(line for line in before.splitlines() if line.startswith(("SOURCE=", "ENVIRONMENT=")))
        (folder / "rights.sh").write_text(f"set -eu\n{variables}\n# {rights}", encoding="utf-8")
        self._run("bash /rights.sh", [(self._image, "autograder"), (folder / "rights.sh", "rights.sh")])

    def grade(self, notebook: Mapping[str, Any], tier: str) -> tuple[dict[str, Any], str]:
        """What a notebook gets, and what is printed, in the strongest tier that there is, or only in one."""
        metadata = {"users": [{"id": 1, "name": "Ada"}], "previous_submissions": []}
        script = (self._image / "source/run_autograder").read_text(encoding="utf-8")
        if tier:
            script = script.replace("-m autograder.doors.gradescope /autograder", f"-c '{ONLY.format(tier=tier)}'")
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            place = Path(name)
            place.chmod(0o755)
            for folder in ("submission", "results"):
                (place / folder).mkdir()
            for path, text in {
                "submission/hw.ipynb": json.dumps(notebook),
                "submission_metadata.json": json.dumps(metadata),
                "run_autograder": script,
            }.items():
                (place / path).write_text(text, encoding="utf-8")
            mounts = [
                (place, "autograder"),
                (self._image / "source", "autograder/source"),
                (Path(sys.prefix), "autograder/environment"),
            ]
            said = self._run("cd /autograder && bash ./run_autograder", mounts)
            return json.loads((place / "results/results.json").read_text(encoding="utf-8")), said

    def _run(self, command: str, mounts: list[tuple[Path, str]]) -> str:
        """Run a command as root of a container; returns what it printed."""
        root = self._folder / "root"
        root.mkdir(exist_ok=True)
        base = Path(sys.base_prefix)
        shown = [(Path("/", name), name) for name in SYSTEM]
        # The interpreter lies in the home of whoever built it, which other users cannot enter.
        lines = ["mount --make-rprivate /", f"mount -t tmpfs -o mode=755 tmpfs {root}"]
        for path, name in [*shown, (base, str(base.relative_to("/"))), *mounts]:
            if path.is_symlink():
                lines.append(f"ln -s {path.readlink()} {root}/{name}")
            elif path.is_dir():
                lines.append(f"mkdir -p {root}/{name} && mount --rbind {path} {root}/{name}")
            elif path.exists():
                lines.append(
                    f"mkdir -p {root}/{Path(name).parent} && touch {root}/{name} && mount --bind {path} {root}/{name}"
                )
        lines += [f"mount -o remount,bind,ro {root}/usr", f"mkdir -p {root}/proc {root}/tmp {root}/dev {root}/var/tmp"]
        lines += [f"mount -t proc proc {root}/proc", f"chmod 1777 {root}/tmp {root}/var/tmp"]
        lines += [f"touch {root}/dev/{name} && mount --bind /dev/{name} {root}/dev/{name}" for name in DEVICES]
        lines += [f"mkdir -m 1777 {root}/dev/shm"]
        rights = ",".join(f"+{name}" for name in KEPT_BY_DOCKER.split())
        paths = f"{base}/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        lines.append(
            f"exec chroot {root} /usr/bin/env -i PATH={paths} HOME=/root "
            f"setpriv --bounding-set=-all,{rights} bash -c '{command}'"
        )
        own = ["--mount", "--pid", "--fork", "--ipc", "--uts", "--net"]
        unshared = ["unshare", *own, "bash", "-euc", "\n".join(lines)]
        done = subprocess.run(unshared, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=3600)
        if done.returncode:
            raise RuntimeError(f"{command} ended with {done.returncode}: {done.stdout}")
        return done.stdout


def can_be_made() -> bool:
    """Whether this process may make mounts and is not Gradescope's kind of root itself."""
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0

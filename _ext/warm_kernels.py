"""Kernels that start warm: one process imports what notebooks import, and each kernel is a fork of it.

torch, transformers and matplotlib take seconds of a processor to import, and twenty notebooks import them. The process
is multiprocessing's fork server, which ends with the process that asked for it. It imports no module of the project,
so that a notebook gets those that stand on the disk when it runs.
"""

import atexit
import multiprocessing
import os
import sys
from pathlib import Path
from typing import Any

from jupyter_client import AsyncKernelManager
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

IMPORTED_EARLY = "_ext.notebook_imports"


class WarmKernelManager(AsyncKernelManager):
    """Starts Python kernels as forks."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.provisioner = ForkProvisioner(kernel_id="", kernel_spec=self.kernel_spec, parent=self)


class ForkProvisioner(LocalProvisioner):
    """Starts and ends one kernel."""

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:
        """Start what `cmd` would: `python -m ipykernel_launcher`, and arguments."""
        arguments = cmd[cmd.index("ipykernel_launcher") + 1 :]
        self.cwd = options.get("cwd") or Path.cwd()
        fork = Fork(arguments, str(self.cwd), options["env"])
        self.process, self.pid = fork, fork.pid  # type: ignore[assignment]
        return self.connection_info


class Fork:
    """A kernel's process, with the methods of `subprocess.Popen` that a provisioner calls."""

    stdin = stdout = stderr = None

    def __init__(self, arguments: list[str], folder: str, environment: dict[str, str]) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([IMPORTED_EARLY])
        self._process = context.Process(target=run_kernel, args=(arguments, folder, environment))
        self._process.start()
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self) -> int | None:
        self._process.join()
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self._process.is_alive() and self.pid is not None:
            os.killpg(self.pid, number)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def run_kernel(arguments: list[str], folder: str, environment: dict[str, str]) -> None:
    """Be a kernel until it is shut down."""
    os.setsid()  # what is typed at the terminal is not for it
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    # It ends when the fork server does.
    sys.argv = ["ipykernel_launcher", *arguments, f"--IPKernelApp.parent_handle={os.getppid()}"]

    from ipykernel import kernelapp

    kernelapp.launch_new_instance()
    atexit._run_exitfuncs()  # a process of multiprocessing ends without: temporary folders would stay

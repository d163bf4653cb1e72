"""The runner's file as a program of a kernel, where a kernel is not forked."""

import subprocess
import sys

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.connect import write_connection_file

from bot.notebooks import runner


def test_the_runners_file_can_be_a_kernel(tmp_path):
    path, _ = write_connection_file(
        str(tmp_path / "kernel.json"), transport="ipc", ip=str(tmp_path / "k")
    )
    command = [sys.executable, runner.__file__, "--kernel", path, ""]
    kernel = subprocess.Popen(command, cwd=tmp_path)
    client = BlockingKernelClient(connection_file=path)
    client.load_connection_file()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=30)
        reply = client.execute_interactive("import bot", output_hook=lambda message: None)
    finally:
        client.stop_channels()
        kernel.kill()
        kernel.wait()

    assert reply["content"]["status"] == "ok"

"""What a process of the bot lets others see of its secrets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

import pytest

KEPT = textwrap.dedent("""
    import ctypes, json, os, subprocess, sys
    from bot.service.process import keep_secrets

    keep_secrets(["NBCI_WEBHOOK_SECRET"])
    PR_GET_DUMPABLE = 3
    child = os.fork()
    if child == 0:
        os._exit(ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0))
    asked = [sys.executable, "-c", "import os; print(os.environ.get('NBCI_WEBHOOK_SECRET'))"]
    print(json.dumps({
        "itself": ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0),
        "forked": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]),
        "started": subprocess.run(asked, capture_output=True, text=True).stdout.strip(),
    }))
""")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it so")
def test_secrets_are_read_neither_out_of_a_process_nor_by_what_it_starts():
    done = subprocess.run(
        [sys.executable, "-c", KEPT],
        env={**os.environ, "NBCI_WEBHOOK_SECRET": "s3cret-pw"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout) == {"itself": 0, "forked": 0, "started": "None"}

"""A worker whose notebooks run on the tests' cloud: `cloud_worker.py URL`, set up as any worker.

With `no-files` behind the URL, no files of a commit are made for them.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1]))

from fakes.cloud import CloudCompute

from bot.settings import load_settings
from bot.wiring.worker import run_worker


def main(url: str, *, has_files: bool) -> None:
    settings = load_settings(os.environ, Path("/nonexistent"))
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    elsewhere = settings.model_copy(update={"backend": "cloud"})
    run_worker(elsewhere, 4, stop=stop, computes={"cloud": CloudCompute(url, exports=has_files)})


if __name__ == "__main__":
    main(sys.argv[1], has_files="no-files" not in sys.argv)

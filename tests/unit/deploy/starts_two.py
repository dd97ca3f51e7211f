"""A launcher to be killed: starts two processes that ignore SIGTERM, from a short-lived thread."""

import json
import os
import sys
import threading
from pathlib import Path

from deploy.local.files import CHECKOUT
from deploy.local.processes import Command, Process
from deploy.local.supervisor import Supervisor

SOURCE = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)\n"


def main(folder: Path) -> None:
    argv = (sys.executable, "-c", SOURCE)
    processes = [
        Process(Command(name, argv, dict(os.environ), CHECKOUT, folder / f"{name}.log"))
        for name in ("one", "two")
    ]
    supervisor = Supervisor(folder / "pids.json", print)
    thread = threading.Thread(target=supervisor.watch, args=(processes,))
    thread.start()
    thread.join()
    sys.stdout.write(json.dumps(supervisor.pids()) + "\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

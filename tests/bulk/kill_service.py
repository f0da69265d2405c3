"""The sandbox in a process of its own, with faults, in fast time; for the tests that kill.

It prints where it is. Asked on its standard input for "all" it says what it has seen, asked for
anything else how many messages that were; it ends with its input.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from random import Random

from smsc_async.sandbox import Fault, Faults, Sandbox

ON_SEND = (
    Fault.RESET_AFTER,
    Fault.RESET_BEFORE,
    Fault.CLOSE_AFTER,
    Fault.HTML_502_AFTER,
    Fault.HTML_502_BEFORE,
    Fault.HALF_REPLY,
    Fault.REFUSE_STREAM,
)
ON_STATUS = (Fault.HTML_502_BEFORE, Fault.RESET_BEFORE, Fault.STATUS_FAILS)
CHANCES = {"send.php": (0.03, ON_SEND), "status.php": (0.1, ON_STATUS)}


def storm(seed: int, part: float) -> Faults:
    """Faults at random, or only a part of them."""
    random = Random(seed)

    def choose(script: str, host: int) -> tuple[Fault, float] | None:
        chance, faults = CHANCES.get(script, (0.0, ()))
        return (random.choice(faults), 0.0) if random.random() < part * chance else None

    return Faults(choose)


def seen(sandbox: Sandbox) -> dict[str, object]:
    """What came, as far as anybody asks."""
    taken = Counter(message.phone for message in sandbox.messages)
    return {
        "messages": len(taken),
        "twice": [phone for phone, count in taken.items() if count > 1],
        "phones": sorted(taken),
        "refusals": Counter(refusal.rule for refusal in sandbox.refusals),
        "strikes": Counter(strike.fault.name for strike in sandbox.faults.strikes),
        "requests": sandbox.requests(),
        "peak": sandbox.peak_in_flight,
    }


def fall(sandbox: Sandbox, every: float) -> None:
    """Let the main host be dead now and then, for a while."""
    while True:
        time.sleep(every)
        sandbox.hosts[0].kill()
        time.sleep(every / 10)
        sandbox.hosts[0].start()


def main() -> None:
    """Serve until the input ends."""
    factor, every, part = map(float, sys.argv[1:])
    sandbox = Sandbox(
        faults=storm(1, part),
        time=lambda: time.monotonic() * factor,
        latency=0.005,
        balance="1000000000",
        delivery=(0.0, 1.0),
    )
    with sandbox:
        threading.Thread(target=fall, args=(sandbox, every), daemon=True).start()
        print(json.dumps({"hosts": sandbox.urls, "ca": sandbox.ca}), flush=True)
        for line in sys.stdin:
            whole = line.strip() == "all"
            print(json.dumps(seen(sandbox) if whole else len(sandbox.messages)), flush=True)


if __name__ == "__main__":
    main()

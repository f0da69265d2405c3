"""Serving an application over HTTP, from a thread of its own."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

__all__ = ["serve"]


@contextmanager
def serve(app: FastAPI) -> Iterator[str]:
    """Serve it on this machine, and return its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # The package ends its connections by itself; uvicorn has no websockets to offer here.
        config = uvicorn.Config(app, log_level="warning", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()

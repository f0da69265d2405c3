"""FastAPI: one client for the application, the handler of callbacks, 429 for those too fast.

::

    app = FastAPI(lifespan=smsc_lifespan())
    app.include_router(callback_router("/smsc", store, secret=SECRET))
    handle_rate_limits(app)

    @app.post("/codes")
    async def send_code(phone: str, smsc: Smsc) -> None:
        await smsc.send(phone, f"Your code is {new_code(phone)}", outcome="fast")

Underneath is `smsc_async.asgi`, which needs no framework.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Annotated, TypeAlias

from fastapi import APIRouter, Depends, FastAPI
from starlette.requests import HTTPConnection  # noqa: TC002 - FastAPI reads the annotation
from starlette.responses import JSONResponse
from starlette.routing import Route

from .asgi import CallbackApp, retry_after
from .client import AsyncSmsc
from .errors import ClientClosed, RateLimited

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from starlette.requests import Request

    from .asgi import Handle
    from .callbacks import Algorithm, DeliveryTracker

__all__ = ["Smsc", "callback_router", "get_smsc", "handle_rate_limits", "smsc_lifespan"]


def smsc_lifespan(
    make: Callable[[], AsyncSmsc] = AsyncSmsc.from_env,
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Return a lifespan that keeps one client open, for all requests, as long as the app runs.

    `make` makes it, of the environment if nothing else is said. In a lifespan of your own,
    `async with smsc_lifespan(make)(app): ...` does the same.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
        async with make() as app.state.smsc:
            yield

    return lifespan


def get_smsc(connection: HTTPConnection) -> AsyncSmsc:
    """Return the application's client: a dependency; `Smsc` is short for it."""
    smsc: AsyncSmsc | None = getattr(connection.app.state, "smsc", None)
    if smsc is None:
        raise ClientClosed("the app has no client: give it lifespan=smsc_lifespan()")
    return smsc


Smsc: TypeAlias = Annotated[AsyncSmsc, Depends(get_smsc)]
"""A parameter of this type is the application's client."""


def callback_router(
    path: str,
    handle: Handle | None = None,
    *,
    secret: str | Sequence[str] | None,
    algorithm: Algorithm = "sha1",
    charset: str | None = None,
    tracker: DeliveryTracker | None = None,
    forged: int = 403,
    malformed: int = 400,
) -> APIRouter:
    """Return a router with the handler of callbacks at `path`; see `CallbackApp` for the rest.

    `handle` is a coroutine function that stores an event. The address to enter in the account is
    `callbacks.handler_url("https://your.host" + path, secret)`.
    """
    app = CallbackApp(
        handle,
        secret=secret,
        algorithm=algorithm,
        charset=charset,
        tracker=tracker,
        forged=forged,
        malformed=malformed,
    )
    # Not a path operation: what the body is, the handler finds out by itself.
    return APIRouter(routes=[Route(path, app, methods=["POST"], include_in_schema=False)])


def handle_rate_limits(app: FastAPI) -> None:
    """Answer 429 with Retry-After wherever a call raises `RateLimited`, or a `DuplicateMessage`."""
    app.add_exception_handler(RateLimited, _too_many)


def _too_many(_: Request, error: Exception) -> JSONResponse:
    headers = {"Retry-After": retry_after(error)}
    return JSONResponse({"detail": "Too Many Requests"}, 429, headers)

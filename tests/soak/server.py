"""`hub serve` in a process of its own: all of it, but for the clock, which is everybody's here."""

import time
from collections.abc import Callable
from typing import Final

from pydantic import SecretStr

from hub.cli.serve import serve_hub
from hub.kernel.log import LogLevel
from hub.kernel.reach import is_connection_lost
from hub.kernel.settings import LogSettings
from hub.settings import ServeSettings, Settings
from tests.soak.scene import Scene, log_to

PAUSE_SECONDS: Final = 0.1


def settings_of(scene: Scene) -> Settings:
    return Settings(
        database_url=SecretStr(scene.wired_url),
        serve=ServeSettings(port=scene.port),
        log=LogSettings(level=LogLevel.WARNING),
    )


def keep_running(run: Callable[[], None]) -> None:
    """Begin again as long as the database is out of reach, as whoever looks after it would."""
    while True:
        try:
            return run()
        except Exception as error:
            if not is_connection_lost(error) and not isinstance(error, OSError):
                raise
        time.sleep(PAUSE_SECONDS)


def main(directory: str) -> None:
    scene = Scene.load(directory)
    log_to(scene.place("server-0.log"))
    settings = settings_of(scene)
    clock = scene.board.clock
    keep_running(lambda: serve_hub(settings, scene.wired_url, where=settings.serve, clock=clock))

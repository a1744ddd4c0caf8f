"""Live and uploaded clips side by side in one process, on one network: the live ones first."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from schemas.groups import Lane
from services.chassis.service import Runnable
from services.features.backbones.base import Backbone, Pixels, Vectors, Windows
from services.features.pose.base import PoseNetwork
from services.features.pose.letterbox import Floats


class Turns:
    """Who may use the network. A live batch waits for at most one bulk batch, the one at work.

    While live batches follow one another without a pause, bulk waits for as long as they do.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_busy = False
        self._live_waiting = 0

    @contextmanager
    def turn(self, lane: Lane, asked: Callable[[], None] = lambda: None) -> Iterator[None]:
        """The network is this lane's alone. `asked` is called once the request is registered."""
        with self._changed:
            self._live_waiting += lane == "live"
            asked()
            self._changed.wait_for(lambda: self._is_free(lane))
            self._live_waiting -= lane == "live"
            self._is_busy = True
        try:
            yield
        finally:
            with self._changed:
                self._is_busy = False
                self._changed.notify_all()

    def _is_free(self, lane: Lane) -> bool:
        return not self._is_busy and (lane == "live" or not self._live_waiting)


class Lanes:
    """Runs a loop a lane, each in a thread of its own. The first failure stops them all."""

    def __init__(self, loops: Mapping[Lane, Runnable]) -> None:
        self._loops = dict(loops)
        self._failures: list[BaseException] = []

    @property
    def ready(self) -> bool:
        """All are."""
        return all(loop.ready for loop in self._loops.values())

    def stop(self) -> None:
        """Drain all. Safe from a signal handler."""
        for loop in self._loops.values():
            loop.stop()

    def run(self) -> None:
        """Until `stop`. Raises the first failure once all have ended."""
        threads: Sequence[threading.Thread] = [
            threading.Thread(target=self._work, args=(loop.run,), name=f"features-{lane}")
            for lane, loop in self._loops.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for failure in self._failures:
            raise failure

    def _work(self, run: Callable[[], None]) -> None:
        try:
            run()
        except BaseException as error:  # noqa: BLE001 - `run` raises it again
            self._failures.append(error)
            self.stop()


class BackboneInTurn:
    """A backbone of which the lanes take turns."""

    def __init__(self, backbone: Backbone, turns: Turns, lane: Lane) -> None:
        self._backbone, self._turns, self._lane = backbone, turns, lane
        self.id, self.window, self.frames = backbone.id, backbone.window, backbone.frames
        self.size, self.dim, self.at_once = backbone.size, backbone.dim, backbone.at_once

    def embed(self, windows_BTHWC: Windows) -> Vectors:
        with self._turns.turn(self._lane):
            return self._backbone.embed(windows_BTHWC)


class PoseNetworkInTurn:
    """A pose network of which the lanes take turns, clip by clip."""

    def __init__(self, network: PoseNetwork, turns: Turns, lane: Lane) -> None:
        self._network, self._turns, self._lane = network, turns, lane

    def places(self, canvases_BHWC: Pixels) -> Floats:
        with self._turns.turn(self._lane):
            return self._network.places(canvases_BHWC)

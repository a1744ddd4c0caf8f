"""People and their poses. `load` gives the network, `observer` makes of clips who is in them."""

from services.features.pose.base import ID, PoseNetwork, PoseOptions


def load(options: PoseOptions) -> PoseNetwork:
    """The fastest exact-enough engine of this machine.

    Raises PoseUnavailable without the extra `pose`, FetchError without weights.
    """
    from services.features.pose import runtime

    return runtime.load(options)


__all__ = ["ID", "PoseNetwork", "PoseOptions", "load"]

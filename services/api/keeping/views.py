"""What the API gives of how things are kept."""

from pydantic import Field

from services.api.view import View, example


class RotationView(View):
    """What a rotation of the secret key did. Once nothing is renewed, lost or waiting, the former
    key is needed no more.
    """

    renewed: dict[str, int] = Field(description="rows that were sealed anew, by table")
    lost: list[str] = Field(description="rows that no key opens: enter those secrets again")
    waiting: int = Field(
        description="cameras and targets that the topics have not been told of yet"
    )

    model_config = example({"renewed": {"cameras": 12, "targets": 3}, "lost": [], "waiting": 15})

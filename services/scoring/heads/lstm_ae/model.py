"""An autoencoder of how people move: what it cannot tell again it has not seen among the normal.

N. Srivastava, E. Mansimov, R. Salakhutdinov, "Unsupervised Learning of Video Representations using
LSTMs", ICML 2015 (arXiv:1502.04681): the decoder tells the sequence backwards.
Shapes: B stretches of one person, T frames, D numbers a frame, H hidden, L layers,
K keypoints.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everyone calls it

from services.scoring.heads.live import contexts
from services.scoring.heads.lstm_ae.config import LSTMAutoencoderConfig

REACH = 10.0
"""Numbers further than so many standard deviations from the mean are held there."""
LEAST_STD = 1e-3
"""Of a number that hardly ever changes; less would make an alarm of any change."""
BOX = 4
NOT_SEEN = 0.5
"""What both numbers of a keypoint are that was not seen: `services.scoring.poses`."""


class LSTMAutoencoder(nn.Module):
    """Two LSTM layers read the frames into `hidden` numbers, two others tell them backwards.

    Both start from zeros, and the decoder is given those numbers anew at every step.
    """

    mean_D: Tensor
    std_D: Tensor

    def __init__(self, config: LSTMAutoencoderConfig) -> None:
        super().__init__()
        self.config, self.context = config, config.frames
        numbers = config.dim * (2 if config.steps else 1)
        self.encoder = nn.LSTM(numbers, config.hidden, config.layers, batch_first=True)
        self.decoder = nn.LSTM(config.hidden, config.hidden, config.layers, batch_first=True)
        self.out = nn.Linear(config.hidden, numbers)
        self.register_buffer("mean_D", torch.zeros(numbers))
        self.register_buffer("std_D", torch.ones(numbers))

    def prepare(self, normal_BTD: Tensor) -> None:
        """Learn mean and deviation of each number, once, from all normal training data."""
        flat_ND = self._numbers(normal_BTD)[0].flatten(0, 1)
        std_D, mean_D = torch.std_mean(flat_ND, dim=0, correction=0)
        self.mean_D.copy_(mean_D)
        self.std_D.copy_(std_D.clamp(min=LEAST_STD))

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Scores [B, T]: the mean error of the 20 frames up to each.

        Up to 20 frames are told as one stretch and share its `error`. In a longer sequence every
        frame is the last of a stretch of its own, and the first one stands in for those before it.
        """
        if x_BTD.shape[1] <= self.context:
            return self.error(x_BTD)[:, None].expand(x_BTD.shape[:2])
        stretches = torch.cat([contexts(x_TD, self.context) for x_TD in x_BTD])
        return self.error(stretches).view(x_BTD.shape[:2])

    def error(self, x_BTD: Tensor) -> Tensor:
        """Mean squared error [B] of whole stretches, in squares of standard deviations.

        Frames in which the first one only stands in for those before it do not count: they are
        easy to tell, and a person who has just come would pass for a usual one.
        """
        shown_BT = shown(x_BTD)
        return (self.errors(x_BTD) * shown_BT).sum(dim=1) / shown_BT.sum(dim=1)

    def errors(self, x_BTD: Tensor) -> Tensor:
        """Mean squared error [B, T] of each frame, over the numbers that were seen."""
        x_BTD, seen_BTD = self._numbers(x_BTD)
        scaled_BTD = ((x_BTD - self.mean_D) / self.std_D).clamp(-REACH, REACH)
        squares_BTD = (self._told(scaled_BTD) - scaled_BTD).square() * seen_BTD
        return squares_BTD.sum(dim=-1) / seen_BTD.sum(dim=-1)

    def _numbers(self, x_BTD: Tensor) -> tuple[Tensor, Tensor]:
        """What is to be told, and 1 for each number of it that counts.

        A step counts between two frames that show something, where both of its ends were seen.
        """
        seen_BTD = seen(x_BTD)
        if not self.config.steps:
            return x_BTD, seen_BTD
        steps_BTD = x_BTD.diff(dim=1, prepend=x_BTD[:, :1])
        known_BTD = seen_BTD * shown(x_BTD)[..., None]
        both_BTD = seen_BTD * F.pad(known_BTD[:, :-1], (0, 0, 1, 0))
        return torch.cat([x_BTD, steps_BTD], dim=-1), torch.cat([seen_BTD, both_BTD], dim=-1)

    def _told(self, scaled_BTD: Tensor) -> Tensor:
        _, (states_LBH, _) = self.encoder(scaled_BTD)
        code_BTH = states_LBH[-1][:, None].expand(-1, scaled_BTD.shape[1], -1)
        backwards_BTH, _ = self.decoder(code_BTH)
        told_BTD: Tensor = self.out(backwards_BTH).flip(1)
        return told_BTD

    def bounds(self) -> tuple[float, float]:
        """A hidden number lies between -1 and 1, so what is told is bounded too."""
        with torch.no_grad():
            farthest = self.out.weight.abs().sum(dim=1) + self.out.bias.abs()
            return 0.0, (REACH + float(farthest.max())) ** 2 * 1.001


def seen(x_BTD: Tensor) -> Tensor:
    """1 for each number [B, T, D] that counts: the box, and keypoints that were seen."""
    box, points = x_BTD[..., :BOX], x_BTD[..., BOX:]
    missing_BTK = (points.reshape(*points.shape[:-1], -1, 2) == NOT_SEEN).all(dim=-1)
    counts = (~missing_BTK).to(x_BTD.dtype).repeat_interleave(2, dim=-1)
    return torch.cat([torch.ones_like(box), counts], dim=-1)


def shown(x_BTD: Tensor) -> Tensor:
    """1 for each frame [B, T] that shows something: 0 where, at the start, the next is the same."""
    same_BT = (x_BTD[:, :-1] == x_BTD[:, 1:]).all(dim=-1).to(x_BTD.dtype).cumprod(dim=1)
    return 1 - F.pad(same_BT, (0, 1))


def loss(error_B: Tensor) -> Tensor:
    """Mean squared error over all stretches."""
    return error_B.mean()


def objective(
    network: LSTMAutoencoder, normal_BTD: Tensor, anomalous_BTD: Tensor | None = None
) -> Tensor:
    """What training minimises: only what is normal is learned, the anomalous is not looked at."""
    del anomalous_BTD
    return loss(network.error(normal_BTD))

"""An autoencoder of how people move: what it cannot tell again it has not seen among the normal.

N. Srivastava, E. Mansimov, R. Salakhutdinov, "Unsupervised Learning of Video Representations using
LSTMs", ICML 2015 (arXiv:1502.04681): the decoder tells the sequence backwards.
Shapes: B stretches of one person, T frames, D numbers a frame or as many as are
to be told, H hidden, L layers.
"""

import torch
from torch import Tensor, nn

from services.scoring.heads.lstm_ae import told
from services.scoring.heads.lstm_ae.config import LSTMAutoencoderConfig
from services.scoring.heads.registry import contexts

REACH = 10.0
"""Numbers further than so many standard deviations from the mean are held there."""
LEAST_STD = 1e-3
"""Of a number that hardly ever changes; less would make an alarm of any change."""
PACE = 0.05
"""Share of the usual error that a step of training renews."""


class LSTMAutoencoder(nn.Module):
    """Two LSTM layers read the frames into `hidden` numbers, two others tell them backwards.

    Both start from zeros, and the decoder is given those numbers anew at every step.
    """

    mean_D: Tensor
    std_D: Tensor
    usual: Tensor

    def __init__(self, config: LSTMAutoencoderConfig) -> None:
        super().__init__()
        self.config, self.context = config, config.frames
        numbers = {"numbers": config.dim, "steps": 2 * config.dim, "hands": told.HANDS}[
            config.tells
        ]
        self.encoder = nn.LSTM(numbers, config.hidden, config.layers, batch_first=True)
        self.decoder = nn.LSTM(config.hidden, config.hidden, config.layers, batch_first=True)
        self.out = nn.Linear(config.hidden, numbers)
        self.register_buffer("mean_D", torch.zeros(numbers))
        self.register_buffer("std_D", torch.ones(numbers))
        if config.tells == "hands":
            self.register_buffer("usual", torch.ones(()))

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
        """Mean error [B] of whole stretches.

        Frames in which the first one only stands in for those before it do not count: they are
        easy to tell, and a person who has just come would pass for a usual one.
        """
        shown_BT = told.shown(x_BTD)
        return (self.errors(x_BTD) * shown_BT).sum(dim=1) / shown_BT.sum(dim=1)

    def errors(self, x_BTD: Tensor) -> Tensor:
        """Mean squared error [B, T] of each frame, over the numbers that were seen, in squares of
        standard deviations. Of hands its root: else a keypoint that jumps in one frame would weigh
        as much as a second of haste. A frame that shows no hand has the error that was usual in
        training: with less, who hides the hands or has just come would pass for a calm one.
        """
        squares_BT, known_BT = self._squares(x_BTD)
        if self.config.tells != "hands":
            return squares_BT
        return squares_BT.sqrt().where(known_BT, self.usual)

    def learned(self, x_BTD: Tensor) -> Tensor:
        """What training makes small [B]: the `error`, of hands the squares of what was seen."""
        if self.config.tells != "hands":
            return self.error(x_BTD)
        squares_BT, known_BT = self._squares(x_BTD)
        if bool(known_BT.any()):
            self.usual.lerp_(squares_BT.detach()[known_BT].sqrt().mean(), PACE)
        return squares_BT.mean(dim=1)

    def _squares(self, x_BTD: Tensor) -> tuple[Tensor, Tensor]:
        """Mean squared error [B, T] of what was seen, 0 where nothing was; and where it was."""
        x_BTD, seen_BTD = self._numbers(x_BTD)
        scaled_BTD = ((x_BTD - self.mean_D) / self.std_D).clamp(-REACH, REACH)
        squares_BTD = (self._told(scaled_BTD) - scaled_BTD).square() * seen_BTD
        count_BT = seen_BTD.sum(dim=-1)
        return squares_BTD.sum(dim=-1) / count_BT.clamp(min=1), count_BT > 0

    def _numbers(self, x_BTD: Tensor) -> tuple[Tensor, Tensor]:
        """What is to be told, and 1 for each number of it that counts."""
        if self.config.tells == "hands":
            return told.hands(x_BTD, self.config.lag)
        if self.config.tells == "steps":
            return told.with_steps(x_BTD)
        return x_BTD, told.seen(x_BTD)

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


def loss(error_B: Tensor) -> Tensor:
    """Mean error over all stretches."""
    return error_B.mean()


def objective(
    network: LSTMAutoencoder, normal_BTD: Tensor, anomalous_BTD: Tensor | None = None
) -> Tensor:
    """What training minimises: only what is normal is learned, the anomalous is not looked at."""
    del anomalous_BTD
    return loss(network.learned(normal_BTD))

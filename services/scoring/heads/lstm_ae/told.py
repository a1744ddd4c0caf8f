"""What the autoencoder is given to tell of a person, made from the 38 numbers a frame.

Each is given as numbers [B, T, N] and 1 for each of them that counts.
Shapes: B stretches of one person, T frames, D numbers a frame, N numbers to be told, K keypoints,
H hands.
"""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - as everyone calls it

BOX = 4
NOT_SEEN = 0.5
"""What both numbers of a keypoint are that was not seen: `services.scoring.poses`."""
SHOULDERS, HIPS, WRISTS = [5, 6], [11, 12], [9, 10]
HANDS = 4
"""Numbers: two a hand."""
USUAL_TRUNK = 0.3
"""Of the height of the box, for who never shows all of the trunk."""
LEAST_TRUNK = 0.01
FARTHEST = 1.0
"""Lengths of the trunk. A step beyond is a keypoint that jumped."""


def with_steps(x_BTD: Tensor) -> tuple[Tensor, Tensor]:
    """The numbers and their steps from frame to frame."""
    seen_BTD = seen(x_BTD)
    steps_BTD, both_BTD = _steps(x_BTD, seen_BTD, shown(x_BTD), 1)
    return torch.cat([x_BTD, steps_BTD], dim=-1), torch.cat([seen_BTD, both_BTD], dim=-1)


def hands(x_BTD: Tensor, lag: int) -> tuple[Tensor, Tensor]:
    """How far each hand moved in `lag` frames against the middle of the trunk, in lengths of it.

    Neither walking nor the size of the box is in these four numbers.
    """
    points_BTK2, seen_BTK = _points(x_BTD)
    shoulders_BT2 = points_BTK2[..., SHOULDERS, :].mean(dim=-2)
    hips_BT2 = points_BTK2[..., HIPS, :].mean(dim=-2)
    trunk_seen_BT = seen_BTK[..., SHOULDERS + HIPS].all(dim=-1)
    length_BT = (shoulders_BT2 - hips_BT2).norm(dim=-1).where(trunk_seen_BT, torch.nan)
    usual_B = USUAL_TRUNK * x_BTD[..., 3].median(dim=1).values
    length_B = length_BT.nanmedian(dim=1).values
    length_B = length_B.where(~length_B.isnan(), usual_B).clamp(min=LEAST_TRUNK)
    middle_BT2 = (shoulders_BT2 + hips_BT2) / 2
    hands_BTH2 = (points_BTK2[..., WRISTS, :] - middle_BT2[..., None, :]) / length_B.view(
        -1, 1, 1, 1
    )
    seen_BTH = (seen_BTK[..., WRISTS] & trunk_seen_BT[..., None]).to(x_BTD.dtype)
    seen_BTN = seen_BTH.repeat_interleave(2, dim=-1)
    steps_BTN, both_BTN = _steps(hands_BTH2.flatten(-2), seen_BTN, shown(x_BTD), lag)
    return steps_BTN.clamp(-FARTHEST, FARTHEST) * both_BTN, both_BTN


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


def _steps(x_BTN: Tensor, seen_BTN: Tensor, shown_BT: Tensor, lag: int) -> tuple[Tensor, Tensor]:
    """A step counts between two frames that show something, where both of its ends were seen."""
    steps_BTN = F.pad(x_BTN[:, lag:] - x_BTN[:, :-lag], (0, 0, lag, 0))[:, : x_BTN.shape[1]]
    known_BTN = seen_BTN * shown_BT[..., None]
    both_BTN = seen_BTN * F.pad(known_BTN, (0, 0, lag, 0))[:, : x_BTN.shape[1]]
    return steps_BTN, both_BTN


def _points(x_BTD: Tensor) -> tuple[Tensor, Tensor]:
    """Keypoints [B, T, K, 2] as shares of the picture, and which were seen."""
    box, within_BTK2 = x_BTD[..., None, :BOX], x_BTD[..., BOX:].reshape(*x_BTD.shape[:-1], -1, 2)
    seen_BTK = (within_BTK2 != NOT_SEEN).any(dim=-1)
    return box[..., :2] + (within_BTK2 - 0.5) * box[..., 2:], seen_BTK

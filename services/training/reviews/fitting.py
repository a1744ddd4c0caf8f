"""A linear head from few marked events. Deterministic.

Shapes: N windows, D dimensions.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from services.scoring.heads.linear.config import LinearConfig
from services.scoring.heads.linear.model import Linear
from services.training.default.fitting import AS_MANY

C = 1.0
KEPT = 0.5
"""Of the windows of an event so many stay for the second fit: those that show it most."""


def fit(
    vectors_ND: NDArray[np.float32], is_event_N: NDArray[np.bool_], event_N: NDArray[np.str_]
) -> Linear:
    """Logistic regression on unit-length features, events as heavy as all that is normal.

    A marked span holds more than the event itself: after a first fit the weaker half of each
    event's windows is left out. Needs a window of either kind.
    """
    unit_ND = vectors_ND / np.linalg.norm(vectors_ND, axis=1, keepdims=True)
    first = _fitted(unit_ND, is_event_N)
    kept_N = _without_weak(first.decision_function(unit_ND), is_event_N, event_N)
    return _network(_fitted(unit_ND[kept_N], is_event_N[kept_N]))


def _fitted(unit_ND: NDArray[np.float32], is_event_N: NDArray[np.bool_]) -> LogisticRegression:
    count, events = len(is_event_N), int(is_event_N.sum())
    weight_N = np.where(is_event_N, 0.5 / events, 0.5 / (count - events)) * AS_MANY
    model = LogisticRegression(C=C, max_iter=2000)
    return model.fit(unit_ND.astype(np.float64), is_event_N, sample_weight=weight_N)


def _without_weak(
    score_N: NDArray[np.float64], is_event_N: NDArray[np.bool_], event_N: NDArray[np.str_]
) -> NDArray[np.bool_]:
    kept_N = np.ones(len(score_N), np.bool_)
    for name in np.unique(event_N[is_event_N]):
        rows = np.flatnonzero(is_event_N & (event_N == name))
        weak = len(rows) - int(np.ceil(len(rows) * KEPT))
        kept_N[rows[np.argsort(score_N[rows], kind="stable")[:weak]]] = False
    return kept_N


def _network(model: LogisticRegression) -> Linear:
    linear = Linear(LinearConfig(dim=model.coef_.shape[1]))
    with torch.no_grad():
        linear.out.weight.copy_(torch.from_numpy(model.coef_))
        linear.out.bias.copy_(torch.from_numpy(model.intercept_))
    return linear.eval()

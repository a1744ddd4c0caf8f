"""LSTM autoencoder of poses: how badly the last second or two of a person can be told again."""

from services.scoring.heads.lstm_ae.config import LSTMAutoencoderConfig as Config
from services.scoring.heads.lstm_ae.model import LSTMAutoencoder as Network
from services.scoring.heads.lstm_ae.model import loss, objective

takes = "persons"

__all__ = ["Config", "Network", "loss", "objective", "takes"]

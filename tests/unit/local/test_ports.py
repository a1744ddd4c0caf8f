"""Ports: found free, kept, and named when they are taken."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.local import LocalRuntimeError
from services.local.ports import free_ports, is_free, kept_ports, require_free


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_taken_port_is_one_sentence_with_the_way_out(taken: int) -> None:
    with pytest.raises(LocalRuntimeError) as caught:
        require_free(taken, "the S3 store", "NIGHTCLERK_S3_PORT")
    assert str(caught.value) == (
        f"port {taken}, which the S3 store wants, is taken by another program;"
        " stop that one or choose another port with NIGHTCLERK_S3_PORT=<port>"
    )


def test_free_ports_are_free_and_different() -> None:
    ports = free_ports(20, twin=10_000)
    assert len(set(ports)) == 20
    assert all(is_free(port) and is_free(port + 10_000) for port in ports)


def test_kept_ports_stay_while_they_are_free(tmp_path: Path) -> None:
    kept = tmp_path / "ports.json"
    first = kept_ports(kept, ("a", "b"))
    assert kept_ports(kept, ("a", "b")) == first
    other = kept_ports(kept, ("c",), twin=10_000)
    assert other["c.grpc"] == other["c"] + 10_000
    assert kept_ports(kept, ("a", "b")) == first


def test_a_kept_port_that_was_taken_is_replaced(tmp_path: Path, taken: int) -> None:
    kept = tmp_path / "ports.json"
    kept.write_text(f'{{"a": {taken}}}')
    assert kept_ports(kept, ("a",))["a"] != taken

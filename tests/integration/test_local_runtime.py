"""The local runtime on the real Kafka and the real store: what survives which death."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from minio import Minio
from minio.error import MinioException
from urllib3.exceptions import HTTPError

from services.local import LocalRuntimeError
from services.local.stack import LocalStack
from tests.waiting import wait_until

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """Kafka and the store, shared by the tests of this file; each leaves it running."""
    one = LocalStack.infrastructure(tmp_path_factory.mktemp("runtime"))
    with one:
        yield one


def is_back(stack: LocalStack, name: str, after: int) -> Callable[[], bool]:
    """Whether the process is ready again, as another one than `after`."""

    def check() -> bool:
        record = next(one for one in stack.run.processes if one.name == name)
        return record.state == "ready" and record.pid not in (None, after)

    return check


def kill(stack: LocalStack, name: str) -> int:
    pid = stack.pid(name)
    assert pid
    os.kill(pid, signal.SIGKILL)
    return pid


def store_client(stack: LocalStack) -> Minio:
    return Minio(
        urlsplit(stack.s3_endpoint).netloc,
        access_key=stack.s3_access_key,
        secret_key=stack.s3_secret_key,
        secure=False,
        region="us-east-1",
    )


def write_topic(bootstrap: str, topic: str, count: int) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(120)
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})
    for number in range(count):
        producer.produce(topic, str(number).encode())
    assert producer.flush(120) == 0


def read_topic(bootstrap: str, topic: str, count: int) -> list[int]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader"})
    consumer.assign([TopicPartition(topic, 0, 0)])
    deadline, numbers = time.monotonic() + 120, []
    while len(numbers) < count and time.monotonic() < deadline:
        message = consumer.poll(1)
        if message is not None and not message.error():
            numbers.append(int(message.value()))
    consumer.close()
    return numbers


def test_everything_listens_on_loopback_only(stack: LocalStack) -> None:
    pids = [one.pid for one in stack.run.processes]
    listening = [
        connection.laddr.ip
        for pid in pids
        for connection in psutil.Process(pid).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 3
    assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}


def test_a_killed_kafka_comes_back_with_its_records(stack: LocalStack) -> None:
    write_topic(stack.bootstrap, "kept", 1000)
    wait_until(is_back(stack, "kafka", after=kill(stack, "kafka")), 120)
    assert read_topic(stack.bootstrap, "kept", 1000) == list(range(1000))


def test_a_store_killed_under_writes_keeps_what_it_acknowledged(stack: LocalStack) -> None:
    client, acknowledged, stop = store_client(stack), [], threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            data = str(number).encode() * 1000
            try:
                client.put_object("nightclerk", f"n/{number}", io.BytesIO(data), len(data))
            except (HTTPError, MinioException, OSError):
                continue
            acknowledged.append(number)

    writer = threading.Thread(target=write)
    writer.start()
    wait_until(lambda: len(acknowledged) > 50, 120)
    wait_until(is_back(stack, "store", after=kill(stack, "store")), 120)
    before = len(acknowledged)
    wait_until(lambda: len(acknowledged) > before + 20, 120)
    stop.set()
    writer.join()
    lost = [
        number
        for number in acknowledged
        if client.get_object("nightclerk", f"n/{number}").read() != str(number).encode() * 1000
    ]
    assert lost == []


def test_a_second_one_in_the_same_folder_is_refused_in_one_sentence(stack: LocalStack) -> None:
    second = LocalStack.infrastructure(stack.home)
    with pytest.raises(LocalRuntimeError, match=r"already runs in .* \(pid \d+\); stop it with"):
        second.start()
    assert stack.run.phase == "ready"


def test_a_busy_port_is_named_with_the_setting_that_chooses_another(
    stack: LocalStack, tmp_path: Path
) -> None:
    port = stack.bootstrap.rsplit(":", 1)[1]
    other = LocalStack(tmp_path, ("kafka",), environment={"NIGHTCLERK_KAFKA_PORT": port})
    with pytest.raises(LocalRuntimeError, match=f"port {port}.*NIGHTCLERK_KAFKA_PORT=<port>"):
        other.start()


def test_after_a_killed_supervisor_nothing_is_left_and_a_new_one_finds_the_data(
    tmp_path: Path,
) -> None:
    first = LocalStack.infrastructure(tmp_path)
    first.start()
    write_topic(first.bootstrap, "kept", 10)
    processes = [psutil.Process(one.pid) for one in first.run.processes]
    os.kill(first.run.pid, signal.SIGKILL)
    gone, alive = psutil.wait_procs(processes, timeout=120)
    assert (len(gone), alive) == (2, [])
    first.stop()
    with LocalStack.infrastructure(tmp_path) as second:
        assert read_topic(second.bootstrap, "kept", 10) == list(range(10))
        assert store_client(second).bucket_exists("nightclerk")


def test_leftovers_of_a_dead_supervisor_are_killed_by_the_next(tmp_path: Path) -> None:
    """Where the system cannot tie children to their parent, the record of the run does it."""
    from services.local.state import (
        ProcessRecord,
        RunRecord,
        kill_leftovers,
        start_time,
        write_run,
    )

    with subprocess.Popen(["sleep", "60"], start_new_session=True) as leftover:
        began = start_time(leftover.pid)
        record = ProcessRecord("kafka", leftover.pid, began, "ready", 0, "")
        stranger = ProcessRecord("store", os.getpid(), 1.0, "ready", 0, "")
        write_run(tmp_path, RunRecord(1, 1.0, "ready", "", (record, stranger), {}))
        assert kill_leftovers(tmp_path) == ["kafka"]
        assert not psutil.pid_exists(leftover.pid)


def test_the_stack_goes_when_the_program_that_started_it_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from services.local.stack import LocalStack\n"
        "stack = LocalStack.infrastructure(Path(sys.argv[1]), ['store']); stack.start()\n"
        "print(stack.run.pid, stack.pid('store'), flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout
        pids = [int(pid) for pid in starter.stdout.readline().split()]
        processes = [psutil.Process(pid) for pid in pids]
        starter.kill()
        _, alive = psutil.wait_procs(processes, timeout=120)
    assert (len(pids), alive) == (2, [])


def test_it_stops_in_order_kafka_first_the_store_last(tmp_path: Path) -> None:
    stack = LocalStack.infrastructure(tmp_path)
    stack.start()
    kafka, store = (psutil.Process(stack.pid(name)) for name in ("kafka", "store"))
    os.kill(stack.run.pid, signal.SIGINT)
    psutil.wait_procs([kafka], timeout=120)
    assert store.is_running()
    psutil.wait_procs([store], timeout=120)
    stack.stop()
    assert stack.run.phase == "stopped"

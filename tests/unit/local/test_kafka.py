"""The configuration Kafka is given."""

from pathlib import Path

from services.local.kafka import KafkaNode, format_properties, new_cluster_id, node_properties, why


def test_every_listener_is_on_loopback() -> None:
    properties = node_properties(Path("/data"), 9092, 9093)
    for name in ("listeners", "advertised.listeners"):
        addresses = [entry.split("://")[1] for entry in properties[name].split(",")]
        assert {address.rsplit(":", 1)[0] for address in addresses} == {"127.0.0.1"}


def test_what_the_design_fixes_is_set() -> None:
    properties = node_properties(Path("/data"), 9092, 9093)
    fixed = {
        "auto.create.topics.enable": "false",
        "message.max.bytes": "16777216",
        "log.retention.check.interval.ms": "30000",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.replication.factor": "1",
        "group.initial.rebalance.delay.ms": "0",
    }
    assert fixed.items() <= properties.items()


def test_no_cluster_id_looks_like_an_option() -> None:
    made = [new_cluster_id() for _ in range(500)]
    assert not any(one.startswith("-") for one in made)
    assert {len(one) for one in made} == {22}


def test_properties_are_one_line_each_with_backslashes_kept() -> None:
    text = format_properties({"a.b": "c d", "path": "C:\\x"})
    assert text.splitlines() == ["a.b=c d", "path=C:\\\\x"]


def test_the_command_keeps_the_heap_small() -> None:
    node = KafkaNode(Path("/k"), 9092, 9093, Path("/bin/java"), "a.jar:b.jar")
    command = node.command()
    assert command[0] == "/bin/java"
    assert {"-Xmx384m", "-XX:+UseSerialGC", "kafka.Kafka"} <= set(command)
    assert command[command.index("-cp") + 1] == "a.jar:b.jar"
    assert command[-1] == "/k/server.properties"
    assert node.bootstrap == "127.0.0.1:9092"


def test_of_a_stack_trace_the_deepest_cause_is_told() -> None:
    trace = (
        "Exception in thread main java.lang.RuntimeException: no\n\tat kafka.Tool(Tool.java:9)\n"
        "Caused by: java.io.IOException: No space left on device\n\tat java.io.File\n\t... 8 more\n"
    )
    assert why(trace) == "java.io.IOException: No space left on device"
    assert why(f"{trace}\n... 8 more") == "java.io.IOException: No space left on device"
    assert why("") == ""

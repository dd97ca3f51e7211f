from pathlib import Path

from deploy.local.kafka import Node, settings

ONE = Node(1, 9001, 9002)
THREE = [ONE, Node(2, 9003, 9004), Node(3, 9005, 9006)]


def test_one_node_keeps_one_copy_of_everything() -> None:
    values = settings(ONE, [ONE], Path("/data"))
    for name in (
        "default.replication.factor",
        "offsets.topic.replication.factor",
        "transaction.state.log.replication.factor",
        "transaction.state.log.min.isr",
        "share.coordinator.state.topic.replication.factor",
        "min.insync.replicas",
    ):
        assert values[name] == "1", name


def test_groups_form_at_once_and_topics_only_by_command() -> None:
    values = settings(ONE, [ONE], Path("/data"))
    assert values["group.initial.rebalance.delay.ms"] == "0"
    assert values["auto.create.topics.enable"] == "false"


def test_it_listens_on_the_loopback_interface_only() -> None:
    values = settings(ONE, [ONE], Path("/data"))
    assert values["listeners"] == "PLAINTEXT://127.0.0.1:9001,CONTROLLER://127.0.0.1:9002"


def test_three_nodes_vote_and_survive_the_loss_of_one() -> None:
    values = settings(THREE[1], THREE, Path("/data"))
    assert (
        values["controller.quorum.voters"] == "1@127.0.0.1:9002,2@127.0.0.1:9004,3@127.0.0.1:9006"
    )
    assert values["default.replication.factor"] == "3"
    assert values["min.insync.replicas"] == "2"

import pytest

from deploy.local.environment import explain


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "is full"),
        ("NewConnectionError: Failed to establish a new connection", "needs a network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE", "not the one that was pinned"),
        ("noise\nERROR: something new\n", "(ERROR: something new)"),
    ],
)
def test_pip_failures_are_told_in_one_sentence(output: str, sentence: str) -> None:
    assert sentence in explain(output)
    assert "\n" not in explain(output)

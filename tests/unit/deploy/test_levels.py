from tests.levels import summary


def test_tests_are_counted_by_the_folder_of_their_level() -> None:
    reported = {
        "passed": [
            "tests/unit/a/test_x.py::t",
            "tests/unit/test_y.py::t",
            "tests/e2e/test_z.py::t",
        ],
        "failed": ["tests/unit/test_y.py::u"],
        "skipped": [],
    }
    assert summary(reported, 61.4) == [
        "unit         2 passed, 1 failed",
        "e2e          1 passed",
        "time taken   61 s",
    ]

from pathlib import Path

import pytest

from deploy.local import postgres_place


@pytest.fixture
def as_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Root's branch, in a folder of the test instead of /var/tmp. The folder of all data."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("os.chown", lambda *_: None)
    monkeypatch.setattr(postgres_place, "OPEN_TO_ALL", tmp_path)
    monkeypatch.setattr(postgres_place, "own_folder", _folder)
    monkeypatch.setattr(postgres_place, "_copied_programs", lambda base: base)
    return postgres_place.shared_folder() / "data"


def _folder(path: Path) -> Path:
    path.mkdir(exist_ok=True)
    return path


def test_without_root_everything_lies_in_the_work_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    place = postgres_place.find(tmp_path)
    assert place.directory == tmp_path / "postgres"
    assert place.account is None


def test_root_finds_its_data_again_until_the_work_folder_is_gone(as_root: Path) -> None:
    work = as_root.parents[1] / "work"
    work.mkdir(parents=True)
    first = postgres_place.find(work)
    assert postgres_place.find(work).directory == first.directory
    assert first.directory.parent == as_root
    assert first.account is not None
    (work / "postgres.id").unlink()
    second = postgres_place.find(work)
    assert second.directory != first.directory
    assert not first.directory.exists()
    postgres_place.remove(work)
    assert list(as_root.iterdir()) == []

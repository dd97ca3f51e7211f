import os
import stat
from pathlib import Path

import pytest

from deploy.local import layout, postgres_place
from deploy.local.__main__ import clean
from deploy.local.errors import StartError
from deploy.local.files import locked, own_folder, write_private


def test_a_secret_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret"
    write_private(path, "one")
    write_private(path, "two")
    assert path.read_text() == "two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_others_may_change_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(StartError, match="belongs to somebody else"):
        own_folder(folder)


def test_a_link_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(StartError, match="belongs to somebody else"):
        own_folder(tmp_path / "link")


def test_our_own_folder_may_be_entered_by_all(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        folder = own_folder(tmp_path / "ours")
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_two_cannot_work_in_one_folder(tmp_path: Path) -> None:
    with (
        locked(tmp_path),
        pytest.raises(StartError, match=f"already runs in {tmp_path}"),
        locked(tmp_path),
    ):
        pass
    with locked(tmp_path):
        pass


def test_nothing_is_cleaned_away_under_a_demo_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "run" / "demo" / "kept"
    monkeypatch.setattr(layout, "RUN", tmp_path / "run")
    monkeypatch.setattr(postgres_place, "shared_folder", lambda: tmp_path / "shared")
    with locked(kept.parent):
        kept.touch()
        with pytest.raises(StartError, match="already runs"):
            clean()
        assert kept.exists()
    clean()
    assert not kept.exists()

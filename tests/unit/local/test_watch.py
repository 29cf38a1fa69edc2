"""Changed files are told of, however they are saved."""

import asyncio
import shutil
from pathlib import Path

import pytest

from pillion.local.watch import Watch


async def following(watch: Watch) -> set[Path]:
    async with asyncio.timeout(5):
        return set(await anext(watch))


def test_a_file_saved_in_place_or_by_renaming_is_the_same_file(tmp_path: Path) -> None:
    file = tmp_path / "mesh.yaml"
    file.write_text("1")

    async def scene() -> None:
        with Watch([file]) as follower:
            file.write_text("2")
            assert await following(follower) == {file}
            (tmp_path / "mesh.yaml.new").write_text("3")
            (tmp_path / "mesh.yaml.new").replace(file)
            assert await following(follower) == {file}
            file.rename(tmp_path / "mesh.yaml~")
            file.write_text("4")
            assert await following(follower) == {file}
            file.unlink()
            assert await following(follower) == {file}
            file.write_text("5")
            assert await following(follower) == {file}

    asyncio.run(scene())


def test_a_file_is_not_told_of_before_its_writer_closed_it(tmp_path: Path) -> None:

    async def scene() -> None:
        with Watch([tmp_path]) as follower:
            with (tmp_path / "slow.yaml").open("w") as slow:
                slow.write("half")
                slow.flush()
                (tmp_path / "quick.yaml").write_text("whole")
                assert await following(follower) == {tmp_path / "quick.yaml"}
            assert await following(follower) == {tmp_path / "slow.yaml"}

    asyncio.run(scene())


def test_folders_are_followed_with_all_that_comes_into_them(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()

    async def scene() -> None:
        with Watch([tmp_path]) as follower:
            (tmp_path / "a" / "one.yaml").write_text("1")
            assert await following(follower) == {tmp_path / "a" / "one.yaml"}
            (tmp_path / "a" / "b" / "c").mkdir(parents=True)
            (tmp_path / "a" / "b" / "c" / "two.yaml").write_text("2")
            assert await following(follower) == {tmp_path / "a" / "b" / "c" / "two.yaml"}
            (tmp_path / "a" / "b" / "c" / "two.yaml").write_text("3")
            assert await following(follower) == {tmp_path / "a" / "b" / "c" / "two.yaml"}
            (tmp_path / "a" / "link.yaml").symlink_to("one.yaml")
            assert await following(follower) == {tmp_path / "a" / "link.yaml"}
            (tmp_path / "a").rename(tmp_path / "z")
            assert tmp_path / "a" in await following(follower)

    asyncio.run(scene())


def test_a_folder_that_was_given_may_go_and_another_one_come(tmp_path: Path) -> None:
    root = tmp_path / "mesh"
    root.mkdir()
    (root / "one.yaml").write_text("1")

    async def scene() -> None:
        with Watch([root]) as follower:
            for made in (root.mkdir, lambda: (tmp_path / "other").rename(root)):
                shutil.rmtree(root)
                while root not in await following(follower):
                    continue
                (tmp_path / "other").mkdir(exist_ok=True)
                made()
                (root / "one.yaml").write_text("2")
                assert await following(follower) == {root / "one.yaml"}
                (root / "one.yaml").write_text("3")
                assert await following(follower) == {root / "one.yaml"}

    asyncio.run(scene())


def test_what_is_beside_a_folder_that_was_given_is_no_change(tmp_path: Path) -> None:
    (tmp_path / "mesh").mkdir()

    async def scene() -> None:
        with Watch([tmp_path / "mesh"]) as follower:
            (tmp_path / "beside.yaml").write_text("1")
            (tmp_path / "mesh" / "one.yaml").write_text("1")
            assert await following(follower) == {tmp_path / "mesh" / "one.yaml"}

    asyncio.run(scene())


def test_a_burst_comes_together(tmp_path: Path) -> None:
    files = {tmp_path / f"{number}.yaml" for number in range(20)}

    async def scene() -> None:
        with Watch([tmp_path]) as follower:
            for file in files:
                file.write_text("x")
            assert await following(follower) == files

    asyncio.run(scene())


def test_a_folder_that_does_not_exist_cannot_be_followed(tmp_path: Path) -> None:
    async def scene() -> None:
        with pytest.raises(FileNotFoundError, match="none"):
            Watch([tmp_path / "none" / "x.yaml"])

    asyncio.run(scene())

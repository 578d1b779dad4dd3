"""Archives that are good, and archives that mean harm."""

import gzip
import io
import os
import stat
import struct
import tarfile
import zipfile

import pytest

from emostudy.corpora import unpack as module
from emostudy.corpora.unpack import unpack

GOOD = {"Actor_01/a.wav": b"one", "Actor_02/b.wav": b"twotwo", "README": b""}
ESCAPES = ["../x", "a/../../x", "/etc/x", "C:\\x", "C:x", "..\\x", "\\\\host\\x", "a/..", "x:stream", "a\nb"]


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in files.items():
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            pack.writestr(info, content, zipfile.ZIP_DEFLATED)
    return path


def tarred(path, files):
    with tarfile.open(path, "w:gz" if path.name.lower().endswith("gz") else "w") as pack:
        for name, content in files.items():
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            pack.addfile(info, io.BytesIO(content))
    return path


def read_back(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def refused(archive, folder, message):
    """One line, and nothing written anywhere."""
    before = set(archive.parent.rglob("*"))
    with pytest.raises(ValueError, match=message) as told:
        unpack(archive, folder)
    assert "\n" not in str(told.value) and archive.name in str(told.value)
    assert not folder.exists() or list(folder.iterdir()) == []
    assert set(archive.parent.rglob("*")) - before <= {folder}


@pytest.mark.parametrize(
    ("name", "make"), [("a.zip", zipped), ("a.tar", tarred), ("a.tar.gz", tarred), ("A.TGZ", tarred)]
)
def test_files_are_written_and_told(tmp_path, name, make):
    written = unpack(make(tmp_path / name, GOOD), tmp_path / "to" / "here")
    assert written == {name: len(content) for name, content in GOOD.items()}
    assert read_back(tmp_path / "to" / "here") == GOOD


def test_archives_inside_are_unpacked_beside_themselves(tmp_path):
    inner = tarred(tmp_path / "train.tar.gz", {"train_splits/dia0_utt0.mp4": b"film"})
    outer = tarred(tmp_path / "MELD.Raw.tar.gz", {"MELD.Raw/train.tar.gz": inner.read_bytes(), "MELD.Raw/a.csv": b"a"})
    assert list(unpack(outer, tmp_path / "meld")) == ["MELD.Raw/a.csv", "MELD.Raw/train_splits/dia0_utt0.mp4"]


def test_what_is_there_already_is_replaced_and_the_rest_kept(tmp_path):
    (tmp_path / "to" / "Actor_01").mkdir(parents=True)
    (tmp_path / "to" / "Actor_01" / "a.wav").write_bytes(b"old")
    (tmp_path / "to" / "Actor_01" / "mine.wav").write_bytes(b"mine")
    unpack(zipped(tmp_path / "a.zip", GOOD), tmp_path / "to")
    assert read_back(tmp_path / "to") == GOOD | {"Actor_01/mine.wav": b"mine"}


@pytest.mark.parametrize("name", ESCAPES)
@pytest.mark.parametrize(("suffix", "make"), [(".zip", zipped), (".tar", tarred)])
def test_names_that_lead_out_are_refused(tmp_path, name, suffix, make):
    files = {"good": b"1", name: b"bad"}
    refused(make(tmp_path / f"a{suffix}", files), tmp_path / "to", "leads out of the folder")


def test_a_zero_byte_in_a_name_is_refused(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"good.wavXevil": b"1"})
    archive.write_bytes(archive.read_bytes().replace(b"good.wavXevil", b"good.wav\0evil"))
    refused(archive, tmp_path / "to", "leads out of the folder")


@pytest.mark.parametrize("folder", ["../x/", "/x/"])
def test_folders_that_lead_out_are_refused_too(tmp_path, folder):
    refused(zipped(tmp_path / "a.zip", {folder: b""}), tmp_path / "to", "leads out")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices_in_a_zip_are_refused(tmp_path, kind):
    info = zipfile.ZipInfo("innocent")
    info.create_system, info.external_attr = 3, (kind | 0o777) << 16
    refused(zipped(tmp_path / "a.zip", {info: b"/etc/passwd"}), tmp_path / "to", "a link or a device")


KINDS = [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", ["/etc/passwd", "../../x", "inside"])
def test_links_and_devices_in_a_tar_are_refused(tmp_path, kind, target):
    info = tarfile.TarInfo("innocent")
    info.type, info.linkname = kind, target
    refused(tarred(tmp_path / "a.tar.gz", {"inside": b"1", info: b""}), tmp_path / "to", "a link or a device")


def test_a_link_in_the_folder_does_not_lead_out(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "to").mkdir()
    os.symlink(tmp_path / "elsewhere", tmp_path / "to" / "Actor_01")
    with pytest.raises(ValueError, match=r"Actor_01.* cannot be written: a link"):
        unpack(zipped(tmp_path / "a.zip", GOOD), tmp_path / "to")
    assert list((tmp_path / "elsewhere").iterdir()) == [] and len(list((tmp_path / "to").iterdir())) == 1


@pytest.mark.parametrize("there", ["README/x", "Actor_01"])
def test_files_and_folders_in_the_way_are_named_and_nothing_is_moved(tmp_path, there):
    (tmp_path / "to" / there).parent.mkdir(parents=True)
    (tmp_path / "to" / there).write_bytes(b"mine")
    with pytest.raises(ValueError, match="in its way; take it away"):
        unpack(zipped(tmp_path / "a.zip", GOOD), tmp_path / "to")
    assert read_back(tmp_path / "to") == {there: b"mine"}


@pytest.mark.parametrize(("name", "make"), [("a.zip", zipped), ("a.tar.gz", tarred)])
def test_a_bomb_is_stopped_while_it_unpacks(tmp_path, monkeypatch, name, make):
    monkeypatch.setattr(module, "FLOOR", 10_000)
    archive = make(tmp_path / name, {"a": bytes(3_000_000)})
    assert archive.stat().st_size * module.RATIO < 3_000_000
    refused(archive, tmp_path / "to", "far more than its size allows")


def test_a_bomb_inside_an_archive_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FLOOR", 10_000)
    inner = zipped(tmp_path / "inner.zip", {"a": bytes(3_000_000)})
    outer = zipped(tmp_path / "a.zip", {"inner.zip": inner.read_bytes()})
    inner.unlink()
    with pytest.raises(ValueError, match="far more than its size allows"):
        unpack(outer, tmp_path / "to")


def test_too_many_files_are_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "NUM_FILES", 10)
    refused(zipped(tmp_path / "a.zip", {str(n): b"" for n in range(11)}), tmp_path / "to", "more than 10 files")


def test_a_header_that_lies_about_the_size_is_found(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"a": b"0123456789"})
    raw = bytearray(archive.read_bytes())
    at = raw.index(b"PK\x01\x02")
    raw[at + 24 : at + 28] = struct.pack("<I", 5)  # the size in the table of contents
    archive.write_bytes(raw)
    refused(archive, tmp_path / "to", "broken")


def test_a_tar_header_cannot_ask_for_memory_without_end(tmp_path):
    info = tarfile.TarInfo("a")
    info.type, info.size = tarfile.XHDTYPE, (1 << 33) - 512
    with gzip.open(tmp_path / "a.tar.gz", "wb") as file:
        file.write(info.tobuf(tarfile.USTAR_FORMAT) + bytes(10_240))
    refused(tmp_path / "a.tar.gz", tmp_path / "to", "a header of 8589934080 bytes")


def test_one_name_twice_is_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive = zipped(tmp_path / "a.zip", {zipfile.ZipInfo("a"): b"1", zipfile.ZipInfo("a"): b"2"})
    refused(archive, tmp_path / "to", "one name stands for two files")
    refused(zipped(tmp_path / "b.zip", {"a": b"1", "a/b": b"2"}), tmp_path / "to", "one name stands for two files")


def test_an_encrypted_zip_is_told(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"a": b"1"})
    raw = bytearray(archive.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + offset] |= 1
    archive.write_bytes(raw)
    refused(archive, tmp_path / "to", "is encrypted")


@pytest.mark.parametrize(("name", "make"), [("a.zip", zipped), ("a.tar", tarred), ("a.tar.gz", tarred)])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.6])
def test_a_truncated_archive_is_told_with_the_remedy(tmp_path, name, make, share):
    noise = os.urandom(20_000)
    archive = make(tmp_path / name, {"a": noise, "b": noise})
    archive.write_bytes(archive.read_bytes()[: int(share * archive.stat().st_size)])
    refused(archive, tmp_path / "to", r"is broken .*fetch it again")


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_what_is_no_archive_is_told(tmp_path, name):
    (tmp_path / name).write_bytes(b"<html>please log in</html>" * 100)
    refused(tmp_path / name, tmp_path / "to", "is broken")


def test_a_flipped_bit_is_found(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"a": os.urandom(5000)})
    raw = bytearray(archive.read_bytes())
    raw[2000] ^= 1
    archive.write_bytes(raw)
    refused(archive, tmp_path / "to", "is broken")

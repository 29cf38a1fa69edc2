"""A certificate that changes under a live context."""

from pathlib import Path

import pytest

from pillion.controlplane.webhook import certificate
from support.webhook import write_certificate


def test_a_pair_is_used_and_leaves_no_file_open(tmp_path: Path) -> None:
    chain, key = write_certificate(tmp_path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    certificate.use(certificate.read(str(chain), str(key)), certificate.context())
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_certificate_of_another_key_is_refused(tmp_path: Path) -> None:
    chain, _ = write_certificate(tmp_path)
    before = chain.read_text()
    _, key = write_certificate(tmp_path)
    chain.write_text(before)
    with pytest.raises(certificate.CertificateError, match="do not make a pair"):
        certificate.use(certificate.read(str(chain), str(key)), certificate.context())


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(certificate.CertificateError, match=r"nothing\.crt: cannot be read: No such file"):
        certificate.read(str(tmp_path / "nothing.crt"), "k")

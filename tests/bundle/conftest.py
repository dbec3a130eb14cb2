"""Small bundles written to a temporary folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from policy_engine import BundleError, load_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policy_engine import Bundle, Diagnostic

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY = f"arn:aws:kms:us-east-1:111122223333:key/{KEY_ID}"
APP = "arn:aws:iam::111122223333:role/app"
KEY_POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}
ALLOW: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}],
}


class Files:
    """Writes files beneath a folder and loads them."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, name: str, content: object) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            text = content if isinstance(content, str) else json.dumps(content, indent=2)
            path.write_text(text, encoding="utf-8")
        return path

    def native(self, name: str = "bundle.json", **content: object) -> Path:
        return self.put(name, {"schema": "kmsgate/bundle/1", **content})

    def load(self, *names: str) -> Bundle:
        return load_bundle(*([self.root / name for name in names] or [self.root]))

    def faults(self, *names: str) -> list[Diagnostic]:
        """The diagnostics of a bundle that must be refused."""
        with pytest.raises(BundleError) as caught:
            self.load(*names)
        return list(caught.value.diagnostics)

    def codes(self, *names: str) -> list[str]:
        return [fault.code for fault in self.faults(*names) if fault.severity == "error"]

    def place(self, fault: Diagnostic) -> tuple[str, int, int]:
        assert fault.span is not None
        begin = fault.span.begin
        return str(Path(fault.span.file).relative_to(self.root)), begin.line, begin.column


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
def key_folder(files: Files) -> Callable[..., None]:
    """Writes the dumps of a key into a folder; a dump that is None is left out."""

    def write(folder: str = "key", **changed: object) -> None:
        dumps: Mapping[str, object] = {
            "describe": {"KeyMetadata": {"KeyId": KEY_ID, "Arn": KEY, "KeyManager": "CUSTOMER"}},
            "policy": {"Policy": json.dumps(KEY_POLICY), "PolicyName": "default"},
            **changed,
        }
        for name, dump in dumps.items():
            if dump is not None:
                files.put(f"{folder}/{name}.json", dump)

    return write

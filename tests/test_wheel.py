"""The wheel holds everything: built, installed into an empty environment elsewhere, every module imported."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SOURCES = ("policy_engine", "kms_core", "grammars", "pyproject.toml", "README.md", "LICENSE")
IMPORT_ALL = """
import importlib, pathlib, pkgutil, sys
import policy_engine, kms_core
names = [m.name for p in (policy_engine, kms_core) for m in pkgutil.walk_packages(p.__path__, p.__name__ + ".")]
for name in names:
    if ".migrations." not in name and not name.endswith(".migrations.env"):
        importlib.import_module(name)
assert pathlib.Path(policy_engine.__file__).is_relative_to(sys.prefix), policy_engine.__file__
from policy_engine.reading import read_policy
from policy_engine.model.policy import PolicyKind
assert read_policy('{"Statement": []}', kind=PolicyKind.KEY).statements == ()
print(len(names))
"""


def run(*command: object, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy, so that nothing that lies about in the checkout gets in."""
    source = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", out, source, cwd=out)
    (built,) = out.glob("*.whl")
    return built


def test_every_module_installs_and_imports_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv/bin/python"
    (site,) = (tmp_path / "venv/lib").glob("python3*/site-packages")
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--no-deps",
        wheel,
        cwd=tmp_path,
    )
    # the dependencies are those of this environment, without its editable kmsgate
    (here,) = {path for path in sys.path if path.endswith("site-packages")}
    for entry in Path(here).iterdir():
        if (
            not re.match(r"_?_?(editable_|kmsgate|__editable__)", entry.name)
            and not (site / entry.name).exists()
        ):
            (site / entry.name).symlink_to(entry)
    assert int(run(python, "-c", IMPORT_ALL, cwd=tmp_path)) > len(PROJECT["tool"]["setuptools"]["packages"])


def test_the_wheel_holds_grammars_data_and_markers(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"policy_engine/grammars/{path.name}" for path in (ROOT / "grammars").glob("*.lark")} <= names
    assert {"policy_engine/catalog/kms.json", "policy_engine/py.typed", "kms_core/py.typed"} <= names


def test_every_package_is_listed() -> None:
    found = {
        ".".join(init.parent.relative_to(ROOT).parts)
        for package in ("policy_engine", "kms_core")
        for init in (ROOT / package).rglob("__init__.py")
    }
    assert found | {"policy_engine.grammars"} == set(PROJECT["tool"]["setuptools"]["packages"])

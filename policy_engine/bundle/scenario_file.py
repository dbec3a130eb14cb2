"""Scenario files as they stand on disk: which there are, what is in them, and the bundles that they name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from policy_engine.bundle.documents import document_of, parse_document
from policy_engine.bundle.files import find_files, read_file
from policy_engine.bundle.loading import load_bundle
from policy_engine.bundle.scenario_form import CaseForm, ScenarioForm
from policy_engine.bundle.validation import validate
from policy_engine.errors import BundleError, Diagnostic, PolicySyntaxError, Severity
from policy_engine.span import Source, Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy_engine.model.bundle import Bundle


class Suite:
    """A scenario file; its bundle is loaded once, when the first case needs it."""

    def __init__(self, file: str, bundle: str | None) -> None:
        self.file = file
        self.bundle_path = None if bundle is None else Path(file).parent / bundle

    @cached_property
    def bundle(self) -> Bundle | None:
        """The bundle that the file names.

        Raises:
            BundleError: it cannot be loaded.
        """
        return None if self.bundle_path is None else load_bundle(self.bundle_path)


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a scenario file, or a file that could not be read: then there is a `fault`, and no name."""

    file: str
    name: str | None
    form: CaseForm | None = None
    suite: Suite | None = None
    fault: BundleError | None = None


def load_scenarios(path: str | Path) -> list[Case]:
    """The cases of a file, or of every JSON and YAML file beneath a folder.

    A file that is no scenario file is one case with a `fault`.

    Raises:
        BundleError: there is nothing at `path`, or nothing to run.
    """
    found = find_files(path)
    if found.faults:
        raise BundleError(found.faults)
    cases = [case for file in found.documents for case in _cases(file)]
    if not cases:
        place = Span(Source(str(path), ""), 0, 0)
        raise BundleError([Diagnostic("nothing-to-load", "there are no scenario files here", place)])
    return cases


def case_of(data: Mapping[str, object], name: str = "<case>") -> Case:
    """The case that plain data is.

    Raises:
        BundleError: it is none.
    """
    try:
        document = document_of(data, name)
    except PolicySyntaxError as error:
        raise BundleError([error.diagnostic]) from error
    form, faults = validate(CaseForm, document.root, document.source)
    if form is None or faults:
        raise BundleError(faults)
    return Case(name, form.name, form)


def _cases(file: str) -> list[Case]:
    try:
        form = _read(file)
    except BundleError as error:
        return [Case(file, None, fault=error)]
    suite = Suite(file, form.bundle)
    return [Case(file, case.name, case, suite) for case in form.cases]


def _read(file: str) -> ScenarioForm:
    try:
        document = parse_document(read_file(file), file)
    except PolicySyntaxError as error:
        raise BundleError([error.diagnostic]) from error
    form, faults = validate(ScenarioForm, document.root, document.source)
    faults += [d for d in document.diagnostics if d.severity is Severity.ERROR]
    if form is None or faults:
        raise BundleError(faults)
    return form

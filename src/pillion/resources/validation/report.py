"""Where the checks of a resource write what they find."""

from pillion.value import Diagnostic, Diagnostics, Path, Severity, Where


class Report:
    """Findings about one part of a resource; parts of one resource share one list."""

    __slots__ = ("_findings", "_path", "_quiet")

    def __init__(self) -> None:
        self._findings: list[Diagnostic] = []
        self._path: Path = ()
        self._quiet = False

    @property
    def diagnostics(self) -> Diagnostics:
        """Everything found so far, in order."""
        return tuple(self._findings)

    def at(self, *steps: str | int) -> "Report":
        """Return the report of a part further inside."""
        return self._inside(steps, quiet=self._quiet)

    def quiet(self) -> "Report":
        """Return a report whose warnings are infos: Istio finds them and drops them."""
        return self._inside((), quiet=True)

    def error(self, code: str, message: str, *steps: str | int, hint: str = "") -> None:
        """Note what Istio refuses."""
        self._add(code, "error", message, steps, hint)

    def warn(self, code: str, message: str, *steps: str | int, hint: str = "") -> None:
        """Note what Istio accepts with a warning."""
        self._add(code, "info" if self._quiet else "warning", message, steps, hint)

    def _inside(self, steps: Path, *, quiet: bool) -> "Report":
        inner = Report()
        inner._findings = self._findings
        inner._path = (*self._path, *steps)
        inner._quiet = quiet
        return inner

    def _add(self, code: str, severity: Severity, message: str, steps: Path, hint: str) -> None:
        where = Where(path=(*self._path, *steps))
        self._findings.append(Diagnostic(code=code, severity=severity, message=message, where=where, hint=hint))

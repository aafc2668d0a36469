"""An examination's findings, by name."""

from collections.abc import AsyncIterator, Iterable

from gateway.app.doctor import Finding, Level


class Findings(dict[str, Finding]):
    """By name; where one name comes twice, the worse stays."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        order = list(Level)
        super().__init__()
        for finding in findings:
            before = self.get(finding.name)
            if before is None or order.index(finding.level) > order.index(before.level):
                self[finding.name] = finding

    def troubles(self) -> dict[str, Level]:
        """What is not ok, each with something to do."""
        bad = {name: it for name, it in self.items() if it.level is not Level.OK}
        assert all(it.advice for it in bad.values())
        assert all("\n" not in it.detail + it.advice for it in self.values())
        return {name: it.level for name, it in bad.items()}


async def collected(examination: AsyncIterator[Finding]) -> Findings:
    return Findings([finding async for finding in examination])

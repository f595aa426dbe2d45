"""What came in and what did not; what became of fits and publications."""

from collections.abc import Iterable, Iterator, Sequence

from promo.status.facts import AT_WORK, FAILED, KILLED, SET_ASIDE, File, Finding, Level, Try

KINDS = {
    "file-refused": Level.ACT,
    "rejects": Level.LOOK,
    "ingest-failed": Level.ACT,
    "ingest-killed": Level.ACT,
    "fit-failed": Level.LOOK,
    "fit-killed": Level.LOOK,
    "publish-failed": Level.ACT,
    "publish-killed": Level.ACT,
}


def files(found: Sequence[File]) -> Iterator[Finding]:
    """Files of which nothing was taken in, and that did not come again whole."""
    newest = {(file.table, file.source): file for file in found}
    for file in newest.values():
        if file.taken:
            continue
        most = max(file.kinds, key=lambda kind: kind.lines, default=None)
        why = f", most of them at `{most.field}`: {_wanted(most.expected)}" if most else ""
        yield _finding("file-refused", file.source, (
            f"Nothing of {file.source} was taken in: {file.rejects:,} of its {file.lines:,} lines "
            f"were rejected{why}. Have it mended and take it in with `promo ingest`."
        ))  # fmt: skip


def _wanted(expected: str) -> str:
    """What was expected: some words, or a whole sentence that says it."""
    return expected[:-1] if expected.endswith(".") else f"expected {expected}"


def reject_rate(found: Iterable[File], most: float) -> Iterator[Finding]:
    """Lines set aside of what was taken in, by table, where they are many."""
    sums: dict[str, list[int]] = {}
    for file in found:
        if file.taken:
            own = sums.setdefault(file.table, [0, 0])
            own[0] += file.rejects
            own[1] += file.lines
    for table, (rejected, lines) in sorted(sums.items()):
        if rejected > most * lines:
            yield _finding("rejects", table, (
                f"Of {lines:,} lines of {table} {rejected:,} were set aside "
                f"({rejected / lines:.1%}): the files in the folder `rejects` say which and why. "
                "Have them mended and send them again."
            ))  # fmt: skip


def others(tries: Sequence[Try]) -> Iterator[Finding]:
    """Runs of ingest, fit and publish that failed or were killed, and were not made good."""
    for number, each in enumerate(tries):
        if each.state not in (FAILED, KILLED) or _made_good(each, tries[number + 1 :]):
            continue
        if each.command == "ingest" and each.state == FAILED and each.sentence is None:
            continue  # it refused files, which tell themselves
        kind = f"{each.command}-{'killed' if each.state == KILLED else 'failed'}"
        about = str(each.facts.get("source", each.night or ""))
        yield _finding(kind, about, _sentence(each, about))


def _sentence(each: Try, about: str) -> str:
    ended = "was killed" if each.state == KILLED else "failed"
    why = f": {each.sentence}" if each.sentence else "."
    what = {
        "ingest": f"The `promo ingest` of {about} {ended}{why} Run it again: nothing of what was "
        "at work is in, and what was in before comes as repeats.",
        "fit": f"The `promo fit` for {about} {ended}{why} The model in use stays; run it again.",
        "publish": f"The `promo publish` of {about} {ended}{why} Run it again.",
    }
    return what[each.command]


def _made_good(each: Try, later: Iterable[Try]) -> bool:
    """Whether the same was done again, or is being done."""
    fine = ("done", SET_ASIDE, AT_WORK)
    return any(
        (one.command, one.night, one.facts.get("source"))
        == (each.command, each.night, each.facts.get("source"))
        and one.state in fine
        for one in later
    )


def _finding(kind: str, about: str, sentence: str) -> Finding:
    return Finding(KINDS[kind], kind, about, sentence)

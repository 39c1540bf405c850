"""A report for a terminal: the verdict, the reasons gravest first, then every finding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from photo_service.check import Status
from photo_service.messages import Messages
from photo_service.render.reasons import Reason, reasons_of
from photo_service.render.values import file_size, measured
from photo_service.render.wrapping import cells, printable, wrap
from photo_service.report import Decision, Effect, Report

# Width of a page that nobody looks at through a terminal: files and pipes get the same lines
# everywhere.
PLAIN_WIDTH = 100
_WIDEST = 110
# Of the table of members: the longest name in one line, what the other columns take, and the least
# that is left for reasons.
_LONGEST_NAME, _OTHER_COLUMNS, _LEAST_ROOM = 30, 26, 30

_DECISIONS = {
    Decision.ACCEPTED: ("✔", "bold green"),
    Decision.REJECTED: ("✘", "bold red"),
    Decision.REVIEW: ("?", "bold yellow"),
}
_EFFECTS = {
    Effect.REJECT: ("✘", "red"),
    Effect.REVIEW: ("?", "yellow"),
    Effect.NONE: ("!", "cyan"),
}
_STATUSES = {
    Status.PASS: "green",
    Status.WARN: "cyan",
    Status.FAIL: "red",
    Status.SKIP: "dim",
    Status.ERROR: "magenta",
}


class PlainConsole(Console):
    """A console for text that is not ours: no markup, no emoji codes, a fixed width in files."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False)
        if not self.is_terminal:
            self.width = PLAIN_WIDTH

    def on_broken_pipe(self) -> None:
        """Let the command line's one handler deal with it."""
        raise BrokenPipeError


def print_report(console: Console, report: Report, text: Messages, *, every: bool) -> None:
    """Print one report.

    Args:
        console: where to.
        report: what to print.
        text: the language.
        every: also print the table of all findings.
    """
    width = min(console.width, _WIDEST)
    lines = [_headline(report, text)]
    for number, reason in enumerate(reasons_of(report, text), 1):
        lines += _reason(number, reason, text, width)
    if report.fields:
        lines.append(Text(f"  {text.ui('fields_title')}", style="bold"))
        lines += (
            Text(f"    {text.word(f'field_{name}')}: {printable(read.value)}")
            for name, read in report.fields.items()
        )
    tables = [_members(report.members, text, width)] if report.members else []
    if every:
        tables.append(_findings(report, text))
    # All is put into words before the first is printed: half a report would be none.
    for line in lines:
        console.print(line, soft_wrap=True)
    for table in tables:
        console.print(table)
    console.print()


def print_summary(console: Console, decisions: list[Decision], text: Messages) -> None:
    """Print how many pictures of a batch met which verdict."""
    line = Text(text.ui("summary_total", count=len(decisions)), style="bold")
    for decision, (mark, style) in _DECISIONS.items():
        if count := decisions.count(decision):
            line.append(f"   {mark} {text.ui(f'decision_{decision}')} {count}", style=style)
    console.print(line)


def _headline(report: Report, text: Messages) -> Text:
    mark, style = _DECISIONS[report.decision]
    image = report.image
    facts = [file_size(image.bytes, text)]
    if image.format:
        facts.insert(0, image.format)
    if image.width:
        facts.insert(0, f"{image.width}×{image.height}")
    line = Text(f"{mark} {text.ui(f'decision_{report.decision}')}", style=style)
    name = printable(image.name)
    if report.members and not name:
        name = text.ui("set_of", count=len(report.members))
    line.append(f"  {name}", style="bold default")
    line.append(
        f"  ({' · '.join(facts)} · {text.ui('profile')} {printable(report.profile_name)})",
        style="not bold default dim",
    )
    return line


def _reason(number: int, reason: Reason, text: Messages, width: int) -> Iterator[Text]:
    mark, style = _EFFECTS[reason.finding.effect]
    lead = f"  {mark} {number}. "
    hang = " " * len(lead)
    first, *more = wrap(reason.message, width - len(lead))
    yield Text(lead + first, style=style)
    for line in more:
        yield Text(hang + line, style=style)
    value, allowed = measured(reason.finding, text)
    parts = [
        text.ui("measured", value=value) if value else "",
        text.ui("allowed", allowed=allowed) if allowed else "",
    ]
    details = (
        (reason.note, ""),
        (text.ui("list_separator_wide").join(part for part in parts if part), ""),
        (text.ui("fix", advice=reason.advice) if reason.advice else "", ""),
        (text.ui("clause", clause=reason.clause) if reason.clause else "", "dim"),
    )
    for detail, detail_style in details:
        if detail:
            for line in wrap(detail, width - len(hang)):
                yield Text(hang + line, style=detail_style)


def _members(members: Sequence[Report], text: Messages, width: int) -> Table:
    """A row for each file: its verdict, what stopped it and how to mend the gravest of that."""
    names = min(max(cells(printable(member.image.name)) for member in members), _LONGEST_NAME)
    room = max(width - names - _OTHER_COLUMNS, _LEAST_ROOM)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    table.add_column(text.ui("column_number"), justify="right")
    table.add_column(text.ui("column_member"), overflow="fold", width=names)
    table.add_column(text.ui("column_verdict"), no_wrap=True)
    table.add_column(text.ui("column_reason"), overflow="fold")
    for number, member in enumerate(members, 1):
        mark, style = _DECISIONS[member.decision]
        stops = [r for r in reasons_of(member, text) if r.finding.effect is not Effect.NONE]
        gravest = [r for r in stops if r.finding.effect is stops[0].finding.effect]
        told = [reason.message for reason in gravest]
        if gravest and gravest[0].advice:
            told.insert(1, text.ui("fix", advice=gravest[0].advice))
        table.add_row(
            str(number),
            printable(member.image.name),
            Text(f"{mark} {text.ui(f'decision_{member.decision}')}", style=style),
            "\n".join(line for each in told for line in wrap(each, room)),
        )
    return table


def _findings(report: Report, text: Messages) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    table.add_column(text.ui("column_check"), overflow="fold")
    table.add_column(text.ui("column_status"), no_wrap=True)
    table.add_column(text.ui("column_value"), overflow="fold", justify="right")
    table.add_column(text.ui("column_allowed"), overflow="fold")
    for finding in report.findings:
        value, allowed = measured(finding, text)
        table.add_row(
            text.get("check", finding.check, "title"),
            Text(text.ui(f"status_{finding.status}"), style=_STATUSES[finding.status]),
            value,
            allowed,
        )
    return table

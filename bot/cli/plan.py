"""`nbci plan`: which notebooks a change affects, and why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.forges.opening import open_checkout
from bot.model import Plan, Selected, Skipped, printable
from bot.planning.selection import make_plan
from bot.wiring import local as wiring


def show_plan(
    *, paths: Sequence[str], base: str | None, head: str | None, everything: bool, as_json: bool
) -> None:
    """Print the plan as a table, or as JSON."""
    checkout = open_checkout(Path.cwd())
    request = checkout.request(
        base, head, notebooks=wiring.paths_in(checkout, paths), everything=everything
    )
    source = checkout.source(request)
    plan = make_plan(source, wiring.config_of(source, request), request)
    if as_json:
        click.echo(json.dumps(plan_json(plan), indent=2))
        return
    console = Console(highlight=False)
    console.print(checkout.describe(request), markup=False, soft_wrap=True)
    _print_table(console, plan)


def plan_json(plan: Plan) -> dict[str, list[dict[str, object]]]:
    """Return the plan in the words of `plan --json`."""

    def items(notebooks: Sequence[Selected | Skipped]) -> list[dict[str, object]]:
        return [{"notebook": item.notebook, "reasons": list(item.reasons)} for item in notebooks]

    return {"selected": items(plan.selected), "skipped": items(plan.skipped)}


def _print_table(console: Console, plan: Plan) -> None:
    if not plan.selected and not plan.skipped:
        console.print("No notebook is affected.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True)
    table.add_column("Notebook", overflow="fold")
    table.add_column("Why", overflow="fold")
    for word, style, items in (("run", "green", plan.selected), ("skip", "dim", plan.skipped)):
        for item in items:
            reasons = printable("; ".join(item.reasons))
            table.add_row(Text(word, style), Text(printable(item.notebook)), Text(reasons))
    console.print(table)
    skipped = f", {len(plan.skipped)} to skip" if plan.skipped else ""
    plural = "notebook" if len(plan.selected) == 1 else "notebooks"
    console.print(f"{len(plan.selected)} {plural} to run{skipped}")

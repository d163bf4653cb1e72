"""What a plan says, as dictionaries that tests can compare."""

from bot.model import Plan


def selected(plan: Plan) -> dict[str, list[str]]:
    """Return the reasons of each notebook that runs."""
    return {item.notebook: list(item.reasons) for item in plan.selected}


def skipped(plan: Plan) -> dict[str, list[str]]:
    """Return the reasons of each notebook that does not run."""
    return {item.notebook: list(item.reasons) for item in plan.skipped}

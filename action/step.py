"""A step of a workflow, from its inputs to its exit code."""

from __future__ import annotations

import os
import traceback
from collections.abc import Mapping

from action import job_log
from action.answering import answer
from action.context import Context
from action.events import ClosedTask, CommentTask, NoTask, ReviewTask, task_of
from action.inputs import FailOn, Inputs, Mode, check_backend
from action.reviewing import review
from action.session import Session
from action.tidying import clean_up, forget_old_outputs, forget_pull_request
from bot.errors import NbciError, UsageError
from bot.model import Conclusion, Review

_PASSED = 0
_NOT_PASSED = 1
_BROKEN = 3
_INTERRUPTED = 130

_GREEN = (Conclusion.SUCCESS, Conclusion.NEUTRAL, Conclusion.SKIPPED)


def run_step(secrets: Mapping[str, str]) -> int:
    """Do what the event asks for and return the exit code.

    *secrets* are the inputs, which the environment does not hold any more.
    """
    try:
        inputs = Inputs.from_environment(secrets)
        job_log.mask(inputs.token)
        context = Context.from_environment(os.environ)
        _trust(context)
        return _exit_code(_run(Session(context, inputs)), inputs)
    except NbciError as error:
        for line in str(error).splitlines():
            job_log.error(line)
        return error.exit_code
    except KeyboardInterrupt:
        job_log.say("The job was cancelled before anything had begun")
        return _INTERRUPTED
    except Exception:  # noqa: BLE001 - the one boundary: a bug of ours is said to be one
        with job_log.group("What went wrong inside nbci"), job_log.inert():
            job_log.say(traceback.format_exc())
        job_log.error("nbci itself has failed, not a notebook; please report it with this log")
        return _BROKEN


def _run(session: Session) -> Review | None:
    context, inputs = session.context, session.inputs
    task = task_of(context, inputs)
    if inputs.mode is Mode.CLEAN_UP:
        clean_up(session, task)
        return None
    if inputs.mode is Mode.ACKNOWLEDGE and not isinstance(task, CommentTask):
        raise UsageError("input `mode`: `acknowledge` is for the event issue_comment only")
    match task:
        case ReviewTask():
            check_backend(inputs)
            ended = review(session, task.subject, task.comparison(session))
            if task.prunes:
                forget_old_outputs(session)
            return ended
        case CommentTask():
            check_backend(inputs)
            return answer(session, task.event)
        case ClosedTask():
            forget_pull_request(session, task.number)
        case NoTask():
            job_log.say(f"Nothing to do: {task.reason}")
    return None


def _exit_code(ended: Review | None, inputs: Inputs) -> int:
    if ended is None or ended.conclusion in _GREEN or inputs.fail_on is FailOn.NEVER:
        return _PASSED
    return _NOT_PASSED


def _trust(context: Context) -> None:
    """Have our git read the checkout though another user may own it, as in a container.

    https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory
    """
    number = os.environ.get("GIT_CONFIG_COUNT", "")
    first = int(number) if number.isdecimal() else 0
    os.environ[f"GIT_CONFIG_KEY_{first}"] = "safe.directory"
    os.environ[f"GIT_CONFIG_VALUE_{first}"] = str(context.workspace)
    os.environ["GIT_CONFIG_COUNT"] = str(first + 1)

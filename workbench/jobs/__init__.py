"""Run many tasks: serially or in local processes, with progress and cancel."""

from workbench.jobs.run import Executor, Outcome, run_tasks

__all__ = ["Executor", "Outcome", "run_tasks"]

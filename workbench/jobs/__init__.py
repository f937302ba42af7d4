"""Run many tasks: serially, in local processes or on Dask, with progress and cancel."""

from workbench.jobs.run import Executor, Outcome, joblib_backend, run_each, run_tasks

__all__ = ["Executor", "Outcome", "joblib_backend", "run_each", "run_tasks"]

"""The linear relaxation of a choice, solved again and again from where the last solve ended.

The only place that calls ``highspy``: scipy's interface to the same solver starts from nothing each
time, which takes fifty times as long.
"""

from __future__ import annotations

import highspy
import numpy as np
import numpy.typing as npt
from scipy import sparse

from workbench.budget.options import Floats
from workbench.budget.whole import silenced

Columns = npt.NDArray[np.int64]


class WarmProblem:
    """Maximise ``objective @ point`` within ``least <= matrix @ point <= most``.

    The point lies between 0 and ``top``; rows can be added and columns bounded between solves.
    """

    def __init__(
        self, objective: Floats, matrix: sparse.csr_array, least: Floats, most: Floats, top: Floats
    ) -> None:
        columns, model = matrix.tocsc(), highspy.HighsLp()
        model.num_row_, model.num_col_ = columns.shape
        model.col_cost_, model.col_lower_, model.col_upper_ = -objective, np.zeros(len(top)), top
        model.row_lower_, model.row_upper_ = least, most
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = columns.indptr
        model.a_matrix_.index_, model.a_matrix_.value_ = columns.indices, columns.data
        with silenced():
            self._solver = highspy.Highs()
        self._solver.setOptionValue("output_flag", False)
        self._solver.setOptionValue("threads", 1)
        self._solver.passModel(model)
        self._low, self._high = np.zeros(len(top)), top.copy()

    def add(self, most: float, columns: Columns, values: Floats) -> None:
        """Add a row ``values @ point[columns] <= most``."""
        self._solver.addRow(-np.inf, most, len(columns), columns.astype("int32"), values)

    def change(self, row: int, most: float, column: int, value: float) -> None:
        """Change one number of a row, and its most."""
        self._solver.changeCoeff(row, column, value)
        self._solver.changeRowBounds(row, -np.inf, most)

    @property
    def rows(self) -> int:
        """How many there are."""
        return int(self._solver.getNumRow())

    def set_objective(self, objective: Floats) -> None:
        """Maximise something else."""
        every = np.arange(len(objective), dtype="int32")
        self._solver.changeColsCost(len(every), every, -objective)

    def bound(self, low: Floats, high: Floats) -> None:
        """Set the least and most of the first columns."""
        held = len(low)
        moved = np.flatnonzero((low != self._low[:held]) | (high != self._high[:held]))
        if len(moved):
            columns = moved.astype("int32")
            self._solver.changeColsBounds(len(moved), columns, low[moved], high[moved])
        self._low[:held], self._high[:held] = low, high

    def solve(self) -> tuple[Floats | None, float]:
        """Return the best point and its objective: None and -inf where no point exists.

        None and inf where the solver gave up, which proves nothing.
        """
        self._solver.run()
        if self._solver.getModelStatus() not in _ANSWERS:
            self._solver.clearSolver()
            self._solver.run()
        status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kOptimal:
            point = np.array(self._solver.getSolution().col_value)
            return point, -self._solver.getInfo().objective_function_value
        infeasible = status == highspy.HighsModelStatus.kInfeasible
        return None, -np.inf if infeasible else np.inf

    def reduced(self) -> Floats:
        """Return by how much each column would lower the last solve's objective."""
        return np.array(self._solver.getSolution().col_dual)


_ANSWERS = (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible)

"""Analytics workbench for people who buy creator marketing.

Export files go in, one offline HTML report comes out::

    export files -> intake -> store -> features -> curves -> figures + wording -> notebook -> report
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("creator-workbench")
except PackageNotFoundError:  # run from a checkout that was never installed
    __version__ = "0+unknown"

"""Parameters, kernels, HTML template, gate and publishing of report notebooks."""

import sys

# jsonschema, which notebooks' formats are checked by, would compile a grammar for a second, for a
# kind of text that no notebook holds.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

"""What the engine imports, for a process that waits to be told which engine it is.

Importing this module is all that it is for.
"""

from __future__ import annotations

import contextlib

from . import engine as engine
from . import pipeline as pipeline
from .encoder import PROCESSOR_FILE, computes_in_bfloat16, import_openvino

if computes_in_bfloat16(PROCESSOR_FILE):
    with contextlib.suppress(ImportError):
        import_openvino()

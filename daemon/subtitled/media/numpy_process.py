"""Work that needs numpy, which takes 12 MB, so the daemon has another process do it.

Sound stays in files. Only names of files, numbers and small results go from process to process.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any, Final

from subtitled.helper_process import HelperProcess, answer_questions

_process: Final = HelperProcess("subtitled.media.numpy_process")


def start_process() -> None:
    """Start the process if there is none, so that it is ready when there is work."""
    _process.start()


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Have a function called in the other process, or here if there is none.

    Args:
        function: A function of a module, which imports little: it is imported there.
        arguments: What it is given, as JSON has it.

    Returns:
        What it returns, as JSON has it.

    Raises:
        OSError: The function could not read or write a file.
    """
    question = (function.__module__, function.__name__, arguments)
    return _process.ask(question, lambda _: function(*arguments))


def _answer(question: tuple[str, str, list[Any]]) -> Any:
    module, name, arguments = question
    return getattr(importlib.import_module(module), name)(*arguments)


if __name__ == "__main__":
    # Threads that multiply matrices together take as long to start as numpy, and gain nothing here.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    importlib.import_module("numpy")
    answer_questions(_answer)

"""Script: run cases in one process of a tree, and time each by wall clock and by CPU.

Usage: `python worker.py FOLDER…`, with the folders to import from. Standard input holds one request a line,
`{"case": name, "arguments": {…}, "times": n}`; each answer is one line of JSON. What the cases print, such as
log lines, is discarded. Imports nothing but the standard library until a case asks for it.
"""

# The modules that Lambda's runtime has loaded before it imports a function.
import http.client
import json
import logging
import os
import sys
import time
import traceback
from typing import Any

_LOADED_BY_THE_RUNTIME = (http.client, logging, traceback)


def main() -> None:
    """Answer requests until standard input ends."""
    # A copy of standard output: what it was becomes a log, which is a pipe in Lambda and costs the same here.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib would be loaded, too
    sys.path[:0] = [*sys.argv[1:], here]
    import cases  # type: ignore[import-not-found,unused-ignore]

    print(json.dumps({"pid": os.getpid()}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(_timed(cases.CASES[request["case"]], request)), file=answers, flush=True)


def _timed(case: Any, request: dict[str, Any]) -> dict[str, Any]:
    arguments, times = request["arguments"], request["times"]
    value: Any = None
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        for _ in range(times):
            value = case(**arguments)
    except Exception:  # noqa: BLE001 - the process that asked has to see it
        return {"error": traceback.format_exc()}
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"value": value, "wall": wall / times, "cpu": cpu / times}


if __name__ == "__main__":
    main()

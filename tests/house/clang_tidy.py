#!/usr/bin/python3
"""Runs the checks of .clang-tidy over the sources of the modules, as they are compiled in BUILD_DIR.

    clang_tidy.py BUILD_DIR

Many sources of a folder are read as one, so that the headers which they share are parsed and checked
once: a third of the time. Where two of them cannot stand in one (two helpers of the same name), each
half of them is tried.
"""
import concurrent.futures
import itertools
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

MODULES = re.compile(r"/(core|service|launcher|wsgi|run|rpc|servicegroup)/src/.*\.cpp$")
TOGETHER = 16
# bugprone-exception-escape walks every way through functions that call each other, and takes minutes
# where it sees all of these at once.
ALONE = {"name_parser_types.cpp"}
NOISE = re.compile(r"^(\d+ warnings? |Suppressed |Use -|Error while processing )")


def flags_of(entry):
    """How the source is compiled, without its name and its output."""
    words = shlex.split(entry["command"])
    return tuple(word for word in words[1:words.index("-o")] if not word.startswith("-W"))


def batches(build):
    """(flags, sources) that may be read as one."""
    entries = json.loads((build / "compile_commands.json").read_text())
    key = lambda entry: (flags_of(entry), os.path.dirname(entry["file"]))
    chosen = sorted((entry for entry in entries if MODULES.search(entry["file"])),
                    key=lambda entry: (key(entry), entry["file"]))
    for (flags, _), group in itertools.groupby(chosen, key):
        sources = [entry["file"] for entry in group]
        for source in [source for source in sources if os.path.basename(source) in ALONE]:
            sources.remove(source)
            yield flags, [source]
        for first in range(0, len(sources), TOGETHER):
            yield flags, sources[first:first + TOGETHER]


def tidy(source, config, flags):
    run = subprocess.run(["clang-tidy", "--quiet", f"--config={config}", source, "--", *flags],
                         capture_output=True, text=True)
    lines = run.stdout.splitlines() + run.stderr.splitlines()
    return run.returncode, [line for line in lines if not NOISE.match(line)]


def check(flags, sources, config, folder):
    if len(sources) == 1:
        return tidy(sources[0], config, flags)
    with tempfile.NamedTemporaryFile("w", suffix=".cpp", dir=folder) as together:
        together.writelines(f'#include "{source}"\n' for source in sources)
        together.flush()
        status, lines = tidy(together.name, config, flags)
    if not any("[clang-diagnostic-error]" in line for line in lines):
        return status, lines
    half = len(sources) // 2
    first, second = (check(flags, part, config, folder)
                     for part in (sources[:half], sources[half:]))
    return max(first[0], second[0]), first[1] + second[1]


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    root = pathlib.Path(__file__).resolve().parents[2]
    # To clang-tidy the sources are headers of what includes them all.
    config = (root / ".clang-tidy").read_text()
    config = re.sub(r"^HeaderFilterRegex: .*$",
                    f"HeaderFilterRegex: '^{re.escape(str(root))}/[a-z]+/'", config, flags=re.M)
    failed = False
    told = set()
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        results = pool.map(lambda batch: check(*batch, config, folder), batches(build))
        for status, lines in results:
            failed = failed or status != 0
            for line in lines:
                if line not in told:
                    told.add(line)
                    print(line, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
"""oslo.messaging as client and as server of thane's contract programs, over RabbitMQ.

    conformance.py build/release/tests/contract [--url rabbit://guest:guest@127.0.0.1:5672/]

Without a URL it starts a broker of its own. Prints each check that fails, and "N passed, N failed";
status 1 if one has. Servers are tried with one process and with three workers.
"""
import argparse
import contextlib
import logging
import os
import sys

sys.dont_write_bytecode = True

from compressed import CompressionTest
from drive_server import ServerTest
from peer import Broker, Tally, together
from serve_client import ClientTest


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs")
    parser.add_argument("--url")
    options = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    with contextlib.nullcontext(options.url) if options.url else Broker() as url:
        failed = run(url, options.programs)
    sys.stdout.flush()
    os._exit(1 if failed else 0)  # Threads of oslo.messaging would stay for their connections.


def run(url, programs):
    server = os.path.join(programs, "rpc_contract")
    client = os.path.join(programs, "rpc_contract_client")
    tests = [ServerTest(url, server, processes) for processes in (1, 3)]
    tests += [ClientTest(url, client), CompressionTest(url, server)]
    whole = Tally()
    together(whole, *(test.run for test in tests))
    tallies = [whole] + [test.tally for test in tests]
    passed = sum(tally.passed for tally in tallies)
    failed = sum(tally.failed for tally in tallies)
    print("%d passed, %d failed" % (passed, failed))
    return failed


if __name__ == "__main__":
    main()

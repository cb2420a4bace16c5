#!/usr/bin/python3
"""oslo.messaging as client and as server of thane's contract programs, over RabbitMQ.

    conformance.py --url rabbit://guest:guest@127.0.0.1:5672/ --programs build/release/tests/contract

Prints each check that fails, and "N passed, N failed". Status 1 if one has. All servers are tried
twice: with one process and with three workers.
"""
import argparse
import logging
import os
import sys

sys.dont_write_bytecode = True

from drive_server import ServerTest
from peer import together
from serve_client import ClientTest


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--programs", required=True)
    options = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    server = os.path.join(options.programs, "rpc_contract")
    client = os.path.join(options.programs, "rpc_contract_client")
    tests = [ServerTest(options.url, server, processes) for processes in (1, 3)]
    tests.append(ClientTest(options.url, client))
    together(*(test.run for test in tests))
    passed = sum(test.tally.passed for test in tests)
    failed = sum(test.tally.failed for test in tests)
    print("%d passed, %d failed" % (passed, failed))
    sys.stdout.flush()
    os._exit(1 if failed else 0)  # Threads of oslo.messaging would stay for their connections.


if __name__ == "__main__":
    main()

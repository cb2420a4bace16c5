#!/usr/bin/python3
"""Threads of oslo.messaging that call echo() again and again, until SIGTERM.

    load.py --url rabbit://guest:guest@127.0.0.1:5672/ --topic t --threads 64

Prints "lap" for each hundred answers, and at its end "N answered, N lost".
"""
import argparse
import itertools
import logging
import os
import signal
import sys
import threading

sys.dont_write_bytecode = True

import oslo_messaging as om

from peer import transport_of


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--threads", type=int, default=64)
    options = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)  # More threads than connections it finds odd.
    client = om.get_rpc_client(transport_of(options.url), om.Target(topic=options.topic),
                               timeout=30)
    stopping = threading.Event()
    numbers = itertools.count(1)
    answered = itertools.count(1)
    lost = []

    def call():
        while not stopping.is_set():
            number = next(numbers)
            try:
                if client.call({}, "echo", arg=number) != number:
                    raise ValueError("the answer to another call than %d" % number)
            except Exception as error:
                lost.append(error)
                print("lost: %r" % error, flush=True)
            if next(answered) % 100 == 0:
                print("lap", flush=True)

    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    threads = [threading.Thread(target=call) for _ in range(options.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("%d answered, %d lost" % (next(answered) - 1 - len(lost), len(lost)), flush=True)
    os._exit(1 if lost else 0)  # Threads of oslo.messaging would stay for their connections.


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""A library, for callers in any language; server.cpp is the same in C++.

    ./server.py rabbit://guest:guest@127.0.0.1:5672/
"""
import signal
import sys
import threading

import oslo_messaging as om
from oslo_config import cfg

AUTHORS = {"Dune": "Frank Herbert", "R.U.R.": "Karel Čapek"}


class NotHere(Exception):
    pass


class Library:
    target = om.Target(version="1.1")

    def __init__(self, notifier):
        self.notifier = notifier

    def find(self, ctxt, title):
        if title not in AUTHORS:
            raise NotHere(title + " is not here")
        return {"title": title, "author": AUTHORS[title]}

    def lend(self, ctxt, title, reader):
        self.notifier.info(ctxt, "library.lent", {"title": title, "reader": reader})
        return True

    def greet(self, ctxt, name):
        # One write for the line: greet runs in several threads at once.
        sys.stdout.write("greetings from " + name + "\n")
        sys.stdout.flush()


def main():
    cfg.CONF([], project="library")
    transport = om.get_rpc_transport(cfg.CONF, url=sys.argv[1])
    notifier = om.Notifier(om.get_notification_transport(cfg.CONF, url=sys.argv[1]),
                           publisher_id="library", driver="messagingv2", topics=["notifications"])
    server = om.get_rpc_server(transport, om.Target(topic="library", server="main hall"),
                               [Library(notifier)], executor="threading")
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    server.start()
    print("ready", flush=True)
    ended.wait()
    server.stop()
    server.wait()


if __name__ == "__main__":
    main()

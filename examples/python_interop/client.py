#!/usr/bin/python3
"""A reader who asks the library, in whatever language that is written; client.cpp is the same.

    ./client.py rabbit://guest:guest@127.0.0.1:5672/
"""
import json
import sys
import threading

import oslo_messaging as om
from oslo_config import cfg


def show(what, came):
    print("%-24s %s" % (what, came))


def text_of(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def find(library, title):
    try:
        show("find " + title, text_of(library.call({}, "find", title=title)))
    except om.RemoteError as error:
        show("find " + title, "%s: %s" % (error.exc_type, error.value))


def lend(library):
    told = threading.Event()

    class Listening:
        def info(self, ctxt, publisher_id, event_type, payload, metadata):
            show(event_type, text_of(payload))
            told.set()

    listener = om.get_notification_listener(
        om.get_notification_transport(cfg.CONF, url=sys.argv[1]),
        [om.Target(topic="notifications")], [Listening()], executor="threading")
    listener.start()
    lent = library.call({}, "lend", title="Dune", reader="Ada")
    if not told.wait(5):
        show("library.lent", "was not told")
    show("lend Dune", text_of(lent))
    listener.stop()
    listener.wait()


def main():
    cfg.CONF([], project="reader")
    library = om.get_rpc_client(om.get_rpc_transport(cfg.CONF, url=sys.argv[1]),
                                om.Target(topic="library", version="1.1"), timeout=5)
    find(library, "R.U.R.")
    find(library, "Emma")
    find(library.prepare(version="2.0"), "Dune")
    lend(library)
    library.cast({}, "greet", name="one reader")
    library.prepare(fanout=True).cast({}, "greet", name="another reader")


if __name__ == "__main__":
    main()

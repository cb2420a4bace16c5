"""oslo.messaging as the server: everything that a server can see of a caller."""
import json
import re
import subprocess
import threading
import time
import uuid

import oslo_messaging as om
from oslo_messaging.rpc import server as rpc_server

import conformance_exc
from peer import PATIENCE, Raw, Tally, envelope, inner_of, transport_of

HEX_32 = re.compile("^[0-9a-f]{32}$")


class ForeignError(Exception):
    """Of a module that callers do not know."""


ForeignError.__module__ = "conformance_foreign"

RAISED = {"ValueError": ValueError, "KeyError": KeyError, "RuntimeError": RuntimeError,
          "Custom": lambda message: conformance_exc.ConformanceError(message, code=42),
          "Foreign": ForeignError}


class Endpoint:
    target = om.Target(version="1.3")

    def __init__(self):
        self.count = 0
        self.lock = threading.Lock()

    def echo(self, ctxt, arg):
        return arg

    def add(self, ctxt, a, b):
        return a + b

    def fail(self, ctxt, kind, msg):
        raise RAISED.get(kind, lambda _: ValueError("unknown kind " + kind))(msg)

    def slow(self, ctxt, seconds):
        time.sleep(seconds)
        return seconds

    def ctx(self, ctxt):
        return ctxt

    def bump(self, ctxt):
        with self.lock:
            self.count += 1
            return self.count

    def get_count(self, ctxt):
        return self.count

    def _private(self, ctxt):
        return "reached"


class NamespaceEndpoint:
    target = om.Target(namespace="ns1", version="1.0")

    def ping(self, ctxt):
        return "pong"


class ControlEndpoint:
    target = om.Target(namespace="control", version="1.0")

    def finish(self, ctxt):
        return None


GONE = object()  # As the value of a key: there is no such key.


def answer(call, **changes):
    whole = {"result": call.message["args"]["value"], "failure": None, "ending": True,
             "_msg_id": call.msg_id, "_unique_id": uuid.uuid4().hex}
    whole.update(changes)
    return {key: value for key, value in whole.items() if value is not GONE}


def failure(**changes):
    whole = {"class": "ValueError", "module": "builtins", "message": "m", "tb": ["t"],
             "args": ["m"], "kwargs": {}}
    whole.update(changes)
    return json.dumps({key: value for key, value in whole.items() if value is not GONE})


# How servers older, newer or worse than oslo.messaging answer.

ODD_ANSWERS = {
    "two_part": lambda c: [envelope(answer(c, ending=False)), envelope(answer(c, result=None))],
    "two_part_bare": lambda c: [envelope(answer(c, ending=False)),
                                envelope(answer(c, result=GONE, _unique_id=GONE))],
    "duplicate": lambda c: [envelope(answer(c))] * 2,
    "no_envelope": lambda c: [json.dumps(answer(c))],
    "garbage_first": lambda c: ["garbage", '"text"', "{}", envelope([]), envelope(answer(c))],
    "foreign_msg_id_first": lambda c: [
        envelope(answer(c, _msg_id=uuid.uuid4().hex, result="not yours")),
        envelope(answer(c, _msg_id=None, result="nobody's")), envelope(answer(c))],
    "extra_keys": lambda c: [envelope(answer(c, future={"x": 1}))],
    "no_unique_id": lambda c: [envelope(answer(c, _unique_id=GONE))],
    "no_failure_key": lambda c: [envelope(answer(c, failure=GONE))],
    "unasked_heartbeat": lambda c: [envelope(answer(c, result=None, ending=False)),
                                    envelope(answer(c))],
    "result_and_failure": lambda c: [envelope(answer(c, failure=failure()))],
    "failure_unknown_class": lambda c: [envelope(answer(c, failure=failure(**{"class": "None"})))],
    "failure_no_tb": lambda c: [envelope(answer(c, failure=failure(tb=GONE, args=GONE)))],
    "failure_base_exception": lambda c: [
        envelope(answer(c, failure=failure(**{"class": "SystemExit"})))],
    "failure_py2_module": lambda c: [envelope(answer(c, failure=failure(module="exceptions")))],
    "no_ending": lambda c: [envelope(answer(c, ending=GONE))],
    "envelope_2_1": lambda c: [envelope(answer(c), "2.1")],
}


class ClientTest:
    """Serves one run of rpc_contract_client, and looks at copies of all it sends."""

    def __init__(self, url, program):
        self.url = url
        self.program = program
        self.topic = "python-" + uuid.uuid4().hex[:6]
        self.tally = Tally("our client: ")

    def run(self):
        transport = transport_of(self.url)
        odd = Raw(self.url)
        lock = threading.Lock()

        class OddServer(rpc_server.RPCServer):
            def _process_incoming(self, incoming):
                call = incoming[0]
                if call.message.get("namespace") != "adversary":
                    return super()._process_incoming(incoming)
                call.acknowledge()
                with lock:
                    for body in ODD_ANSWERS[call.message["method"]](call):
                        odd.publish(body, call.reply_q, exchange="")

        server = om.get_rpc_server(
            transport, om.Target(topic=self.topic, server="s1"),
            [Endpoint(), NamespaceEndpoint(), ControlEndpoint()], executor="threading",
            server_cls=OddServer)
        server.start()
        tap = Raw(self.url)
        tap.listen(bindings=[("openstack", self.topic), ("openstack", self.topic + ".s1"),
                             (self.topic + "_fanout", "")])
        try:
            done = subprocess.run([self.program, "--url", self.url, "--topic", self.topic,
                                   "--server", "s1"], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True, timeout=4 * PATIENCE)
        finally:
            server.stop()
            server.wait()
        for line in done.stdout.splitlines():
            if line.startswith(("PASS ", "FAIL ")):
                self.tally.check(line[5:], line.startswith("PASS "), "as it says itself")
        self.tally.check("our client has come to its end", done.returncode in (0, 1)
                         and self.tally.passed >= 55, (done.returncode, self.tally.passed))
        messages = []
        while (message := tap.next(0.2)) is not None:
            messages.append(message)
        self.audit(messages)
        for raw in (tap, odd):
            raw.close()
        return self.tally

    def audit(self, messages):
        calls, casts, fanouts = [], [], []
        for message in messages:
            inner = inner_of(message)
            kind = (fanouts if message.delivery_info["exchange"] != "openstack" else
                    calls if "_msg_id" in inner else casts)
            kind.append((message, inner))
        seen = calls + casts + fanouts

        def all_of(name, some, judge):
            wrong = next((each for each in some if not judge(*each)), None)
            self.tally.check("each %s" % name, some and wrong is None, wrong and wrong[1])

        every = {"envelope": lambda m, i: sorted(json.loads(m.body)) == [
            "oslo.message", "oslo.version"] and json.loads(m.body)["oslo.version"] == "2.0",
            "content type": lambda m, i: m.properties["content_type"] == "application/json",
            "content encoding": lambda m, i: m.properties["content_encoding"] == "utf-8",
            "delivery mode": lambda m, i: m.properties["delivery_mode"] == 2,
            "priority": lambda m, i: m.properties.get("priority") == 0,
            "unique id": lambda m, i: HEX_32.match(i["_unique_id"]),
            "method and arguments": lambda m, i: isinstance(i["method"], str)
            and isinstance(i["args"], dict),
            "version": lambda m, i: re.match(r"^\d+\.\d+$", i.get("version", "1.0"))}
        for name, judge in every.items():
            all_of("message: " + name, seen, judge)
        of_calls = {"id": lambda m, i: HEX_32.match(i["_msg_id"]),
                    "reply queue": lambda m, i: re.match("^reply_[0-9a-f]{32}$", i["_reply_q"]),
                    "timeout": lambda m, i: i["_timeout"] in (None, 2),
                    "expiration": lambda m, i: re.match(r"^\d+$", m.properties["expiration"])}
        for name, judge in of_calls.items():
            all_of("call: " + name, calls, judge)
        for name, some in (("cast", casts), ("fanout", fanouts)):
            all_of(name + ": wants no answer", some, lambda m, i: not {
                "_msg_id", "_reply_q", "_timeout"} & set(i) and "expiration" not in m.properties)
        ids = [inner["_unique_id"] for _, inner in seen]
        self.tally.check("no id comes twice", len(set(ids)) == len(ids), len(ids))
        self.tally.check("one queue for all answers",
                         len({inner["_reply_q"] for _, inner in calls}) == 1)
        keys = {message.delivery_info["routing_key"] for message, _ in seen}
        self.tally.equal("routing keys", sorted(keys), ["", self.topic, self.topic + ".s1"])
        for key, value in (("namespace", "ns1"), ("_timeout", 2), ("_context_user_id", "u1")):
            self.tally.check("some have %s" % key, any(
                inner.get(key) == value for _, inner in seen))

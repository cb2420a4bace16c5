"""oslo.messaging as the client: everything that a caller can see of a server."""
import functools
import json
import math
import uuid

import oslo_messaging as om
from oslo_messaging.rpc import dispatcher

import conformance_exc
from peer import (KNOWN_MODULES, Program, Raw, Tally, envelope, eventually, inner_of, request,
                  together, transport_of)

VALUES = {
    "text": "hello", "empty": "", "unicode": "žluťoučký 漢字 \U0001F600 \x1f\"\\/", "nul": "a\0b",
    "lone surrogate": "a\ud800b", "large": "x" * (1 << 20), "integer": 42, "negative": -7,
    "int64 max": 2**63 - 1, "int64 min": -2**63, "uint64 max": 2**64 - 1, "2^80": 2**80,
    "-2^80": -2**80, "float": 1.5, "whole float": 3.0, "tiny": 5e-324,
    "huge": 1.7976931348623157e308,
    "17 digits": 0.1 + 0.2, "minus zero": -0.0, "nan": math.nan, "infinity": math.inf,
    "-infinity": -math.inf, "true": True, "false": False, "null": None,
    "list": [1, "a", None, [2.5]],
    "empty list": [], "empty object": {}, "object": {"k": {"n": [1, {"x": None}]}, "ž": "ü", "": 1},
    "60 deep": functools.reduce(lambda inside, _: [inside], range(60), "bottom"),
    "several frames": [{"i": i, "s": "é" * 20} for i in range(5000)],
}

# kind: class, what the exception has to be like
FAILURES = {
    "ValueError": (ValueError, lambda e: str(e).startswith("boom ž\n")),
    "RuntimeError": (RuntimeError, lambda e: str(e).startswith("boom ž\n")),
    "KeyError": (KeyError, lambda e: "boom ž" in str(e)),
    "Custom": (conformance_exc.ConformanceError,
               lambda e: e.args == ("boom ž",) and e.code == 42 and str(e).startswith("boom ž\n")
               and type(e).__module__ == "conformance_exc_Remote"),
    "Foreign": (om.RemoteError,
                lambda e: e.exc_type == "ForeignError" and e.value == "boom ž" and e.traceback
                and all(isinstance(line, str) for line in e.traceback)),
    "nonsense": (ValueError, lambda e: "unknown kind nonsense" in str(e)),
}

NO_METHOD = "Endpoint does not support RPC method "
NO_VERSION = "Endpoint does not support RPC version "
# name: how the client is prepared, method, arguments, class, beginning of its text
REFUSALS = {
    "unknown method": ({}, "nope", {}, dispatcher.NoSuchMethod, NO_METHOD + "nope"),
    "private method": ({}, "_private", {}, dispatcher.NoSuchMethod, NO_METHOD + "_private"),
    "method of a namespace without it": ({}, "ping", {}, dispatcher.NoSuchMethod, NO_METHOD),
    "method without its namespace": ({"namespace": "ns1"}, "echo", {"arg": 1},
                                     dispatcher.NoSuchMethod, NO_METHOD + "echo"),
    "unknown namespace": ({"namespace": "x"}, "ping", {}, dispatcher.UnsupportedVersion,
                          NO_VERSION),
    "namespace, version 1.1": ({"namespace": "ns1", "version": "1.1"}, "ping", {},
                               dispatcher.UnsupportedVersion, NO_VERSION + "1.1"),
    "argument missing": ({}, "add", {"a": 1}, TypeError, ""),
    "argument unknown": ({}, "echo", {"arg": 1, "more": 2}, TypeError, ""),
}
for version in ("1.4", "2.0", "0.9", "1.3.1", "1.10"):
    REFUSALS["version " + version] = (
        {"version": version}, "echo", {"arg": 1}, dispatcher.UnsupportedVersion,
        NO_VERSION + version + ". Attempted method: echo")

# What is no message: consumers have to outlive it.
RUBBISH = [
    ("this is { not json", {}), (b"\xff\xfe\x00\x01", {"content_type": "application/octet-stream"}),
    ("[1,2,3]", {}), ('"text"', {}), ("", {}), ("{}", {}), ("null", {}),
    ('{"oslo.version": "2.0", "oslo.message": "not json {"}', {}), ('{"oslo.version": "2.0"}', {}),
    ('{"oslo.version": 2, "oslo.message": {}}', {}), (envelope({"args": {}}), {}),
    (envelope({"method": 7, "args": {}}), {}), (envelope({"method": "bump", "args": 7}), {}),
    (envelope(request("bump"), "3.0"), {}), (envelope(request("bump"), "2.1"), {}),
    (envelope(request("bump", version="x")), {}), (envelope(request("bump", version=1)), {}),
    ("packed", {"application_headers": {"compression": "application/x-snappy"}}),
    ("packed", {"application_headers": {"compression": "application/zstd"}}),
]


class ServerTest:
    """Two servers of one topic, each of so many processes."""

    def __init__(self, url, program, processes):
        self.url = url
        self.topic = "conf%d-%s" % (processes, uuid.uuid4().hex[:6])
        self.processes = processes
        self.tally = Tally("%d processes: " % processes)
        self.programs = {name: Program(program, "--url", url, "--topic", self.topic, "--server",
                                       name, "--workers", str(processes), "--notify")
                         for name in ("s1", "s2")}
        transport = transport_of(url, allowed_remote_exmods=KNOWN_MODULES)
        self.client = om.get_rpc_client(transport, om.Target(topic=self.topic, version="1.0"),
                                        timeout=15)
        self.one = self.client.prepare(server="s1")

    def run(self):
        try:
            for program in self.programs.values():
                program.expect_ready()
            together(self.tally, self.values, self.errors, self.counting, self.watched, self.late, self.crowd,
                     self.raw_answers, self.raw_heartbeats, self.raw_requests,
                     self.missing_reply_queue, self.notifications)
            together(self.tally, self.end)
        finally:
            for program in self.programs.values():
                program.kill()
                if self.tally.failed:
                    program.show_log()
        return self.tally

    def values(self):
        for name, value in VALUES.items():
            self.tally.equal("echo " + name, self.client.call({}, "echo", arg=value), value)
        for a, b in ((2, 3), (0.5, 0.25)):
            self.tally.equal("sum of %s" % a, self.client.call({}, "add", a=a, b=b), a + b)
        for name in self.programs:
            self.tally.equal("call of " + name,
                             self.client.prepare(server=name).call({}, "echo", arg=name), name)
        for version in ("1.0", "1.1", "1.3", "1.3.0", "1.2.9", None):
            self.tally.equal("version %s" % version,
                             self.client.prepare(version=version).call({}, "echo", arg=1), 1)
        self.tally.equal("namespace", self.client.prepare(namespace="ns1").call({}, "ping"), "pong")
        for context in ({}, {"user_id": "u", "roles": ["a"], "ž": {"n": [1, None]}, "none": None}):
            seen = self.client.call(context, "ctx")
            seen.pop("client_timeout", None)  # oslo.messaging's own.
            self.tally.equal("context", seen, context)

    def errors(self):
        for kind, (wanted, judge) in FAILURES.items():
            self.tally.raises("failure " + kind, lambda: self.client.call(
                {}, "fail", kind=kind, msg="boom ž"), wanted, judge)
        for name, (prepare, method, args, wanted, text) in REFUSALS.items():
            self.tally.raises(name, lambda: self.client.prepare(**prepare).call(
                {}, method, **args), wanted, lambda error: str(error).startswith(text))

    def counts(self):
        return {name: self.client.prepare(server=name).call({}, "get_count")
                for name in self.programs}

    def counted(self, name, send, by, at_most=None):
        """What send() makes the servers count: so much, and then no more than `at_most`."""
        before = self.counts()
        send()
        found = {}

        def reached():
            now = self.counts()
            found.update({server: now[server] - before[server] for server in now})
            return all(found[server] >= least for server, least in by.items())

        self.tally.check(name, eventually(reached) and reached() and all(
            found[server] <= most for server, most in (at_most or by).items()), found)

    def counting(self):
        for _ in range(40):
            self.client.cast({}, "bump")
        self.tally.check("40 casts, each executed once", eventually(
            lambda: sum(self.counts().values()) >= 40) and sum(self.counts().values()) == 40,
            self.counts())
        self.tally.check("casts are shared out", min(self.counts().values()) >= 10, self.counts())
        self.counted("cast to one server", lambda: self.one.cast({}, "bump"), {"s1": 1, "s2": 0})
        self.counted("fanout, to each process of each server",
                     lambda: self.client.prepare(fanout=True).cast({}, "bump"),
                     {"s1": self.processes, "s2": self.processes})
        self.client.cast({}, "fail", kind="ValueError", msg="there is nobody to tell")
        self.client.cast({}, "no_such_method")
        self.client.prepare(version="9.9").cast({}, "bump")
        raw = Raw(self.url)
        twin, other = envelope(request("bump")), envelope(request("bump"))

        def send(*bodies):
            for body in bodies:
                raw.publish(body, self.topic + ".s1")

        # Each process knows the last sixteen that itself has seen; a queue keeps the order.
        self.counted("a message that comes three times", lambda: send(twin, twin, twin, other),
                     {"s1": 2, "s2": 0}, {"s1": 1 + min(3, self.processes), "s2": 0})
        if self.processes == 1:
            self.counted("sixteen others and the same again", lambda: send(
                *(envelope(request("bump")) for _ in range(16)), twin), {"s1": 17, "s2": 0})
        raw.close()

    def watched(self):
        watched = self.client.prepare(timeout=20, call_monitor_timeout=2)

        def outlives_the_timeout():
            try:
                return watched.call({}, "slow", seconds=2.6) == 2.6
            except om.MessagingTimeout:  # A busy machine may have kept us from the heartbeats.
                return False

        self.tally.check("a long call that is monitored",
                         any(outlives_the_timeout() for _ in range(3)))
        self.tally.equal("a short one", watched.call({}, "echo", arg=1), 1)
        self.tally.raises("a failing one", lambda: watched.call(
            {}, "fail", kind="ValueError", msg="m"), ValueError)

    def late(self):
        self.tally.raises("a call ends at its timeout", lambda: self.client.prepare(
            timeout=0.5).call({}, "slow", seconds=1), om.MessagingTimeout)
        for _ in range(20):
            self.tally.equal("a late answer is nobody else's", self.client.call(
                {}, "slow", seconds=0.05), 0.05)

    def crowd(self):
        wrong = []

        def calls(thread):
            for number in range(10):
                sent = "%d/%d" % (thread, number)
                if self.client.call({}, "echo", arg=sent) != sent:
                    wrong.append(sent)

        together(self.tally, *(functools.partial(calls, thread) for thread in range(16)))
        self.tally.check("160 calls of 16 threads have their own answers", not wrong, wrong)

    def raw_answers(self):
        raw = Raw(self.url)
        queue = raw.listen()
        call = request("echo", queue, args={"arg": "raw"})
        raw.publish(envelope(call), self.topic)
        message = raw.next()
        outer, inner = json.loads(message.body), inner_of(message)
        found = {"outer": sorted(outer), "version": outer["oslo.version"], "inner": sorted(inner),
                 "id": inner["_msg_id"], "rest": [inner[k] for k in ("result", "failure", "ending")],
                 "exchange": message.delivery_info["exchange"],
                 "key": message.delivery_info["routing_key"],
                 "type": [message.properties.get(name) for name in
                          ("content_type", "content_encoding", "delivery_mode", "expiration")]}
        self.tally.equal("answer", found, {
            "outer": ["oslo.message", "oslo.version"], "version": "2.0",
            "inner": ["_msg_id", "_unique_id", "ending", "failure", "result"],
            "id": call["_msg_id"], "rest": ["raw", None, True], "exchange": "", "key": queue,
            "type": ["application/json", "utf-8", 2, None]})
        own = inner["_unique_id"]
        self.tally.check("the answer has an id of its own", len(own) == 32 and int(own, 16)
                         and own != call["_unique_id"], own)
        call = request("fail", queue, args={"kind": "Custom", "msg": "m"})
        raw.publish(envelope(call), self.topic)
        inner = raw.next_inner()
        failure = json.loads(inner["failure"])
        lines = failure.pop("tb")
        self.tally.equal("failure", [inner["result"], failure], [None, {
            "class": "ConformanceError", "module": "conformance_exc", "message": "m", "args": ["m"],
            "kwargs": {"code": 42}}])
        self.tally.check("its traceback", lines and all(isinstance(x, str) for x in lines), lines)
        raw.close()

    def raw_heartbeats(self):
        raw = Raw(self.url)
        queue = raw.listen()
        # Heartbeats each second; none where they would come too often, or nobody works any more.
        calls = {"watched": request("slow", queue, args={"seconds": 2.4}, _timeout=2),
                 "unwatched": request("slow", queue, args={"seconds": 1.3}, _timeout=1),
                 "refused": request("nope", queue, _timeout=2)}
        for call in calls.values():
            raw.publish(envelope(call), self.topic)
        came = {name: [] for name in calls}
        names = {call["_msg_id"]: name for name, call in calls.items()}
        while not (came["watched"] and came["watched"][-1]["ending"]):
            inner = raw.next_inner()
            came[names[inner.pop("_msg_id")]].append(inner)
        ids = [inner.pop("_unique_id") for inners in came.values() for inner in inners]
        *beats, last = came["watched"]
        self.tally.check("heartbeats", 1 <= len(beats) <= 3 and all(beat == {
            "result": None, "failure": None, "ending": False} for beat in beats), beats)
        self.tally.equal("and then the answer", last, {
            "result": 2.4, "failure": None, "ending": True})
        self.tally.equal("no heartbeats", came["unwatched"], [
            {"result": 1.3, "failure": None, "ending": True}])
        self.tally.check("none after an error", len(came["refused"]) == 1, came["refused"])
        self.tally.check("all have ids of their own", len(set(ids)) == len(ids), ids)
        raw.close()

    def raw_requests(self):
        raw = Raw(self.url)
        queue = raw.listen()
        for body, properties in RUBBISH:
            for _ in range(self.processes):  # One for each process.
                raw.publish(body, self.topic + ".s2", **properties)
        two = self.client.prepare(server="s2")
        for _ in range(self.processes):
            self.tally.equal("it outlives rubbish", two.call({}, "echo", arg="alive"), "alive")
        full = request("echo", queue, args={"arg": "ž漢\U0001F600"})
        short = {key: full[key] for key in ("method", "args", "_reply_q")}
        unescaped = json.dumps({"oslo.version": "2.0", "oslo.message": json.dumps(
            {**full, "_unique_id": "u"}, ensure_ascii=False)}, ensure_ascii=False)
        accepted = {"as it should be": envelope(full), "no envelope": json.dumps(
            {**full, "_unique_id": "v"}), "nothing but what it needs": envelope(
                {**short, "_msg_id": uuid.uuid4().hex}), "raw UTF-8": unescaped,
            "unknown keys": envelope({**full, "_unique_id": "w", "future": {"a": 1}})}
        for name, body in accepted.items():
            raw.publish(body, self.topic + ".s2", application_headers={"x-any": 1})
            inner = raw.next_inner()
            self.tally.equal(name, inner and inner["result"], full["args"]["arg"])
        call = request("get_count", queue)
        del call["args"]
        raw.publish(envelope(call), self.topic)
        self.tally.equal("no arguments", raw.next_inner()["failure"], None)
        raw.close()

    def missing_reply_queue(self):
        raw = Raw(self.url)
        queue = "reply_" + uuid.uuid4().hex
        raw.publish(envelope(request("echo", queue, args={"arg": "late"})), self.topic + ".s1")
        for dead in range(40):
            raw.publish(envelope(request("echo", "reply_%032x" % dead, args={"arg": 1})),
                        self.topic + ".s1")
        for number in range(20):
            self.tally.equal("answers to the dead hold nobody up",
                             self.one.call({}, "echo", arg=number), number)
        raw.listen(queue)
        self.tally.equal("an answer waits for its queue", raw.next_inner()["result"], "late")
        raw.close()

    def notifications(self):
        came = []
        event = "conf." + uuid.uuid4().hex

        class Endpoint:
            filter_rule = om.NotificationFilter(event_type="^" + event)

            def info(self, *arguments):
                came.append(("info",) + arguments)

            def error(self, *arguments):
                came.append(("error",) + arguments)

        listener = om.get_notification_listener(
            transport_of(self.url, om.get_notification_transport),
            [om.Target(topic="notifications")], [Endpoint()], executor="threading", pool=event)
        listener.start()
        for priority in ("info", "error"):
            self.client.call({"user_id": "u", "secret": "x"}, "notify", priority=priority,
                             event_type=event, payload={"a": [1, "ž"]})
        self.tally.check("both notifications", eventually(lambda: len(came) == 2), came)
        listener.stop()
        listener.wait()
        self.tally.equal("their priorities", sorted(each[0] for each in came), ["error", "info"])
        for _, context, publisher, event_type, payload, metadata in came:
            self.tally.equal("notification", [publisher, event_type, payload],
                             ["conformance.host", event, {"a": [1, "ž"]}])
            self.tally.check("its context", "secret" not in context
                             and context.get("user_id", "u") == "u", context)
            self.tally.check("its metadata", uuid.UUID(metadata["message_id"])
                             and metadata["timestamp"][4] == "-", metadata)

    def end(self):
        self.topology()
        self.drain()

    def topology(self):
        raw = Raw(self.url)
        # Declared with other flags the broker would refuse them.
        raw.channel.exchange_declare("openstack", "topic", durable=False, auto_delete=False)
        raw.channel.exchange_declare(self.topic + "_fanout", "fanout", durable=False,
                                     auto_delete=True)
        found = []
        for queue in (self.topic, self.topic + ".s1", self.topic + ".s2"):
            declared = raw.channel.queue_declare(queue, durable=False, auto_delete=False)
            found.append([declared.message_count, declared.consumer_count])
        self.tally.equal("queues are empty and consumed from", found, [
            [0, 2 * self.processes], [0, self.processes], [0, self.processes]])
        raw.close()

    def drain(self):
        """One server is told to end: what it works on is answered, the rest goes to the other."""
        raw = Raw(self.url)
        queue = raw.listen()
        slow = [request("slow", queue, args={"seconds": 0.8}) for _ in range(4)]
        for call in slow + [request("echo", queue, args={"arg": "begun"})]:
            raw.publish(envelope(call), self.topic + ".s1")
        self.tally.equal("those before it in the queue have begun", raw.next_inner()["result"],
                         "begun")
        self.programs["s1"].process.terminate()
        for number in range(20):
            self.tally.equal("the other server is asked",
                             self.client.call({}, "echo", arg=number), number)
        ids = [raw.next_inner()["_msg_id"] for _ in slow]
        self.tally.equal("what a server has begun is answered", sorted(ids),
                         sorted(call["_msg_id"] for call in slow))
        raw.close()
        for name, program in self.programs.items():
            self.tally.equal("status of " + name, program.stop(), 0)

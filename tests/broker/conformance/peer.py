"""What both directions share: oslo.messaging without a configuration file, messages without
oslo.messaging, and the count of what was as it should be."""
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import traceback
import uuid

import amqp
import oslo_messaging as om
from oslo_config import cfg
from oslo_messaging._metrics import client as metrics

PATIENCE = 20  # Seconds until a wait fails.
KNOWN_MODULES = ["conformance_exc", "oslo_messaging.rpc.dispatcher"]


def transport_of(url, get=om.get_rpc_transport, **arguments):
    conf = cfg.ConfigOpts()
    conf([], project="conformance", default_config_files=[], default_config_dirs=[])
    # Clients read these from the transport's configuration; release 14 registers them elsewhere.
    conf.register_opts(metrics.oslo_messaging_metrics, group="oslo_messaging_metrics")
    return get(conf, url=url, **arguments)


def eventually(state):
    end = time.monotonic() + PATIENCE
    while not state():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


class Tally:
    def __init__(self, prefix=""):
        self.prefix = prefix
        self.passed = 0
        self.failed = 0
        self.lock = threading.Lock()

    def check(self, name, good, found=""):
        with self.lock:
            if good:
                self.passed += 1
                return
            self.failed += 1
            print("FAIL %s%s: %s" % (self.prefix, name, found), flush=True)

    def equal(self, name, found, wanted):
        # As text: 1 is neither 1.0 nor True, and NaN is NaN.
        same = [json.dumps(value, sort_keys=True) for value in (found, wanted)]
        self.check(name, same[0] == same[1], "got %r, not %r" % (found, wanted))

    def raises(self, name, call, kind, judge=lambda error: True):
        """An error of this class, and not of one that derives from it by chance."""
        try:
            result = call()
        except Exception as error:
            exact = type(error).__name__ in (kind.__name__, kind.__name__ + "_Remote")
            self.check(name, exact and isinstance(error, kind) and judge(error), repr(error))
        else:
            self.check(name, False, "no exception but %r" % (result,))


def together(tally, *works):
    """Runs them in threads; an exception of one is a check that has failed."""
    def run(work):
        try:
            work()
        except Exception:
            tally.check(getattr(work, "__name__", str(work)), False, traceback.format_exc()[-400:])

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Raw:
    """Speaks AMQP alone: says what no client of oslo.messaging would, and shows what it hides."""

    def __init__(self, url, exchange="openstack"):
        host = om.TransportURL.parse(cfg.ConfigOpts(), url).hosts[0]
        self.connection = amqp.Connection(host="%s:%d" % (host.hostname, host.port),
                                          userid=host.username, password=host.password)
        self.connection.connect()
        self.channel = self.connection.channel()
        self.exchange = exchange
        self.came = []

    def close(self):
        self.connection.close()

    def listen(self, queue=None, bindings=()):
        """To a queue for answers, or to one that gets copies of what `bindings` say."""
        queue = queue or "reply_" + uuid.uuid4().hex
        self.channel.queue_declare(queue, auto_delete=False, arguments={"x-expires": 60000})
        for exchange, key in bindings:
            self.channel.queue_bind(queue, exchange, key)
        self.channel.basic_consume(queue, no_ack=True, callback=self.came.append)
        return queue

    def publish(self, body, key, exchange=None, **properties):
        properties = {"content_type": "application/json", "content_encoding": "utf-8",
                      "delivery_mode": 2, "priority": 0, **properties}
        self.channel.basic_publish(amqp.Message(body, **properties),
                                   self.exchange if exchange is None else exchange, key)

    def next(self, wait=PATIENCE):
        """What has come, or None."""
        end = time.monotonic() + wait
        while not self.came:
            left = end - time.monotonic()
            if left <= 0:
                return None
            try:
                self.connection.drain_events(timeout=left)
            except TimeoutError:
                return None
        return self.came.pop(0)

    def next_inner(self, wait=PATIENCE):
        message = self.next(wait)
        return message and inner_of(message)


def envelope(inner, version="2.0"):
    return json.dumps({"oslo.version": version, "oslo.message": json.dumps(inner)})


def inner_of(message):
    outer = json.loads(message.body)
    return json.loads(outer["oslo.message"]) if "oslo.message" in outer else outer


def request(method, reply_queue=None, **more):
    """The inside of a call, or of a cast if there is no queue for its answer."""
    inner = {"method": method, "args": {}, "version": "1.0", "_unique_id": uuid.uuid4().hex}
    if reply_queue:
        inner.update({"_msg_id": uuid.uuid4().hex, "_reply_q": reply_queue, "_timeout": None})
    inner.update(more)
    return inner


class Broker:
    """A RabbitMQ of our own, as long as the block, or this process if that is killed."""

    SCRIPT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "rabbitmq")

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="thane-rabbitmq-")
        reader, self.life = os.pipe()
        subprocess.run([self.SCRIPT, "start", self.folder], stdin=reader, check=True)
        os.close(reader)
        with open(os.path.join(self.folder, "url")) as url:
            return url.read().strip()

    def __exit__(self, *_):
        os.close(self.life)
        subprocess.run([self.SCRIPT, "stop", self.folder], check=True)
        shutil.rmtree(self.folder)


class Program:
    """One of ours, which prints READY when it serves."""

    def __init__(self, *command):
        self.log = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)

    def show_log(self):
        self.log.seek(0)
        print("".join(self.log.readlines()[-60:]), flush=True)

    def expect_ready(self):
        for line in self.process.stdout:
            if line.strip() == "READY":
                return self
        raise RuntimeError("%s has ended before it served" % self.process.args[0])

    def stop(self):
        """Status with which it ends when told to."""
        self.process.terminate()
        self.process.stdout.close()
        return self.process.wait(PATIENCE)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

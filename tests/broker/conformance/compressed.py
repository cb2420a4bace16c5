"""Bodies packed by kombu are read, and kombu reads those that are packed here."""
import json
import uuid

import oslo_messaging as om
from kombu import compression

from peer import Program, Raw, Tally, envelope, request, transport_of

# What kombu_compression says, and the header of it.
METHODS = {"gzip": "application/x-gzip", "bzip2": "application/x-bz2",
           "brotli": "application/x-brotli", "lzma": "application/x-lzma",
           "zstd": "application/zstd"}


class CompressionTest:
    """For each method a server that packs its answers so."""

    def __init__(self, url, program):
        self.url = url
        self.tally = Tally("compressed: ")
        self.topic = "packed-" + uuid.uuid4().hex[:6]
        self.programs = {method: Program(program, "--url", self.packing(method), "--topic",
                                         self.topic, "--server", method) for method in METHODS}

    def packing(self, method):
        return self.url + "?kombu_compression=" + method

    def run(self):
        try:
            for method, program in self.programs.items():
                program.expect_ready()
                self.method(method, METHODS[method])
        finally:
            for program in self.programs.values():
                program.kill()
                if self.tally.failed:
                    program.show_log()
        return self.tally

    def method(self, method, name):
        self.tally.check(method + " is known to kombu", name in compression.encoders(),
                         "install python3-brotli and python3-zstandard")
        client = om.get_rpc_client(transport_of(self.packing(method)),
                                   om.Target(topic=self.topic, server=method), timeout=15)
        for value in ("ž", ["text", 1, None] * 50000):
            self.tally.check("%s there and back" % method,
                             client.call({}, "echo", arg=value) == value)
        raw = Raw(self.url)
        queue = raw.listen()
        for packed_by in METHODS:
            body, header = compression.compress(
                envelope(request("echo", queue, args={"arg": packed_by})), packed_by)
            raw.publish(body, "%s.%s" % (self.topic, method),
                        application_headers={"compression": header})
            answer = raw.next()
            self.tally.equal("an answer says how it is packed",
                             answer.headers.get("compression"), name)
            outer = json.loads(compression.decompress(answer.body, name))
            inner = json.loads(outer["oslo.message"])
            self.tally.equal("%s to one that packs by %s" % (packed_by, method), inner["result"],
                             packed_by)
        raw.close()

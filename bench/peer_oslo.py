# oslo.messaging as server and as load, with threads; for bench_rpc.
#
#   /usr/bin/python3 peer_oslo.py serve URL    prints "ready" when it serves
#   /usr/bin/python3 peer_oslo.py call URL     reads what rounds to run, as rpc_load.cpp does
import sys
import threading
import time

from oslo_config import cfg
import oslo_messaging
from oslo_messaging._metrics import client as metrics

TEXT = 'x' * 100


class Endpoint:
    def echo(self, context, text):
        return text


def make_transport(url):
    conf = cfg.ConfigOpts()
    conf([], project='bench', default_config_files=[], default_config_dirs=[])
    # Its clients read them, and nothing registers them.
    conf.register_opts(metrics.oslo_messaging_metrics, group='oslo_messaging_metrics')
    return oslo_messaging.get_rpc_transport(conf, url=url)


def serve(transport):
    target = oslo_messaging.Target(topic='bench-oslo', server='bench')
    server = oslo_messaging.get_rpc_server(transport, target, [Endpoint()], executor='threading')
    server.start()
    print('ready', flush=True)
    server.wait()


def run_round(client, outstanding, seconds):
    times = []
    begin = time.monotonic()

    def calls():
        sent = time.monotonic()
        while sent < begin + seconds:
            assert client.call({}, 'echo', text=TEXT) == TEXT
            now = time.monotonic()
            times.append((now - sent) * 1e6)
            sent = now

    threads = [threading.Thread(target=calls) for _ in range(outstanding)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.monotonic() - begin
    times.sort()
    print(len(times), elapsed, times[len(times) // 2], times[len(times) * 99 // 100], flush=True)


def call(transport):
    client = oslo_messaging.RPCClient(transport, oslo_messaging.Target(topic='bench-oslo'))
    for line in sys.stdin:
        outstanding, seconds = line.split()
        run_round(client, int(outstanding), float(seconds))


{'serve': serve, 'call': call}[sys.argv[1]](make_transport(sys.argv[2]))

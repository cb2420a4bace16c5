# The WSGI server of oslo.service, on eventlet, as OpenStack's services run it; for bench_http.
#
#   /usr/bin/python3 peer_eventlet.py PORT
import eventlet
eventlet.monkey_patch()

import logging
import sys

from oslo_config import cfg
from oslo_service import service
from oslo_service import wsgi

from peer_application import application


class Web(service.Service):
    def __init__(self, conf):
        super().__init__()
        self.server = wsgi.Server(conf, 'bench', application, host='127.0.0.1',
                                  port=int(sys.argv[1]), pool_size=20000, backlog=4096)

    def start(self):
        super().start()
        self.server.start()

    def stop(self, graceful=False):
        self.server.stop()
        super().stop(graceful)


conf = cfg.ConfigOpts()
conf([])
logging.basicConfig(level=logging.WARNING)
service.launch(conf, Web(conf), workers=1).wait()

# What bench_http's servers in Python run: /hello, /json and POST /echo, as bench/served.cpp has them.
import json

volumes = {'next': 'http://127.0.0.1:8776/v3/volumes?',
           'volumes': [{'availability_zone': 'nova',
                        'bootable': False,
                        'id': '6edbc2f4-1507-44f8-ac0d-eed1d2608d3%d' % i,
                        'size': 10 + i,
                        'status': 'available'} for i in range(8)]}


def application(environ, start_response):
    kind = 'text/plain'
    if environ['PATH_INFO'] == '/json':
        kind = 'application/json'
        body = json.dumps(volumes, separators=(',', ':')).encode()
    elif environ['PATH_INFO'] == '/echo':
        body = environ['wsgi.input'].read(int(environ['CONTENT_LENGTH']))
    else:
        body = b'Hello, World!'
    start_response('200 OK', [('Content-Type', kind), ('Content-Length', str(len(body)))])
    return [body]

#!/usr/bin/python3
"""Compares our table of routes with Python's Routes on the tables of OpenStack's own services.

    tests/oracle/services_oracle.py build/release/tests/contract/routes_adapter FOLDER [CASES [SEED]]

FOLDER holds the services' modules, as dist-packages of the unpacked Debian packages does. Their
router modules are run with nothing real below them, and what they say to their mappers is noted:
once in their own words (resource, submapper, redirect), once as the connects that these come to.

Ends with status 0 if all matches are the same, 1 if one is not (it is shown), and 77 without Routes.
"""
import importlib
import importlib.abc
import importlib.machinery
import inspect
import json
import os
import subprocess
import sys

import routes_oracle  # Ends with 77 without Routes.

import routes
import routes.mapper

CALLS = "connect resource redirect".split()
# Modules with tables, and those in which the classes of their mappers are.
SERVICES = {
    "cinder": "cinder.api.versions cinder.api.v3.router",
    "manila": "manila.api.versions manila.api.v1.router manila.api.v2.router",
    "nova": "nova.api.openstack.compute.routes",
    "glance": "glance.api.v1.router glance.api.v2.router glance.api.middleware.cache_manage",
    "heat": "heat.api.openstack.v1 heat.api.cfn.v1",
    "trove": "trove.versions trove.common.api",
    "senlin": "senlin.api.openstack.v1.router",
}
REAL = set(" ".join(SERVICES.values()).split()) | {
    "cinder.api.openstack", "cinder.api.extensions", "manila.api.openstack",
    "manila.api.extensions", "nova.api.openstack", "nova.api.wsgi", "glance.common.wsgi",
    "trove.common.base_wsgi"}
REAL_FOLDERS = ("cinder.api.contrib.", "manila.api.contrib.")


class Anything:
    """Stands for all that a router module needs and that has no say in its table."""

    def __init__(self, name="anything"):
        self.__dict__["_name"] = name

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything(self._name + "." + name)

    def __call__(self, *args, **kw):
        return Anything(self._name)

    def __mro_entries__(self, bases):
        return (Anything,)

    def __str__(self):
        return self._name

    def __iter__(self):
        return iter(())

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def __getitem__(self, key):
        return Anything(self._name)

    __add__ = __radd__ = __mod__ = __rmod__ = __or__ = __mul__ = __rmul__ = __getitem__
    __hash__ = object.__hash__

    def __lt__(self, other):
        return False

    __gt__ = __le__ = __ge__ = __lt__


class Router(Anything):
    def __init__(self, mapper=None, *args, **kw):
        super().__init__("router")
        self.__dict__["map"] = mapper


class Unreal(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds every module: the real ones in their files, of all others an empty shell."""

    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        path = os.path.join(self.folder, *name.split("."))
        return path + "/__init__.py" if os.path.isdir(path) else path + ".py"

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in sys.stdlib_module_names | {"routes", "repoze"}:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        return None

    def attribute(self, name):
        if name in REAL or name.endswith("wsgi"):
            return importlib.import_module(name)
        return Anything(name)

    def exec_module(self, module):
        name = module.__name__
        module.__path__ = []
        real = name in REAL or name.startswith(REAL_FOLDERS)
        module.__getattr__ = lambda word: self.attribute(name + "." + word)
        if name.endswith("wsgi"):
            module.Router = Router
            module.APIMapper = routes.Mapper
        if real and os.path.exists(self.path(name)):
            with open(self.path(name), encoding="utf-8") as file:
                exec(compile(file.read(), self.path(name), "exec"), module.__dict__)


def plain(value):
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items() if k != "function"}
    if isinstance(value, (list, tuple, set)):
        return [plain(v) for v in value]
    return value if value is None or isinstance(value, (str, bool, int)) else str(value)


class Recorder:
    """A mapper that notes what it is told."""

    tables = []
    in_words = True

    def __init__(self, *args, **kw):
        self.ops = []
        self.recording = self.ops
        Recorder.tables.append((type(self).__module__, self.ops))

    def note(self, op, args, kw):
        self.recording.append({"op": op, "args": plain(args), "kw": plain(kw)})

    def connect(self, *args, **kw):
        self.note("connect", args, kw)

    def redirect(self, *args, **kw):
        self.note("redirect", args, kw)

    def resource(self, member_name, collection_name, **kw):
        if not self.in_words:
            return routes.mapper.Mapper.resource(self, member_name, collection_name, **kw)
        own = self.own_requirements()
        if own:
            kw["requirements"] = {**kw.get("requirements", {}), **own}
        kw = {k: v for k, v in kw.items() if v is not None}
        return self.note("resource", (member_name, collection_name), kw)

    def own_requirements(self):
        """What a derived mapper asks of all its routes."""
        self.recording = []
        self.connect("/probe")
        own = self.recording[0]["kw"].get("requirements", {})
        self.recording = self.ops
        return own

    def submapper(self, **kw):
        if not self.in_words:
            return routes.mapper.SubMapper(self, **kw)
        return Submapper(self, self.recording, kw)

    def __getattr__(self, name):
        return lambda *args, **kw: None


class Submapper(Recorder):
    def __init__(self, mapper, outer, kw):
        self.recording = self.ops = []
        self.mapper = mapper
        outer.append({"op": "submapper", "kw": plain(kw), "ops": self.ops})

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False


def extension_resources(package):
    """The resource extensions that cinder and manila load by themselves."""
    found = []
    folder = os.path.join(sys.argv[2], *package.split("."))
    for file in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        module = importlib.import_module(package + "." + file[:-3]) if file[0] != "_" else None
        for name, value in vars(module).items() if module else []:
            if isinstance(value, type) and name.lower() == file[:-3].replace("_", ""):
                found += list(value(Anything()).get_resources())
    return found


class ExtensionManager(Anything):
    def __init__(self, package="cinder.api.contrib"):
        super().__init__("extensions")
        self.__dict__["get_resources"] = lambda: extension_resources(package)


def run_routers(module):
    for name, value in list(vars(module).items()):
        if not (isinstance(value, type) and value.__module__ == module.__name__):
            continue
        if not any(word in name for word in ("API", "Router", "CacheManageFilter", "Versions")):
            continue
        arguments = {name: Anything() for name, parameter in
                     inspect.signature(value).parameters.items()
                     if parameter.default is parameter.empty and parameter.kind < 2}
        if "mapper" in arguments:
            arguments["mapper"] = routes.Mapper()
        if hasattr(value, "_setup_routes"):
            package = module.__name__.split(".")[0] + ".api.contrib"
            arguments = {"ext_mgr": ExtensionManager(package)}
        value(**arguments)


def tables_of(service, in_words):
    Recorder.tables, Recorder.in_words = [], in_words
    for name in [name for name in sys.modules if name.split(".")[0] == service]:
        del sys.modules[name]
    for name in SERVICES[service].split():
        if not os.path.exists(FINDER.path(name)):
            continue
        run_routers(importlib.import_module(name))
    return [(name, ops) for name, ops in Recorder.tables if ops]


def replay(ops):
    mapper = routes_oracle.Mapper(register=False)
    routes_oracle.run(mapper, ops)
    mapper.create_regs([])
    return mapper


def answer(mapper, case):
    if case.get("path") == "":  # As the services' own mappers have it.
        return mapper._match("", {"REQUEST_METHOD": case["method"]})[0]
    return routes_oracle.answer(mapper, case)


def compare(adapter, service, in_words, count, source):
    compared = hits = connected = 0
    for name, ops in tables_of(service, in_words):
        mapper = replay(ops)
        patterns = [route.routepath for route in mapper.matchlist]
        connected += len(patterns)
        cases = [{"method": method, "path": path} for path in ("", "/")
                 for method in routes_oracle.METHODS]
        cases += [{"method": source.pick(routes_oracle.METHODS), "path": source.path(patterns)}
                  for _ in range(count)]
        cases += [source.url(mapper) for _ in range(count // 4)]
        result = subprocess.run([adapter], input=json.dumps({"ops": ops, "cases": cases}),
                                text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                check=False)
        if result.returncode:
            print("%s: the adapter fails: %s" % (name, result.stderr))
            return 1
        for case, ours in zip(cases, json.loads(result.stdout)):
            theirs = answer(mapper, case)
            compared += 1
            hits += theirs is not None
            if theirs != ours:
                print("%s\ncase: %s\nRoutes: %s\nthane:  %s" % (
                    name, json.dumps(case), json.dumps(theirs), json.dumps(ours)))
                return 1
    print("%s, %s: %d routes, %d paths and URLs, %d of them found: all the same" % (
        service, "in its words" if in_words else "as connects", connected, compared, hits))
    return 0


if __name__ == "__main__":
    FINDER = Unreal(sys.argv[2])
    sys.meta_path.insert(0, FINDER)
    routes.Mapper = Recorder
    SOURCE = routes_oracle.Tables(int((sys.argv[4:] or ["1"])[0]))
    sys.exit(max(compare(sys.argv[1], service, words, int((sys.argv[3:] or ["2000"])[0]), SOURCE)
                 for service in SERVICES for words in (True, False)))

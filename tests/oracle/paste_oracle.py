#!/usr/bin/python3
"""Compares thane's Paste loader with Paste Deploy itself, on written, random and real files.

    paste_oracle.py PASTE_ADAPTER [--random N] [--seed S] [FILE|FOLDER...]

Needs python3-pastedeploy. Both sides load with the stub factories that paste_adapter has; tree,
calls and settings have to be the same, and errors of the same category. Prints what differs.
Of a folder it takes all files below it whose sections are Paste's.
"""
import argparse
import configparser
import json
import os
import random
import re
import subprocess
import sys
import tempfile

from paste.deploy import loadwsgi

UNKNOWN_DISTRIBUTION = "Nowhere"
COMPOSITES = ("urlmap", "cascade", "remote_addr")


# Paste Deploy with stubs in the place of what it would import.

class Stubs:
    def __init__(self):
        self.calls = []

    def note(self, spec, global_conf, local_conf):
        self.calls.append({"factory": spec, "global_conf": dict(global_conf),
                           "local_conf": dict(local_conf)})

    def factory(self, spec, protocol):
        def filtered(app):
            return {"filter": spec, "next": app}

        def make_app(global_conf, **local_conf):
            self.note(spec, global_conf, local_conf)
            return {"object": spec}

        def make_filter(global_conf, **local_conf):
            self.note(spec, global_conf, local_conf)
            return filtered

        def make_filter_app(app, global_conf, **local_conf):
            self.note(spec, global_conf, local_conf)
            return filtered(app)

        def make_composite(loader, global_conf, **local_conf):
            self.note(spec, global_conf, local_conf)
            return {"composite": spec, "map": children(spec, loader, global_conf, local_conf)}

        return {"paste.filter_factory": make_filter, "paste.filter_app_factory": make_filter_app,
                "paste.composite_factory": make_composite,
                "paste.composit_factory": make_composite,
                "paste.server_runner": make_filter_app}.get(protocol, make_app)


def last_name(spec):
    return spec.replace("#", ":").replace(".", ":").split(":")[-1]


def children(spec, loader, global_conf, local_conf):
    if "pipeline_factory" not in last_name(spec):
        return {key: loader.get_app(name, global_conf=global_conf)
                for key, name in local_conf.items() if not key.startswith("addr.")}
    if not local_conf:
        raise ValueError("no pipeline")
    key = "keystone" if "keystone" in local_conf else next(iter(local_conf))
    names = local_conf[key].split()
    if not names:
        raise ValueError("empty pipeline")
    filters = [loader.get_filter(name) for name in names[:-1]]
    app = loader.get_app(names[-1])
    for one in reversed(filters):
        app = one(app)
    return {key: app}


class Factory:
    """What Paste finds by a name; it becomes a function when Paste knows the protocol."""

    def __init__(self, spec):
        self.spec = spec


class EntryPoint(loadwsgi.importlib_metadata.EntryPoint):
    def load(self):
        match = self.pattern.match(self.value)
        attribute = match.group("attr")
        return Factory(match.group("module") + (":" + attribute if attribute else ""))


class Egg:
    def __init__(self, name):
        self.name = name


def distribution(name):
    if name == UNKNOWN_DISTRIBUTION:
        raise loadwsgi.importlib_metadata.PackageNotFoundError(name)
    return Egg(name)


def find_entry_point(egg, group, name):
    if name in COMPOSITES:
        known = group == "paste.composite_factory"
    elif name.endswith("_filter_app"):
        known = group == "paste.filter_app_factory"
    else:
        known = group in ("paste.app_factory", "paste.filter_factory", "paste.server_factory")
    if not known:
        return None
    entry = Egg(name)
    entry.load = lambda: Factory("egg:%s#%s" % (egg.name, name))
    return entry


def lookup_object(spec):
    module, attribute = spec.split(":")
    return Factory("call:" + spec)


def filter_with(self, context):
    # Paste's own takes what is no plain [app:] for a filter, and returns a function that is no
    # application. thane wraps it, as the word says.
    outer = context.filter_context.create()
    inner = context.next_context.create()
    if callable(inner):
        return lambda app: outer(inner(app))
    return outer(inner)


def stubbed(invoke):
    def with_stub(self, context):
        if isinstance(context.object, Factory):
            context.object = stubs.factory(context.object.spec, context.protocol)
        return invoke(self, context)
    return with_stub


class Metadata:
    EntryPoint = EntryPoint
    distribution = staticmethod(distribution)


stubs = Stubs()
loadwsgi.importlib_metadata = Metadata
loadwsgi.find_entry_point = find_entry_point
loadwsgi.lookup_object = lookup_object
for kind_of_object in (loadwsgi._App, loadwsgi._Filter, loadwsgi._Server):
    kind_of_object.invoke = stubbed(kind_of_object.invoke)
loadwsgi._FilterWith.invoke = filter_with


def category_of(error):
    """None: Paste fails by accident, and nothing follows from it."""
    kinds = ((configparser.InterpolationError, "interpolation"), (configparser.Error, "parse"),
             (UnicodeDecodeError, "parse"), (RecursionError, "loop"), (OSError, "missing-file"),
             (ImportError, "lookup"), (LookupError, "lookup"), (ValueError, "value"))
    for kind, category in kinds:
        if isinstance(error, kind):
            return category
    return None


def alone(tree):
    if isinstance(tree, dict) and "filter" in tree:
        if tree["next"] is None:
            return {"object": tree["filter"]}
        return {"filter": tree["filter"], "next": alone(tree["next"])}
    return tree


def expected(kind, uri, name, global_conf, relative_to):
    stubs.calls = []
    arguments = {"name": name or None, "relative_to": relative_to,
                 "global_conf": dict(global_conf)}
    try:
        if kind == "config":
            config = loadwsgi.appconfig(uri, **arguments)
            return {"ok": True, "global_conf": dict(config.global_conf),
                    "local_conf": dict(config.local_conf)}
        load = {"app": loadwsgi.loadapp, "filter": loadwsgi.loadfilter,
                "server": loadwsgi.loadserver}[kind]
        made = load(uri, **arguments)
        calls = list(stubs.calls)  # Without those that trying it out adds.
        if kind == "filter" or (kind == "server" and callable(made)):
            made = alone(made(None))
        return {"ok": True, "tree": made, "calls": calls}
    except Exception as error:  # Whatever Paste throws is its answer.
        return {"ok": False, "category": category_of(error), "message": str(error)}


# thane.

def actual(adapter, kind, uri, name, global_conf, relative_to):
    command = [adapter, kind, "unused", name, json.dumps(global_conf), uri, relative_to]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        return {"ok": False, "category": "status %d" % done.returncode, "message": done.stderr}
    return json.loads(done.stdout)


def same(wanted, got):
    if wanted["ok"] or got["ok"]:
        # As text: the order of keys counts.
        return wanted.get("category", "") is None or json.dumps(wanted) == json.dumps(got)
    # thane stops when a section comes again; Paste goes round until something else fails.
    return wanted["category"] in (None, got["category"]) or got["category"] == "loop"


# Random files, of few names, so that things meet.

NAMES = ["main", "a", "b", "c"]
KEYS = ["k", "K", "x", "y", "here"]
EGGS = ["egg:Dist#app", "egg:Dist", "egg:Dist#urlmap", "egg:Dist#x_filter_app", "EGG:My.Dist#main"]
SPECS = ["m:a", "m.n:a.b", "m : a", "m", "m:a [extra]", "m:pipeline_factory", "m:a:b", "!"]


class Writer:
    def __init__(self, generator, folder):
        self.random = generator
        self.folder = folder

    def pick(self, *choices):
        return self.random.choice(choices)

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def value(self):
        return self.pick("1", "", "two words", "%(x)s", "a%(k)sb", "%%", "%(here)s/f", "\u00e9\u3000",
                         "one\n    more", "one\n\n  # no\n    more", "5%", "%(none)s", "a = b",
                         "v ; no", "%(", "%(__file__)s") if self.chance(60) else "v"

    def reference(self):
        return self.pick(*NAMES, *NAMES, *EGGS, "call:m:f", "config:other.ini", "config:other.ini#a",
                         "config:main.ini#b", "config:none.ini", "call:m", "ftp:x", "call:m:f:g")

    def option(self, key, value):
        delimiter = self.pick(" = ", "=", ": ", " : ") if self.chance(30) else " = "
        indent = " " if self.chance(2) else ""
        return indent + key + delimiter + value

    def extras(self):
        lines = []
        for key in KEYS:
            if self.chance(15):
                lines.append(self.option(key, self.value()))
        if self.chance(25):
            lines.append(self.option("set " + self.pick(*KEYS), self.value()))
        if self.chance(15):
            lines.append(self.option("get " + self.pick(*KEYS), self.pick(*KEYS, "__file__")))
        if self.chance(3):
            lines.append("require = " + self.pick("Paste", "Paste Routes", UNKNOWN_DISTRIBUTION))
        return lines

    def section(self, name):
        kind = self.pick("app", "app", "application", "composite", "composit", "pipeline",
                         "filter-app", "filter", "filter", "filter", "server")
        filters = kind in ("filter", "filter-app")
        spell = self.pick(":", ": ", ":  ", " :") if self.chance(5) else ":"
        lines = ["[%s%s%s]" % (kind, spell, name) + ("; x" if self.chance(3) else "")]
        if kind == "pipeline":
            lines.append("pipeline = " + " ".join(
                self.reference() for _ in range(self.random.randrange(4))))
            lines += self.extras() if self.chance(10) else []
        elif self.chance(50):
            lines.append(self.option("use", self.reference()))
        else:
            group = ("filter" if filters else kind.replace("application", "app"))
            key = "paste.%s%s_factory" % (group, "_app" if filters and self.chance(30) else "")
            if self.chance(10):
                key = self.pick("paste.app_factory", "paste.composite_factory",
                                "paste.filter_factory", "paste.server_runner")
            lines.append(self.option(key, self.pick("m:a", *SPECS)))
        if kind == "filter-app" and self.chance(95):
            lines.append(self.option("next", self.reference()))
        if kind.startswith("composit"):
            lines += [self.option(key, self.reference())
                      for key in ("/v2", "/", "addr.1", "keystone", "/x") if self.chance(30)]
        elif kind != "pipeline":
            lines += self.extras()
        if self.chance(15):
            lines.append("filter-with = " + self.pick(*NAMES))
        return lines

    def file(self):
        lines = []
        if self.chance(50):
            lines.append("[DEFAULT]")
            lines += [self.option(key, self.value()) for key in KEYS[:3] if self.chance(40)]
            lines += ["set k = d"] if self.chance(5) else []
        seen = set()
        for _ in range(self.random.randrange(3, 14)):
            lines += [""] if self.chance(50) else []
            section = self.section(self.pick(*NAMES))
            if section[0] not in seen or self.chance(2):
                lines += section
            seen.add(section[0])
        text = "\n".join(lines) + "\n"
        while self.chance(8):
            at = self.random.randrange(len(text))
            text = text[:at] + self.pick("\n", " ", "#", "[", "]", "=", "%", "\r\n", "\r", "\ufeff",
                                         "\u2003", "\x1c", "\t", "") + text[at + 1:]
        return text

    def case(self):
        for name in ("main.ini", "other.ini"):
            with open(os.path.join(self.folder, name), "w", newline="") as file:
                file.write(self.file())
        passed = {key: self.pick("g", "%(x)s", "h%%", "i") for key in KEYS if self.chance(10)}
        return (self.pick("app", "app", "app", "filter", "server", "config"),
                self.pick("config:main.ini", "config:main.ini#a", "CONFIG:./main%2Eini"),
                self.pick("", "", "main", "b", "egg:Dist#x"), passed, self.folder)


def whole(path):
    """Every object of a real file, by its sections' names."""
    parser = configparser.RawConfigParser()
    parser.read(path)
    kinds = {"filter": "filter", "server": "server"}
    for section in parser.sections():
        prefix, colon, name = section.partition(":")
        for kind in ([kinds[prefix]] if prefix in kinds else ["app", "config"]):
            if colon:
                yield kind, "config:" + path, name.strip(), {}, "/"
                yield kind, "config:" + path, name.strip(), {"here": "/p", "debug": "1"}, "/"


def is_paste_file(path):
    try:
        with open(path, encoding="utf-8") as file:
            return re.search(r"^\[(app|composite|pipeline|filter)\s*:", file.read(), re.M)
    except UnicodeDecodeError:
        return False


def real_files(paths):
    for path in paths:
        if not os.path.isdir(path):
            yield path
        for folder, _, names in sorted(os.walk(path)):
            for name in sorted(names):
                inner = os.path.join(folder, name)
                if name.endswith((".ini", ".conf")) and is_paste_file(inner):
                    yield inner


def cases(options, folder):
    for path in real_files(options.files):
        taken = list(whole(os.path.abspath(path)))
        print("%s: %d cases" % (path, len(taken)))
        yield from taken
    writer = Writer(random.Random(options.seed), folder)
    for _ in range(options.random):
        yield writer.case()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("adapter")
    parser.add_argument("--random", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("files", nargs="*")
    options = parser.parse_intermixed_args()
    compared, differ, outcomes = 0, 0, {}
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(options, folder):
            wanted, got = expected(*case), actual(options.adapter, *case)
            outcome = "ok" if wanted["ok"] else str(wanted["category"])
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
            compared += 1
            if not same(wanted, got):
                differ += 1
                print("DIFFERS", case, "\n  Paste:", json.dumps(wanted), "\n  thane:",
                      json.dumps(got))
                if not options.files:
                    for name in ("main.ini", "other.ini"):
                        with open(os.path.join(folder, name), newline="") as file:
                            print("--", name, "\n" + file.read())
            if differ >= 10:
                break
    print("%d compared, %d differ; Paste said %s" % (compared, differ, outcomes))
    return 1 if differ or not compared else 0


if __name__ == "__main__":
    sys.exit(main())

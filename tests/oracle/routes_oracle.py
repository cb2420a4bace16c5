#!/usr/bin/python3
"""Compares our table of routes with Python's Routes on random tables and paths.

    tests/oracle/routes_oracle.py build/release/tests/contract/routes_adapter [TABLES [SEED]]

Ends with status 0 if all matches are the same, 1 if one is not (it is shown), and 77 without Routes.
"""
import json
import random
import re
import subprocess
import sys

try:
    from routes import Mapper as RoutesMapper
except ImportError:
    print("python3-routes is not installed")
    sys.exit(77)

WORDS = ["a", "b", "items", "v2", "new", "edit", "x-y", "1.2", "special", "é"]
NAMES = ["id", "key", "year", "url", "controller", "action", "format", "project_id"]
VALUES = ["7", "abc", "1.2.json", "a-b", "json", "é", "x y", "%41", "0f", "12", "items", "red",
          "a\\", "", "admin/users", "über.xml", "_", "A.b-C"]
REGEXES = [r"\d+", r"[0-9a-f]+", r"[^/]+", ".*", ".+", r"json|xml", r"\w+", r"(?!new)[^/]+",
           r"[a-z]{1,3}", r"(?:ab|a)c?", r"[^/]+?", r"\d{1,2}", r"[\w.-]+", r"(a|b)+", r"[^.]+",
           r"(?P<inner>\d)\d*", r"1\.\d", r"\S+", r"[a-z/]+", r"x?", r"\d{,2}", r"[^\/]+(?<!\\)"]
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]
SPECIAL = ["", "/", "//", "/a/", "/items/", "a", "items/7", "/a//b", "/items/new", "/items.json",
           "/items/1.2.json", "/items/7/edit", "/items/7/edit.xml", "/items/new.xml", "/v2/"]


class Mapper(RoutesMapper):
    """Routes without two slips: the requirement in a pattern of a submapper is that of all its
    routes, because they share one dict, and a|b is checked as ^a|b$ before a URL is made."""

    def make_route(self, *args, **kargs):
        if "requirements" in kargs:
            kargs["requirements"] = dict(kargs["requirements"])
        route = super().make_route(*args, **kargs)
        route.req_regs = {k: re.compile("^(?:%s)$" % v) for k, v in route.reqs.items()}
        return route


class Tables:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def flip(self, chance=0.5):
        return self.random.random() < chance

    def pick(self, choices):
        return self.random.choice(choices)

    def some(self, choices, most):
        return self.random.sample(choices, self.random.randint(0, most))

    def variable(self, used, kw):
        name = self.pick([n for n in NAMES if n not in used] or ["more%d" % len(used)])
        used.append(name)
        regex = self.pick(REGEXES)
        shape = self.random.randrange(8)
        if shape == 0:
            return ":(%s)" % name
        if shape == 1:
            return ":" + name
        if shape == 2:
            return "*" + name if self.flip() else "*(%s)" % name
        if shape == 3:
            escaped = regex.replace("\\", "\\\\") if self.flip(0.1) else regex
            for c in "{}:":
                escaped = escaped.replace(c, "\\" + c)
            return "{%s:%s}" % (name, escaped)
        if shape == 4:
            return "{.%s}" % name if self.flip() else "{.%s:json|xml}" % name
        if shape == 5:
            kw.setdefault("requirements", {})[name] = regex
        return "{%s}" % name

    def pattern(self, kw, prefix=""):
        used = [name for name in NAMES if name in prefix]
        pieces = []
        for _ in range(self.random.randint(0, 4)):
            piece = self.pick(WORDS) if self.flip(0.55) else self.variable(used, kw)
            if self.flip(0.2):
                piece += self.pick(["-", ".", ";", "", "x"]) + (
                    self.pick(WORDS) if self.flip() else self.variable(used, kw))
            pieces.append(piece)
        return "/" + "/".join(pieces) + ("/" if self.flip(0.1) else "")

    def options(self, kw):
        for name in self.some(NAMES, 3):
            kw[name] = self.pick(VALUES[:6] + [7, None])
        if self.flip(0.4):
            kw["conditions"] = {"method": self.random.sample(METHODS, self.random.randint(1, 3))}
        return kw

    def connect(self, prefix=""):
        kw = {}
        args = [self.pattern(kw, prefix)]
        if self.flip(0.3) or prefix:
            args.insert(0, "route")
        return {"op": "connect", "args": args, "kw": self.options(kw)}

    def actions(self):
        return {name: self.pick(METHODS + ["get", "ANY"])
                for name in self.some(["detail", "batch", "edit", "new", "x"], 2)}

    def resource(self):
        kw = {}
        for word in ("collection", "member", "new"):
            if self.flip(0.4):
                kw[word] = self.actions()
        if self.flip(0.3):
            kw["path_prefix"] = self.pick(["/{project_id}", "v2", "/v2/", "", "/:project_id/a"])
        if self.flip(0.2):
            kw["controller"] = self.pick(WORDS)
        if self.flip(0.2):
            kw["parent_resource"] = {"member_name": "a", "collection_name": "as"}
        if self.flip(0.2):
            kw["requirements"] = {"project_id": self.pick(REGEXES[:3]), "id": r"\d+"}
        return {"op": "resource", "args": [self.pick(WORDS[:3]), self.pick(WORDS[:4])], "kw": kw}

    def submapper(self, prefix="", depth=0):
        own = self.pick(["/{project_id}", "/v2", "", "/items", "/{project_id:[0-9a-f]+}/b"])
        if "{" in prefix and "{" in own:
            own = "/sub"
        kw = {"path_prefix": own}
        if self.flip(0.5):
            kw["controller"] = self.pick(WORDS)
        if self.flip(0.3):
            kw["conditions"] = {"method": [self.pick(METHODS)]}
        if self.flip(0.3):
            kw["requirements"] = {"id": self.pick(REGEXES[:5])}
        if self.flip(0.3):
            kw.update(resource_name="thing", collection_name="things",
                      actions=self.some(["index", "create", "new", "show", "update", "edit"], 4))
        ops = [self.connect(prefix + own) for _ in range(self.random.randint(1, 3))]
        if depth == 0 and self.flip(0.3):
            ops.append(self.submapper(prefix + own, 1))
        return {"op": "submapper", "kw": kw, "ops": ops}

    def redirect(self):
        kw = {}
        op = {"op": "redirect", "args": [self.pattern(kw), "/elsewhere"], "kw": kw}
        kw["_redirect_code"] = "301 Moved Permanently"
        return op

    def path(self, patterns):
        if self.flip(0.1):
            return self.pick(SPECIAL)
        pieces = self.pick(patterns).split("/") if self.flip(0.8) else [""] * 3
        result = [pieces[0]]
        for piece in pieces[1:]:
            if any(c in piece for c in "{}:*") or self.flip(0.05):
                piece = self.pick(VALUES) + self.pick(["", "", "", ".json", "-b", "/a/b", ".xml"])
            result.append(piece)
        path = "/".join(result)
        return path + self.pick(["", "", "", "", "/", ".json", "/edit", "/new", "/7"])

    def url(self, mapper):
        if self.flip():
            names = [n for n, route in mapper._routenames.items() if not route.static]
            route = mapper._routenames[self.pick(names)] if names else None
        else:
            route = self.pick([r for r in mapper.matchlist])
        wanted = list(route.maxkeys) if route else []
        kw = {n: self.pick(VALUES) for n in wanted if self.flip(0.9)}
        if route:
            kw.update((k, v) for k, v in route.defaults.items() if v is not None and self.flip(0.9))
        for name in self.some(NAMES + ["other"], 2):
            kw.setdefault(name, self.pick(VALUES))
        if self.flip(0.2):
            kw["method"] = self.pick(METHODS)
        case = {"generate": kw}
        if route and route.name and "/" not in route.name and mapper._routenames.get(route.name) is route and self.flip():
            case["name"] = route.name
        return case

    def table(self):
        ops = []
        for _ in range(self.random.randint(1, 7)):
            roll = self.random.random()
            make = (self.connect if roll < 0.65 else self.resource if roll < 0.8 else
                    self.submapper if roll < 0.93 else self.redirect)
            ops.append(make())
        mapper = {"minimization": self.flip(0.3),
                  "controllers": ["items", "admin/users", "a"][:self.random.randint(0, 3)]}
        return {"mapper": mapper, "ops": ops}


def run(target, ops):
    for op in ops:
        kw = json.loads(json.dumps(op["kw"]))
        if op["op"] == "submapper":
            run(target.submapper(**kw), op["ops"])
        else:
            getattr(target, op["op"])(*op["args"], **kw)


def build(table):
    controllers = table["mapper"]["controllers"]
    mapper = Mapper(controller_scan=controllers or None, register=False)
    mapper.minimization = table["mapper"]["minimization"]
    run(mapper, table["ops"])
    mapper.create_regs(controllers)
    return mapper


def answer(mapper, case):
    if "path" in case:
        return mapper.match(case["path"], {"REQUEST_METHOD": case["method"]})
    if "name" not in case:
        return mapper.generate(**case["generate"])
    route = mapper._routenames[case["name"]]
    return mapper.generate(route, **dict(route.defaults, **case["generate"]))


def compare(adapter, tables, seed):
    source = Tables(seed)
    compared = hits = made = 0
    while made < tables:
        table = source.table()
        try:
            mapper = build(table)
        except Exception:  # A pattern that Routes refuses; what we say of it is no matter.
            continue
        made += 1
        patterns = [route.routepath for route in mapper.matchlist]
        cases = [{"method": source.pick(METHODS[:4] + ["HEAD"]),
                  "path": source.path(patterns)} for _ in range(30)]
        cases += [source.url(mapper) for _ in range(10)]
        table["cases"] = cases
        result = subprocess.run([adapter], input=json.dumps(table), text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if result.returncode:
            print("the adapter fails: %s\n%s" % (result.stderr, json.dumps(table)))
            return 1
        for case, ours in zip(cases, json.loads(result.stdout)):
            theirs = answer(mapper, case)
            compared += 1
            hits += theirs is not None
            if theirs != ours:
                print("table: %s\ncase: %s\nRoutes: %s\nthane:  %s" % (
                    json.dumps({k: v for k, v in table.items() if k != "cases"}),
                    json.dumps(case), json.dumps(theirs), json.dumps(ours)))
                return 1
    print("%d tables, %d paths and URLs, %d of them found: all the same" % (made, compared, hits))
    return 0


if __name__ == "__main__":
    sys.exit(compare(sys.argv[1], int((sys.argv[2:] or ["1000"])[0]),
                     int((sys.argv[3:] or ["1"])[0])))

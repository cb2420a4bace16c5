#!/usr/bin/python3
"""Asks oslo.messaging which drivers get which notifications, and writes down what it says.

    notification_routes.py >tests/data/rpc/notification_routes.json

Needs python3-oslo.messaging. Each case is the text of a routing_config, and notifications with the
drivers that its driver `routing` chooses for them.
"""
import json
import random

import yaml
from oslo_messaging.notify import _impl_routing

PRIORITIES = ["audit", "debug", "info", "warn", "error", "critical", "sample"]
DRIVERS = ["messagingv2", "messaging", "log", "noop", "test"]
EVENTS = ["compute.instance.create", "compute.instance.delete.end", "volume.attach", "a", "",
          "a-b", "a]b", "x[1]", "ž.ý", "a\nb", "A", "back\\slash", "!", "^", "a.b.c", "-"]
PATTERNS = ["*", "?", "compute.*", "*.create", "compute.*.delete.*", "*a*b*c*", "[a-c]", "[!a-c]",
            "[]]", "[!]]", "[", "[a", "a[-]b", "[a-]*", "[-a]*", "[^]", "[!!]", "*[]]*", "x[[]1]",
            "?.?", "ž*", "[ž-ÿ].*", "A", "*\\*", "[\\]*", "a?b", "", "**", "[!]", "[]", "[c-a]",
            "a[!-]b", "a[--/]b", "[a-b-c]*"]

WRITTEN = [
    "", "# nothing\n", "{}\n", "group: {}\n", "---\ngroup:\n  log: {}\n...\n",
    '{"group_1": {"log": {"accepted_events": ["compute.*"]}}}\n',
    """
group_1:
  messagingv2:
    accepted_events:
      - compute.*
      - "*.attach"
    accepted_priorities: [ERROR, Critical, 'w*']
  log:
    accepted_priorities: ['*']
group_2:
  messagingv2: {accepted_events: [volume.*]}
  test:
    accepted_events: []
""",
    """
defaults: &defaults
  noop: &urgent
    accepted_priorities: ['[ce]*']
group_1:
  <<: *defaults
  log:
    <<: *urgent
    accepted_events: ['?*']
  test: *urgent
""",
]


def generated(randomness):
    def patterns(known):
        return randomness.sample(known, randomness.randint(1, 3))

    groups = {}
    for group in range(randomness.randint(1, 3)):
        drivers = groups["group_%d" % group] = {}
        for driver in randomness.sample(DRIVERS, randomness.randint(1, 3)):
            rules = drivers[driver] = {}
            if randomness.random() < 0.8:
                rules["accepted_events"] = patterns(PATTERNS)
            if randomness.random() < 0.4:
                rules["accepted_priorities"] = patterns(PRIORITIES + ["*", "[A-E]*", "?????"])
    return yaml.safe_dump(groups, allow_unicode=True)


def chosen(groups, event_type, priority):
    driver = _impl_routing.RoutingDriver(None, None, None)
    accepted = set()
    for group in groups.values():
        accepted.update(driver._get_drivers_for_message(group, event_type, priority.lower()))
    return sorted(accepted)


def main():
    randomness = random.Random(1)
    # One pattern and all events, then all together.
    texts = WRITTEN + [yaml.safe_dump({"g": {"log": {"accepted_events": [pattern]}}},
                                      allow_unicode=True) for pattern in PATTERNS]
    texts += [generated(randomness) for _ in range(60)]
    cases = []
    for text in texts:
        groups = yaml.safe_load(text) or {}
        cases.append({"text": text, "notifications": [
            [event, priority, chosen(groups, event, priority)]
            for event in EVENTS for priority in [randomness.choice(PRIORITIES)]]})
    print("[" + ",\n".join(json.dumps(case) for case in cases) + "]")


if __name__ == "__main__":
    main()

"""Reads the expressions of a Grafana dashboard with a PromQL parser that is not ours, and names the metrics they need.

usage: promql.py DASHBOARD     prints one metric a line; fails at an expression that is none
"""

import json
import re
import sys

import promql_parser


def expressions(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "expr":
                yield value
            elif key == "definition":
                inner = re.fullmatch(r"label_values\((.*), \w+\)", value)
                yield inner.group(1)
            else:
                yield from expressions(value)
    elif isinstance(node, list):
        for item in node:
            yield from expressions(item)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        dashboard = json.load(file)
    names = set()
    for text in expressions(dashboard):
        plain = text.replace("$__rate_interval", "5m").replace("$job", ".*").replace("$instance", ".*")
        try:
            tree = promql_parser.parse(plain)
        except Exception as error:
            sys.exit(f"{text}: {error}")

        def visit(node):
            if isinstance(node, promql_parser.VectorSelector):
                names.add(node.name)
            return True

        promql_parser.walk(tree, visit)
    print("\n".join(sorted(names)))


main()

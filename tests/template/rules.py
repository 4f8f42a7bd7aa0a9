"""What a rule is, and how rules look at the template.

A rule is a function that gets the translated template and yields a complaint for each breach. Beside it stand ways to
break it: a rule that lets one of its own breaches pass fails the tests, like a template that breaks the rule.
"""

import copy
import re

from translation import ROOT, source, translated

TEMPLATE = translated(source())
LANES = ("Standard", "Hot")
OPERATIONS = (ROOT / "docs/OPERATIONS.md").read_text(encoding="utf-8")
# The anchors of its headings, as sites that show Markdown make them.
SECTIONS = {
    re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
    for heading in re.findall(r"^##+ (.+)", OPERATIONS, re.M)
}

RULES = {}  # rule -> its breaches: (path, value) to set, or (path,) to remove


def breaks(*breaches, rules=RULES):
    def register(rule):
        rules[rule] = breaches
        return rule

    return register


def broken(path, *value, of=TEMPLATE):
    """The template with one breach. A path begins at the template or among its resources."""
    template = copy.deepcopy(of)
    parts = path.split(".")
    node = template if parts[0] in template else template["Resources"]
    for part in parts[:-1]:
        node = node[int(part) if isinstance(node, list) else part]
    if isinstance(node, list):
        node[int(parts[-1])] = value[0]
    elif value:
        assert node.get(parts[-1]) != value[0], f"{path} is {value[0]} already"
        node[parts[-1]] = value[0]
    else:
        del node[parts[-1]]
    return template


def of_type(template, kind):
    return {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == kind}


def subscriptions(template):
    """Those of the lanes' queues."""
    found = of_type(template, "AWS::SNS::Subscription")
    return {name: each for name, each in found.items() if each["Protocol"] == "sqs"}


def functions(template):
    return of_type(template, "AWS::Lambda::Function")


def queues(template):
    return of_type(template, "AWS::SQS::Queue")


def properties(template, name):
    return template["Resources"][name]["Properties"]


def variables(function):
    return function["Environment"]["Variables"]


def arn(name):
    return {"Fn::GetAtt": [name, "Arn"]}


def ref(name):
    return {"Ref": name}


def given(condition, value):
    """The value if the condition holds, else nothing."""
    return either(condition, value, ref("AWS::NoValue"))


def either(condition, value, other):
    return {"Fn::If": [condition, value, other]}


def target(reference):
    """The logical id that a Ref or a GetAtt is to, or None."""
    if not isinstance(reference, dict):
        return None
    return reference.get("Ref") or reference.get("Fn::GetAtt", [None])[0]


def as_list(value):
    return value if isinstance(value, list) else [value]


def consumers(template):
    """Name, queue and event source of each consumer."""
    for source_of in of_type(template, "AWS::Lambda::EventSourceMapping").values():
        yield target(source_of["FunctionName"]), target(source_of["EventSourceArn"]), source_of

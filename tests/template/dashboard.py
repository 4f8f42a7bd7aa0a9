"""The dashboard: its body is whole, and shows what is reported."""

import itertools
import json
import re
from collections import Counter

from alarms import alarms
from metrics import reported, unknown
from rules import SECTIONS, TEMPLATE, breaks, functions, properties

BODY = "Dashboard.Properties.DashboardBody"


def body_of(template):
    return properties(template, "Dashboard")["DashboardBody"]["Fn::Sub"][0]


def body_with(old, new):
    """A breach: the body with something else in one place."""
    body = body_of(TEMPLATE)
    assert old in body, f"{old} is not in the dashboard"
    return f"{BODY}.Fn::Sub.0", body.replace(old, new, 1)


def widgets(template):
    """The dashboard's, with each reference replaced by the name of what it refers to."""
    return json.loads(re.sub(r"\$\{(.+?)\}", r"\1", body_of(template)))["widgets"]


def metrics_shown(template):
    """Namespace, name and dimensions of each metric on the dashboard; what a search leaves open is None."""
    for widget in widgets(template):
        for metric in widget["properties"].get("metrics", []):
            if isinstance(metric[0], dict):
                search = r"SEARCH\('\{\"(.+?)\",(.+?)\} MetricName=\"(.+?)\"', 'Sum', 60\)"
                namespace, dimensions, name = re.fullmatch(search, metric[0]["expression"]).groups()
                yield namespace, name, dict.fromkeys(dimensions.split(","))
            else:
                namespace, name, *rest = (part for part in metric if isinstance(part, str))
                yield namespace, name, dict(zip(rest[::2], rest[1::2], strict=True))


@breaks(
    body_with('"OrdersStored", "service"', '"OrdersSaved", "service"'),
    body_with('"hot", {"label": "hot"}', '"warm", {"label": "hot"}'),
    body_with("service,lane,reason", "service,reason"),
    body_with('["AWS/SQS"', '["AWS/SQZ"'),
    ("ApiThrottledFilter.Properties.MetricTransformations.0.MetricName", "TooMany"),
)
def what_is_shown_is_what_is_reported(template):
    shown = list(metrics_shown(template))
    yield from unknown(template, shown)
    for name in reported(template).keys() - {name for _, name, _ in shown}:
        yield f"{name} is not on the dashboard"


@breaks(
    body_with("]}}", "]}"),
    body_with('"x": 16', '"x": 17'),
    body_with('"y": 13', '"y": 12'),
    body_with('"height": 6', '"height": 7'),
    body_with('"region": "${AWS::Region}", ', ""),
)
def the_widgets_have_their_places(template):
    try:
        shown = widgets(template)
    except ValueError as problem:
        yield f"the body is no JSON: {problem}"
        return
    taken = Counter()
    for widget in shown:
        x, y, width, height = (widget[name] for name in ("x", "y", "width", "height"))
        if x + width > 24:
            yield f"the widget at {x}, {y} is wider than the dashboard"
        taken.update(itertools.product(range(x, x + width), range(y, y + height)))
        if widget["type"] == "metric" and widget["properties"].get("region") != "AWS::Region":
            yield f"the widget at {x}, {y} names no region"
    if overlaps := [place for place, times in taken.items() if times > 1]:
        yield f"widgets overlap at {overlaps[0]}"


@breaks(
    body_with('"${ApiThrottledAlarm.Arn}",', ""),
    body_with("${FulfillHot}", "FulfillHot"),
    body_with("#storage-is-down", "#storage-is-up"),
)
def what_it_names_is_there(template):
    listed = [each for widget in widgets(template) for each in widget["properties"].get("alarms", [])]
    # Those of gradual deploys are not there without them.
    always = [name for name in alarms(template) if "Condition" not in template["Resources"][name]]
    if sorted(listed) != sorted(f"{name}.Arn" for name in always):
        yield "it does not list every alarm"
    for name in functions(template):
        if f'"{name}"' in body_of(template):
            yield f"it names {name} by its place in the template"
    for section in re.findall(
        r"#([a-z0-9-]+)", json.dumps([widget["properties"].get("markdown") for widget in widgets(template)])
    ):
        if section not in SECTIONS:
            yield f"it names #{section}, which OPERATIONS.md does not have"

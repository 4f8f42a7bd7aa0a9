"""The metrics that the functions report, read from their code, and those of the access log."""

import re

from rules import functions, of_type, ref, variables
from translation import ROOT

REPORT = re.compile(r'\b(?:counter|gauge|histogram)!\(\s*"(\w+)"((?:,\s*"\w+"\s*=>[^,()]*(?:\(\))?[^,()]*)*)')
AWS = {f"AWS/{service}" for service in ("ApiGateway", "DynamoDB", "Lambda", "Logs", "SNS", "SQS")}


def in_code():
    """Name of each metric -> names of its dimensions. The recorder adds `service`."""
    files = [file for folder in ("functions", "shared") for file in (ROOT / folder).glob("*/src/**/*.rs")]
    found = {}
    for file in files:
        if not file.stem.endswith("tests"):
            for name, labels in REPORT.findall(file.read_text(encoding="utf-8")):
                found[name] = {"service", *re.findall(r'"(\w+)"\s*=>', labels)}
    return found


IN_CODE = in_code()


def reported(template):
    """Name of each metric of the stack -> names of its dimensions."""
    found = dict(IN_CODE)
    for each in of_type(template, "AWS::Logs::MetricFilter").values():
        for metric in each["MetricTransformations"]:
            if metric["MetricNamespace"] == ref("AWS::StackName"):
                found[metric["MetricName"]] = set()
    return found


def values(template):
    """The values that a dimension may have, where they are few."""
    of_functions = [variables(function) for function in functions(template).values()]
    return {
        "service": {each["POWERTOOLS_SERVICE_NAME"] for each in of_functions},
        "lane": {each["LANE"] for each in of_functions if "LANE" in each},
    }


def unknown(template, metrics):
    """A complaint for each metric, as (namespace, name, dimensions), that nobody reports."""
    known, allowed = reported(template), values(template)
    for namespace, name, dimensions in metrics:
        if namespace in AWS:
            continue
        if namespace != "AWS::StackName" or name not in known:
            yield f"nobody reports {name} to {namespace}"
        elif dimensions.keys() != known[name] or any(
            isinstance(value, str) and value not in allowed.get(dimension, {value})
            for dimension, value in dimensions.items()
        ):
            yield f"{name} has not the dimensions {dimensions}"

"""What a condition may leave out: nothing may need it without that condition.

CloudFormation would not make what depends on it, and refuse what refers to it. cfn-lint looks for the same by solving all
conditions at once, which takes for ever with as many as there are here.
"""

import re

from rules import arn, as_list, breaks, ref


def needed(value, held):
    """Each resource that a value refers to, with the conditions that hold there."""
    if isinstance(value, list):
        for each in value:
            yield from needed(each, held)
    elif isinstance(value, dict):
        if "Fn::If" in value:
            condition, then, otherwise = value["Fn::If"]
            yield from needed(then, held | {condition})
            yield from needed(otherwise, held)
        elif "Ref" in value:
            yield value["Ref"], held
        elif "Fn::Sub" in value:
            text, *given = as_list(value["Fn::Sub"])
            yield from ((name, held) for name in re.findall(r"\$\{(\w+)", text) if name not in dict(*given))
            yield from needed(given, held)
        elif "Fn::GetAtt" in value:
            yield as_list(value["Fn::GetAtt"])[0].split(".")[0], held
        else:
            for each in value.values():
                yield from needed(each, held)


def implied(names, conditions):
    """Conditions, and those of which each is made by `And`."""
    return names | {part.get("Condition") for name in names for part in conditions.get(name, {}).get("Fn::And", [])}


@breaks(
    ("Api.DependsOn", "ApiGatewayAccount"),
    ("ReadOrders.Properties.Environment.Variables.ORDERS_TABLE", ref("OrdersTable")),
    ("Outputs.OrdersTable.Value", ref("OrdersTable")),
    ("ReadOrdersRole.Properties.Policies.0.PolicyDocument.Statement.0.Resource", arn("OrdersTable")),
    ("Outputs.OrdersTable.Value", {"Fn::Sub": "${OrdersTable.Arn}"}),
)
def nothing_needs_what_a_condition_may_leave_out(template):
    conditions = {name: each["Condition"] for name, each in template["Resources"].items() if "Condition" in each}
    for name, each in {**template["Resources"], **template["Outputs"]}.items():
        held = {each.get("Condition")}
        needs = [(other, held) for other in as_list(each.get("DependsOn", []))]
        needs += needed(each.get("Properties", each.get("Value")), held)
        for other, found in needs:
            if conditions.get(other) not in implied(found, template["Conditions"]) | {None}:
                yield f"{name} needs {other} where {conditions[other]} does not hold"

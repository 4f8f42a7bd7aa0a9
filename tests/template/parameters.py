"""The parameters: what they allow, and what they are by default."""

import re

from rules import LANES, breaks, given, properties, ref, variables


@breaks(
    ("Parameters.StandardBatchSize.MaxValue",),
    ("Parameters.LocalEndpoint.AllowedPattern",),
    ("Parameters.LogLevel.Description",),
    ("Parameters.HotConcurrency.MinValue", 1),
    ("Parameters.HotEnabled.AllowedValues", ["true", "false", "yes"]),
)
def bad_parameters_fail_at_deploy(template):
    for name, parameter in template["Parameters"].items():
        bounded = {"AllowedValues", "AllowedPattern"} & parameter.keys() or {"MinValue", "MaxValue"} <= parameter.keys()
        if not bounded:
            yield f"{name} takes any value"
        if not parameter.get("Description"):
            yield f"{name} has no description"
        if parameter["Default"] in ("true", "false") and parameter.get("AllowedValues") != ["true", "false"]:
            yield f"{name} takes something else than true and false"
    for lane in LANES:
        parameter = template["Parameters"][f"{lane}Concurrency"]
        if (parameter["MinValue"], parameter["MaxValue"]) != (2, 1000):
            yield f"{lane}Concurrency allows what SQS event sources do not: 2 to 1,000"


@breaks(
    ("Parameters.StandardEnabled.Default", "false"),
    ("Parameters.TraceExport.Default", "api"),
)
def the_defaults_run_both_lanes(template):
    for lane in LANES:
        if template["Parameters"][f"{lane}Enabled"]["Default"] != "true":
            yield f"the {lane} lane does not run by default"
    if template["Parameters"]["TraceExport"]["Default"] != "daemon":
        yield "traces do not go through Lambda's daemon by default"


# In a new account Lambda refuses to reserve anything, and a 0 would stop a function.
@breaks(
    ("AcceptOrder.Properties.ReservedConcurrentExecutions", ref("AcceptReservedConcurrency")),
    ("Conditions.ReserveAccept", {"Fn::Equals": [0, ref("AcceptReservedConcurrency")]}),
    ("Parameters.ReserveConsumers.Default", "true"),
)
def nothing_is_reserved_by_default(template):
    reserved = properties(template, "AcceptOrder").get("ReservedConcurrentExecutions")
    if reserved != given("ReserveAccept", ref("AcceptReservedConcurrency")):
        yield "AcceptOrder does not go by AcceptReservedConcurrency"
    if template["Conditions"]["ReserveAccept"] != {"Fn::Not": [{"Fn::Equals": [0, ref("AcceptReservedConcurrency")]}]}:
        yield "AcceptReservedConcurrency=0 reserves nothing at all"
    defaults = {"AcceptReservedConcurrency": 0, "ReserveConsumers": "false"}
    if differ := [name for name, value in defaults.items() if template["Parameters"][name]["Default"] != value]:
        yield f"{differ} reserve by default"


@breaks(
    ("Parameters.ExistingOrdersTable.Default", "orders"),
    ("OrderIdSecret.Condition", "IsAws"),
)
def a_stack_makes_its_own_table_and_secret_unless_it_takes_up_others(template):
    for name, parameter, condition in (
        ("OrdersTable", "ExistingOrdersTable", "MakesTable"),
        ("OrderIdSecret", "ExistingOrderIdSecret", "MakesSecret"),
    ):
        makes = template["Conditions"][condition] == {"Fn::Equals": ["", ref(parameter)]}
        is_empty = template["Parameters"][parameter]["Default"] == ""
        if not makes or not is_empty or template["Resources"][name].get("Condition") != condition:
            yield f"{name} is not made by default"


@breaks(
    ("Parameters.Store.Default", "postgres"),
    ("Rules.DatabaseIsLocal.Assertions", [{"Assert": {"Fn::Equals": ["a", "a"]}}]),
    ("ReadOrders.Properties.Environment.Variables.STORE",),
    ("FulfillHot.Properties.Environment.Variables.DATABASE_URL", ref("DatabaseUrl")),
)
def orders_are_in_dynamodb_unless_a_local_stack_says_otherwise(template):
    if template["Parameters"]["Store"]["Default"] != "dynamodb":
        yield "another store is the default"
    rule = template["Rules"]["DatabaseIsLocal"]
    given_too = [{"Fn::Not": [{"Fn::Equals": [ref(name), ""]}]} for name in ("LocalEndpoint", "DatabaseUrl")]
    is_database = {"Fn::Not": [{"Fn::Equals": [ref("Store"), "dynamodb"]}]}
    if rule["RuleCondition"] != is_database or [each["Assert"] for each in rule["Assertions"]] != given_too:
        yield "a database is allowed on AWS, or without an address"
    for name in ("ReadOrders", "FulfillStandard", "FulfillHot"):
        has = variables(properties(template, name))
        if (has.get("STORE"), has.get("DATABASE_URL")) != (ref("Store"), given("UsesDatabase", ref("DatabaseUrl"))):
            yield f"{name} does not know its store"


@breaks(
    ("AcceptOrder.Properties.Environment.Variables.HOT_SKUS",),
    ("Parameters.HotSkus.Default", "85123A"),
    ("Parameters.HotSkus.AllowedPattern", "^.+$"),
    ("Parameters.HotSkus.AllowedPattern", "^.*$"),
)
def hot_products_are_a_parameter_and_none_by_default(template):
    if variables(properties(template, "AcceptOrder")).get("HOT_SKUS") != ref("HotSkus"):
        yield "AcceptOrder: HOT_SKUS is not HotSkus"
    parameter = template["Parameters"]["HotSkus"]
    if parameter["Default"] != "":
        yield "HotSkus has a default"
    good = ("", "  ", "a", "a b, c", " 85123A , 22423 ", "x" * 64, "é,ß", ",".join(["85123A"] * 400))
    bad = ("a,,b", "a,", " ,a", ",", "x" * 65, "a," + "x" * 65, "85123A;22423", "a,\t", "a\nb", "a,\x7f")
    for text, is_list in [(text, True) for text in good] + [(text, False) for text in bad]:
        if bool(re.fullmatch(parameter["AllowedPattern"], text)) != is_list:
            yield f"HotSkus {'refuses' if is_list else 'allows'} {text!r}"

"""Traces: which requests become one, and where that is known."""

from rules import breaks, consumers, properties, ref, variables


@breaks(
    ("TraceSampling.Condition",),
    ("OrdersTopicTracing.Condition", "IsLocal"),
    ("TraceSampling.Properties.SamplingRule.FixedRate", 1),
    ("TraceSampling.Properties.SamplingRule.ReservoirSize", 100),
    ("TraceSampling.Properties.SamplingRule.ServiceName", "*"),
    ("TraceSampling.Properties.SamplingRule.RuleName", {"Fn::Sub": "${AWS::StackName}-orders"}),
)
def traces_are_sampled_by_the_parameters_and_only_on_aws(template):
    for name, resource in template["Resources"].items():
        if resource["Type"].startswith("AWS::XRay::") and resource.get("Condition") != "IsAws":
            yield f"{name} is not under IsAws: the local AWS has no X-Ray"
    rule = properties(template, "TraceSampling")["SamplingRule"]
    expected = {
        "FixedRate": ref("TraceSamplingRate"),
        "ReservoirSize": ref("TraceReservoir"),
        "ServiceType": "AWS::ApiGateway::Stage",
        "ServiceName": {"Fn::Sub": "${AWS::StackName}/*"},
        "RuleName": {"Fn::Sub": "sluice-${Api}"},
    }
    if not expected.items() <= rule.items():
        yield f"TraceSampling is not {expected}"


@breaks(
    ("FulfillStandard.Properties.Environment.Variables.TRACE_EXPORT",),
    ("FulfillHot.Properties.Environment.Variables.TRACE_EXPORT", "daemon"),
    ("Parameters.TraceExport.Default", "api"),
)
def traces_go_through_the_daemon_unless_told(template):
    for function, _, _ in consumers(template):
        if variables(properties(template, function)).get("TRACE_EXPORT") != ref("TraceExport"):
            yield f"{function} does not know TraceExport"
    parameter = template["Parameters"]["TraceExport"]
    if (parameter["Default"], parameter["AllowedValues"]) != ("daemon", ["daemon", "api"]):
        yield "TraceExport is not daemon or api, and daemon by default"

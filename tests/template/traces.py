"""Traces: which requests become one, and where."""

from rules import breaks, properties, ref


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
    if (rule["FixedRate"], rule["ReservoirSize"]) != (ref("TraceSamplingRate"), ref("TraceReservoir")):
        yield "TraceSampling does not go by its parameters"
    if rule["ServiceName"] != {"Fn::Sub": "${AWS::StackName}/*"}:
        yield "TraceSampling is about other stacks too"
    # A name has 32 characters at most, and a stack's name may have more.
    if "${AWS::StackName}" in rule["RuleName"]["Fn::Sub"]:
        yield "TraceSampling has too long a name"

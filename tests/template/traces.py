"""Traces: which requests become one, and where."""

from rules import breaks, properties, ref


@breaks(
    ("TraceSampling.Condition",),
    ("OrdersTopicTracing.Condition", "TraceTopic"),
    ("Conditions.SetTopicTracing", {"Fn::Equals": [ref("TopicTracing"), "own-policy"]}),
    ("TraceSampling.Properties.SamplingRule.FixedRate", 1),
    ("TraceSampling.Properties.SamplingRule.ReservoirSize", 100),
    ("TraceSampling.Properties.SamplingRule.ServiceName", "*"),
    ("TraceSampling.Properties.SamplingRule.RuleName", {"Fn::Sub": "${AWS::StackName}-orders"}),
)
def traces_are_sampled_by_the_parameters_and_only_on_aws(template):
    on_aws = {"IsAws"} | {
        name for name, each in template["Conditions"].items() if {"Condition": "IsAws"} in each.get("Fn::And", [])
    }
    for name, resource in template["Resources"].items():
        if resource["Type"].startswith("AWS::XRay::") and resource.get("Condition") not in on_aws:
            yield f"{name} is not under IsAws: the local AWS has no X-Ray"
    rule = properties(template, "TraceSampling")["SamplingRule"]
    if (rule["FixedRate"], rule["ReservoirSize"]) != (ref("TraceSamplingRate"), ref("TraceReservoir")):
        yield "TraceSampling does not go by its parameters"
    if rule["ServiceName"] != {"Fn::Sub": "${AWS::StackName}/*"}:
        yield "TraceSampling is about other stacks too"
    # A name has 32 characters at most, and a stack's name may have more.
    if "${AWS::StackName}" in rule["RuleName"]["Fn::Sub"]:
        yield "TraceSampling has too long a name"


# An account has five resource policies in each region.
@breaks(
    ("OrdersTopic.Properties.TracingConfig", "Active"),
    ("OrdersTopicTracing.Condition", "IsAws"),
    ("Conditions.TraceTopic", {"Fn::Equals": [ref("TopicTracing"), "own-policy"]}),
)
def a_stack_can_do_without_a_resource_policy_of_its_own(template):
    if template["Resources"]["OrdersTopicTracing"]["Condition"] != "SetTopicTracing":
        yield "OrdersTopicTracing cannot be left out"
    if properties(template, "OrdersTopic")["TracingConfig"] != {"Fn::If": ["TraceTopic", "Active", "PassThrough"]}:
        yield "OrdersTopic does not trace by TopicTracing"
    if template["Conditions"]["TraceTopic"] != {"Fn::Not": [{"Fn::Equals": ["off", ref("TopicTracing")]}]}:
        yield "OrdersTopic does not use a policy that others made"

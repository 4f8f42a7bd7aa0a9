"""What template.yaml must hold and neither CloudFormation nor the linters check.

A rule is a function that yields a complaint for each breach. Beside it stands how to break it: a rule that lets one
of its own breaches pass fails the tests like a template that breaks the rule.

Run by the python that has the SAM CLI: .sluice/venv-sam/bin/python tests/template_rules.py
"""

import copy
import json
import pathlib
import re
import unittest

from samcli.yamlhelper import yaml_parse

ROOT = pathlib.Path(__file__).parent.parent
TEMPLATE = yaml_parse(ROOT.joinpath("template.yaml").read_text(encoding="utf-8"))
OPERATIONS = ROOT.joinpath("docs/OPERATIONS.md").read_text(encoding="utf-8")
# As the sites that show Markdown name a heading's anchor.
SECTIONS = {
    re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
    for heading in re.findall(r"^## (.+)", OPERATIONS, re.M)
}

LANES = {
    "Standard": {"lane": [{"anything-but": ["hot"]}, {"exists": False}]},
    "Hot": {"lane": ["hot"]},
}
CONSUMER = {
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
}
EVERY_FUNCTION = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
MAY = {
    "AcceptOrder": {"sns:Publish", "kms:Decrypt", "kms:GenerateDataKey*"},
    "ReadOrders": {"dynamodb:GetItem", "dynamodb:Query"},
    "FulfillStandard": CONSUMER,
    "FulfillHot": CONSUMER,
}
PER_LANE = {"service": {"fulfill-orders"}, "lane": {"standard", "hot"}}
# What the functions report, with the values that each dimension may have; None is any.
METRICS = {
    "OrdersAccepted": {"service": {"accept-order"}, "lane": {"standard", "hot"}},
    "OrdersRefused": {"service": {"accept-order"}, "reason": None},
    "OrdersDeadLettered": {**PER_LANE, "reason": None},
    "ColdStart": {"service": {"accept-order", "fulfill-orders", "read-orders"}, "function_name": None},
    "OrdersStored": PER_LANE,
    "OrdersDuplicate": PER_LANE,
    "OrdersConflict": PER_LANE,
    "OrdersRetried": PER_LANE,
    "AcceptToStoreSeconds": PER_LANE,
    "QueueWaitSeconds": PER_LANE,
    "StoreWriteMs": PER_LANE,
    "StoreThrottled": PER_LANE,
    "PaceWaitMs": PER_LANE,
    "BreakerOpen": PER_LANE,
}
LANE_ALARMS = {
    "OldestOrder",
    "LongWait",
    "DeadLetters",
    "ConsumerErrors",
    "ConsumerThrottles",
    "BreakerOpen",
    "StoreThrottled",
}
FOURTEEN_DAYS = 14 * 24 * 60 * 60

RULES = {}  # rule -> its breaches: (path, value) to set, or (path,) to remove


def breaks(*breaches):
    def register(rule):
        RULES[rule] = breaches
        return rule

    return register


def of_type(template, kind):
    return {name: body for name, body in template["Resources"].items() if body["Type"] == kind}


def properties(template, name):
    return template["Resources"][name]["Properties"]


def as_list(value):
    return value if isinstance(value, list) else [value]


def arn(name):
    return {"Fn::GetAtt": [name, "Arn"]}


def statements(template, role):
    """The statements of a role, those under a condition too."""
    for policy in properties(template, role)["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            yield statement["Fn::If"][1] if "Fn::If" in statement else statement


@breaks(
    ("StandardQueue.Properties.VisibilityTimeout", 360),
    ("HotQueue.Properties.VisibilityTimeout", 20),
    ("FulfillStandard.Properties.Timeout", 61),
    ("FulfillHot.Properties.Events.Orders.Properties.MaximumBatchingWindowInSeconds", 2),
)
def visibility_outlasts_six_timeouts_and_the_window(template):
    for lane in LANES:
        consumer = properties(template, f"Fulfill{lane}")
        window = consumer["Events"]["Orders"]["Properties"]["MaximumBatchingWindowInSeconds"]
        least = 6 * consumer["Timeout"] + window
        visibility = properties(template, f"{lane}Queue").get("VisibilityTimeout", 30)
        if visibility < least:
            yield f"{lane}Queue: visibility {visibility} s is under {least} s"


@breaks(
    ("HotQueue.Properties.MessageRetentionPeriod", 345600),
    ("StandardDeadLetterQueue.Properties.MessageRetentionPeriod",),
)
def queues_keep_messages_14_days(template):
    for name, queue in of_type(template, "AWS::SQS::Queue").items():
        if queue["Properties"].get("MessageRetentionPeriod") != FOURTEEN_DAYS:
            yield f"{name} does not keep messages 14 days"


@breaks(
    ("StandardQueue.Properties.RedrivePolicy.maxReceiveCount", 5),
    ("HotQueue.Properties.RedrivePolicy.deadLetterTargetArn", arn("StandardDeadLetterQueue")),
    ("HotQueue.Properties.RedrivePolicy",),
    ("HotDeadLetterQueue.Properties.RedriveAllowPolicy",),
)
def an_outage_dead_letters_nothing(template):
    for lane in LANES:
        expected = {"deadLetterTargetArn": arn(f"{lane}DeadLetterQueue"), "maxReceiveCount": 1000}
        if properties(template, f"{lane}Queue").get("RedrivePolicy") != expected:
            yield f"{lane}Queue does not redrive to its own DLQ after 1,000 receives"
        allowed = properties(template, f"{lane}DeadLetterQueue").get("RedriveAllowPolicy", {})
        if allowed.get("redrivePermission") != "byQueue":
            yield f"{lane}DeadLetterQueue takes the dead letters of any queue"


@breaks(
    ("StandardSubscription.Properties.FilterPolicy.lane", ["standard"]),
    ("HotSubscription.Properties.FilterPolicy",),
    ("HotSubscription.Properties.FilterPolicyScope", "MessageBody"),
    ("StandardSubscription.Properties.RawMessageDelivery", False),
    ("StandardSubscription.Properties.RedrivePolicy",),
    ("HotSubscription.Properties.RedrivePolicy.deadLetterTargetArn", arn("HotQueue")),
    ("HotSubscription.Properties.Endpoint", arn("StandardQueue")),
)
def every_message_reaches_one_lane(template):
    for lane, filter_policy in LANES.items():
        expected = {
            "TopicArn": {"Ref": "OrdersTopic"},
            "Protocol": "sqs",
            "Endpoint": arn(f"{lane}Queue"),
            "RawMessageDelivery": True,
            "FilterPolicyScope": "MessageAttributes",
            "FilterPolicy": filter_policy,
            "RedrivePolicy": {"deadLetterTargetArn": arn(f"{lane}DeadLetterQueue")},
        }
        if properties(template, f"{lane}Subscription") != expected:
            yield f"{lane}Subscription is not {expected}"


@breaks(
    ("FulfillHot.Properties.Events.Orders.Properties.FunctionResponseTypes",),
    ("FulfillHot.Properties.Events.Orders.Properties.Queue", arn("StandardQueue")),
    ("FulfillStandard.Properties.Events.Orders.Properties.ScalingConfig",),
    ("FulfillStandard.Properties.Events.Orders.Properties.BatchSize", 10),
    ("FulfillStandard.Properties.Events.Orders.Properties.MaximumBatchingWindowInSeconds", 0),
    ("FulfillStandard.Properties.Events.Orders.Properties.Enabled", {"Ref": "HotEnabled"}),
    ("FulfillHot.Properties.Events.Orders.Properties.Enabled",),
)
def consumers_take_their_lane_by_its_settings_and_fail_records_one_by_one(template):
    for lane in LANES:
        source = properties(template, f"Fulfill{lane}")["Events"]["Orders"]["Properties"]
        expected = {
            "Queue": arn(f"{lane}Queue"),
            "Enabled": {"Ref": f"{lane}Enabled"},
            "BatchSize": {"Ref": f"{lane}BatchSize"},
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "ScalingConfig": {"MaximumConcurrency": {"Ref": f"{lane}Concurrency"}},
        }
        window = source.get("MaximumBatchingWindowInSeconds", 0)
        if {**source, "MaximumBatchingWindowInSeconds": 0} != {**expected, "MaximumBatchingWindowInSeconds": 0}:
            yield f"Fulfill{lane}: the event source is not {expected}"
        if window < 1:
            yield f"Fulfill{lane}: batches over 10 need a window of at least 1 s"


@breaks(
    ("FulfillHot.Properties.Environment.Variables.WRITES_PER_SECOND", {"Ref": "StandardWritesPerSecond"}),
    ("FulfillStandard.Properties.Environment.Variables.BATCH_SIZE",),
    ("FulfillStandard.Properties.Timeout", 90),
    ("Parameters.StandardBatchSize.Default", 100),
    ("Parameters.HotWritesPerSecond.Default", 500),
)
def consumers_know_the_pace_of_their_lane(template):
    for lane in LANES:
        function = properties(template, f"Fulfill{lane}")
        settings = {"WRITES_PER_SECOND": "WritesPerSecond", "CONCURRENCY": "Concurrency", "BATCH_SIZE": "BatchSize"}
        for variable, parameter in settings.items():
            if function["Environment"]["Variables"].get(variable) != {"Ref": f"{lane}{parameter}"}:
                yield f"Fulfill{lane}: {variable} is not {lane}{parameter}"
        # functions/fulfill-orders/src/consumer.rs counts on it.
        if function["Timeout"] != 60:
            yield f"Fulfill{lane}: the timeout is not 60 s"
        default = {name: template["Parameters"][f"{lane}{name}"]["Default"] for name in settings.values()}
        seconds = default["BatchSize"] * default["Concurrency"] / default["WritesPerSecond"]
        if not 5 <= seconds <= 48:
            yield f"{lane}: a batch is {seconds} s of work by default, and must be 5 to 48"


@breaks(
    ("Parameters.StandardEnabled.Default", "false"),
    ("Parameters.HotEnabled.AllowedValues", ["true", "false", "yes"]),
)
def a_lane_is_paused_by_false_and_by_nothing_else(template):
    for lane in LANES:
        parameter = template["Parameters"][f"{lane}Enabled"]
        if parameter["Type"] != "String" or parameter.get("AllowedValues") != ["true", "false"]:
            yield f"{lane}Enabled takes something else than true and false"
        if parameter["Default"] != "true":
            yield f"the {lane} lane does not run by default"


@breaks(
    ("AcceptOrder.Properties.Environment.Variables.HOT_SKUS",),
    ("Parameters.HotSkus.Default", "85123A"),
    ("Parameters.HotSkus.AllowedPattern", "^.+$"),
    ("Parameters.HotSkus.AllowedPattern", "^.*$"),
)
def hot_products_are_a_parameter_and_none_by_default(template):
    variables = properties(template, "AcceptOrder")["Environment"]["Variables"]
    if variables.get("HOT_SKUS") != {"Ref": "HotSkus"}:
        yield "AcceptOrder: HOT_SKUS is not HotSkus"
    parameter = template["Parameters"]["HotSkus"]
    if parameter["Default"] != "":
        yield "HotSkus has a default"
    good = ("", "  ", "a", "a b, c", " 85123A , 22423 ", "x" * 64, "é,ß", ",".join(["85123A"] * 400))
    bad = ("a,,b", "a,", " ,a", ",", "x" * 65, "a," + "x" * 65, "85123A;22423", "a,\t", "a\nb", "a,\x7f")
    for text, is_list in [(text, True) for text in good] + [(text, False) for text in bad]:
        if bool(re.fullmatch(parameter["AllowedPattern"], text)) != is_list:
            yield f"HotSkus {'refuses' if is_list else 'allows'} {text!r}"


@breaks(
    ("HotQueue.Properties.SqsManagedSseEnabled",),
    ("StandardQueue.Properties.KmsMasterKeyId", "alias/aws/sqs"),
    ("OrdersTopic.Properties.KmsMasterKeyId",),
)
def queues_are_encrypted_so_that_sns_can_deliver(template):
    for name, queue in of_type(template, "AWS::SQS::Queue").items():
        if queue["Properties"].get("SqsManagedSseEnabled") is not True or "KmsMasterKeyId" in queue["Properties"]:
            yield f"{name} is not encrypted with SSE-SQS"
    if "KmsMasterKeyId" not in properties(template, "OrdersTopic"):
        yield "OrdersTopic is not encrypted"


@breaks(
    ("StandardQueue.DeletionPolicy",),
    ("HotDeadLetterQueue.DeletionPolicy", "Delete"),
    ("OrdersTable.UpdateReplacePolicy",),
    ("OrderIdSecret.DeletionPolicy",),
)
def what_holds_orders_outlives_the_stack(template):
    for kind in ("AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::SecretsManager::Secret"):
        for name, resource in of_type(template, kind).items():
            if {resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")} != {"Retain"}:
                yield f"{name} is not retained"


@breaks(
    ("FulfillHot.Properties.Timeout",),
    ("AcceptOrder.Properties.Timeout", 30),
    ("ReadOrders.Properties.Role", arn("AcceptOrderRole")),
    ("ReadOrders.Properties.LoggingConfig",),
    ("FulfillHotLogs.Properties.RetentionInDays",),
)
def each_function_has_its_timeout_role_and_logs(template):
    for name, function in of_type(template, "AWS::Serverless::Function").items():
        body = function["Properties"]
        longest = 900 if name.startswith("Fulfill") else 29  # API Gateway waits 29 s
        if not 0 < body.get("Timeout", 0) <= longest:
            yield f"{name} has no timeout of at most {longest} s"
        if body.get("Role") != arn(f"{name}Role"):
            yield f"{name} has no role of its own"
        if body.get("LoggingConfig", {}).get("LogGroup") != {"Ref": f"{name}Logs"}:
            yield f"{name} has no log group of its own"
    for name, group in of_type(template, "AWS::Logs::LogGroup").items():
        if "RetentionInDays" not in group["Properties"]:
            yield f"{name} keeps logs for ever"


@breaks(
    ("ReadOrdersRole.Properties.Policies.0.PolicyDocument.Statement.0.Resource", "*"),
    ("ReadOrdersRole.Properties.Policies.0.PolicyDocument.Statement.0.Action", "dynamodb:*"),
    ("AcceptOrderRole.Properties.Policies.0.PolicyDocument.Statement.1.Fn::If.1.Resource", "*"),
    ("AcceptOrderRole.Properties.Policies.0.PolicyDocument.Statement.0.Action", ["sns:Publish", "sqs:SendMessage"]),
    ("FulfillHotRole.Properties.Policies.0.PolicyDocument.Statement.1.Resource", arn("StandardQueue")),
    ("FulfillHotRole.Properties.ManagedPolicyArns", ["arn:aws:iam::aws:policy/AmazonSQSFullAccess"]),
    ("FulfillStandard.Properties.Policies", ["AmazonSQSFullAccess"]),
)
def functions_may_do_what_they_must_and_no_more(template):
    for name, actions in MAY.items():
        role = f"{name}Role"
        if "ManagedPolicyArns" in properties(template, role) or "Policies" in properties(template, name):
            yield f"{role} has more than its own policy"
        granted = set()
        for statement in statements(template, role):
            granted.update(as_list(statement["Action"]))
            wide = any("*" in resource for resource in as_list(statement["Resource"]) if isinstance(resource, str))
            if wide and not all(action.startswith("xray:") for action in as_list(statement["Action"])):
                yield f"{role} names no resource for {statement['Action']}"
        if granted != actions | EVERY_FUNCTION:
            yield f"{role} differs in {sorted(granted ^ (actions | EVERY_FUNCTION))}"
    for lane, other in (("Standard", "Hot"), ("Hot", "Standard")):
        if f'"{other}' in json.dumps(template["Resources"][f"Fulfill{lane}Role"]):
            yield f"Fulfill{lane}Role reaches into the other lane"


@breaks(
    ("AcceptOrder.DependsOn",),
    ("AcceptOrder.DependsOn", ["ReadOrders", "FulfillStandard"]),
)
def nothing_is_accepted_before_the_rest_is_ready(template):
    needed = {"ReadOrders"}
    for lane in LANES:
        needed |= {f"Fulfill{lane}", f"{lane}Subscription", f"{lane}QueuePolicy"}
    missing = needed - set(as_list(template["Resources"]["AcceptOrder"].get("DependsOn", [])))
    if missing:
        yield f"AcceptOrder does not wait for {sorted(missing)}"


@breaks(
    ("HotQueuePolicy.Properties.PolicyDocument.Statement.1.Effect", "Allow"),
    ("StandardQueuePolicy.Properties.PolicyDocument.Statement.0.Condition",),
    ("HotDeadLetterQueuePolicy",),
    ("OrdersTopicPolicy.Properties.PolicyDocument.Statement.1.Principal", {"AWS": "*"}),
    ("OrdersTopicPolicy.Properties.PolicyDocument.Statement.2.Condition.Bool", {"aws:SecureTransport": "true"}),
)
def only_the_topic_sends_and_only_accept_order_publishes(template):
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    for queue in of_type(template, "AWS::SQS::Queue"):
        resource = arn(queue)
        expected = [
            ("Allow", {"Service": "sns.amazonaws.com"}, "sqs:SendMessage", resource,
             {"ArnEquals": {"aws:SourceArn": {"Ref": "OrdersTopic"}}}),
            ("Deny", "*", "sqs:*", resource, insecure),
        ]  # fmt: skip
        yield from policy_differs(template, f"{queue}Policy", expected)
    role, topic = arn("AcceptOrderRole"), {"Ref": "OrdersTopic"}
    expected = [
        ("Allow", {"AWS": role}, "sns:Publish", topic, None),
        ("Deny", "*", "sns:Publish", topic, {"ArnNotEquals": {"aws:PrincipalArn": role}}),
        ("Deny", "*", "sns:Publish", topic, insecure),
    ]
    yield from policy_differs(template, "OrdersTopicPolicy", expected)


def policy_differs(template, name, expected):
    found = template["Resources"].get(name, {"Properties": {"PolicyDocument": {"Statement": []}}})
    fields = ("Effect", "Principal", "Action", "Resource", "Condition")
    statements_found = [
        tuple(statement.get(field) for field in fields)
        for statement in found["Properties"]["PolicyDocument"]["Statement"]
    ]
    if statements_found != expected:
        yield f"{name} is not {expected}"


@breaks(
    ("Api.Properties.Auth.DefaultAuthorizer",),
    ("Api.Properties.Auth.InvokeRole",),
    ("AcceptOrder.Properties.Events.Post.Properties.Auth", {"Authorizer": "NONE"}),
    ("Api.Properties.AccessLogSetting",),
    ("Api.Properties.TracingEnabled", False),
    ("Api.Properties.MethodSettings.0.ThrottlingRateLimit",),
)
def the_api_is_closed_traced_throttled_and_logged(template):
    api = properties(template, "Api")
    if api["Auth"] != {"DefaultAuthorizer": "AWS_IAM", "InvokeRole": "NONE"}:
        yield "Api is open to unsigned calls, or makes callers need lambda:InvokeFunction"
    for name in ("AcceptOrder", "ReadOrders"):
        if any("Auth" in event["Properties"] for event in properties(template, name)["Events"].values()):
            yield f"{name} has a route with an authorizer of its own"
    if not api.get("TracingEnabled"):
        yield "Api is not traced"
    if "AccessLogSetting" not in api:
        yield "Api writes no access log"
    if not {"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= api["MethodSettings"][0].keys():
        yield "Api is not throttled"


@breaks(
    ("Parameters.StandardBatchSize.MaxValue",),
    ("Parameters.LocalEndpoint.AllowedPattern",),
    ("Parameters.LogLevel.Description",),
    ("Parameters.HotConcurrency.MinValue", 1),
)
def bad_parameters_fail_at_deploy(template):
    for name, parameter in template["Parameters"].items():
        bounded = {"AllowedValues", "AllowedPattern"} & parameter.keys() or {"MinValue", "MaxValue"} <= parameter.keys()
        if not bounded:
            yield f"{name} takes any value"
        if not parameter.get("Description"):
            yield f"{name} has no description"
    for lane in LANES:
        parameter = template["Parameters"][f"{lane}Concurrency"]
        if (parameter["MinValue"], parameter["MaxValue"]) != (2, 1000):
            yield f"{lane}Concurrency allows what SQS event sources do not: 2 to 1,000"


def alarms(template):
    return {name: alarm["Properties"] for name, alarm in of_type(template, "AWS::CloudWatch::Alarm").items()}


def body_with(old, new):
    """The dashboard's body with something else in one place."""
    body = TEMPLATE["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert old in body, f"{old} is not in the dashboard"
    return {"Fn::Sub": body.replace(old, new, 1)}


def widgets(template):
    """The dashboard's, with each reference replaced by the name of what it refers to."""
    body = properties(template, "Dashboard")["DashboardBody"]["Fn::Sub"]
    return json.loads(re.sub(r"\$\{(.+?)\}", r"\1", body))["widgets"]


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


def metrics_watched(template):
    for alarm in alarms(template).values():
        namespace = alarm["Namespace"]["Ref"] if isinstance(alarm["Namespace"], dict) else alarm["Namespace"]
        yield namespace, alarm["MetricName"], {each["Name"]: each["Value"] for each in alarm.get("Dimensions", [])}


@breaks(
    ("StandardOldestOrderAlarm.Properties.AlarmDescription", "Look into it."),
    ("ApiServerErrorsAlarm.Properties.AlarmDescription", "Look into it. docs/OPERATIONS.md#no-such-section"),
    ("NewAlarm", TEMPLATE["Resources"]["AcceptErrorsAlarm"]),
    ("Dashboard.Properties.DashboardBody", body_with("#storage-is-down", "#storage-is-up")),
)
def every_alarm_says_what_to_do_and_where_it_is_written(template):
    for name, alarm in alarms(template).items():
        section = re.fullmatch(r".{30,}: .+\. docs/OPERATIONS\.md#([a-z0-9-]+)", alarm["AlarmDescription"])
        if not section or section[1] not in SECTIONS:
            yield f"{name} names no section of OPERATIONS.md"
        if not re.search(rf"^\|.*`{re.sub('^(Standard|Hot)', 'LANE', name)}`", OPERATIONS, re.M):
            yield f"{name} is not in the table of OPERATIONS.md"
    for widget in widgets(template):
        for section in re.findall(r"#([a-z0-9-]+)", widget["properties"].get("markdown", "")):
            if section not in SECTIONS:
                yield f"the dashboard names #{section}, which OPERATIONS.md does not have"


@breaks(
    ("HotBreakerOpenAlarm",),
    ("HotDeadLettersAlarm.Properties.Threshold", 10),
    ("StandardOldestOrderAlarm.Properties.Dimensions.0.Value", {"Fn::GetAtt": ["HotQueue", "QueueName"]}),
    ("HotStoreThrottledAlarm.Properties.Dimensions.1.Value", "standard"),
)
def each_lane_has_its_alarms(template):
    of_lane = {}
    for lane in LANES:
        found = {name.removeprefix(lane): alarm for name, alarm in alarms(template).items() if name.startswith(lane)}
        if found.keys() != {f"{kind}Alarm" for kind in LANE_ALARMS}:
            yield f"{lane}: the alarms are {sorted(found)}"
        of_lane[lane] = json.dumps(found, sort_keys=True)
    as_hot = of_lane["Standard"].replace("Standard", "Hot").replace("standard", "hot")
    if "Hot" in of_lane["Standard"] or as_hot != of_lane["Hot"]:
        yield "the lanes' alarms differ"


@breaks(
    ("StandardOldestOrderAlarm.Properties.Threshold", 86401),
    ("HotLongWaitAlarm.Properties.Threshold", 172800),
    ("HotOldestOrderAlarm.Properties.EvaluationPeriods", 20),
    ("HotOldestOrderAlarm.Properties.Statistic", "Minimum"),
    ("StandardLongWaitAlarm.Properties.MetricName", "AcceptToStoreSeconds"),
    ("StandardDeadLettersAlarm.Properties.MetricName", "NumberOfMessagesSent"),
    ("StandardDeadLettersAlarm.Properties.Dimensions.0.Value", {"Fn::GetAtt": ["StandardQueue", "QueueName"]}),
)
def p2_an_order_that_waits_for_a_day_or_is_a_dead_letter_is_told(template):
    for lane in LANES:
        queue, letters = ({"Fn::GetAtt": [f"{lane}{kind}", "QueueName"]} for kind in ("Queue", "DeadLetterQueue"))
        for kind, metric, dimension, most in (
            ("OldestOrder", "ApproximateAgeOfOldestMessage", {"Name": "QueueName", "Value": queue}, 86400),
            ("LongWait", "QueueWaitSeconds", {"Name": "lane", "Value": lane.lower()}, 86400),
            ("DeadLetters", "ApproximateNumberOfMessagesVisible", {"Name": "QueueName", "Value": letters}, 1),
        ):
            alarm = properties(template, f"{lane}{kind}Alarm")
            told = (alarm["MetricName"], alarm["Statistic"], alarm["ComparisonOperator"])
            if told != (metric, "Maximum", "GreaterThanOrEqualToThreshold") or dimension not in alarm["Dimensions"]:
                yield f"{lane}{kind}Alarm does not look at {metric} of its lane"
            if alarm["Threshold"] > most or alarm["Period"] * alarm["EvaluationPeriods"] > 3600:
                yield f"{lane}{kind}Alarm comes late"


@breaks(
    ("AcceptErrorsAlarm.Properties.AlarmActions",),
    ("HotDeadLettersAlarm.Properties.OKActions", [{"Ref": "OrdersTopic"}]),
    ("ApiThrottledAlarm.Properties.TreatMissingData",),
    ("Conditions.HasAlarmTopic", {"Fn::Equals": [{"Ref": "AlarmTopicArn"}, ""]}),
    ("Parameters.AlarmTopicArn.Default", "arn:aws:sns:us-east-1:000000000000:alarms"),
)
def alarms_tell_the_topic_if_there_is_one(template):
    told = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    for name, alarm in alarms(template).items():
        if alarm.get("AlarmActions") != told or alarm.get("OKActions") != told:
            yield f"{name} does not tell AlarmTopicArn when it begins and ends"
        if "TreatMissingData" not in alarm:
            yield f"{name} does not say what no figures mean"
    if template["Conditions"]["HasAlarmTopic"] != {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmTopicArn"}, ""]}]}:
        yield "HasAlarmTopic is not whether AlarmTopicArn is given"
    if template["Parameters"]["AlarmTopicArn"]["Default"] != "":
        yield "AlarmTopicArn has a default"


@breaks(
    ("StandardBreakerOpenAlarm.Properties.MetricName", "BreakerOpened"),
    ("HotStoreThrottledAlarm.Properties.Namespace", "sluice"),
    ("OutcomeUnknownAlarm.Properties.Dimensions.1.Name", "lane"),
    ("Dashboard.Properties.DashboardBody", body_with('"OrdersStored", "service"', '"OrdersSaved", "service"')),
    ("Dashboard.Properties.DashboardBody", body_with('"hot", {"label": "hot"}', '"warm", {"label": "hot"}')),
    ("Dashboard.Properties.DashboardBody", body_with("service,lane,reason", "service,reason")),
    ("Dashboard.Properties.DashboardBody", body_with('["AWS/SQS"', '["AWS/SQZ"')),
    ("ApiThrottledFilter.Properties.MetricTransformations.0.MetricName", "TooMany"),
    ("Globals.Function.Environment.Variables.POWERTOOLS_METRICS_NAMESPACE", "sluice"),
)
def what_is_shown_and_watched_is_what_is_reported(template):
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    if variables["POWERTOOLS_METRICS_NAMESPACE"] != {"Ref": "AWS::StackName"}:
        yield "the functions report to another namespace than the stack's"
    reported = dict(METRICS)
    for each in of_type(template, "AWS::Logs::MetricFilter").values():
        for metric in each["Properties"]["MetricTransformations"]:
            if metric["MetricNamespace"] == {"Ref": "AWS::StackName"}:
                reported[metric["MetricName"]] = {}
    services = {f"AWS/{service}" for service in ("ApiGateway", "DynamoDB", "Lambda", "Logs", "SNS", "SQS")}
    shown, watched = list(metrics_shown(template)), list(metrics_watched(template))
    for namespace, name, dimensions in shown + watched:
        if namespace in services:
            continue
        allowed = reported.get(name)
        if namespace != "AWS::StackName" or allowed is None:
            yield f"nobody reports {name} to {namespace}"
        elif dimensions.keys() != allowed.keys() or any(
            value is not None and allowed[dimension] is not None and value not in allowed[dimension]
            for dimension, value in dimensions.items()
        ):
            yield f"{name} has not the dimensions {dimensions}"
    for name in reported.keys() - {name for _, name, _ in shown}:
        yield f"{name} is not on the dashboard"


@breaks(
    ("Dashboard.Properties.DashboardBody", body_with('"x": 16', '"x": 17')),
    ("Dashboard.Properties.DashboardBody", body_with('"y": 13', '"y": 12')),
    ("Dashboard.Properties.DashboardBody", body_with('"height": 6', '"height": 7')),
    ("Dashboard.Properties.DashboardBody", body_with("]}}", "]}")),
    ("Dashboard.Properties.DashboardBody", body_with('"${ApiThrottledAlarm.Arn}",', "")),
    ("Dashboard.Properties.DashboardBody", body_with("${FulfillHot}", "FulfillHot")),
    ("Dashboard.Properties.DashboardBody", body_with('"region": "${AWS::Region}", ', "")),
)
def the_dashboard_is_whole(template):
    try:
        shown = widgets(template)
    except ValueError as problem:
        yield f"its body is no JSON: {problem}"
        return
    taken = {}
    for widget in shown:
        place = (widget["x"], widget["y"])
        if widget["x"] < 0 or widget["x"] + widget["width"] > 24:
            yield f"the widget at {place} is wider than the dashboard"
        for x in range(widget["x"], widget["x"] + widget["width"]):
            for y in range(widget["y"], widget["y"] + widget["height"]):
                if taken.setdefault((x, y), place) != place:
                    yield f"the widgets at {place} and {taken[x, y]} overlap"
        if widget["type"] == "metric" and widget["properties"].get("region") != "AWS::Region":
            yield f"the widget at {place} names no region"
    listed = [arn for widget in shown for arn in widget["properties"].get("alarms", [])]
    if sorted(listed) != sorted(f"{name}.Arn" for name in alarms(template)):
        yield "it does not list every alarm"
    body = properties(template, "Dashboard")["DashboardBody"]["Fn::Sub"]
    for name in of_type(template, "AWS::Serverless::Function"):
        if re.search(rf'"{name}"', body):
            yield f"it names {name} by its place in the template"


@breaks(
    ("TraceSampling.Condition",),
    ("OrdersTopicTracing.Condition", "IsLocal"),
    ("TraceSampling.Properties.SamplingRule.FixedRate", 1),
    ("TraceSampling.Properties.SamplingRule.ReservoirSize", 100),
    ("TraceSampling.Properties.SamplingRule.ServiceName", "*"),
    ("TraceSampling.Properties.SamplingRule.RuleName", {"Fn::Sub": "${AWS::StackName}-orders"}),
    ("FulfillStandard.Properties.Environment.Variables.TRACE_EXPORT",),
    ("FulfillHot.Properties.Environment.Variables.TRACE_EXPORT", "daemon"),
    ("Parameters.TraceExport.Default", "api"),
)
def traces_are_sampled_by_the_parameters_and_only_on_aws(template):
    for name, resource in template["Resources"].items():
        if resource["Type"].startswith("AWS::XRay::") and resource.get("Condition") != "IsAws":
            yield f"{name} is not under IsAws: the local AWS has no X-Ray"
    rule = properties(template, "TraceSampling")["SamplingRule"]
    expected = {
        "FixedRate": {"Ref": "TraceSamplingRate"},
        "ReservoirSize": {"Ref": "TraceReservoir"},
        "ServiceType": "AWS::ApiGateway::Stage",
        "ServiceName": {"Fn::Sub": "${AWS::StackName}/*"},
        "RuleName": {"Fn::Sub": "sluice-${Api}"},
    }
    if not expected.items() <= rule.items():
        yield f"TraceSampling is not {expected}"
    for lane in LANES:
        variables = properties(template, f"Fulfill{lane}")["Environment"]["Variables"]
        if variables.get("TRACE_EXPORT") != {"Ref": "TraceExport"}:
            yield f"Fulfill{lane} does not know TraceExport"
    parameter = template["Parameters"]["TraceExport"]
    if (parameter["Default"], parameter["AllowedValues"]) != ("daemon", ["daemon", "api"]):
        yield "TraceExport is not daemon or api, and daemon by default"


def broken(path, *value):
    template = copy.deepcopy(TEMPLATE)
    parts = path.split(".")
    node = template if parts[0] in template else template["Resources"]
    for part in parts[:-1]:
        node = node[int(part) if isinstance(node, list) else part]
    if value:
        assert node.get(parts[-1]) != value[0], f"{path} is {value[0]} already"
        node[parts[-1]] = value[0]
    else:
        del node[parts[-1]]
    return template


class TemplateRules(unittest.TestCase):
    def test_the_template_holds_every_rule(self):
        for rule in RULES:
            with self.subTest(rule.__name__):
                self.assertEqual(list(rule(TEMPLATE)), [])

    def test_every_rule_catches_its_breaches(self):
        for rule, breaches in RULES.items():
            self.assertTrue(breaches, f"{rule.__name__} cannot be seen to fail")
            for breach in breaches:
                with self.subTest(rule.__name__, breach=breach):
                    self.assertTrue(list(rule(broken(*breach))), "passed")


if __name__ == "__main__":
    unittest.main()

"""Who may do what: the functions' roles, the policies of queues and topic, the API, encryption."""

import json

from rules import arn, as_list, breaks, functions, of_type, properties, queues, ref, target, variables

EVERY_FUNCTION = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "secretsmanager:GetSecretValue",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
QUEUE = {"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
CONSUMER = QUEUE | {"sqs:SendMessage", "dynamodb:GetItem", "dynamodb:PutItem"}
MAY = {
    "AcceptOrder": {"sns:Publish", "kms:Decrypt", "kms:GenerateDataKey*"},
    "ReadOrders": {"dynamodb:GetItem", "dynamodb:Query"},
    "FulfillStandard": CONSUMER,
    "FulfillHot": CONSUMER,
}


def statements(role):
    """The statements of a role, those under a condition too."""
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            yield statement["Fn::If"][1] if "Fn::If" in statement else statement


@breaks(
    ("ReadOrdersRole.Properties.Policies.0.PolicyDocument.Statement.0.Resource", "*"),
    ("ReadOrdersRole.Properties.Policies.0.PolicyDocument.Statement.0.Action", "dynamodb:*"),
    ("AcceptOrderRole.Properties.Policies.0.PolicyDocument.Statement.1.Fn::If.1.Resource", "*"),
    ("AcceptOrderRole.Properties.Policies.0.PolicyDocument.Statement.0.Action", ["sns:Publish", "sqs:SendMessage"]),
    ("FulfillHotRole.Properties.ManagedPolicyArns", ["arn:aws:iam::aws:policy/AmazonSQSFullAccess"]),
)
def functions_may_do_what_they_must_and_no_more(template):
    for name in functions(template):
        role = properties(template, f"{name}Role")
        if "ManagedPolicyArns" in role:
            yield f"{name}Role has more than its own policy"
        granted = set()
        for statement in statements(role):
            granted.update(as_list(statement["Action"]))
            wide = any("*" in resource for resource in as_list(statement["Resource"]) if isinstance(resource, str))
            if wide and not all(action.startswith("xray:") for action in as_list(statement["Action"])):
                yield f"{name}Role names no resource for {statement['Action']}"
        if granted != MAY[name] | EVERY_FUNCTION:
            yield f"{name}Role differs in {sorted(granted ^ (MAY[name] | EVERY_FUNCTION))}"


# Who may read a function's configuration would read the secret; and each version would keep it.
@breaks(
    ("ReadOrders.Properties.Environment.Variables.ORDER_ID_SECRETS", {"Fn::Sub": "{{resolve:secretsmanager:${OrderIdSecret}}}"}),
    ("AcceptOrder.Properties.Environment.Variables.KEY", "{{resolve:ssm:/key}}"),
)
def no_secret_is_in_a_function_s_configuration(template):
    for name, function in functions(template).items():
        if variables(function).get("ORDER_ID_SECRETS") != ref("OrderIdSecret"):
            yield f"{name} is not told where the secret is"
        if "{{resolve:" in json.dumps(variables(function)):
            yield f"{name} has a secret in its configuration"


@breaks(
    ("FulfillHot.Properties.Timeout",),
    ("AcceptOrder.Properties.Timeout", 30),
    ("ReadOrders.Properties.Role", arn("AcceptOrderRole")),
    ("ReadOrders.Properties.LoggingConfig",),
    ("FulfillHotLogs.Properties.RetentionInDays",),
)
def each_function_has_its_timeout_role_and_logs(template):
    for name, function in functions(template).items():
        longest = 900 if name.startswith("Fulfill") else 29  # API Gateway waits 29 s
        if not 0 < function.get("Timeout", 0) <= longest:
            yield f"{name} has no timeout of at most {longest} s"
        if function.get("Role") != arn(f"{name}Role"):
            yield f"{name} has no role of its own"
        if function.get("LoggingConfig", {}).get("LogGroup") != ref(f"{name}Logs"):
            yield f"{name} has no log group of its own"
    for name, group in of_type(template, "AWS::Logs::LogGroup").items():
        if "RetentionInDays" not in group:
            yield f"{name} keeps logs for ever"


@breaks(
    ("HotQueuePolicy.Properties.PolicyDocument.Statement.1.Effect", "Allow"),
    ("StandardQueuePolicy.Properties.PolicyDocument.Statement.0.Condition",),
    ("HotDeadLetterQueuePolicy",),
    ("OrdersTopicPolicy.Properties.PolicyDocument.Statement.1.Principal", {"AWS": "*"}),
    ("OrdersTopicPolicy.Properties.PolicyDocument.Statement.2.Condition.Bool", {"aws:SecureTransport": "true"}),
)
def only_the_topic_sends_and_only_accept_order_publishes(template):
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    for queue in queues(template):
        from_topic = {"ArnEquals": {"aws:SourceArn": ref("OrdersTopic")}}
        expected = [
            ("Allow", {"Service": "sns.amazonaws.com"}, "sqs:SendMessage", arn(queue), from_topic),
            ("Deny", "*", "sqs:*", arn(queue), insecure),
        ]
        yield from policy_differs(template, f"{queue}Policy", expected)
    role, topic = arn("AcceptOrderRole"), ref("OrdersTopic")
    expected = [
        ("Allow", {"AWS": role}, "sns:Publish", topic, None),
        ("Deny", "*", "sns:Publish", topic, {"ArnNotEquals": {"aws:PrincipalArn": role}}),
        ("Deny", "*", "sns:Publish", topic, insecure),
    ]
    yield from policy_differs(template, "OrdersTopicPolicy", expected)


def policy_differs(template, name, expected):
    found = template["Resources"].get(name, {"Properties": {"PolicyDocument": {"Statement": []}}})
    fields = ("Effect", "Principal", "Action", "Resource", "Condition")
    has = [tuple(each.get(field) for field in fields) for each in found["Properties"]["PolicyDocument"]["Statement"]]
    if has != expected:
        yield f"{name} is not {expected}"


@breaks(
    ("HotQueue.Properties.SqsManagedSseEnabled",),
    ("StandardQueue.Properties.KmsMasterKeyId", "alias/aws/sqs"),
    ("OrdersTopic.Properties.KmsMasterKeyId",),
)
def queues_are_encrypted_so_that_sns_can_deliver(template):
    for name, queue in queues(template).items():
        if queue.get("SqsManagedSseEnabled") is not True or "KmsMasterKeyId" in queue:
            yield f"{name} is not encrypted with SSE-SQS"
    if "KmsMasterKeyId" not in properties(template, "OrdersTopic"):
        yield "OrdersTopic is not encrypted"


@breaks(
    ("Api.Properties.Body.paths./orders.post.security",),
    ("Api.Properties.Body.paths./orders/{id}.get.security", [{"NONE": []}]),
    ("Api.Properties.Body.paths./orders.get.x-amazon-apigateway-integration.credentials", "arn:aws:iam::*:user/*"),
    ("Apiv1Stage.Properties.AccessLogSetting",),
    ("Apiv1Stage.Properties.TracingEnabled", False),
    ("Apiv1Stage.Properties.MethodSettings.0.ThrottlingRateLimit",),
)
def the_api_is_closed_traced_throttled_and_logged(template):
    for path, methods in properties(template, "Api")["Body"]["paths"].items():
        for method, operation in methods.items():
            if operation.get("security") != [{"AWS_IAM": []}]:
                yield f"{method} {path} is open to unsigned calls"
            if "credentials" in operation["x-amazon-apigateway-integration"]:
                yield f"{method} {path} makes callers need lambda:InvokeFunction"
    stage = properties(template, "Apiv1Stage")
    if not stage.get("TracingEnabled"):
        yield "Api is not traced"
    if "AccessLogSetting" not in stage:
        yield "Api writes no access log"
    if not {"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= stage["MethodSettings"][0].keys():
        yield "Api is not throttled"


@breaks(
    ("AcceptOrder.DependsOn",),
    ("AcceptOrder.DependsOn", ["ReadOrders", "FulfillStandard"]),
)
def nothing_is_accepted_before_the_rest_is_ready(template):
    verify = {name for name, function in functions(template).items() if "ORDER_ID_SECRETS" in variables(function)}
    subscriptions = of_type(template, "AWS::SNS::Subscription")
    policies = {f"{target(each['Endpoint'])}Policy" for each in subscriptions.values()}
    waits = set(as_list(template["Resources"]["AcceptOrder"].get("DependsOn", [])))
    if missing := (verify | subscriptions.keys() | policies) - waits - {"AcceptOrder"}:
        yield f"AcceptOrder does not wait for {sorted(missing)}"

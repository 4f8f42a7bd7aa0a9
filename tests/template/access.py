"""Who may do what: the functions' roles, the policies of queues and topic, the API, encryption."""

import json

from rules import (
    TEMPLATE,
    arn,
    as_list,
    breaks,
    either,
    functions,
    given,
    of_type,
    properties,
    queues,
    ref,
    subscriptions,
    variables,
)

EVERY_FUNCTION = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
QUEUE = {"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
SECRET = {"secretsmanager:GetSecretValue"}
CONSUMER = QUEUE | SECRET | {"sqs:SendMessage", "dynamodb:GetItem", "dynamodb:PutItem"}
MAY = {
    "AcceptOrder": SECRET | {"sns:Publish", "kms:Decrypt", "kms:GenerateDataKey*"},
    "ReadOrders": SECRET | {"dynamodb:GetItem", "dynamodb:Query"},
    "SmokeOrder": {"lambda:InvokeFunction", "codedeploy:PutLifecycleEventHookExecutionStatus"},
    "StoreGuard": {"lambda:ListEventSourceMappings"},
    "FulfillStandard": CONSUMER,
    "FulfillHot": CONSUMER,
    "DatabaseAdmin": SECRET | {"rds-db:connect", "kms:Decrypt"},
}
# Beside its own policy, each function that reaches the database has that of the database.
REACHES_DATABASE = {"ReadOrders", "FulfillStandard", "FulfillHot"}


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
    ("AcceptOrderRole.Properties.ManagedPolicyArns", [ref("DatabaseAccess")]),
)
def functions_may_do_what_they_must_and_no_more(template):
    for name in functions(template):
        role = properties(template, f"{name}Role")
        database = [ref("DatabaseAccess")]
        managed = {"DatabaseAdmin": database} | dict.fromkeys(REACHES_DATABASE, given("UsesDatabase", database))
        if role.get("ManagedPolicyArns") != managed.get(name):
            yield f"{name}Role has more than its own policy"
        granted = set()
        for statement in statements(role):
            granted.update(as_list(statement["Action"]))
            wide = any("*" in resource for resource in as_list(statement["Resource"]) if isinstance(resource, str))
            # A key that only the secret's own calls may use.
            by_secret = "kms:EncryptionContext:SecretARN" in statement.get("Condition", {}).get("StringEquals", {})
            knows_none = all(action.startswith("xray:") or action == "lambda:ListEventSourceMappings" for action in as_list(statement["Action"]))
            if wide and not by_secret and not knows_none:
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
        reads = name != "DatabaseAdmin" and "secretsmanager:GetSecretValue" in MAY[name]
        if reads and variables(function).get("ORDER_ID_SECRETS") != either("MakesSecret", ref("OrderIdSecret"), ref("ExistingOrderIdSecret")):
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
        behind_the_api = name in ("AcceptOrder", "ReadOrders")
        longest = 29 if behind_the_api else 900  # API Gateway waits 29 s
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
    ("ApiGatewayLogRole.Properties.Path",),
    ("FulfillHotRole.Properties.PermissionsBoundary",),
    ("ReadOrdersRole.Properties.PermissionsBoundary", ref("RolePermissionsBoundary")),
)
def roles_have_the_boundary_and_the_path_that_an_account_demands(template):
    wanted = {
        "PermissionsBoundary": given("HasBoundary", ref("RolePermissionsBoundary")),
        "Path": given("HasRolePath", ref("RolePath")),
    }
    for name, role in of_type(template, "AWS::IAM::Role").items():
        if differ := [key for key, value in wanted.items() if role.get(key) != value]:
            yield f"{name} does not take its {differ} from the parameters"


@breaks(
    ("HotQueuePolicy.Properties.PolicyDocument.Statement.1.Effect", "Allow"),
    ("StandardQueuePolicy.Properties.PolicyDocument.Statement.0.Condition",),
    ("HotDeadLetterQueuePolicy",),
    ("OrdersTopicPolicy.Properties.PolicyDocument.Statement.1.Principal", {"AWS": "*"}),
    ("OrdersTopicPolicy.Properties.PolicyDocument.Statement.2.Condition.Bool", {"aws:SecureTransport": "true"}),
    ("AlarmTopicPolicy.Properties.PolicyDocument.Statement.0.Condition",),
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
    alarms, here = {"Service": "cloudwatch.amazonaws.com"}, {"StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")}}
    expected = [("Allow", alarms, "sns:Publish", ref("AlarmTopic"), here)]
    yield from policy_differs(template, "AlarmTopicPolicy", expected)


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


# Beyond the concurrency that is reserved Lambda refuses readers, and API Gateway makes a 5xx of it. Its own limit is a 429.
@breaks(
    ("Apiv1Stage.Properties.MethodSettings.1", {"Ref": "AWS::NoValue"}),
    ("Apiv1Stage.Properties.MethodSettings.2.Fn::If.1.ResourcePath", "/orders"),
    ("Apiv1Stage.Properties.MethodSettings.2.Fn::If.1.ThrottlingBurstLimit", ref("ApiBurstLimit")),
    ("Api.Properties.Body.x-amazon-apigateway-gateway-responses.THROTTLED.responseParameters",),
)
def too_many_reads_are_told_to_come_again(template):
    limits = {"ThrottlingRateLimit": ref("ReadRateLimit"), "ThrottlingBurstLimit": ref("ReadBurstLimit")}
    body, settings = properties(template, "Api")["Body"], properties(template, "Apiv1Stage")["MethodSettings"][1:]
    paths = [path for path, methods in body["paths"].items() if "get" in methods]
    wanted = [
        given("LimitReads", {"HttpMethod": "GET", "ResourcePath": "/" + path.replace("/", "~1"), **limits}) for path in paths
    ]
    if len(settings) != len(wanted) or any(each not in settings for each in wanted):
        yield f"reads are limited by {settings}"
    throttled = body["x-amazon-apigateway-gateway-responses"]["THROTTLED"]
    if throttled["statusCode"] != "429" or "Retry-After" not in str(throttled.get("responseParameters")):
        yield "whoever is refused is not told when to come again"


# <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html>
LOGGED = {
    *("requestId", "extendedRequestId", "identity.sourceIp", "identity.caller", "identity.userArn", "requestTime"),
    *("httpMethod", "path", "status", "error.responseType", "authorize.error", "integration.error", "integration.status"),
    *("wafResponseCode", "responseLatency", "integrationLatency", "xrayTraceId"),
}


@breaks(
    ("Apiv1Stage.Properties.AccessLogSetting.Format", '{"status":"$context.status"}'),
    ("Apiv1Stage.Properties.AccessLogSetting.Format", "$context.status"),
)
def the_access_log_says_who_called_and_why_a_call_failed(template):
    try:
        logged = json.loads(properties(template, "Apiv1Stage")["AccessLogSetting"]["Format"])
    except ValueError:
        logged = {}
    if differ := {each.removeprefix("$context.") for each in logged.values()} ^ LOGGED:
        yield f"the access log differs in {sorted(differ)}"


# An account that never had an API takes no role, and a stage with a log is refused while the account has none.
@breaks(
    ("ApiGatewayAccount.DependsOn",),
    ("Apiv1Stage.Properties.Variables",),
    ("Apiv1Stage.Properties.Variables.accessLogRole", "external"),
    ("Parameters.ManageApiGatewayAccount.Default", "true"),
)
def the_account_s_role_stands_between_the_api_and_its_stage_and_is_somebody_else_s_by_default(template):
    if template["Resources"]["ApiGatewayAccount"].get("DependsOn") != "Api":
        yield "ApiGatewayAccount does not wait for Api"
    role = {"Fn::If": ["SetApiGatewayAccount", ref("ApiGatewayAccount"), "external"]}
    if role not in properties(template, "Apiv1Stage").get("Variables", {}).values():
        yield "Apiv1Stage does not wait for ApiGatewayAccount"
    if template["Parameters"]["ManageApiGatewayAccount"]["Default"] != "false":
        yield "the stack takes the account's role over by default"


@breaks(
    ("AcceptOrder.DependsOn",),
    ("AcceptOrder.DependsOn", ["ReadOrders", "FulfillStandard"]),
    ("LaterQueuePolicy", {"Type": "AWS::SQS::QueuePolicy", "Properties": {}}),
    (
        "LaterSubscription",
        {"Type": "AWS::SNS::Subscription", "Properties": properties(TEMPLATE, "HotSubscription")},
    ),
)
def nothing_is_accepted_before_the_rest_is_ready(template):
    verify = {name for name, function in functions(template).items() if "ORDER_ID_SECRETS" in variables(function)}
    needed = {"OrdersTopicPolicy", *subscriptions(template), *of_type(template, "AWS::SQS::QueuePolicy")}
    waits = set(as_list(template["Resources"]["AcceptOrder"].get("DependsOn", [])))
    if missing := (verify | needed) - waits - {"AcceptOrder"}:
        yield f"AcceptOrder does not wait for {sorted(missing)}"

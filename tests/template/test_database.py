"""The rules of database.yaml, each seen to hold and seen to fail, and what template.yaml asks of it."""

import json
import re
import unittest

from access import CONSUMER, EVERY_FUNCTION, MAY, statements
from conditions import nothing_needs_what_a_condition_may_leave_out
from database import INTERFACES
from rules import TEMPLATE, arn, as_list, breaks, broken, either, functions, given, of_type, properties, ref, variables
from translation import source

DATABASE = source("database.yaml")
RULES = {}  # as in rules.py, of this template
PORT = {"Fn::FindInMap": ["Engines", ref("Engine"), "Port"]}
INSTANCES = "AWS::RDS::DBInstance"
GROUPS = "AWS::EC2::SecurityGroup"
ENDPOINTS = "AWS::EC2::VPCEndpoint"


def found(*breaches):
    return breaks(*breaches, rules=RULES)


def group(name):
    return {"Fn::GetAtt": [name, "GroupId"]}


# ---------------------------------------------------------------- the database


@found(
    ("Writer.Properties.PubliclyAccessible",),
    ("Reader.Properties.PubliclyAccessible", True),
    ("Writer.Properties.DBClusterIdentifier", "other"),
    ("Cluster.Properties.VpcSecurityGroupIds", [ref("AWS::NoValue")]),
    ("Cluster.Properties.EnableHttpEndpoint", True),
)
def the_database_is_never_public(template):
    cluster = properties(template, "Cluster")
    for name, instance in of_type(template, INSTANCES).items():
        if instance.get("PubliclyAccessible") is not False:
            yield f"{name} may be public"
        if instance["DBClusterIdentifier"] != ref("Cluster"):
            yield f"{name} is in another cluster"
    if cluster["VpcSecurityGroupIds"] != [group("DatabaseGroup")]:
        yield "Cluster has another group"
    # The Data API needs no VPC.
    if cluster.get("EnableHttpEndpoint"):
        yield "Cluster answers on AWS's public endpoint"


@found(
    ("Cluster.Properties.StorageEncrypted", False),
    ("Cluster.Properties.KmsKeyId",),
    ("ClusterParameters.Properties.Parameters.Fn::If.1", {"log_error_verbosity": "terse", "rds.force_ssl": "0"}),
    ("ClusterParameters.Properties.Parameters.Fn::If.2.require_secure_transport", "OFF"),
    ("Cluster.Properties.DBClusterParameterGroupName", "default.aurora-postgresql17"),
)
def the_database_is_encrypted_and_so_is_the_way_to_it(template):
    cluster = properties(template, "Cluster")
    if cluster.get("StorageEncrypted") is not True or cluster.get("KmsKeyId") != given("HasKey", ref("KmsKeyArn")):
        yield "Cluster is not encrypted by the given key"
    _, postgres, mysql = parameters(template)
    if (postgres.get("rds.force_ssl"), mysql.get("require_secure_transport")) != ("1", "ON"):
        yield "clear text is let in"
    if cluster["DBClusterParameterGroupName"] != ref("ClusterParameters"):
        yield "Cluster has other parameters"


def parameters(template):
    return properties(template, "ClusterParameters")["Parameters"]["Fn::If"]


# A message or a statement may hold an address.
@found(
    ("ClusterParameters.Properties.Parameters.Fn::If.1.log_error_verbosity",),
    ("Cluster.Properties.EnableCloudwatchLogsExports", ["general", "error"]),
    ("Cluster.Properties.EnableCloudwatchLogsExports.0", "slowquery"),
    ("Mappings.Engines.mysql.Log", "slowquery"),
    ("Writer.Properties.EnablePerformanceInsights", True),
    ("Cluster.Properties.PerformanceInsightsEnabled", True),
    ("Logs.Properties.RetentionInDays",),
    ("LoginLogs",),
    ("Cluster.DependsOn", "Logs"),
)
def no_order_is_in_a_log_and_no_log_stays_for_ever(template):
    if parameters(template)[1].get("log_error_verbosity") != "terse":
        yield "PostgreSQL's messages quote rows"
    exported = {"Fn::FindInMap": ["Engines", ref("Engine"), "Log"]}
    if properties(template, "Cluster")["EnableCloudwatchLogsExports"] != [exported, "iam-db-auth-error"]:
        yield "other logs are exported"
    logs = {name: each["Log"] for name, each in template["Mappings"]["Engines"].items()}
    if logs != {"postgres": "postgresql", "mysql": "error"}:
        yield "statements are exported"
    for name in ("Cluster", *of_type(template, INSTANCES)):
        if "PerformanceInsights" in json.dumps(properties(template, name)):
            yield f"{name} keeps statements"
    groups = of_type(template, "AWS::Logs::LogGroup")
    names = [
        {"Fn::Sub": ["/aws/rds/cluster/${AWS::StackName}/${Log}", {"Log": exported}]},
        {"Fn::Sub": "/aws/rds/cluster/${AWS::StackName}/iam-db-auth-error"},
    ]
    kept = all(each.get("RetentionInDays") == ref("LogRetentionDays") for each in groups.values())
    if [each["LogGroupName"] for each in groups.values()] != names or not kept:
        yield "a log has no group that ends"
    # RDS makes a group that is not there, and then the stack cannot.
    if set(as_list(template["Resources"]["Cluster"].get("DependsOn", []))) != groups.keys():
        yield "Cluster does not wait for the groups of its logs"


@found(
    ("Cluster.Properties.ManageMasterUserPassword",),
    ("Cluster.Properties.MasterUserPassword", "secret"),
    ("Cluster.Properties.EnableIAMDatabaseAuthentication", False),
    ("Cluster.Properties.MasterUsername", given("HasSnapshot", "owner")),
    ("Outputs.DatabaseOwner.Value", "sluice"),
    ("Outputs.DatabaseUrl.Value.Fn::Sub.0", "${Engine}://sluice:word@${Cluster.Endpoint.Address}:${Port}/sluice"),
)
def the_owner_s_password_is_rds_s_and_the_functions_have_none(template):
    cluster = properties(template, "Cluster")
    if cluster.get("ManageMasterUserPassword") is not True or "MasterUserPassword" in cluster:
        yield "somebody else than RDS chooses the owner's password"
    if cluster.get("EnableIAMDatabaseAuthentication") is not True:
        yield "the functions cannot log in"
    owner = template["Outputs"]["DatabaseOwner"]["Value"]
    if cluster["MasterUsername"] != either("HasSnapshot", ref("AWS::NoValue"), owner) or owner == "sluice":
        yield "the owner is not who the output says, or is the functions' user"
    url = template["Outputs"]["DatabaseUrl"]["Value"]["Fn::Sub"]
    if url != ["${Engine}://sluice@${Cluster.Endpoint.Address}:${Port}/sluice", {"Port": PORT}]:
        yield "DatabaseUrl is not the functions' user at the cluster"


@found(
    ("Cluster.DeletionPolicy",),
    ("Cluster.DeletionPolicy", "Delete"),
    ("Cluster.UpdateReplacePolicy",),
    ("Cluster.Properties.DBClusterIdentifier",),
    ("Cluster.Properties.DeletionProtection", False),
    ("Parameters.DeletionProtection.Default", "false"),
    ("Conditions.Protect", {"Fn::Equals": [ref("DeletionProtection"), "false"]}),
    ("Cluster.Properties.DeleteAutomatedBackups",),
    ("Cluster.Properties.BackupRetentionPeriod", 1),
    ("Parameters.BackupRetentionDays.MinValue", 1),
    ("Cluster.Properties.CopyTagsToSnapshot",),
    ("Writer.Properties.AutoMinorVersionUpgrade",),
)
def nothing_that_a_deploy_does_loses_an_order(template):
    cluster = template["Resources"]["Cluster"]
    if (cluster.get("DeletionPolicy"), cluster.get("UpdateReplacePolicy")) != ("Snapshot", "Snapshot"):
        yield "Cluster goes without a snapshot"
    cluster = cluster["Properties"]
    if cluster.get("DBClusterIdentifier") != ref("AWS::StackName"):
        yield "Cluster can be replaced by an empty one"
    if cluster.get("DeletionProtection") != either("Protect", True, False):
        yield "Cluster is not protected by the parameter"
    if template["Conditions"]["Protect"] != {"Fn::Equals": [ref("DeletionProtection"), "true"]}:
        yield "Protect is not what DeletionProtection says"
    if template["Parameters"]["DeletionProtection"]["Default"] != "true":
        yield "Cluster is not protected by default"
    if cluster.get("DeleteAutomatedBackups") is not False or cluster.get("CopyTagsToSnapshot") is not True:
        yield "backups go with the cluster, or lose its tags"
    days = template["Parameters"]["BackupRetentionDays"]
    if cluster.get("BackupRetentionPeriod") != ref("BackupRetentionDays") or min(days["Default"], days["MinValue"]) < 7:
        yield "there may be no backup of a week ago"
    for name, instance in of_type(template, INSTANCES).items():
        if instance.get("AutoMinorVersionUpgrade") is not False:
            yield f"{name} may be upgraded in a sale"


@found(
    ("Reader.Properties.PromotionTier", 2),
    ("Reader.DependsOn",),
    ("Parameters.Instances.Default", 1),
    ("Writer.Properties.DBInstanceClass", "db.t4g.medium"),
    ("Cluster.Properties.ServerlessV2ScalingConfiguration.MaxCapacity", 128),
)
def a_reader_can_take_over_in_the_middle_of_a_sale(template):
    if template["Parameters"]["Instances"]["Default"] != 2 or template["Resources"]["Reader"].get("DependsOn") != "Writer":
        yield "there is no reader, or it may become the writer"
    for name, instance in of_type(template, INSTANCES).items():
        if (instance["DBInstanceClass"], instance["PromotionTier"]) != ("db.serverless", 1):
            yield f"{name} may be smaller than the writer"
    capacity = {each: ref(each) for each in ("MinCapacity", "MaxCapacity")}
    if properties(template, "Cluster")["ServerlessV2ScalingConfiguration"] != capacity:
        yield "Cluster does not go by the parameters"


@found(
    ("ClusterParameters.Properties.Parameters.Fn::If.2.sql_mode",),
    ("ClusterParameters.Properties.Parameters.Fn::If.2.sql_mode", "NO_ENGINE_SUBSTITUTION"),
    ("Mappings.Engines.postgres.Version", "16.8"),
    ("Mappings.Engines.mysql.Family", "aurora-mysql8.4"),
    ("Mappings.Engines.mysql.Port", 5432),
    ("Cluster.Properties.Port",),
    ("Parameters.EngineVersion.AllowedPattern", "^.*$"),
)
def each_engine_has_its_version_port_and_parameters(template):
    if "STRICT_TRANS_TABLES" not in parameters(template)[2].get("sql_mode", ""):
        yield "MySQL cuts a text that is too long"
    if properties(template, "Cluster").get("Port") != PORT:
        yield "Cluster has CloudFormation's port"
    wanted = {
        "postgres": (5432, "aurora-postgresql17", r"17\.\d+"),
        "mysql": (3306, "aurora-mysql8.0", r"8\.0\.mysql_aurora\.3\.\d+\.\d+"),
    }
    pattern = template["Parameters"]["EngineVersion"]["AllowedPattern"]
    for engine, (port, family, version) in wanted.items():
        has = template["Mappings"]["Engines"][engine]
        if (has["Port"], has["Family"]) != (port, family) or not re.fullmatch(version, has["Version"]):
            yield f"{engine} is not {family} at {port}"
        if not re.fullmatch(pattern, has["Version"]):
            yield f"EngineVersion does not allow {engine}'s"
    for other in ("16.8", "18.1", "17", "5.7.mysql_aurora.2.12.6", "8.4.8"):
        if re.fullmatch(pattern, other):
            yield f"EngineVersion allows {other}, which has other parameters"


# ---------------------------------------------------------------- who may reach whom


def from_functions(port):
    ports = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
    return {"Description": "Functions of Sluice", **ports, "SourceSecurityGroupId": group("FunctionsGroup")}


FROM_ANYWHERE = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIp": "0.0.0.0/0"}


@found(
    ("DatabaseGroup.Properties.SecurityGroupIngress.0", FROM_ANYWHERE),
    ("DatabaseGroup.Properties.SecurityGroupIngress.0.ToPort", 65535),
    ("DatabaseGroup.Properties.SecurityGroupIngress.0.SourceSecurityGroupId", group("DatabaseGroup")),
    ("DatabaseGroup.Properties.SecurityGroupEgress",),
    ("EndpointsGroup.Properties.SecurityGroupIngress.0.SourceSecurityGroupId",),
    ("FunctionsGroup.Properties.SecurityGroupIngress", [from_functions(443)]),
    ("Other", {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": FROM_ANYWHERE}),
    ("Other", {"Type": GROUPS, "Properties": {"SecurityGroupIngress": [FROM_ANYWHERE]}}),
)
def only_the_functions_are_let_in(template):
    wanted = {"DatabaseGroup": [from_functions(PORT)], "EndpointsGroup": [from_functions(443)], "FunctionsGroup": []}
    nowhere = [{"Description": "Nowhere", "IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}]
    for name, each in of_type(template, GROUPS).items():
        if each.get("SecurityGroupIngress", []) != wanted.get(name):
            yield f"{name} lets others in"
        if name != "FunctionsGroup" and each.get("SecurityGroupEgress") != nowhere:
            yield f"{name} lets something out"
    if of_type(template, "AWS::EC2::SecurityGroupIngress"):
        yield "a group lets more in than it says"


@found(
    ("FunctionsGroup.Properties.SecurityGroupEgress",),
    ("FunctionsGroup.Properties.SecurityGroupEgress.0.FromPort", 0),
    ("FunctionsToDatabase.Properties.DestinationSecurityGroupId",),
    ("FunctionsToDatabase",),
)
def functions_reach_the_database_and_https_alone(template):
    anywhere = [{"Description": "AWS", "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0"}]
    if properties(template, "FunctionsGroup").get("SecurityGroupEgress") != anywhere:
        yield "FunctionsGroup lets something else out than HTTPS"
    wanted = {
        "Description": "Database of Sluice",
        "GroupId": group("FunctionsGroup"),
        "IpProtocol": "tcp",
        "FromPort": PORT,
        "ToPort": PORT,
        "DestinationSecurityGroupId": group("DatabaseGroup"),
    }
    if list(of_type(template, "AWS::EC2::SecurityGroupEgress").values()) != [wanted]:
        yield "FunctionsToDatabase does not lead to the database alone"


# ---------------------------------------------------------------- endpoints

# Functions that run in the VPC when orders are in a database: those that know its address.
IN_THE_VPC = {name for name, each in functions(TEMPLATE).items() if "DATABASE_URL" in variables(each)}
# An action's service -> the endpoint's.
SERVICES = {"s3": "s3", "secretsmanager": "secretsmanager", "sqs": "sqs", "xray": "xray"}
NETWORK = {f"ec2:{action}": "Lambda makes the functions' network interfaces" for action in INTERFACES}
# What a role allows and no function calls from the VPC.
NOT_CALLED = NETWORK | {
    "kms:Decrypt": "Secrets Manager uses the key, for the caller",
    "logs:CreateLogStream": "Lambda writes the logs",
    "logs:PutLogEvents": "Lambda writes the logs",
    "sqs:ReceiveMessage": "Lambda polls the queues",
    "sqs:DeleteMessage": "Lambda polls the queues",
    "sqs:GetQueueAttributes": "Lambda polls the queues",
    "dynamodb:GetItem": "orders are in the database",
    "dynamodb:PutItem": "orders are in the database",
    "dynamodb:Query": "orders are in the database",
    "rds-db:connect": "the database itself looks at the token, which a function makes alone",
    "xray:PutTelemetryRecords": "Lambda's daemon alone reports on itself",
}
# What the function calls that makes the schema, by an address that CloudFormation has signed: its bucket for the answer.
CUSTOM_RESOURCE = "s3:PutObject"


def called(template):
    """Endpoint -> the actions that are called by it from inside the VPC, by the policies of template.yaml."""
    roles = [properties(template, f"{name}Role") for name in IN_THE_VPC]
    policies = [*roles, {"Policies": [properties(template, "DatabaseAccess")]}]
    allowed = {action for each in policies for statement in statements(each) for action in as_list(statement["Action"])}
    by_service = {}
    for action in (allowed - NOT_CALLED.keys()) | {CUSTOM_RESOURCE}:
        name = action.split(":")[0]
        by_service.setdefault(SERVICES.get(name, name), set()).add(action)
    return by_service


def service(endpoint):
    return endpoint["ServiceName"]["Fn::Sub"].removeprefix("com.amazonaws.${AWS::Region}.")


@found(
    ("SecretsEndpoint",),
    ("QueuesEndpoint",),
    ("S3Endpoint",),
    ("XrayEndpoint",),
    ("XrayEndpoint.Condition", "MakesEndpoints"),
    ("QueuesEndpoint.Condition", "MakesXrayEndpoint"),
    ("QueuesEndpoint.Properties.ServiceName", {"Fn::Sub": "com.amazonaws.${AWS::Region}.sns"}),
    ("QueuesEndpoint.Properties.PolicyDocument.Statement.0.Action", "sqs:SendMessage"),
    ("QueuesEndpoint.Properties.PolicyDocument.Statement.0.Action", "sqs:*"),
    ("SecretsEndpoint.Properties.PolicyDocument",),
    ("S3Endpoint.Properties.PolicyDocument.Statement.0.Action", "s3:GetObject"),
    ("Conditions.MakesXrayEndpoint", {"Condition": "MakesEndpoints"}),
)
def each_service_that_a_function_calls_has_an_endpoint_that_lets_just_that_through(template, functions_of=TEMPLATE):
    wanted, has = called(functions_of), {}
    for name, endpoint in of_type(template, ENDPOINTS).items():
        allowed = [each for each in endpoint.get("PolicyDocument", {}).get("Statement", []) if each["Effect"] == "Allow"]
        has[service(endpoint)] = {action for each in allowed for action in as_list(each["Action"])}
        # Traces go by Lambda's daemon, unless TraceExport says otherwise.
        condition = "MakesXrayEndpoint" if service(endpoint) == "xray" else "MakesEndpoints"
        if template["Resources"][name].get("Condition") != condition:
            yield f"{name} is not under {condition}"
    if has != wanted:
        yield f"endpoints let {has} through, and functions call {wanted}"
    api = {"Fn::And": [{"Condition": "MakesEndpoints"}, {"Fn::Equals": [ref("TraceExport"), "api"]}]}
    if template["Conditions"]["MakesXrayEndpoint"] != api:
        yield "MakesXrayEndpoint is not TraceExport=api"


HERE = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
ANSWERS = {
    "Fn::Sub": [
        "arn:${AWS::Partition}:s3:::cloudformation-custom-resource-response-${Region}/*",
        {"Region": {"Fn::Join": ["", {"Fn::Split": ["-", ref("AWS::Region")]}]}},
    ]
}
RESOURCES = {
    "secretsmanager": {"Fn::Sub": HERE % ("secretsmanager", "secret:*")},
    "sqs": {"Fn::Sub": HERE % ("sqs", "*")},
    "xray": "*",
    "s3": ANSWERS,
}


@found(
    ("SecretsEndpoint.Properties.PrivateDnsEnabled",),
    ("QueuesEndpoint.Properties.SecurityGroupIds", [group("FunctionsGroup")]),
    ("QueuesEndpoint.Properties.SubnetIds", ["subnet-1"]),
    ("QueuesEndpoint.Properties.PolicyDocument.Statement.0.Condition",),
    ("SecretsEndpoint.Properties.PolicyDocument.Statement.0.Resource", "*"),
    ("S3Endpoint.Properties.PolicyDocument.Statement.0.Resource", "*"),
    # CloudFormation signed, and that is another account.
    ("S3Endpoint.Properties.PolicyDocument.Statement.0.Condition", {"StringEquals": {"aws:PrincipalAccount": ref("AWS::AccountId")}}),
    ("S3Endpoint.Properties.RouteTableIds",),
    ("Rules.EndpointsNeedRouteTables",),
)
def endpoints_answer_to_the_functions_and_for_this_account(template):
    own = {"StringEquals": {"aws:PrincipalAccount": ref("AWS::AccountId")}}
    network = {"PrivateDnsEnabled": True, "SubnetIds": ref("SubnetIds"), "SecurityGroupIds": [group("EndpointsGroup")]}
    for name, endpoint in of_type(template, ENDPOINTS).items():
        gateway = service(endpoint) == "s3"
        kind = {"VpcEndpointType": "Gateway", "RouteTableIds": ref("RouteTableIds")} if gateway else {"VpcEndpointType": "Interface", **network}
        if any(endpoint.get(key) != value for key, value in {"VpcId": ref("VpcId"), **kind}.items()):
            yield f"{name} is not where the functions look"
        for statement in endpoint["PolicyDocument"]["Statement"]:
            if (statement["Resource"], statement.get("Condition")) != (RESOURCES[service(endpoint)], None if gateway else own):
                yield f"{name} lets more or less through than this account's"
    if "EndpointsNeedRouteTables" not in template["Rules"]:
        yield "Endpoints=true goes without a route to S3"


# ---------------------------------------------------------------- parameters and outputs


@found(
    ("Parameters.MaxCapacity.MaxValue",),
    ("Parameters.KmsKeyArn.AllowedPattern",),
    ("Parameters.SubnetIds.Description",),
    ("Parameters.VpcId.Type", "String"),
    ("Parameters.Endpoints.AllowedValues", ["true", "false", "yes"]),
)
def bad_parameters_fail_at_deploy(template):
    for name, parameter in template["Parameters"].items():
        bounded = {"AllowedValues", "AllowedPattern"} & parameter.keys() or {"MinValue", "MaxValue"} <= parameter.keys()
        if not bounded and "AWS::EC2::" not in parameter["Type"]:
            yield f"{name} takes any value"
        if not parameter.get("Description"):
            yield f"{name} has no description"
        if parameter.get("Default") in ("true", "false") and parameter.get("AllowedValues") != ["true", "false"]:
            yield f"{name} takes something else than true and false"


@found(
    ("Outputs.VpcSubnetIds.Value", ref("SubnetIds")),
    ("Outputs.VpcSecurityGroupIds.Value", group("DatabaseGroup")),
    ("Outputs.DatabaseResourceId.Value", ref("Cluster")),
    ("Outputs.DatabaseOwnerSecretArn",),
)
def the_outputs_are_what_template_yaml_takes(template):
    values = {name: each["Value"] for name, each in template["Outputs"].items()}
    wanted = {
        "DatabaseUrl": values["DatabaseUrl"],  # a rule above
        "DatabaseOwner": values["DatabaseOwner"],
        "DatabaseOwnerSecretArn": {"Fn::GetAtt": ["Cluster", "MasterUserSecret.SecretArn"]},
        "DatabaseResourceId": {"Fn::GetAtt": ["Cluster", "DBClusterResourceId"]},
        "VpcSubnetIds": {"Fn::Join": [",", ref("SubnetIds")]},
        "VpcSecurityGroupIds": group("FunctionsGroup"),
    }
    if values != wanted:
        yield f"the outputs are not {wanted}"


found(
    ("S3Endpoint.DependsOn", "Reader"),
    ("Outputs.VpcSecurityGroupIds.Value", group("EndpointsGroup")),
    ("QueuesEndpoint.Condition",),
    ("Conditions.MakesXrayEndpoint", {"Fn::Equals": [ref("TraceExport"), "api"]}),
)(nothing_needs_what_a_condition_may_leave_out)


class Database(unittest.TestCase):
    def test_the_template_holds_every_rule(self):
        for rule in RULES:
            with self.subTest(rule.__name__):
                self.assertEqual(list(rule(DATABASE)), [])

    def test_every_rule_catches_its_breaches(self):
        for rule, breaches in RULES.items():
            self.assertTrue(breaches, f"{rule.__name__} cannot be seen to fail")
            for breach in breaches:
                with self.subTest(rule.__name__, breach=breach):
                    self.assertTrue(list(rule(broken(*breach, of=DATABASE))), "passed")

    def test_what_runs_in_the_vpc_is_known(self):
        self.assertEqual(IN_THE_VPC, {"FulfillStandard", "FulfillHot", "ReadOrders", "DatabaseAdmin"})

    def test_a_call_that_is_new_needs_an_endpoint_or_a_reason_why_not(self):
        rule = each_service_that_a_function_calls_has_an_endpoint_that_lets_just_that_through
        for role, statement in (("FulfillHotRole", 1), ("ReadOrdersRole", 2)):
            for action in ("sqs:DeleteMessageBatch", "kms:Encrypt", "sns:Publish"):
                breach = (f"{role}.Properties.Policies.0.PolicyDocument.Statement.{statement}.Action", action)
                with self.subTest(breach=breach):
                    self.assertTrue(list(rule(DATABASE, broken(*breach))), "passed")

    def test_no_reason_why_not_is_left_over(self):
        may = CONSUMER | MAY["ReadOrders"] | EVERY_FUNCTION
        self.assertLessEqual(NOT_CALLED.keys() - NETWORK.keys(), may | MAY["DatabaseAdmin"])

    def test_parameters_of_both_templates_are_the_same(self):
        ours = DATABASE["Parameters"]
        theirs = source()["Parameters"]
        for name in ("TraceExport", "LogRetentionDays"):
            for each in ("AllowedValues", "Default"):
                self.assertEqual(ours[name][each], theirs[name][each], name)


if __name__ == "__main__":
    unittest.main()

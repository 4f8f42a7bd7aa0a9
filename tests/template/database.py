"""A relational database in place of the table: who reaches it, how, and when its schema is made."""

from rules import ROOT, arn, as_list, breaks, functions, given, properties, ref, variables

REACH = ("ReadOrders", "FulfillStandard", "FulfillHot")
STORES = ("mysql", "postgres")
# With another one of these the schema is made, or its user let in.
ANOTHER = ("Store", "DatabaseUrl", "DatabaseSecretArn", "DatabaseResourceId", "DatabaseOwner")
# What Lambda does with a function's role, to put it into a VPC.
# <https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions>
INTERFACES = {
    *("AssignPrivateIpAddresses", "CreateNetworkInterface", "DeleteNetworkInterface"),
    *("DescribeNetworkInterfaces", "DescribeSubnets", "UnassignPrivateIpAddresses"),
}


def is_given(parameter):
    return {"Fn::Not": [{"Fn::Equals": [ref(parameter), ""]}]}


def is_set(parameter):
    return {"Fn::Not": [{"Fn::Equals": [ref(parameter), 0]}]}


@breaks(
    ("Parameters.Store.Default", "postgres"),
    ("Rules.DatabaseIsReached.RuleCondition", {"Fn::Equals": [ref("Store"), "postgres"]}),
    ("Rules.DatabaseHasAnAddress.Assertions", [{"Assert": {"Fn::Equals": ["a", "a"]}}]),
    ("Rules.DatabaseIsReached.Assertions.2.Assert", is_given("VpcSecurityGroupIds")),
    ("Rules.DatabaseIsReached.Assertions.4.Assert", is_given("VpcSubnetIds")),
)
def a_database_is_a_choice_and_says_what_it_needs(template):
    if template["Parameters"]["Store"]["Default"] != "dynamodb":
        yield "another store is the default"
    address, reached = (template["Rules"][name]["Assertions"] for name in ("DatabaseHasAnAddress", "DatabaseIsReached"))
    needed = [
        {"Fn::Or": [is_given("DatabaseSecretArn"), is_given("DatabaseResourceId")]},
        {"Fn::Or": [is_given("DatabaseOwnerSecretArn"), is_given("DatabaseResourceId")]},
        is_given("VpcSubnetIds"),
        is_given("VpcSecurityGroupIds"),
        is_set("ReadReservedConcurrency"),
        {"Fn::And": [is_set("ReadRateLimit"), is_set("ReadBurstLimit")]},
    ]
    used = {"Fn::Not": [{"Fn::Equals": [ref("Store"), "dynamodb"]}]}
    on_aws = {"Fn::And": [used, {"Fn::Equals": [ref("LocalEndpoint"), ""]}]}
    conditions = [template["Rules"][name]["RuleCondition"] for name in ("DatabaseHasAnAddress", "DatabaseIsReached")]
    if conditions != [used, on_aws]:
        yield "the rules do not hold for each database"
    if [each["Assert"] for each in address] != [is_given("DatabaseUrl")]:
        yield "a database needs no address"
    if [each["Assert"] for each in reached] != needed:
        yield "a database on AWS is taken without what it needs"


@breaks(
    ("ReadOrders.Properties.Environment.Variables.STORE",),
    ("FulfillHot.Properties.Environment.Variables.DATABASE_URL", ref("DatabaseUrl")),
    ("FulfillStandard.Properties.Environment.Variables.DATABASE_SCHEMA",),
    ("FulfillHot.Properties.Environment.Variables.STORE_CHANGE",),
    ("ReadOrders.Properties.VpcConfig",),
    ("AcceptOrder.Properties.VpcConfig", {"Fn::If": []}),
    ("ReadOrders.Properties.Environment.Variables.DATABASE_OWNER_SECRET", ref("DatabaseOwnerSecretArn")),
)
def only_those_that_store_and_read_reach_it_and_after_it_may_be_used(template):
    expected = {
        "STORE": ref("Store"),
        "STORE_CHANGE": ref("StoreChange"),
        "DATABASE_URL": given("UsesDatabase", ref("DatabaseUrl")),
        "DATABASE_SECRET": given("HasDatabaseSecret", ref("DatabaseSecretArn")),
        "DATABASE_SCHEMA": given("UsesDatabase", ref("DatabaseSchema")),
    }
    for name, function in functions(template).items():
        has, is_in_vpc = variables(function), "VpcConfig" in function
        told = {key: value for key, value in has.items() if key.startswith(("DATABASE_", "STORE"))}
        if name == "DatabaseAdmin":
            continue
        if told != (expected if name in REACH else {}):
            yield f"{name} is told {told} of the database"
        if is_in_vpc != (name in REACH):
            yield f"{name} is in the VPC, or is not and should"


@breaks(
    ("DatabaseSchema.Condition",),
    ("DatabaseSchema.Properties.Versions", "postgres 0"),
    ("DatabaseSchema.Properties.ServiceToken", arn("FulfillHot")),
    *((f"DatabaseSchema.Properties.{name}",) for name in ANOTHER),
    ("DatabaseAdmin.Properties.VpcConfig",),
)
def the_schema_is_made_by_its_owner_whenever_there_is_another(template):
    schema = template["Resources"]["DatabaseSchema"]
    if schema.get("Condition") != "UsesDatabase" or schema["Properties"]["ServiceToken"] != arn("DatabaseAdmin"):
        yield "the schema is not made with each database, by its owner"
    if properties(template, "DatabaseAdmin").get("VpcConfig") != properties(template, "ReadOrders")["VpcConfig"]:
        yield "DatabaseAdmin is not where the functions are"
    for name in ANOTHER:
        if schema["Properties"].get(name) != ref(name):
            yield f"another {name} makes no schema"
    last = {store: max((ROOT / f"shared/store-{store}/migrations").glob("[0-9]*.sql")).name for store in STORES}
    versions = ", ".join(f"{store} {int(name.split('_')[0])}" for store, name in last.items())
    if schema["Properties"]["Versions"] != versions:
        yield f"the last migrations are {versions}"


# What a lane stores between the last copy and the deploy would stay behind.
@breaks(
    ("StoreChange.Properties.Store",),
    ("StoreChange.Properties.OrdersTable", ref("OrdersTable")),
    ("StoreChange.Properties.HotQueue", arn("StandardQueue")),
    ("StoreChange.Properties.ServiceToken", arn("SmokeOrder")),
    ("StoreGuard.Properties.Environment.Variables.JOB",),
)
def orders_move_only_while_no_lane_runs(template):
    change = template["Resources"]["StoreChange"]
    table = properties(template, "ReadOrders")["Environment"]["Variables"]["ORDERS_TABLE"]
    wanted = {
        "ServiceToken": arn("StoreGuard"),
        "ServiceTimeout": 90,
        "Store": ref("Store"),
        "OrdersTable": table,
        "StandardQueue": arn("StandardQueue"),
        "HotQueue": arn("HotQueue"),
        "StandardEnabled": ref("StandardEnabled"),
        "HotEnabled": ref("HotEnabled"),
    }
    if change["Properties"] != wanted or "Condition" in change:
        yield f"the place of the orders is {change}"
    if variables(properties(template, "StoreGuard")).get("JOB") != "guard":
        yield "nobody looks at the lanes"


@breaks(
    ("DatabaseAccess.Properties.PolicyDocument.Statement.0.Fn::If.1.Resource", "*"),
    ("DatabaseAccess.Properties.PolicyDocument.Statement.1.Fn::If.1.Resource", "arn:aws:rds-db:*:*:dbuser:*/*"),
    ("DatabaseAccess.Properties.PolicyDocument.Statement.2.Fn::If.1.Condition.StringEquals.kms:EncryptionContext:SecretARN", "*"),
    ("DatabaseAccess.Properties.PolicyDocument.Statement.2.Fn::If.1.Condition.StringEquals.kms:ViaService",),
    ("DatabaseAccess.Properties.PolicyDocument.Statement.2.Fn::If.1.Action", "kms:*"),
    ("DatabaseAdminRole.Properties.Policies.0.PolicyDocument.Statement.0.Fn::If.1.Resource", "*"),
    ("DatabaseAdminRole.Properties.Policies.0.PolicyDocument.Statement.1.Fn::If.1.Condition",),
    ("DatabaseAdminRole.Properties.Policies.0.PolicyDocument.Statement.2.Fn::If.1.Resource", "*"),
    ("DatabaseAccess.Properties.PolicyDocument.Statement.3.Action", "ec2:*"),
)
def functions_log_in_as_their_own_user_alone(template):
    secret, token, key, network = properties(template, "DatabaseAccess")["PolicyDocument"]["Statement"]
    secret, token, key = secret["Fn::If"][1], token["Fn::If"][1], key["Fn::If"][1]
    if [secret, key] != reads("DatabaseSecretArn"):
        yield "functions may read another secret, or use its key for more"
    of_owner = properties(template, "DatabaseAdminRole")["Policies"][0]["PolicyDocument"]["Statement"]
    if [each["Fn::If"][1] for each in of_owner[:2]] != reads("DatabaseOwnerSecretArn"):
        yield "DatabaseAdmin may read another secret, or use its key for more"
    if not str(of_owner[2]["Fn::If"][1]["Resource"]).endswith(":dbuser:${DatabaseResourceId}/${DatabaseOwner}'}"):
        yield "DatabaseAdmin may log in as another user"
    named, values = token["Resource"]["Fn::Sub"] if isinstance(token["Resource"], dict) else ("", {})
    if token["Action"] != "rds-db:connect" or not named.endswith(":dbuser:${DatabaseResourceId}/${User}") or "User" not in values:
        yield "functions may log in as another user"
    if {action.removeprefix("ec2:") for action in as_list(network["Action"])} != INTERFACES:
        yield "functions may do more in the network than Lambda needs"


def reads(parameter):
    """What reads a secret, and uses its key for that alone."""
    via = {"Fn::Sub": "secretsmanager.${AWS::Region}.${AWS::URLSuffix}"}
    only = {"StringEquals": {"kms:ViaService": via, "kms:EncryptionContext:SecretARN": ref(parameter)}}
    return [
        {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": ref(parameter)},
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Condition": only},
    ]


def selects(value):
    """Each Fn::Select in a value."""
    if isinstance(value, list):
        for each in value:
            yield from selects(each)
    elif isinstance(value, dict):
        if "Fn::Select" in value:
            yield value["Fn::Select"]
        yield from selects(list(value.values()))


# AWS::LanguageExtensions works a Select out whatever condition it stands under, and fails where there is no such part.
# <https://github.com/aws-cloudformation/cfn-language-discussion/issues/159>
@breaks(
    (
        "DatabaseAccess.Properties.PolicyDocument.Statement.1.Fn::If.1.Resource.Fn::Sub.1.User",
        {"Fn::Select": [1, {"Fn::Split": ["@", ref("DatabaseUrl")]}]},
    ),
)
def no_part_is_selected_of_a_parameter_that_may_be_empty(template):
    empty = {name for name, each in template["Parameters"].items() if each.get("Default") == ""}
    for index, parts in selects(template["Resources"]):
        split = parts.get("Fn::Split") if isinstance(parts, dict) else None
        if split and isinstance(split[1], dict) and split[1].get("Ref") in empty and int(index) > 0:
            yield f"part {index} of {split[1]['Ref']} is selected, which may be empty"

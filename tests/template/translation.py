"""template.yaml as CloudFormation gets it: with the dashboard in it, the loops written out, and SAM's part translated.

cfn-lint's code writes the loops out, because it leaves parameters and conditions as they are, as the local AWS does.
AWS itself may put the parameters' values in their place; `with_values` does that with the SAM CLI's code.

    translation.py FILE [PARAMETER=DEFAULT…]   writes it as JSON into FILE, for linters
"""

import copy
import json
import logging
import os
import pathlib
import sys
from types import SimpleNamespace

from cfnlint.template import Template
from cfnlint.template.transforms._language_extensions import language_extension
from samcli.lib.cfn_language_extensions.api import create_default_intrinsic_resolver
from samcli.lib.cfn_language_extensions.models import PseudoParameterValues, ResolutionMode, TemplateProcessingContext
from samcli.lib.cfn_language_extensions.sam_integration import expand_language_extensions
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

ROOT = pathlib.Path(__file__).parent.parent.parent
# The translator asks for a region, and warns of what only its service has.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
logging.getLogger("samtranslator").setLevel(logging.ERROR)


def source(file="template.yaml"):
    """A template of the project, with what it includes in it."""
    path = ROOT / file

    def included(node):
        if isinstance(node, list):
            return [included(each) for each in node]
        if not isinstance(node, dict):
            return node
        if "Fn::Transform" in node:
            return source(path.parent / node["Fn::Transform"]["Parameters"]["Location"])
        return {key: included(value) for key, value in node.items()}

    return included(yaml_parse(path.read_text(encoding="utf-8")))


def without_loops(template):
    """The template as SAM gets it, with the loops written out."""
    template = copy.deepcopy(template)
    if "AWS::LanguageExtensions" in template["Transform"]:
        mistakes, template = language_extension(Template("template.yaml", template, ["us-east-1"]))
        assert not mistakes, mistakes
        del template["Mappings"]  # they are read now, and linters would call them unused
    return template


def translated(template):
    """A template that CloudFormation takes without transforms, in us-east-1."""
    return _by_sam(without_loops(template))


def with_values(template, parameters):
    """The same with all parameters replaced by their values, which are texts, as they are on AWS."""
    values = {name: str(parameter["Default"]) for name, parameter in template["Parameters"].items()} | parameters
    return _by_sam(expand_language_extensions(template, values, enabled=True).expanded_template)


def _by_sam(template):
    template["Transform"] = "AWS::Serverless-2016-10-31"
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"  # where `sam deploy` would put it
    # It names no managed policy, so there are none to look up.
    return transform(template, {}, SimpleNamespace(load=dict))


def named(value):
    """A property's value in a stack named `shop`, for names made of what a stack knows of itself."""
    stack = PseudoParameterValues(
        region="us-east-1",
        account_id="111122223333",
        stack_name="shop",
        stack_id="arn:aws:cloudformation:us-east-1:111122223333:stack/shop/0a1b2c3d-0000-0000-0000-000000000000",
    )
    context = TemplateProcessingContext(fragment={}, pseudo_parameters=stack, resolution_mode=ResolutionMode.PARTIAL)
    return create_default_intrinsic_resolver(context).resolve_value(value)


if __name__ == "__main__":
    file, *defaults = sys.argv[1:]
    given = source()
    for name, value in (each.split("=", 1) for each in defaults):
        given["Parameters"][name]["Default"] = value
    pathlib.Path(file).write_text(json.dumps(translated(given), indent=1), encoding="utf-8")

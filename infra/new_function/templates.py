"""The four parts of a new function, as text: `{name}`, `{path}`, `{Name}` and `{NAME}` are replaced."""

MODULE = '''"""`/{path}`: the caller's own {path}, in the table {Name}Table of infra/functions.yaml."""

import os
import uuid

import boto3
from boto3.dynamodb.conditions import Key
from chalice.app import BadRequestError, Blueprint

from chalicelib.api.claims import bearer, claims, requires
from chalicelib.api.http import current_request

blueprint = Blueprint(__name__)


def table():
    return boto3.resource("dynamodb").Table(os.environ["{NAME}_TABLE"])


@blueprint.route("/{path}", methods=["GET"], authorizer=bearer)
@requires()
def list_{name}():
    found = table().query(KeyConditionExpression=Key("user_id").eq(claims().subject))
    return {{"{name}": [{{"id": one["id"], "text": one["text"]}} for one in found["Items"]]}}


@blueprint.route("/{path}", methods=["POST"], authorizer=bearer)
@requires()
def create_{name}():
    body = current_request().json_body
    text = body.get("text") if isinstance(body, dict) else None
    if not isinstance(text, str):
        raise BadRequestError("text must be a string.")
    item = {{"user_id": claims().subject, "id": uuid.uuid4().hex, "text": text}}
    table().put_item(Item=item)
    return {{"id": item["id"], "text": text}}
'''

TEST = '''"""`/{path}`."""


def test_each_caller_has_their_own(signed_in):
    ada, ben = signed_in(), signed_in()
    created = ada.post("/{path}", {{"text": "hello"}})
    assert created.status == 200
    assert ada.get("/{path}").json == {{"{name}": [created.json]}}
    assert ben.get("/{path}").json == {{"{name}": []}}


def test_a_text_is_required(signed_in):
    assert signed_in().post("/{path}", {{}}).status == 400


def test_without_a_token_there_is_nothing(stranger):
    assert stranger.get("/{path}").status == 401
'''

VARIABLE = """        {NAME}_TABLE: !Ref {Name}Table
"""

TABLE = """  {Name}Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub gatehouse-${{Stage}}-{path}
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - {{AttributeName: user_id, AttributeType: S}}
        - {{AttributeName: id, AttributeType: S}}
      KeySchema:
        - {{AttributeName: user_id, KeyType: HASH}}
        - {{AttributeName: id, KeyType: RANGE}}
      PointInTimeRecoverySpecification: {{PointInTimeRecoveryEnabled: true}}
"""

ACTIONS = ("dynamodb:PutItem", "dynamodb:Query")
ARN = (
    "arn:${{AWS::Partition}}:dynamodb:${{AWS::Region}}:${{AWS::AccountId}}:table/gatehouse-${{Stage}}-{path}"
)

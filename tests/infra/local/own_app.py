"""A sample of own functions: routes, a table, a schedule and a queue, as a developer would write them."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from chalice.app import BadRequestError, Blueprint, Chalice, Response

from chalicelib.api import authorizer
from chalicelib.api.claims import bearer, claims, requires
from chalicelib.api.cors import cross_origin
from chalicelib.api.http import request_scope
from chalicelib.api.views import finalize_routes
from infra.local.stack.application import Application, Clock, gatehouse

FRAGMENT = """
Globals:
  Function:
    Environment:
      Variables:
        NOTES_TABLE: !Ref Notes
        JOBS_QUEUE: !Ref Jobs
        FILES_ARN: !GetAtt Files.Arn
        API_ID: !Ref RestAPI
        LIMIT: 5
        IS_LOCAL: !If [IsLocal, "yes", "no"]
        TOKEN_ARN: !Ref Token
Parameters:
  NewsName: {Type: String, Default: news}
Conditions:
  IsLocal: !Equals [!Ref Stage, local]
Resources:
  Notes:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub gatehouse-${Stage}-notes
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
  Indexed:
    Type: AWS::DynamoDB::Table
    Condition: IsLocal
    Properties:
      TableName: indexed
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: g, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      GlobalSecondaryIndexes:
        - {IndexName: g, KeySchema: [{AttributeName: g, KeyType: HASH}], Projection: {ProjectionType: ALL}}
      StreamSpecification: {StreamViewType: NEW_IMAGE}
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
      SSESpecification: {SSEEnabled: true, SSEType: KMS, KMSMasterKeyId: !Ref KmsKeyArn}
      Tags: [{Key: owner, Value: notes}]
  Jobs: {Type: AWS::SQS::Queue, DependsOn: Tick}
  Files:
    Type: AWS::S3::Bucket
    Properties:
      NotificationConfiguration:
        LambdaConfigurations: [{Event: "s3:ObjectCreated:*", Function: !GetAtt Tick.Arn}]
  News:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Ref NewsName
      Subscription: [{Protocol: lambda, Endpoint: nowhere}, {Protocol: sqs, Endpoint: !GetAtt Jobs.Arn}]
  Word: {Type: AWS::SSM::Parameter, Properties: {Type: String, Name: /own/word, Value: hello}}
  Token:
    Type: AWS::SecretsManager::Secret
    Properties: {Name: own/token, GenerateSecretString: {PasswordLength: 20}}
  Tick: {Properties: {Timeout: 120, Environment: {Variables: {NEWS_TOPIC: !Ref News}}}}
  Alarm: {Type: AWS::CloudWatch::Alarm, Properties: {AlarmName: own}}
"""


def own_app(wait: Callable[[], object] = lambda: None) -> Chalice:
    """Return an app with the service's authorizer and own routes; `wait` is called within `/echo`."""
    app = Chalice("own", configure_logs=False)
    app.register_middleware(cross_origin, "http")
    app.register_middleware(request_scope, "http")
    app.register_blueprint(authorizer.blueprint)
    blueprint = Blueprint(__name__)

    @blueprint.route("/echo", methods=["POST"])
    def echo() -> Any:
        wait()
        ours, theirs = app.current_request, blueprint.current_request
        assert ours is not None
        return {
            "app": ours.json_body,
            "blueprint": theirs.json_body,
            "context": ours.lambda_context is app.lambda_context,
        }

    @blueprint.route("/crash")
    def crash() -> None:
        raise ZeroDivisionError("hunter2")

    @blueprint.route("/nan")
    def nan() -> dict[str, float]:
        return {"mean": math.nan}

    @blueprint.route("/picture")
    def picture() -> Response:
        return Response(b"\x89PNG\xff", {"Content-Type": "image/png"})

    _add_notes(blueprint)
    app.register_blueprint(blueprint)
    finalize_routes.finalize(app)
    return app


def _add_notes(blueprint: Blueprint) -> None:
    @blueprint.route("/notes", methods=["POST"], authorizer=bearer)
    @requires("notes:write")
    def add() -> dict[str, str]:
        body = blueprint.current_request.json_body or {}
        if "text" not in body:
            raise BadRequestError("text is missing")
        item = {"pk": {"S": claims().subject}, "text": {"S": body["text"]}}
        boto3.client("dynamodb").put_item(TableName=os.environ["NOTES_TABLE"], Item=item)
        return {"text": body["text"]}

    @blueprint.route("/notes", authorizer=bearer)
    @requires()
    def read() -> dict[str, str]:
        key = {"pk": {"S": claims().subject}}
        found = boto3.client("dynamodb").get_item(TableName=os.environ["NOTES_TABLE"], Key=key)
        return {"text": found["Item"]["text"]["S"], "by": claims().subject}


def fragment(folder: Path) -> Path:
    """Write the template of the own resources."""
    file = folder / "functions.yaml"
    file.write_text(FRAGMENT, encoding="utf-8")
    return file


def opening(app: Chalice) -> Any:
    """Return how a local stack opens the services with these routes instead of theirs."""

    @contextmanager
    def opened(environment: Mapping[str, str], clock: Clock | None) -> Iterator[Application]:
        with gatehouse(environment, clock):
            yield Application.of_chalice(app)

    return opened

"""Queue, mail function and reports of bounces in the templates."""

from __future__ import annotations

from chalicelib.domain.mail_delivery import CLAIM_SECONDS
from tests.infra.template.calls import SENDER
from tests.infra.template.packaged import data, transformed
from tests.infra.template.resolved import ACCOUNT, Resolved
from tests.ses_events import bounce, complaint

PLAIN = Resolved(transformed())
WITH_MAIL = Resolved(transformed(), {"MailFrom": SENDER})
DATA = Resolved(data())
DEAD_LETTERS = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:gatehouse-prod-mail-dead"


def test_the_queues_go_with_the_stack_and_are_encrypted() -> None:
    """CloudFormation imports a queue by its URL only, which no template has."""
    queues = {name: one for name, one in data()["Resources"].items() if one["Type"] == "AWS::SQS::Queue"}
    assert {one["DeletionPolicy"] for one in queues.values()} == {"Delete"}
    for one in DATA.of_type("AWS::SQS::Queue").values():
        assert one["SqsManagedSseEnabled"] is True
        assert one["QueueName"].startswith("gatehouse-prod-mail")


def test_a_mail_is_claimed_for_longer_than_the_function_runs_and_less_than_it_is_hidden() -> None:
    queue, function = DATA.properties("MailQueue"), PLAIN.properties("Mail")
    assert function["Timeout"] < CLAIM_SECONDS < queue["VisibilityTimeout"]
    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": DEAD_LETTERS, "maxReceiveCount": 30}
    # What is in a dead-letter queue was enqueued before: its clock does not begin anew.
    assert DATA.properties("MailDeadLetters")["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]


def test_only_what_failed_stays_in_the_queue() -> None:
    mapping = WITH_MAIL.properties("MailEventSource")
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["EventSourceArn"] == f"arn:aws:sqs:eu-west-1:{ACCOUNT}:gatehouse-prod-mail"


def test_bounces_and_complaints_of_this_stage_go_into_the_queue() -> None:
    rule = WITH_MAIL.properties("MailReportsRule")
    assert rule["EventPattern"] == {
        "source": ["aws.ses"],
        "detail-type": [bounce()["detail-type"], complaint()["detail-type"]],
        "detail": {"mail": {"tags": {"ses:configuration-set": ["MailConfigurationSet"]}}},
    }
    (statement,) = WITH_MAIL.properties("MailQueuePolicy")["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": "MailReportsRule.Arn"}}
    assert statement["Resource"] == rule["Targets"][0]["Arn"]


def test_without_a_sender_no_mail_is_queued_and_nothing_of_mail_is_made() -> None:
    variables = PLAIN.properties("APIHandler")["Environment"]["Variables"]
    assert (variables["MAIL_QUEUE_URL"], variables["MAIL_CONFIGURATION_SET"]) == ("", "")
    kinds = {one["Type"] for one in PLAIN.resources.values()}
    assert not {one for one in kinds if one.startswith(("AWS::SES", "AWS::SQS", "AWS::Events"))}
    assert "AWS::Lambda::EventSourceMapping" not in kinds

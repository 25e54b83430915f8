"""A video pipeline in four stacks, as the peer that `cargo xtask bench` measures: the same system as `../cdk/app.js`.

Writes one template per stack into the folder that is its argument. Values go from stack to stack by exports.
"""

import pathlib
import sys

from troposphere import (
    Base64,
    Export,
    GetAtt,
    ImportValue,
    Output,
    Ref,
    Sub,
    Tags,
    Template,
    autoscaling,
    awslambda,
    cloudwatch,
    dynamodb,
    ec2,
    events,
    iam,
    kms,
    logs,
    s3,
    sns,
    sqs,
    stepfunctions,
)

REGION = "eu-west-1"
ZONES = ["a", "b", "c"]
ENDPOINTS = ["ssm", "ssmmessages", "ec2messages", "ec2", "sts", "logs", "monitoring", "sqs", "states", "autoscaling"]
BUCKETS = {"Sources": 30, "Enhanced": 90, "Delivery": 365, "Work": 7, "Access": 90}
COLOURS = ["Blue", "Green"]
TAGS = Tags(app="pipeline")


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(actions, resources):
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def trust(service):
    return document({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


class Stack:
    def __init__(self, name):
        self.name = name
        self.template = Template()

    def add(self, resource):
        return self.template.add_resource(resource)

    def give(self, name, value):
        """Exports a value, and returns what another stack imports it by."""
        export = f"{self.name}:{name}"
        self.template.add_output(Output(name, Value=value, Export=Export(export)))
        return ImportValue(export)


def alarm(stack, title, namespace, metric, dimension, comparison, threshold, actions):
    stack.add(
        cloudwatch.Alarm(
            title,
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[cloudwatch.MetricDimension(Name=dimension[0], Value=dimension[1])],
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=5,
            ComparisonOperator=comparison,
            Threshold=threshold,
            TreatMissingData="notBreaching",
            AlarmActions=actions,
            Tags=TAGS,
        )
    )


def network():
    stack = Stack("network")
    vpc = stack.add(
        ec2.VPC("Vpc", CidrBlock="10.0.0.0/16", EnableDnsHostnames=True, EnableDnsSupport=True, Tags=TAGS)
    )
    gateway = stack.add(ec2.InternetGateway("Gateway", Tags=TAGS))
    stack.add(ec2.VPCGatewayAttachment("GatewayAttachment", VpcId=Ref(vpc), InternetGatewayId=Ref(gateway)))
    public_table = stack.add(ec2.RouteTable("PublicTable", VpcId=Ref(vpc), Tags=TAGS))
    stack.add(
        ec2.Route(
            "PublicRoute",
            RouteTableId=Ref(public_table),
            DestinationCidrBlock="0.0.0.0/0",
            GatewayId=Ref(gateway),
            DependsOn="GatewayAttachment",
        )
    )
    tables, subnets = [Ref(public_table)], []
    for index, zone in enumerate(ZONES):
        name = zone.upper()
        opened = stack.add(
            ec2.Subnet(
                f"Public{name}",
                VpcId=Ref(vpc),
                AvailabilityZone=f"{REGION}{zone}",
                CidrBlock=f"10.0.{index}.0/24",
                Tags=TAGS,
            )
        )
        stack.add(
            ec2.SubnetRouteTableAssociation(
                f"Public{name}Table", SubnetId=Ref(opened), RouteTableId=Ref(public_table)
            )
        )
        closed = stack.add(
            ec2.Subnet(
                f"Private{name}",
                VpcId=Ref(vpc),
                AvailabilityZone=f"{REGION}{zone}",
                CidrBlock=f"10.0.{16 + index}.0/24",
                Tags=TAGS,
            )
        )
        table = stack.add(ec2.RouteTable(f"PrivateTable{name}", VpcId=Ref(vpc), Tags=TAGS))
        stack.add(
            ec2.SubnetRouteTableAssociation(f"Private{name}Table", SubnetId=Ref(closed), RouteTableId=Ref(table))
        )
        tables.append(Ref(table))
        subnets.append(Ref(closed))
    group = stack.add(
        ec2.SecurityGroup(
            "EndpointsGroup",
            GroupDescription="HTTPS from the network to the endpoints",
            VpcId=Ref(vpc),
            SecurityGroupIngress=[
                ec2.SecurityGroupRule(IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp="10.0.0.0/16")
            ],
            Tags=TAGS,
        )
    )
    for service in ENDPOINTS:
        stack.add(
            ec2.VPCEndpoint(
                f"Endpoint{service}",
                VpcEndpointType="Interface",
                ServiceName=f"com.amazonaws.{REGION}.{service}",
                VpcId=Ref(vpc),
                SubnetIds=subnets,
                SecurityGroupIds=[Ref(group)],
                PrivateDnsEnabled=True,
            )
        )
    stack.add(
        ec2.VPCEndpoint(
            "EndpointS3",
            VpcEndpointType="Gateway",
            ServiceName=f"com.amazonaws.{REGION}.s3",
            VpcId=Ref(vpc),
            RouteTableIds=tables,
        )
    )
    stack.vpc = stack.give("VpcId", Ref(vpc))
    stack.subnets = [stack.give(f"Subnet{zone.upper()}", subnet) for zone, subnet in zip(ZONES, subnets)]
    return stack


def storage():
    stack = Stack("storage")
    key = stack.add(
        kms.Key(
            "Key",
            EnableKeyRotation=True,
            KeyPolicy=document(
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")},
                    "Action": "kms:*",
                    "Resource": "*",
                }
            ),
            Tags=TAGS,
        )
    )
    stack.add(kms.Alias("KeyAlias", AliasName="alias/pipeline", TargetKeyId=Ref(key)))
    stack.arns, stack.names = {}, {}
    for name, days in BUCKETS.items():
        bucket = stack.add(
            s3.Bucket(
                name,
                BucketEncryption=s3.BucketEncryption(
                    ServerSideEncryptionConfiguration=[
                        s3.ServerSideEncryptionRule(
                            ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(
                                SSEAlgorithm="aws:kms", KMSMasterKeyID=GetAtt(key, "Arn")
                            ),
                            BucketKeyEnabled=True,
                        )
                    ]
                ),
                PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
                    BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
                ),
                OwnershipControls=s3.OwnershipControls(
                    Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
                ),
                VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
                LifecycleConfiguration=s3.LifecycleConfiguration(
                    Rules=[
                        s3.LifecycleRule(
                            Id="expire",
                            Status="Enabled",
                            ExpirationInDays=days,
                            NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=30),
                        ),
                        s3.LifecycleRule(
                            Id="uploads",
                            Status="Enabled",
                            AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=7),
                        ),
                    ]
                ),
                NotificationConfiguration=s3.NotificationConfiguration(
                    EventBridgeConfiguration=s3.EventBridgeConfiguration(EventBridgeEnabled=True)
                ),
                Tags=TAGS,
                DeletionPolicy="Retain",
                UpdateReplacePolicy="Retain",
            )
        )
        stack.add(
            s3.BucketPolicy(
                f"{name}Policy",
                Bucket=Ref(bucket),
                PolicyDocument=document(
                    {
                        "Sid": "OnlyTls",
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": [GetAtt(bucket, "Arn"), Sub("${Arn}/*", Arn=GetAtt(bucket, "Arn"))],
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ),
            )
        )
        stack.arns[name] = stack.give(f"{name}Arn", GetAtt(bucket, "Arn"))
        stack.names[name] = stack.give(f"{name}Name", Ref(bucket))
    jobs = stack.add(
        dynamodb.Table(
            "Jobs",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                dynamodb.AttributeDefinition(AttributeName="id", AttributeType="S"),
                dynamodb.AttributeDefinition(AttributeName="state", AttributeType="S"),
            ],
            KeySchema=[dynamodb.KeySchema(AttributeName="id", KeyType="HASH")],
            GlobalSecondaryIndexes=[
                dynamodb.GlobalSecondaryIndex(
                    IndexName="by-state",
                    KeySchema=[dynamodb.KeySchema(AttributeName="state", KeyType="HASH")],
                    Projection=dynamodb.Projection(ProjectionType="ALL"),
                )
            ],
            PointInTimeRecoverySpecification=dynamodb.PointInTimeRecoverySpecification(
                PointInTimeRecoveryEnabled=True
            ),
            SSESpecification=dynamodb.SSESpecification(SSEEnabled=True),
            Tags=TAGS,
        )
    )
    topics = [
        stack.add(sns.Topic(name, KmsMasterKeyId=Ref(key), Tags=TAGS)) for name in ["Done", "Failed", "Alarms"]
    ]
    stack.key = stack.give("KeyArn", GetAtt(key, "Arn"))
    stack.jobs_arn = stack.give("JobsArn", GetAtt(jobs, "Arn"))
    stack.jobs = stack.give("JobsName", Ref(jobs))
    stack.topics = [stack.give(f"{topic.title}Arn", Ref(topic)) for topic in topics]
    return stack


def fleet(network, storage):
    stack = Stack("fleet")
    role = stack.add(
        iam.Role(
            "Worker",
            AssumeRolePolicyDocument=trust("ec2.amazonaws.com"),
            ManagedPolicyArns=[Sub("arn:${AWS::Partition}:iam::aws:policy/AmazonSSMManagedInstanceCore")],
            Tags=TAGS,
        )
    )
    profile = stack.add(iam.InstanceProfile("WorkerProfile", Roles=[Ref(role)]))
    for name in ["Sources", "Enhanced", "Work"]:
        arn = storage.arns[name]
        stack.add(
            iam.PolicyType(
                f"Use{name}",
                PolicyName=f"use-{name.lower()}",
                Roles=[Ref(role)],
                PolicyDocument=document(
                    allow(["s3:GetObject", "s3:PutObject"], Sub("${Arn}/*", Arn=arn)), allow("s3:ListBucket", arn)
                ),
            )
        )
    group = stack.add(
        ec2.SecurityGroup(
            "WorkersGroup",
            GroupDescription="Workers reach endpoints, and nobody reaches them",
            VpcId=network.vpc,
            SecurityGroupEgress=[
                ec2.SecurityGroupRule(IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp="0.0.0.0/0")
            ],
            Tags=TAGS,
        )
    )
    stack.queues = []
    for colour in COLOURS:
        dead = stack.add(sqs.Queue(f"{colour}DeadLetters", MessageRetentionPeriod=1209600, Tags=TAGS))
        queue = stack.add(
            sqs.Queue(
                f"{colour}Tasks",
                VisibilityTimeout=300,
                MessageRetentionPeriod=345600,
                SqsManagedSseEnabled=True,
                RedrivePolicy=sqs.RedrivePolicy(deadLetterTargetArn=GetAtt(dead, "Arn"), maxReceiveCount=5),
                Tags=TAGS,
            )
        )
        stack.add(
            sqs.QueuePolicy(
                f"{colour}TasksPolicy",
                Queues=[Ref(queue)],
                PolicyDocument=document(
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "sqs:*",
                        "Resource": GetAtt(queue, "Arn"),
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ),
            )
        )
        image = "{{resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64}}"
        script = "#!/bin/bash\nset -euo pipefail\nbaleen agent --queue ${Queue}\n"
        template = stack.add(
            ec2.LaunchTemplate(
                f"{colour}Template",
                LaunchTemplateData=ec2.LaunchTemplateData(
                    ImageId=image,
                    InstanceType="g6e.xlarge",
                    IamInstanceProfile=ec2.IamInstanceProfile(Arn=GetAtt(profile, "Arn")),
                    SecurityGroupIds=[Ref(group)],
                    MetadataOptions=ec2.MetadataOptions(HttpTokens="required", HttpPutResponseHopLimit=1),
                    BlockDeviceMappings=[
                        ec2.LaunchTemplateBlockDeviceMapping(
                            DeviceName="/dev/xvda",
                            Ebs=ec2.EBSBlockDevice(
                                VolumeType="gp3", VolumeSize=100, Encrypted=True, DeleteOnTermination=True
                            ),
                        )
                    ],
                    UserData=Base64(Sub(script, Queue=Ref(queue))),
                ),
            )
        )
        workers = stack.add(
            autoscaling.AutoScalingGroup(
                f"{colour}Workers",
                MinSize="0",
                MaxSize="8",
                VPCZoneIdentifier=network.subnets,
                CapacityRebalance=True,
                MixedInstancesPolicy=autoscaling.MixedInstancesPolicy(
                    InstancesDistribution=autoscaling.InstancesDistribution(
                        OnDemandBaseCapacity=0,
                        OnDemandPercentageAboveBaseCapacity=0,
                        SpotAllocationStrategy="price-capacity-optimized",
                    ),
                    LaunchTemplate=autoscaling.LaunchTemplate(
                        LaunchTemplateSpecification=autoscaling.LaunchTemplateSpecification(
                            LaunchTemplateId=Ref(template), Version=GetAtt(template, "LatestVersionNumber")
                        ),
                        Overrides=[
                            autoscaling.LaunchTemplateOverrides(InstanceType=instance)
                            for instance in ["g6e.xlarge", "g6e.2xlarge", "g5.xlarge"]
                        ],
                    ),
                ),
                Tags=autoscaling.Tags(app="pipeline"),
            )
        )
        stack.add(
            autoscaling.LifecycleHook(
                f"{colour}Drain",
                AutoScalingGroupName=Ref(workers),
                LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
                HeartbeatTimeout=600,
                DefaultResult="CONTINUE",
            )
        )
        steps = {
            "Grow": autoscaling.StepAdjustments(MetricIntervalLowerBound=0, ScalingAdjustment=2),
            "Shrink": autoscaling.StepAdjustments(MetricIntervalUpperBound=0, ScalingAdjustment=-1),
        }
        for name, step in steps.items():
            policy = stack.add(
                autoscaling.ScalingPolicy(
                    f"{colour}{name}",
                    AutoScalingGroupName=Ref(workers),
                    PolicyType="StepScaling",
                    AdjustmentType="ChangeInCapacity",
                    StepAdjustments=[step],
                )
            )
            comparison = "GreaterThanOrEqualToThreshold" if name == "Grow" else "LessThanThreshold"
            dimension = ("QueueName", GetAtt(queue, "QueueName"))
            metric = "ApproximateNumberOfMessagesVisible"
            alarm(stack, f"{colour}{name}Alarm", "AWS/SQS", metric, dimension, comparison, 1, [Ref(policy)])
        stack.queues.append(
            {
                "url": stack.give(f"{colour}Url", Ref(queue)),
                "arn": stack.give(f"{colour}Arn", GetAtt(queue, "Arn")),
                "name": stack.give(f"{colour}Name", GetAtt(queue, "QueueName")),
                "dead": stack.give(f"{colour}DeadArn", GetAtt(dead, "Arn")),
                "dead name": stack.give(f"{colour}DeadName", GetAtt(dead, "QueueName")),
            }
        )
    return stack


def jobs(storage, fleet):
    stack = Stack("jobs")
    log = stack.add(logs.LogGroup("Log", RetentionInDays=30, Tags=TAGS))
    role = stack.add(iam.Role("Workflow", AssumeRolePolicyDocument=trust("states.amazonaws.com"), Tags=TAGS))
    stack.add(
        iam.PolicyType(
            "WorkflowPolicy",
            PolicyName="workflow",
            Roles=[Ref(role)],
            PolicyDocument=document(
                allow("sqs:SendMessage", [queue["arn"] for queue in fleet.queues]),
                allow(["dynamodb:PutItem", "dynamodb:UpdateItem"], storage.jobs_arn),
                allow("sns:Publish", storage.topics),
                allow(["kms:Decrypt", "kms:GenerateDataKey"], storage.key),
            ),
        )
    )
    retry = [
        {
            "ErrorEquals": ["States.TaskFailed"],
            "IntervalSeconds": 2,
            "MaxAttempts": 5,
            "BackoffRate": 2,
            "JitterStrategy": "FULL",
        }
    ]
    failed = [{"ErrorEquals": ["States.ALL"], "Next": "Fail"}]

    def publish(topic):
        arguments = {"TopicArn": topic, "Message": "{% $states.input %}"}
        return {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Arguments": arguments, "End": True}

    machine = stack.add(
        stepfunctions.StateMachine(
            "Pipeline",
            RoleArn=GetAtt(role, "Arn"),
            LoggingConfiguration=stepfunctions.LoggingConfiguration(
                Level="ERROR",
                Destinations=[
                    stepfunctions.LogDestination(
                        CloudWatchLogsLogGroup=stepfunctions.CloudWatchLogsLogGroup(LogGroupArn=GetAtt(log, "Arn"))
                    )
                ],
            ),
            Definition={
                "QueryLanguage": "JSONata",
                "StartAt": "Register",
                "States": {
                    "Register": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::dynamodb:putItem",
                        "Arguments": {
                            "TableName": storage.jobs,
                            "Item": {"id": {"S": "{% $states.input.detail.object.key %}"}},
                        },
                        "Retry": retry,
                        "Catch": failed,
                        "Next": "Enhance",
                    },
                    "Enhance": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                        "TimeoutSeconds": 86400,
                        "Arguments": {
                            "QueueUrl": fleet.queues[0]["url"],
                            "MessageBody": {"token": "{% $states.context.Task.Token %}"},
                        },
                        "Retry": retry,
                        "Catch": failed,
                        "Next": "Finish",
                    },
                    "Finish": publish(storage.topics[0]),
                    "Fail": publish(storage.topics[1]),
                },
            },
            Tags=TAGS,
        )
    )
    starter = stack.add(iam.Role("Starter", AssumeRolePolicyDocument=trust("events.amazonaws.com"), Tags=TAGS))
    stack.add(
        iam.PolicyType(
            "StarterPolicy",
            PolicyName="start",
            Roles=[Ref(starter)],
            PolicyDocument=document(allow("states:StartExecution", Ref(machine))),
        )
    )
    stack.add(
        events.Rule(
            "Uploads",
            EventPattern={
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {
                    "bucket": {"name": [storage.names["Sources"]]},
                    "object": {"key": [{"suffix": ".mp4"}, {"suffix": ".mov"}]},
                },
            },
            Targets=[
                events.Target(
                    Id="pipeline",
                    Arn=Ref(machine),
                    RoleArn=GetAtt(starter, "Arn"),
                    RetryPolicy=events.RetryPolicy(MaximumRetryAttempts=10),
                )
            ],
        )
    )
    executor = stack.add(
        iam.Role(
            "Closer",
            AssumeRolePolicyDocument=trust("lambda.amazonaws.com"),
            ManagedPolicyArns=[Sub("arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")],
            Tags=TAGS,
        )
    )
    receive = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    stack.add(
        iam.PolicyType(
            "CloserPolicy",
            PolicyName="close",
            Roles=[Ref(executor)],
            PolicyDocument=document(
                allow("states:SendTaskFailure", "*"), allow(receive, [queue["dead"] for queue in fleet.queues])
            ),
        )
    )
    code = (
        "import boto3\n\ndef handler(event, context):\n"
        '    for record in event["Records"]:\n        print(record["messageId"])\n'
    )
    close = stack.add(
        awslambda.Function(
            "CloseDeadLetters",
            Runtime="python3.13",
            Handler="index.handler",
            Role=GetAtt(executor, "Arn"),
            Timeout=30,
            Code=awslambda.Code(ZipFile=code),
            Tags=TAGS,
        )
    )
    for colour, queue in zip(COLOURS, fleet.queues):
        stack.add(
            awslambda.EventSourceMapping(
                f"{colour}DeadLettersSource", FunctionName=Ref(close), EventSourceArn=queue["dead"], BatchSize=10
            )
        )
    actions = [storage.topics[2]]
    above = "GreaterThanThreshold"
    for colour, queue in zip(COLOURS, fleet.queues):
        age, visible = "ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"
        alarm(stack, f"{colour}Backlog", "AWS/SQS", age, ("QueueName", queue["name"]), above, 3600, actions)
        alarm(stack, f"{colour}Dead", "AWS/SQS", visible, ("QueueName", queue["dead name"]), above, 0, actions)
    for metric in ["ExecutionsFailed", "ExecutionsTimedOut", "ExecutionThrottled"]:
        alarm(stack, metric, "AWS/States", metric, ("StateMachineArn", Ref(machine)), above, 0, actions)
    widget = (
        '{"type":"metric","x":%d,"y":0,"width":12,"height":6,"properties":{"title":"%s backlog","region":"eu-west-1",'
        '"metrics":[["AWS/SQS","ApproximateNumberOfMessagesVisible","QueueName","${%s}"]]}}'
    )
    widgets = ",".join(widget % (12 * index, colour, colour) for index, colour in enumerate(COLOURS))
    names = {colour: queue["name"] for colour, queue in zip(COLOURS, fleet.queues)}
    stack.add(cloudwatch.Dashboard("Dashboard", DashboardBody=Sub('{"widgets":[%s]}' % widgets, **names)))
    stack.template.add_output(Output("PipelineArn", Value=Ref(machine)))
    return stack


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    first, second = network(), storage()
    third = fleet(first, second)
    for stack in [first, second, third, jobs(second, third)]:
        (folder / f"{stack.name}.template.json").write_text(stack.template.to_json())


main()

// A video pipeline in four stacks, as the peer that `cargo xtask bench` measures: plain L1 constructs, which is the
// quickest way through the CDK. `../troposphere/app.py` is the same system.
'use strict';
const { App, CfnOutput, Fn, Stack, Tags } = require('aws-cdk-lib');
const autoscaling = require('aws-cdk-lib/aws-autoscaling');
const cloudwatch = require('aws-cdk-lib/aws-cloudwatch');
const dynamodb = require('aws-cdk-lib/aws-dynamodb');
const ec2 = require('aws-cdk-lib/aws-ec2');
const events = require('aws-cdk-lib/aws-events');
const iam = require('aws-cdk-lib/aws-iam');
const kms = require('aws-cdk-lib/aws-kms');
const lambda = require('aws-cdk-lib/aws-lambda');
const logs = require('aws-cdk-lib/aws-logs');
const s3 = require('aws-cdk-lib/aws-s3');
const sns = require('aws-cdk-lib/aws-sns');
const sqs = require('aws-cdk-lib/aws-sqs');
const stepfunctions = require('aws-cdk-lib/aws-stepfunctions');

const ZONES = ['a', 'b', 'c'];
const ENDPOINTS = ['ssm', 'ssmmessages', 'ec2messages', 'ec2', 'sts', 'logs', 'monitoring', 'sqs', 'states', 'autoscaling'];
const BUCKETS = { Sources: 30, Enhanced: 90, Delivery: 365, Work: 7, Access: 90 };
const COLOURS = ['Blue', 'Green'];

const document = (...statements) => ({ Version: '2012-10-17', Statement: statements });
const allow = (actions, resources) => ({ Effect: 'Allow', Action: actions, Resource: resources });
const trust = (service) =>
  document({ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' });

class Network extends Stack {
  constructor(app, id, props) {
    super(app, id, props);
    this.vpc = new ec2.CfnVPC(this, 'Vpc', { cidrBlock: '10.0.0.0/16', enableDnsHostnames: true, enableDnsSupport: true });
    const gateway = new ec2.CfnInternetGateway(this, 'Gateway');
    const attachment = new ec2.CfnVPCGatewayAttachment(this, 'GatewayAttachment', {
      vpcId: this.vpc.ref,
      internetGatewayId: gateway.ref,
    });
    const publicTable = new ec2.CfnRouteTable(this, 'PublicTable', { vpcId: this.vpc.ref });
    const route = new ec2.CfnRoute(this, 'PublicRoute', {
      routeTableId: publicTable.ref,
      destinationCidrBlock: '0.0.0.0/0',
      gatewayId: gateway.ref,
    });
    route.addResourceDependency(attachment);
    const tables = [publicTable.ref];
    this.subnets = ZONES.map((zone, index) => {
      const name = zone.toUpperCase();
      const open = new ec2.CfnSubnet(this, `Public${name}`, {
        vpcId: this.vpc.ref,
        availabilityZone: `${this.region}${zone}`,
        cidrBlock: `10.0.${index}.0/24`,
      });
      new ec2.CfnSubnetRouteTableAssociation(this, `Public${name}Table`, {
        subnetId: open.ref,
        routeTableId: publicTable.ref,
      });
      const closed = new ec2.CfnSubnet(this, `Private${name}`, {
        vpcId: this.vpc.ref,
        availabilityZone: `${this.region}${zone}`,
        cidrBlock: `10.0.${16 + index}.0/24`,
      });
      const table = new ec2.CfnRouteTable(this, `PrivateTable${name}`, { vpcId: this.vpc.ref });
      new ec2.CfnSubnetRouteTableAssociation(this, `Private${name}Table`, {
        subnetId: closed.ref,
        routeTableId: table.ref,
      });
      tables.push(table.ref);
      return closed.ref;
    });
    const group = new ec2.CfnSecurityGroup(this, 'EndpointsGroup', {
      groupDescription: 'HTTPS from the network to the endpoints',
      vpcId: this.vpc.ref,
      securityGroupIngress: [{ ipProtocol: 'tcp', fromPort: 443, toPort: 443, cidrIp: '10.0.0.0/16' }],
    });
    for (const service of ENDPOINTS) {
      new ec2.CfnVPCEndpoint(this, `Endpoint${service}`, {
        vpcEndpointType: 'Interface',
        serviceName: `com.amazonaws.${this.region}.${service}`,
        vpcId: this.vpc.ref,
        subnetIds: this.subnets,
        securityGroupIds: [group.ref],
        privateDnsEnabled: true,
      });
    }
    new ec2.CfnVPCEndpoint(this, 'EndpointS3', {
      vpcEndpointType: 'Gateway',
      serviceName: `com.amazonaws.${this.region}.s3`,
      vpcId: this.vpc.ref,
      routeTableIds: tables,
    });
  }
}

class Storage extends Stack {
  constructor(app, id, props) {
    super(app, id, props);
    this.key = new kms.CfnKey(this, 'Key', {
      enableKeyRotation: true,
      keyPolicy: document({
        Effect: 'Allow',
        Principal: { AWS: Fn.sub('arn:${AWS::Partition}:iam::${AWS::AccountId}:root') },
        Action: 'kms:*',
        Resource: '*',
      }),
    });
    new kms.CfnAlias(this, 'KeyAlias', { aliasName: 'alias/pipeline', targetKeyId: this.key.ref });
    this.buckets = {};
    for (const [name, days] of Object.entries(BUCKETS)) {
      const bucket = new s3.CfnBucket(this, name, {
        bucketEncryption: {
          serverSideEncryptionConfiguration: [
            { serverSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: this.key.attrArn }, bucketKeyEnabled: true },
          ],
        },
        publicAccessBlockConfiguration: {
          blockPublicAcls: true,
          blockPublicPolicy: true,
          ignorePublicAcls: true,
          restrictPublicBuckets: true,
        },
        ownershipControls: { rules: [{ objectOwnership: 'BucketOwnerEnforced' }] },
        versioningConfiguration: { status: 'Enabled' },
        lifecycleConfiguration: {
          rules: [
            { id: 'expire', status: 'Enabled', expirationInDays: days, noncurrentVersionExpiration: { noncurrentDays: 30 } },
            { id: 'uploads', status: 'Enabled', abortIncompleteMultipartUpload: { daysAfterInitiation: 7 } },
          ],
        },
        notificationConfiguration: { eventBridgeConfiguration: { eventBridgeEnabled: true } },
      });
      bucket.cfnOptions.deletionPolicy = 'Retain';
      bucket.cfnOptions.updateReplacePolicy = 'Retain';
      new s3.CfnBucketPolicy(this, `${name}Policy`, {
        bucket: bucket.ref,
        policyDocument: document({
          Sid: 'OnlyTls',
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:*',
          Resource: [bucket.attrArn, Fn.sub('${Arn}/*', { Arn: bucket.attrArn })],
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }),
      });
      this.buckets[name] = bucket;
    }
    this.jobs = new dynamodb.CfnTable(this, 'Jobs', {
      billingMode: 'PAY_PER_REQUEST',
      attributeDefinitions: [
        { attributeName: 'id', attributeType: 'S' },
        { attributeName: 'state', attributeType: 'S' },
      ],
      keySchema: [{ attributeName: 'id', keyType: 'HASH' }],
      globalSecondaryIndexes: [
        { indexName: 'by-state', keySchema: [{ attributeName: 'state', keyType: 'HASH' }], projection: { projectionType: 'ALL' } },
      ],
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      sseSpecification: { sseEnabled: true },
    });
    this.topics = ['Done', 'Failed', 'Alarms'].map((name) =>
      new sns.CfnTopic(this, name, { kmsMasterKeyId: this.key.ref }));
  }
}

class Fleet extends Stack {
  constructor(app, id, { network, storage, ...props }) {
    super(app, id, props);
    this.role = new iam.CfnRole(this, 'Worker', {
      assumeRolePolicyDocument: trust('ec2.amazonaws.com'),
      managedPolicyArns: [Fn.sub('arn:${AWS::Partition}:iam::aws:policy/AmazonSSMManagedInstanceCore')],
    });
    const profile = new iam.CfnInstanceProfile(this, 'WorkerProfile', { roles: [this.role.ref] });
    for (const name of ['Sources', 'Enhanced', 'Work']) {
      const arn = storage.buckets[name].attrArn;
      new iam.CfnPolicy(this, `Use${name}`, {
        policyName: `use-${name.toLowerCase()}`,
        roles: [this.role.ref],
        policyDocument: document(
          allow(['s3:GetObject', 's3:PutObject'], Fn.sub('${Arn}/*', { Arn: arn })), allow('s3:ListBucket', arn)),
      });
    }
    const group = new ec2.CfnSecurityGroup(this, 'WorkersGroup', {
      groupDescription: 'Workers reach endpoints, and nobody reaches them',
      vpcId: network.vpc.ref,
      securityGroupEgress: [{ ipProtocol: 'tcp', fromPort: 443, toPort: 443, cidrIp: '0.0.0.0/0' }],
    });
    this.queues = COLOURS.map((colour) => {
      const dead = new sqs.CfnQueue(this, `${colour}DeadLetters`, { messageRetentionPeriod: 1209600 });
      const queue = new sqs.CfnQueue(this, `${colour}Tasks`, {
        visibilityTimeout: 300,
        messageRetentionPeriod: 345600,
        sqsManagedSseEnabled: true,
        redrivePolicy: { deadLetterTargetArn: dead.attrArn, maxReceiveCount: 5 },
      });
      new sqs.CfnQueuePolicy(this, `${colour}TasksPolicy`, {
        queues: [queue.ref],
        policyDocument: document({
          Effect: 'Deny',
          Principal: '*',
          Action: 'sqs:*',
          Resource: queue.attrArn,
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }),
      });
      const template = new ec2.CfnLaunchTemplate(this, `${colour}Template`, {
        launchTemplateData: {
          imageId: '{{resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64}}',
          instanceType: 'g6e.xlarge',
          iamInstanceProfile: { arn: profile.attrArn },
          securityGroupIds: [group.ref],
          metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1 },
          blockDeviceMappings: [
            { deviceName: '/dev/xvda', ebs: { volumeType: 'gp3', volumeSize: 100, encrypted: true, deleteOnTermination: true } },
          ],
          userData: Fn.base64(Fn.sub('#!/bin/bash\nset -euo pipefail\nbaleen agent --queue ${Queue}\n', { Queue: queue.ref })),
        },
      });
      const workers = new autoscaling.CfnAutoScalingGroup(this, `${colour}Workers`, {
        minSize: '0',
        maxSize: '8',
        vpcZoneIdentifier: network.subnets,
        capacityRebalance: true,
        mixedInstancesPolicy: {
          instancesDistribution: { onDemandBaseCapacity: 0, onDemandPercentageAboveBaseCapacity: 0, spotAllocationStrategy: 'price-capacity-optimized' },
          launchTemplate: {
            launchTemplateSpecification: { launchTemplateId: template.ref, version: template.attrLatestVersionNumber },
            overrides: ['g6e.xlarge', 'g6e.2xlarge', 'g5.xlarge'].map((instanceType) => ({ instanceType })),
          },
        },
      });
      new autoscaling.CfnLifecycleHook(this, `${colour}Drain`, {
        autoScalingGroupName: workers.ref,
        lifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
        heartbeatTimeout: 600,
        defaultResult: 'CONTINUE',
      });
      const policies = { Grow: [{ metricIntervalLowerBound: 0, scalingAdjustment: 2 }], Shrink: [{ metricIntervalUpperBound: 0, scalingAdjustment: -1 }] };
      for (const [name, stepAdjustments] of Object.entries(policies)) {
        const policy = new autoscaling.CfnScalingPolicy(this, `${colour}${name}`, {
          autoScalingGroupName: workers.ref,
          policyType: 'StepScaling',
          adjustmentType: 'ChangeInCapacity',
          stepAdjustments,
        });
        alarm(this, `${colour}${name}Alarm`, {
          namespace: 'AWS/SQS', metric: 'ApproximateNumberOfMessagesVisible', dimension: ['QueueName', queue.attrQueueName],
          comparison: name === 'Grow' ? 'GreaterThanOrEqualToThreshold' : 'LessThanThreshold', threshold: 1, actions: [policy.ref],
        });
      }
      return { queue, dead };
    });
  }
}

class Jobs extends Stack {
  constructor(app, id, { storage, fleet, ...props }) {
    super(app, id, props);
    const log = new logs.CfnLogGroup(this, 'Log', { retentionInDays: 30 });
    const role = new iam.CfnRole(this, 'Workflow', { assumeRolePolicyDocument: trust('states.amazonaws.com') });
    const queues = fleet.queues.map(({ queue }) => queue.attrArn);
    new iam.CfnPolicy(this, 'WorkflowPolicy', {
      policyName: 'workflow',
      roles: [role.ref],
      policyDocument: document(
        allow('sqs:SendMessage', queues),
        allow(['dynamodb:PutItem', 'dynamodb:UpdateItem'], storage.jobs.attrArn),
        allow('sns:Publish', storage.topics.map((topic) => topic.ref)),
        allow(['kms:Decrypt', 'kms:GenerateDataKey'], storage.key.attrArn)),
    });
    const retry = [{ ErrorEquals: ['States.TaskFailed'], IntervalSeconds: 2, MaxAttempts: 5, BackoffRate: 2, JitterStrategy: 'FULL' }];
    const failed = [{ ErrorEquals: ['States.ALL'], Next: 'Fail' }];
    const publish = (topic) => ({ Type: 'Task', Resource: 'arn:aws:states:::sns:publish', Arguments: { TopicArn: topic.ref, Message: '{% $states.input %}' }, End: true });
    const machine = new stepfunctions.CfnStateMachine(this, 'Pipeline', {
      roleArn: role.attrArn,
      loggingConfiguration: { level: 'ERROR', destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: log.attrArn } }] },
      definition: {
        QueryLanguage: 'JSONata',
        StartAt: 'Register',
        States: {
          Register: { Type: 'Task', Resource: 'arn:aws:states:::dynamodb:putItem', Arguments: { TableName: storage.jobs.ref, Item: { id: { S: '{% $states.input.detail.object.key %}' } } }, Retry: retry, Catch: failed, Next: 'Enhance' },
          Enhance: { Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken', TimeoutSeconds: 86400, Arguments: { QueueUrl: fleet.queues[0].queue.ref, MessageBody: { token: '{% $states.context.Task.Token %}' } }, Retry: retry, Catch: failed, Next: 'Finish' },
          Finish: publish(storage.topics[0]),
          Fail: publish(storage.topics[1]),
        },
      },
    });
    const starter = new iam.CfnRole(this, 'Starter', { assumeRolePolicyDocument: trust('events.amazonaws.com') });
    new iam.CfnPolicy(this, 'StarterPolicy', {
      policyName: 'start',
      roles: [starter.ref],
      policyDocument: document(allow('states:StartExecution', machine.ref)),
    });
    new events.CfnRule(this, 'Uploads', {
      eventPattern: { 'source': ['aws.s3'], 'detail-type': ['Object Created'], 'detail': { bucket: { name: [storage.buckets.Sources.ref] }, object: { key: [{ suffix: '.mp4' }, { suffix: '.mov' }] } } },
      targets: [{ id: 'pipeline', arn: machine.ref, roleArn: starter.attrArn, retryPolicy: { maximumRetryAttempts: 10 } }],
    });
    const executor = new iam.CfnRole(this, 'Closer', {
      assumeRolePolicyDocument: trust('lambda.amazonaws.com'),
      managedPolicyArns: [Fn.sub('arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole')],
    });
    new iam.CfnPolicy(this, 'CloserPolicy', {
      policyName: 'close',
      roles: [executor.ref],
      policyDocument: document(
        allow('states:SendTaskFailure', '*'),
        allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], fleet.queues.map(({ dead }) => dead.attrArn))),
    });
    const close = new lambda.CfnFunction(this, 'CloseDeadLetters', {
      runtime: 'python3.13',
      handler: 'index.handler',
      role: executor.attrArn,
      timeout: 30,
      code: { zipFile: 'import boto3\n\ndef handler(event, context):\n    for record in event["Records"]:\n        print(record["messageId"])\n' },
    });
    fleet.queues.forEach(({ dead }, index) =>
      new lambda.CfnEventSourceMapping(this, `${COLOURS[index]}DeadLettersSource`, { functionName: close.ref, eventSourceArn: dead.attrArn, batchSize: 10 }));

    const actions = [storage.topics[2].ref];
    fleet.queues.forEach(({ queue, dead }, index) => {
      const colour = COLOURS[index];
      alarm(this, `${colour}Backlog`, { namespace: 'AWS/SQS', metric: 'ApproximateAgeOfOldestMessage', dimension: ['QueueName', queue.attrQueueName], comparison: 'GreaterThanThreshold', threshold: 3600, actions });
      alarm(this, `${colour}Dead`, { namespace: 'AWS/SQS', metric: 'ApproximateNumberOfMessagesVisible', dimension: ['QueueName', dead.attrQueueName], comparison: 'GreaterThanThreshold', threshold: 0, actions });
    });
    for (const metric of ['ExecutionsFailed', 'ExecutionsTimedOut', 'ExecutionThrottled']) {
      alarm(this, metric, { namespace: 'AWS/States', metric, dimension: ['StateMachineArn', machine.ref], comparison: 'GreaterThanThreshold', threshold: 0, actions });
    }
    new cloudwatch.CfnDashboard(this, 'Dashboard', {
      dashboardBody: this.toJsonString({
        widgets: fleet.queues.map(({ queue }, index) => ({
          type: 'metric', x: 12 * index, y: 0, width: 12, height: 6,
          properties: { title: `${COLOURS[index]} backlog`, region: this.region, metrics: [['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName', queue.attrQueueName]] },
        })),
      }),
    });
    new CfnOutput(this, 'PipelineArn', { value: machine.ref });
  }
}

function alarm(stack, id, { namespace, metric, dimension: [name, value], comparison, threshold, actions }) {
  return new cloudwatch.CfnAlarm(stack, id, {
    namespace,
    metricName: metric,
    dimensions: [{ name, value }],
    statistic: 'Maximum',
    period: 60,
    evaluationPeriods: 5,
    comparisonOperator: comparison,
    threshold,
    treatMissingData: 'notBreaching',
    alarmActions: actions,
  });
}

const app = new App();
const env = { account: '111122223333', region: 'eu-west-1' };
const network = new Network(app, 'network', { env });
const storage = new Storage(app, 'storage', { env });
const fleet = new Fleet(app, 'fleet', { env, network, storage });
new Jobs(app, 'jobs', { env, storage, fleet });
Tags.of(app).add('app', 'pipeline');
app.synth();

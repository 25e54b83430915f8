// Generates pairs of templates, and writes them with what @aws-cdk/cloudformation-diff says of each, one a line.
//
//   npm install --no-save @aws-cdk/cloudformation-diff@2.187.5
//   node crates/diff/tests/oracle/pairs.mjs > crates/diff/tests/oracle/pairs.jsonl
//
// The same version always writes the same bytes. Tests read the table, so that they need no Node.

import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.cwd(), 'package.json'));
const { fullDiff } = require('@aws-cdk/cloudformation-diff');

// A generator of pseudo-random numbers with a fixed seed (mulberry32).
let state = 20261120;
function random(limit) {
  state = (state + 0x6d2b79f5) | 0;
  let bits = Math.imul(state ^ (state >>> 15), 1 | state);
  bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
  return ((bits ^ (bits >>> 14)) >>> 0) % limit;
}
const pick = (list) => list[random(list.length)];
const clone = (value) => JSON.parse(JSON.stringify(value));

const statement = (...actions) => ({ Effect: 'Allow', Action: actions, Resource: [{ 'Fn::GetAtt': ['Bucket', 'Arn'] }, '*'] });
const tags = [{ Key: 'app', Value: 'baleen' }, { Key: 'team', Value: 'video' }];

// What refers to nothing, or to others of this list: every generated template has some of them and all that they need.
const resources = {
  Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'films', VersioningConfiguration: { Status: 'Enabled' }, LifecycleConfiguration: { Rules: [{ Id: 'a', Status: 'Enabled', ExpirationInDays: 30 }, { Id: 'b', Status: 'Enabled', ExpirationInDays: 60 }] }, Tags: tags } },
  BucketPolicy: { Type: 'AWS::S3::BucketPolicy', Properties: { Bucket: { Ref: 'Bucket' }, PolicyDocument: { Version: '2012-10-17', Statement: [{ ...statement('s3:GetObject', 's3:PutObject'), Principal: { AWS: '*' } }] } } },
  Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'tasks', VisibilityTimeout: 60, KmsMasterKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] }, Tags: tags } },
  Key: { Type: 'AWS::KMS::Key', Properties: { EnableKeyRotation: true, KeySpec: 'SYMMETRIC_DEFAULT', KeyPolicy: { Statement: [{ Effect: 'Allow', Principal: { AWS: 'root' }, Action: 'kms:*', Resource: '*' }] } } },
  Topic: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: 'done', TopicName: 'done' } },
  Table: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'jobs', BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }], KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] } },
  Role: { Type: 'AWS::IAM::Role', Properties: { RoleName: 'worker', Path: '/', AssumeRolePolicyDocument: { Statement: [{ Effect: 'Allow', Principal: { Service: ['ec2.amazonaws.com', 'ssm.amazonaws.com'] }, Action: 'sts:AssumeRole' }] } } },
  Policy: { Type: 'AWS::IAM::Policy', Properties: { PolicyName: 'use', Roles: [{ Ref: 'Role' }], PolicyDocument: { Statement: [statement('s3:GetObject', 's3:ListBucket'), statement('sqs:SendMessage')] } } },
  Function: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'count', Role: { 'Fn::GetAtt': ['Role', 'Arn'] }, Runtime: 'python3.13', Handler: 'index.run', Timeout: 30, Code: { ZipFile: 'def run():\n    return 1\n' }, Environment: { Variables: { BUCKET: { Ref: 'Bucket' }, LEVEL: 'info' } } } },
  Network: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.0.0.0/16', EnableDnsSupport: true } },
  Subnet: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: { Ref: 'Network' }, CidrBlock: '10.0.0.0/24', MapPublicIpOnLaunch: false } },
  Group: { Type: 'AWS::EC2::SecurityGroup', Properties: { GroupDescription: 'workers', VpcId: { Ref: 'Network' }, SecurityGroupIngress: [{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: '10.0.0.0/8' }, { IpProtocol: 'tcp', FromPort: 80, ToPort: 80, CidrIp: '10.0.0.0/8' }] } },
  Instance: { Type: 'AWS::EC2::Instance', Properties: { ImageId: 'ami-1', InstanceType: 'g6e.xlarge', SubnetId: { Ref: 'Subnet' }, SecurityGroupIds: [{ Ref: 'Group' }], UserData: { 'Fn::Base64': '#!/bin/sh\nrun\n' } } },
  Template: { Type: 'AWS::EC2::LaunchTemplate', Properties: { LaunchTemplateName: 'worker', LaunchTemplateData: { InstanceType: 'g6e.xlarge', ImageId: 'ami-1' } } },
  Machine: { Type: 'AWS::StepFunctions::StateMachine', Properties: { StateMachineName: 'jobs', RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] }, DefinitionString: '{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}' } },
  Rule: { Type: 'AWS::Events::Rule', Properties: { Name: 'uploaded', EventPattern: { source: ['aws.s3', 'aws.states'] }, Targets: [{ Id: 'machine', Arn: { Ref: 'Machine' }, RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] } }] } },
  Log: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/jobs', RetentionInDays: 30 } },
  Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { AlarmName: 'failed', ComparisonOperator: 'GreaterThanThreshold', EvaluationPeriods: 1, Threshold: 0, AlarmActions: [{ Ref: 'Topic' }, 'arn:aws:sns:eu-west-1:111122223333:other'], Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': ['Queue', 'QueueName'] } }] } },
  Parameter: { Type: 'AWS::SSM::Parameter', Properties: { Name: '/weights', Type: 'String', Value: '{"blue": 1, "green": 0}' } },
  Document: { Type: 'AWS::SSM::Document', Properties: { Name: 'enhance', DocumentType: 'Command', UpdateMethod: 'NewVersion', Content: { schemaVersion: '2.2', mainSteps: [{ name: 'run', action: 'aws:runShellScript', inputs: { runCommand: ['set -e', 'run'] } }] } } },
  Volume: { Type: 'AWS::EC2::Volume', Properties: { AvailabilityZone: 'eu-west-1a', Size: 100, Encrypted: true } },
  Dashboard: { Type: 'AWS::CloudWatch::Dashboard', Properties: { DashboardName: 'jobs', DashboardBody: { 'Fn::Sub': '{"widgets": [{"type": "text", "properties": {"markdown": "${Queue.QueueName}"}}]}' } } },
  Association: { Type: 'AWS::SSM::Association', Properties: { Name: { Ref: 'Document' }, Targets: [{ Key: 'tag:app', Values: ['baleen', 'whale'] }] } },
  Alias: { Type: 'AWS::KMS::Alias', Properties: { AliasName: 'alias/films', TargetKeyId: { Ref: 'Key' } } },
  Custom: { Type: 'Custom::Thing', Properties: { ServiceToken: { 'Fn::GetAtt': ['Function', 'Arn'] }, Size: 1 } },
};

// The ids that a value refers to.
function references(value) {
  if (Array.isArray(value)) return value.flatMap(references);
  if (value === null || typeof value !== 'object') return [];
  const { Ref: ref, 'Fn::GetAtt': attribute, 'Fn::Sub': sub } = value;
  if (typeof ref === 'string') return ref in resources ? [ref] : [];
  if (attribute) return [attribute[0]];
  if (sub) return [...sub.matchAll(/\$\{(\w+)/g)].map((match) => match[1]).filter((id) => id in resources);
  return Object.values(value).flatMap(references);
}

function template(ids) {
  const chosen = {};
  const add = (id) => {
    if (id in chosen) return;
    chosen[id] = clone(resources[id]);
    references(chosen[id]).forEach(add);
  };
  ids.forEach(add);
  return { Resources: chosen };
}

// The places of all values below the properties of a resource, as lists of keys.
function places(value, keys = []) {
  if (value === null || typeof value !== 'object') return [keys];
  return [keys, ...Object.keys(value).flatMap((key) => places(value[key], [...keys, Array.isArray(value) ? Number(key) : key]))];
}

const at = (value, keys) => keys.reduce((inner, key) => inner[key], value);

function otherScalar(value) {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  return `${value}x`;
}

// The kinds of edits: each changes a template, and returns whether it could.
const edits = {
  scalar: (template, id) => {
    const own = places(template.Resources[id].Properties).filter((keys) => keys.length && typeof at(template.Resources[id].Properties, keys) !== 'object');
    const fine = own.filter((keys) => !keys.some((key) => ['Ref', 'Fn::GetAtt', 'Fn::Sub'].includes(key)));
    if (!fine.length) return false;
    const keys = pick(fine);
    const parent = at(template.Resources[id].Properties, keys.slice(0, -1));
    parent[keys.at(-1)] = otherScalar(parent[keys.at(-1)]);
    return true;
  },
  property: (template, id) => {
    const name = pick(Object.keys(template.Resources[id].Properties));
    const value = template.Resources[id].Properties[name];
    if (typeof value === 'object') return false;
    template.Resources[id].Properties[name] = otherScalar(value);
    return true;
  },
  drop: (template, id) => {
    const names = Object.keys(template.Resources[id].Properties);
    delete template.Resources[id].Properties[pick(names)];
    return true;
  },
  reverse: (template, id) => {
    const properties = template.Resources[id].Properties;
    const lists = places(properties).filter((keys) => Array.isArray(at(properties, keys)) && at(properties, keys).length > 1 && keys.at(-1) !== 'Fn::GetAtt');
    if (!lists.length) return false;
    at(properties, pick(lists)).reverse();
    return true;
  },
  keys: (template, id) => {
    template.Resources[id].Properties = Object.fromEntries(Object.entries(template.Resources[id].Properties).reverse());
    return true;
  },
  text: (template, id) => {
    const properties = template.Resources[id].Properties;
    const fine = places(properties).filter((keys) => keys.length && ['number', 'boolean'].includes(typeof at(properties, keys)));
    if (!fine.length) return false;
    const keys = pick(fine);
    const parent = at(properties, keys.slice(0, -1));
    parent[keys.at(-1)] = String(parent[keys.at(-1)]);
    return true;
  },
  white: (template, id) => {
    const properties = template.Resources[id].Properties;
    for (const name of ['DefinitionString', 'Value']) {
      if (typeof properties[name] === 'string' && properties[name].startsWith('{')) {
        properties[name] = JSON.stringify(JSON.parse(properties[name]), null, 2);
        return true;
      }
    }
    return false;
  },
  remove: (template, id) => {
    const used = Object.entries(template.Resources).some(([other, resource]) => other !== id && references(resource).includes(id));
    if (used) return false;
    delete template.Resources[id];
    return true;
  },
  retain: (template, id) => {
    template.Resources[id].DeletionPolicy = 'Retain';
    return true;
  },
  depends: (template, id) => {
    template.Resources[id].DependsOn = [pick(Object.keys(template.Resources))];
    return true;
  },
  metadata: (template, id) => {
    template.Resources[id].Metadata = { Comment: 'x' };
    return true;
  },
  rename: (template, id) => {
    const used = Object.entries(template.Resources).some(([other, resource]) => other !== id && references(resource).includes(id));
    if (used) return false;
    template.Resources[`${id}Two`] = template.Resources[id];
    delete template.Resources[id];
    return true;
  },
  type: (template, id) => {
    template.Resources[id].Type = 'AWS::SNS::Topic';
    return id !== 'Topic';
  },
  add: (template) => {
    const missing = Object.keys(resources).filter((id) => !(id in template.Resources) && references(resources[id]).every((other) => other in template.Resources));
    if (!missing.length) return false;
    const id = pick(missing);
    template.Resources[id] = clone(resources[id]);
    return true;
  },
};

function answers(before, after) {
  const found = {};
  fullDiff(clone(before), clone(after)).resources.forEachDifference((id, change) => {
    found[id] = change.changeImpact;
  });
  return found;
}

const ids = Object.keys(resources);
const seen = new Set();
let made = 0;
// Each kind of edit on each resource, as far as it fits; then some of several edits.
const kinds = Object.keys(edits);
for (const id of ids) for (const kind of kinds) for (let times = kind === 'property' || kind === 'scalar' || kind === 'drop' ? 2 : 1; times > 0; times--) write([[kind, id]], [id]);
for (let times = 0; times < 40; times++) {
  const chosen = [pick(ids), pick(ids), pick(ids)];
  write([[pick(kinds), chosen[0]], [pick(kinds), chosen[1]]], chosen);
}

function write(wanted, chosen) {
  const before = template(chosen);
  // Retained, so that both say the same of what is deleted.
  if (random(8) === 0) before.Resources[chosen[0]].DeletionPolicy = 'Retain';
  const after = clone(before);
  for (const [kind, id] of wanted) if (!(id in after.Resources) || !edits[kind](after, id)) return;
  const line = JSON.stringify({ edits: wanted.map(([kind, id]) => `${kind} ${id}`), old: before.Resources, new: after.Resources });
  if (seen.has(line)) return;
  seen.add(line);
  let said;
  try {
    said = JSON.stringify(answers(before, after));
  } catch {
    // It falls over policies without a document.
    return;
  }
  made += 1;
  process.stdout.write(`${line.slice(0, -1)},"answers":${said}}\n`);
}
process.stderr.write(`${made} pairs\n`);

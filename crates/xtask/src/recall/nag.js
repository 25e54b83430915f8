// Runs cdk-nag's pack AwsSolutions over templates as they are, and writes one line of JSON for each.
// cdk-nag 3 reports to the validation of an app's synthesis, which wants an app; so its rules are called one by one.
const { App, Stack, CfnResource } = require('aws-cdk-lib');
const { CfnInclude } = require('aws-cdk-lib/cloudformation-include');
const { AwsSolutionsChecks } = require('cdk-nag');

for (const file of process.argv.slice(1).filter((word) => word !== '--')) {
  const findings = [];
  let error = null, errors = 0;
  try {
    const app = new App();
    const stack = new Stack(app, 'Stack');
    new CfnInclude(stack, 'Template', { templateFile: file });
    const pack = new AwsSolutionsChecks(app);
    pack.applyRule = (params) => {
      let result;
      try { result = params.rule(params.node); } catch (e) { errors++; return; }
      if (Array.isArray(result) ? result.length > 0 : result === 'Non-Compliant') {
        const suffix = params.ruleSuffixOverride || params.rule.name;
        findings.push({ rule: 'AwsSolutions-' + suffix, resource: stack.resolve(params.node.logicalId), detail: Array.isArray(result) ? result : undefined });
      }
    };
    for (const node of app.node.findAll()) if (node instanceof CfnResource) pack.checkResource(node);
  } catch (e) { error = String(e.message).slice(0, 200); }
  console.log(JSON.stringify({ file, error, errors, findings }));
}

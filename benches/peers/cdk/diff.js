// Compares the templates of two folders, file by file, with the CDK's own library for that, and prints the differences
// as `cdk diff` does: `node diff.js OLD NEW`.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { formatDifferences, fullDiff } = require('@aws-cdk/cloudformation-diff');

const [older, newer] = process.argv.slice(2);
const read = (folder, file) => JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8'));
for (const file of fs.readdirSync(newer).sort()) {
  formatDifferences(process.stdout, fullDiff(read(older, file), read(newer, file)));
}

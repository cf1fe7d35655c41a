#!/usr/bin/env node
// Old Nodes read this file too, so it holds nothing that they cannot parse.
const numbers = process.versions.node.split('.');
const major = Number(numbers[0]);
if (major < 22 || (major === 22 && Number(numbers[1]) < 18)) {
  console.error('lalserver needs Node.js 22.18 or newer; this is ' + process.versions.node + '.');
  process.exit(1);
}
import('../dist/cli/lalserver.js').catch(function (error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND' || !/[\\/]dist[\\/]cli[\\/]/.test(error.message)) throw error;
  console.error('lalserver is not built yet: run "npm run build" in its folder first.');
  process.exit(1);
});

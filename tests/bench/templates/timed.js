// As Timed.java, with npm's velocityjs. The template is parsed once here too, which its users mostly do not.
'use strict';
const { readFileSync } = require('node:fs');
const { createInterface } = require('node:readline');
const { parse, Compile } = require('velocityjs');

const [template, data] = process.argv.slice(2).map((file) => readFileSync(file, 'utf8'));
const root = JSON.parse(data);
const escapes = { '"': '\\"', "'": "\\'", '\\': '\\\\', '/': '\\/' };
const util = { escapeJavaScript: (text) => text.replace(/["'\\/]/g, (sign) => escapes[sign]) };
const parsed = parse(template);
const render = () => new Compile(parsed).render({ root, util });

console.log(JSON.stringify(render()));
let length = 0;
createInterface({ input: process.stdin }).on('line', (line) => {
  const began = process.cpuUsage();
  for (let run = Number(line); run > 0; run--) length += render().length;
  const { user, system } = process.cpuUsage(began);
  console.log((user + system) * 1000);
});

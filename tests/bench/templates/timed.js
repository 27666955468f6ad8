// As Timed.java, with npm's velocityjs: parsed once, or at each run where the last argument is `each`, as by its own `render`.
'use strict';
const { readFileSync } = require('node:fs');
const { createInterface } = require('node:readline');
const { parse, render: parseAndRender, Compile } = require('velocityjs');

const [template, data] = process.argv.slice(2, 4).map((file) => readFileSync(file, 'utf8'));
const root = JSON.parse(data);
const escapes = { '"': '\\"', "'": "\\'", '\\': '\\\\', '/': '\\/' };
const util = { escapeJavaScript: (text) => text.replace(/["'\\/]/g, (sign) => escapes[sign]) };
const parsed = parse(template);
const context = { root, util };
const render = process.argv[4] === 'each' ? () => parseAndRender(template, context) : () => new Compile(parsed).render(context);

console.log(JSON.stringify(render()));
let length = 0;
createInterface({ input: process.stdin }).on('line', (line) => {
  const began = process.cpuUsage();
  for (let run = Number(line); run > 0; run--) length += render().length;
  const { user, system } = process.cpuUsage(began);
  console.log((user + system) * 1000);
});

// Parses questions with Prometheus' own grammar: parse.mjs FILE, a JSON list of texts. Writes a JSON list
// of {errors, metrics}: where it is not PromQL, and which metrics it asks for.
import { readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';

const read = (question) => {
  const found = { errors: [], metrics: [] };
  parser.parse(question).iterate({
    enter: (node) => {
      if (node.type.isError) found.errors.push(`${node.from}: ${question.slice(node.from)}`);
      if (node.name === 'VectorSelector') {
        found.metrics.push(/^[A-Za-z_:][\w:]*/.exec(question.slice(node.from, node.to))?.[0] ?? '');
      }
    },
  });
  return found;
};
console.log(JSON.stringify(JSON.parse(readFileSync(process.argv[2], 'utf8')).map(read)));
